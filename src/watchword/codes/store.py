"""Codes of the Work's tenant, as rows; found by their keyed digest alone."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import bindparam, delete, exists, or_, select, update

from watchword.codes.model import ConfirmationCode, Scenario
from watchword.storage.schema import codes
from watchword.storage.statements import Statement, Upsert
from watchword.storage.work import Work

_MINE = codes.c.tenant == bindparam("tenant")
_OF_USER = _MINE & (codes.c.user_id == bindparam("of_user"))
_OF_ID = _MINE & (codes.c.id == bindparam("code_id"))
_IS_IT = codes.c.digest == bindparam("digest")
_OF_DIGEST = _MINE & _IS_IT
# A code that was seen too late once stays so, however often it is tried.
_LEFT = (codes.c.attempts < bindparam("limit")) | (codes.c.expired & _IS_IT)
_ONE_MORE = {"attempts": codes.c.attempts + 1}
_OTHER = codes.alias()
_USER_HAS_IT = exists().where(
    _OTHER.c.tenant == bindparam("tenant"),
    _OTHER.c.user_id == bindparam("of_user"),
    _OTHER.c.digest == bindparam("digest"),
)

_FIND = Statement(select(codes).where(_OF_DIGEST))
_PUT = Upsert.into(
    codes, "id", "digest", "step", "channel", "attempts", "created_at", "last_sent_at", "expired", "pending_value",
    "sealed", "facts", keys=("tenant", "user_id", "scenario"),
)  # fmt: skip
_SPEND_ATTEMPT = Statement(update(codes).where(_OF_DIGEST, _LEFT).values(_ONE_MORE).returning(codes))
_SPEND_ATTEMPT_OF = Statement(
    update(codes).where(_OF_USER, or_(_IS_IT, ~_USER_HAS_IT), _LEFT).values(_ONE_MORE).returning(codes)
)
_HOLD = Statement(select(codes.c.id).where(_OF_USER).with_for_update())
_LATCH_EXPIRED = Statement(update(codes).where(_OF_ID).values(expired=True, sealed=None))
_NOTE_SENT = Statement(update(codes).where(_OF_ID).values(last_sent_at=bindparam("sent_at")))


@cache
def _newest_of(scenarios: tuple[Scenario, ...]) -> Statement:
    newest = select(codes).where(_OF_USER, codes.c.scenario.in_(scenarios)).order_by(codes.c.created_at.desc())
    return Statement(newest.limit(1).with_for_update())


@cache
def _delete_of(scenarios: tuple[Scenario, ...]) -> Statement:
    return Statement(delete(codes).where(_OF_USER, codes.c.scenario.in_(scenarios)))


@dataclass(frozen=True, slots=True)
class Codes:
    """The codes of the Work's tenant."""

    work: Work

    def digest(self, text: str) -> str:
        """Return what stands in a row for a code."""
        return self.work.keys.digest("code", self.work.tenant, text)

    def is_live(self, text: str) -> bool:
        """Tell whether a code is somebody's already."""
        return self.work.row(_FIND, digest=self.digest(text)) is not None

    def put(self, code: ConfirmationCode, text: str) -> None:
        """Store a code in place of the one that the user had for the same scenario."""
        self.work.write(
            _PUT, id=code.id, user_id=code.user_id, digest=self.digest(text), scenario=code.scenario,
            step=code.scenario.step, channel=code.channel, attempts=code.attempts, created_at=code.created_at,
            last_sent_at=code.last_sent_at, expired=code.expired, pending_value=code.pending_value, sealed=code.sealed,
            facts=json.dumps(dict(code.facts)),
        )  # fmt: skip

    def spend_attempt(self, text: str, limit: int) -> ConfirmationCode | None:
        """Count a try of the code with this text, and return it; ``None`` if there is none, or its tries are spent."""
        return _code(self.work.row(_SPEND_ATTEMPT, digest=self.digest(text), limit=limit))

    def spend_attempt_of(self, text: str, limit: int, user_id: str) -> tuple[ConfirmationCode | None, bool]:
        """Count a try of a user's code with this text, or else of every code that the user has.

        Return the code, and whether anything was compared: nothing is once the tries are spent. It is one statement, so
        that guesses which come together are counted before any of them is looked at.
        """
        digest = self.digest(text)
        spent = self.work.rows(_SPEND_ATTEMPT_OF, digest=digest, limit=limit, of_user=user_id)
        return _code(next((row for row in spent if row.digest == digest), None)), bool(spent)

    def find(self, text: str) -> ConfirmationCode | None:
        """Return the record of a code, without counting a try."""
        return _code(self.work.row(_FIND, digest=self.digest(text)))

    def of_user(self, user_id: str, scenarios: Iterable[Scenario]) -> ConfirmationCode | None:
        """Return the newest code of a user in one of some scenarios; it is locked until the work ends."""
        return _code(self.work.row(_newest_of(tuple(scenarios)), of_user=user_id))

    def hold_of(self, user_id: str) -> None:
        """Keep everybody else from a user's codes until the work ends.

        Whoever redeems a code has it before the user; whoever removes a user takes the same order, or both would wait
        for ever.
        """
        self.work.rows(_HOLD, of_user=user_id)

    def latch_expired(self, code_id: str) -> None:
        """Remember that a code was seen too old, whatever the clock says later."""
        self.work.write(_LATCH_EXPIRED, code_id=code_id)

    def note_sent(self, code_id: str) -> None:
        """Remember that the same code went out again now."""
        self.work.write(_NOTE_SENT, code_id=code_id, sent_at=self.work.now)

    def delete_of(self, user_id: str, scenarios: Iterable[Scenario]) -> None:
        """Let no code of these scenarios be valid any more."""
        self.work.write(_delete_of(tuple(scenarios)), of_user=user_id)


def _code(row: Any) -> ConfirmationCode | None:  # noqa: ANN401  # a row of codes
    return row and ConfirmationCode(
        row.id, row.user_id, Scenario(row.scenario), row.channel, row.created_at, row.last_sent_at, row.attempts,
        row.expired, row.pending_value, row.sealed, json.loads(row.facts),
    )  # fmt: skip
