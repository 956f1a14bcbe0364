"""The sender that speaks HTTP: one ProviderCall, filled with the facts of a message."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from watchword.notification.event_map import event_map
from watchword.notification.model import Answered, Message, Receipt, Refused, Unreachable
from watchword.notification.senders.addresses import Forbidden
from watchword.notification.senders.fetcher import Fetcher, FetchFailed, Reply, Request
from watchword.notification.senders.provider_call import ClientCredential, ProviderCall
from watchword.notification.senders.reply_rules import Verdict, retry_after
from watchword.notification.senders.tokens import Tokens

CODES: Final = frozenset({"confirmation-code", "OTPCode", "otpToken"})
"""The facts of a message that are codes."""
_AT_ONCE: Final = frozenset({502, 503, 504})
_TOO_MANY: Final = 429
_UNAUTHORIZED: Final = 401
_LONGEST_PAUSE: Final = timedelta(seconds=3)
_LEAST_SECONDS: Final = 0.2


@dataclass(frozen=True, slots=True)
class HttpSender:
    """Hands messages to one provider. May be used by any number of threads."""

    call: ProviderCall
    fetcher: Fetcher
    tokens: Tokens
    pause: Callable[[float], None] = time.sleep

    @property
    def name(self) -> str:
        """The provider's name, for the timeline."""
        return self.call.name

    def send(self, message: Message, deadline_seconds: float) -> Receipt:
        """Hand a message over, with one immediate second try where that cannot make two copies (SMS 8.3)."""
        return self.send_facts(event_map(message), deadline_seconds)

    def send_facts(self, facts: Mapping[str, str], deadline_seconds: float) -> Receipt:
        """Hand over what the facts say.

        Raises:
            Refused: the provider does not want this message, or the call is forbidden.
            Unreachable: it may work later.
        """
        ends = time.monotonic() + deadline_seconds
        try:
            outcome = self._ask(facts, ends)
            pause = self._pause_before_repeat(outcome)
            if pause is not None and ends - time.monotonic() > pause + _LEAST_SECONDS:
                if pause:
                    self.pause(pause)
                outcome = self._ask(facts, ends)
        except Forbidden as forbidden:
            raise Refused(f"{self.name}: {forbidden}") from forbidden
        if isinstance(outcome, FetchFailed):
            raise Unreachable(f"{self.name} gave no answer: {outcome}", ambiguous=outcome.ambiguous) from outcome
        return self._judge(outcome, facts)

    def _ask(self, facts: Mapping[str, str], ends: float) -> Reply | FetchFailed:
        request = self.call.request(facts)
        credential = self.call.authentication
        if not isinstance(credential, ClientCredential):
            return self._fetch(request, ends)
        reply = self._fetch(self._with_token(request, credential, ends), ends)
        if isinstance(reply, Reply) and reply.status == _UNAUTHORIZED:
            self.tokens.forget(credential)
            reply = self._fetch(self._with_token(request, credential, ends), ends)
        return reply

    def _with_token(self, request: Request, credential: ClientCredential, ends: float) -> Request:
        left = max(ends - time.monotonic(), 0.0)
        token = self.tokens.token(credential, seconds=left, trusted=self.call.trusted)
        return replace(request, headers=(*request.headers, ("Authorization", f"Bearer {token}")))

    def _fetch(self, request: Request, ends: float) -> Reply | FetchFailed:
        try:
            return self.fetcher.fetch(request, seconds=ends - time.monotonic())
        except FetchFailed as failed:
            return failed

    def _pause_before_repeat(self, outcome: Reply | FetchFailed) -> float | None:
        """Return the seconds to wait before the second try, or None if there is to be none."""
        if isinstance(outcome, FetchFailed):
            return 0.0 if self.call.repeatable or not outcome.ambiguous else None
        asked = retry_after(outcome)
        if outcome.status in _AT_ONCE and asked is None:
            return 0.0
        if outcome.status in {_TOO_MANY, *_AT_ONCE} and asked is not None and asked <= _LONGEST_PAUSE:
            return asked.total_seconds()
        return None

    def _judge(self, reply: Reply, facts: Mapping[str, str]) -> Receipt:
        rules = self.call.reply
        told = f"{self.name} {rules.describe(reply, hidden=facts.values())}"
        match rules.judge(reply):
            case Verdict.TAKEN:
                return Receipt(self.name, rules.reference(reply))
            case Verdict.TRY_AGAIN:
                raise Unreachable(told, retry_after=retry_after(reply), answered=self._answered(reply, facts))
            case Verdict.REFUSED:
                raise Refused(told, answered=self._answered(reply, facts))

    def _answered(self, reply: Reply, facts: Mapping[str, str]) -> Answered:
        """Return what is kept of an answer; a code that it repeats is never among it."""
        body = reply.body
        for code in {facts[name].encode() for name in CODES if facts.get(name)}:
            body = body.replace(code, b"*" * len(code))
        return Answered(reply.status, body, is_unexpected=reply.status not in self.call.reply.success)
