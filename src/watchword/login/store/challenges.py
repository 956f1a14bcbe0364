"""The codes that logins wait for, as rows; a try is counted by the statement that looks the code up."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, select, update

from watchword.login.store.logins import Logins
from watchword.storage.schema import MICROSECOND, challenges
from watchword.storage.statements import Statement, Upsert
from watchword.storage.work import Work

_IT = (
    (challenges.c.tenant == bindparam("tenant"))
    & (challenges.c.login == bindparam("of_login"))
    & (challenges.c.authenticator == bindparam("of_authenticator"))
)
_FIND = Statement(select(challenges).where(_IT))
# The tries are not among what is put anew: one that is counted meanwhile stays counted.
_PUT = Upsert.into(challenges, "digest", "sends", "sent_at", "lifetime", "expired", "message_id")
_SPEND = Statement(
    update(challenges)
    .where(_IT, challenges.c.attempts < bindparam("limit"))
    .values(attempts=challenges.c.attempts + 1)
    .returning(challenges)
)
_REDEEM = Statement(
    update(challenges)
    .where(_IT, challenges.c.digest == bindparam("given"))
    .values(digest=None)
    .returning(challenges.c.login)
)
_LATCH = Statement(update(challenges).where(_IT).values(expired=True, digest=None))


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """What a login waits for from one authenticator."""

    login_key: str
    authenticator: str
    digest: str | None = None
    """Of the code; ``None`` while none was sent, or once it is of no use any more."""
    attempts: int = 0
    """In this login, whatever the number of codes."""
    sends: int = 0
    sent_at: datetime | None = None
    lifetime: timedelta = timedelta(0)
    expired: bool = False
    """Once it was seen too late it stays so, whatever the clock says afterwards."""
    message_id: str | None = None


@dataclass(frozen=True, slots=True)
class Challenges:
    """The codes that logins of the Work's tenant wait for."""

    work: Work

    def find(self, key: str, authenticator: str) -> Challenge | None:
        """Return what a login waits for, without counting a try."""
        return _challenge(key, self.work.row(_FIND, **self._it(key, authenticator)))

    def put(self, challenge: Challenge) -> None:
        """Store a challenge in place of the one before; the tries of this login go on being counted."""
        it = self._it(challenge.login_key, challenge.authenticator)
        self.work.write(
            _PUT, login=it["of_login"], authenticator=challenge.authenticator, digest=challenge.digest,
            attempts=challenge.attempts, sends=challenge.sends, sent_at=challenge.sent_at,
            lifetime=challenge.lifetime // MICROSECOND, expired=challenge.expired, message_id=challenge.message_id,
        )  # fmt: skip

    def spend_attempt(self, key: str, authenticator: str, limit: int) -> Challenge | None:
        """Count a try, and return what it is tried at; ``None`` if there is nothing, or the tries are spent."""
        return _challenge(key, self.work.row(_SPEND, limit=limit, **self._it(key, authenticator)))

    def redeem(self, challenge: Challenge, text: str) -> bool:
        """Use a code up; of two requests with the right one, one is told that it was."""
        it = self._it(challenge.login_key, challenge.authenticator)
        given = self.digest(challenge.login_key, challenge.authenticator, text)
        return self.work.row(_REDEEM, given=given, **it) is not None

    def latch_expired(self, challenge: Challenge) -> None:
        """Let a code that was seen too late never be right again."""
        self.work.write(_LATCH, **self._it(challenge.login_key, challenge.authenticator))

    def digest(self, key: str, authenticator: str, text: str) -> str:
        """Return what stands in a row for a code: it is of one login and one authenticator only."""
        return self.work.keys.digest("login code", self.work.tenant, key, authenticator, text)

    def _it(self, key: str, authenticator: str) -> dict[str, str]:
        return {"of_login": Logins(self.work).digest(key), "of_authenticator": authenticator}


def _challenge(key: str, row: Any) -> Challenge | None:  # noqa: ANN401  # a row of challenges
    return row and Challenge(
        login_key=key, authenticator=row.authenticator, digest=row.digest, attempts=row.attempts, sends=row.sends,
        sent_at=row.sent_at, lifetime=row.lifetime * MICROSECOND, expired=row.expired, message_id=row.message_id,
    )  # fmt: skip
