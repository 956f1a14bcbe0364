"""The captcha of the operator's choice: a verifier that answers whether a person has solved it."""

import json
from dataclasses import dataclass
from urllib.parse import urlencode

from watchword.base.settings import Settings
from watchword.notification.configured import outgoing_rules
from watchword.notification.senders.addresses import Forbidden
from watchword.notification.senders.fetcher import Fetcher, FetchFailed, Request

ANSWER_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class CaptchaVerifier:
    """Asks ``[recaptcha] verify_url`` with the secret and the person's answer."""

    url: str
    secret: str
    fetcher: Fetcher

    @classmethod
    def of_settings(cls, settings: Settings) -> "CaptchaVerifier | None":
        """Return the verifier of the settings, or ``None`` where no captcha is configured."""
        keys = settings.recaptcha
        if keys is None:
            return None
        return cls(keys.verify_url, keys.secret_key, Fetcher(outgoing_rules(settings)))

    def accepts(self, answer: str) -> bool:
        """Tell whether the verifier takes the answer; one that cannot be reached takes none."""
        body = urlencode({"secret": self.secret, "response": answer}).encode()
        headers = (("Content-Type", "application/x-www-form-urlencoded"),)
        try:
            reply = self.fetcher.fetch(Request("POST", self.url, headers, body, trusted=True), seconds=ANSWER_SECONDS)
            return reply.status == 200 and json.loads(reply.body).get("success") is True  # noqa: PLR2004
        except (Forbidden, FetchFailed, ValueError, AttributeError):
            return False
