"""An authenticator of the tests that stands at whatever page it is told to, with whatever a code page is told."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from watchword.accounts.claims import Channel
from watchword.applications.model import Option
from watchword.login.authenticator import Asked, Outcome, Proven, Turn
from watchword.login.model import Answer, Place
from watchword.login.store.challenges import Challenge, Challenges
from watchword.notification.outbox import Notice, Notifier
from watchword.storage.work import Work

SMS = Option("LOCAL", "sms-otp-authenticator")
MAIL = Option("LOCAL", "email-otp-authenticator")
BACKUP = Option("LOCAL", "backup-code-authenticator")
CODE_PAGE = "smsotpauthenticationendpoint/smsotp.jsp"
NUMBER = "+94771234567"
RIGHT = "123456"


@dataclass(slots=True)
class Staged:
    """Asks with a page that the test chooses; ``123456`` is right."""

    notifier: Notifier | None = None
    name: str = SMS.authenticator
    page: str = CODE_PAGE
    query: dict[str, str] = field(default_factory=dict)
    notes: dict[str, Any] = field(default_factory=dict)
    to: str | None = None
    lifetime: timedelta = timedelta(minutes=5)

    def wants(self, turn: Turn, answer: Answer) -> bool:
        return bool(answer.get("OTPcode") or answer.get("BackupCode"))

    def begin(self, turn: Turn) -> Outcome:
        login = turn.login.noting(**self.notes)
        if self.to is not None:
            self._send(turn.work, login.key)
        return Asked(login=login, place=Place(page=self.page, query=self.query))

    def judge(self, turn: Turn, answer: Answer) -> Outcome:
        if RIGHT in (answer.get("OTPcode"), answer.get("BackupCode")) and turn.person is not None:
            return Proven(person=turn.person)
        if answer.get("MOBILE_NUMBER") or answer.get("resendCode") == "true":
            return self.begin(turn)
        failure = {"authFailure": "true", "authFailureMsg": "authentication.fail.message"}
        login = replace(turn.login.noting(**self.notes), retrying=True)
        return Asked(login=login, place=Place(page=self.page, query={**self.query, **failure}))

    def send_failed(self, turn: Turn, message_id: str, reason: str) -> Outcome | None:
        return None

    def _send(self, work: Work, key: str) -> None:
        assert self.notifier is not None
        channel = Channel.EMAIL if self.name == MAIL.authenticator else Channel.SMS
        template = "accountconfirmation"
        notified = self.notifier.notify(work, Notice(template, channel, self.to, {"confirmation-code": RIGHT}))
        challenges = Challenges(work)
        digest = challenges.digest(key, self.name, RIGHT)
        challenges.put(
            Challenge(
                login_key=key,
                authenticator=self.name,
                digest=digest,
                sent_at=work.now,
                lifetime=self.lifetime,
                message_id=notified.message_id,
                sends=1,
            )
        )
