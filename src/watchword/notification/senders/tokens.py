"""Access tokens for providers that want one fetched first: asked for once, kept until shortly before they end."""

import json
import threading
import time
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlencode

from watchword.notification.model import Refused, Unreachable
from watchword.notification.senders.fetcher import Fetcher, FetchFailed, Request
from watchword.notification.senders.provider_call import ClientCredential
from watchword.notification.senders.reply_rules import OK_STATUSES, PASSING_STATUSES, retry_after

_SPARE_SECONDS: Final = 30.0
_USUAL_SECONDS: Final = 3600.0


@dataclass(slots=True)
class Tokens:
    """Fetches tokens, and keeps those that are still good."""

    fetcher: Fetcher
    _kept: dict[ClientCredential, tuple[str, float]] = field(default_factory=dict, init=False, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)

    def token(self, credential: ClientCredential, *, seconds: float, trusted: bool) -> str:
        """Return a token.

        Raises:
            Refused: the token endpoint does not know the client.
            Unreachable: it gave no answer, or a passing failure.
        """
        with self._lock:
            token, ends = self._kept.get(credential, ("", 0.0))
        if time.monotonic() < ends:
            return token
        token, lifetime = self._fetch(credential, seconds=seconds, trusted=trusted)
        with self._lock:
            self._kept[credential] = (token, time.monotonic() + lifetime - _SPARE_SECONDS)
        return token

    def forget(self, credential: ClientCredential) -> None:
        """Forget a token that the provider does not take any longer."""
        with self._lock:
            self._kept.pop(credential, None)

    def _fetch(self, credential: ClientCredential, *, seconds: float, trusted: bool) -> tuple[str, float]:
        # A form, as RFC 6749 wants it; upstream sends JSON, which many endpoints refuse (#26599).
        form = {
            "grant_type": "password" if credential.username else "client_credentials",
            "client_id": credential.client_id,
            "client_secret": credential.client_secret,
            "scope": credential.scopes,
            "username": credential.username,
            "password": credential.password,
        }
        body = urlencode({name: value for name, value in form.items() if value}).encode()
        headers = (("Content-Type", "application/x-www-form-urlencoded"), ("Accept", "application/json"))
        request = Request("POST", credential.token_url, headers, body, trusted)
        try:
            reply = self.fetcher.fetch(request, seconds=seconds)
        except FetchFailed as failed:
            raise Unreachable(f"the token endpoint gave no answer: {failed}") from failed
        if reply.status in PASSING_STATUSES:
            raise Unreachable(f"the token endpoint answered {reply.status}", retry_after=retry_after(reply))
        if reply.status not in OK_STATUSES:
            raise Refused(f"the token endpoint answered {reply.status}")
        return _read_token(reply.body)


def _read_token(body: bytes) -> tuple[str, float]:
    try:
        answer = json.loads(body)
        token, lifetime = answer["access_token"], float(answer.get("expires_in", _USUAL_SECONDS))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Refused("the token endpoint answered without a token") from error
    if not isinstance(token, str):
        raise Refused("the token endpoint answered without a token")
    return token, lifetime
