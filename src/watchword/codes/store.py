"""Codes of the Work's tenant, as rows; found by their keyed digest alone."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, exists, insert, or_, select, update

from watchword.codes.model import ConfirmationCode, Scenario
from watchword.storage.schema import codes
from watchword.storage.work import Work


@dataclass(frozen=True, slots=True)
class Codes:
    """The codes of the Work's tenant."""

    work: Work

    def digest(self, text: str) -> str:
        """Return what stands in a row for a code."""
        return self.work.keys.digest("code", self.work.tenant, text)

    def is_live(self, text: str) -> bool:
        """Tell whether a code is somebody's already."""
        mine = (codes.c.tenant == self.work.tenant) & (codes.c.digest == self.digest(text))
        return bool(self.work.connection.execute(select(exists().where(mine))).scalar())

    def put(self, code: ConfirmationCode, text: str) -> None:
        """Store a code in place of the one that the user had for the same scenario."""
        self.delete_of(code.user_id, [code.scenario])
        self.work.connection.execute(insert(codes), {
            "tenant": self.work.tenant, "id": code.id, "user_id": code.user_id, "digest": self.digest(text),
            "scenario": code.scenario, "step": code.scenario.step, "channel": code.channel, "attempts": code.attempts,
            "created_at": code.created_at, "last_sent_at": code.last_sent_at,
            "expired": code.expired, "pending_value": code.pending_value, "sealed": code.sealed,
            "facts": json.dumps(dict(code.facts)),
        })  # fmt: skip

    def spend_attempt(self, text: str, limit: int) -> ConfirmationCode | None:
        """Count a try of the code with this text, and return it; ``None`` if there is none, or its tries are spent."""
        return self._spend(text, limit, codes.c.digest == self.digest(text)).get(self.digest(text))

    def spend_attempt_of(self, text: str, limit: int, user_id: str) -> tuple[ConfirmationCode | None, bool]:
        """Count a try of a user's code with this text, or else of every code that the user has.

        Return the code, and whether anything was compared: nothing is once the tries are spent. It is one statement, so
        that guesses which come together are counted before any of them is looked at.
        """
        other = codes.alias()
        right = exists().where(
            other.c.tenant == self.work.tenant, other.c.user_id == user_id, other.c.digest == self.digest(text)
        )
        mine = (codes.c.user_id == user_id) & or_(codes.c.digest == self.digest(text), ~right)
        spent = self._spend(text, limit, mine)
        return spent.get(self.digest(text)), bool(spent)

    def _spend(self, text: str, limit: int, mine: ColumnElement[bool]) -> dict[str, ConfirmationCode]:
        """Count a try of codes that have one left, and return them by digest; one that was seen too late stays so."""
        is_late = codes.c.expired & (codes.c.digest == self.digest(text))
        left = (codes.c.tenant == self.work.tenant) & mine & or_(codes.c.attempts < limit, is_late)
        counted = update(codes).where(left).values(attempts=codes.c.attempts + 1).returning(codes)
        rows = self.work.connection.execute(counted).all()
        return {row.digest: code for row in rows if (code := self._code(row)) is not None}

    def find(self, text: str) -> ConfirmationCode | None:
        """Return the record of a code, without counting a try."""
        mine = (codes.c.tenant == self.work.tenant) & (codes.c.digest == self.digest(text))
        return self._code(self.work.connection.execute(select(codes).where(mine)).one_or_none())

    def of_user(self, user_id: str, scenarios: Iterable[Scenario]) -> ConfirmationCode | None:
        """Return the newest code of a user in one of some scenarios; it is locked until the work ends."""
        mine = (codes.c.tenant == self.work.tenant) & (codes.c.user_id == user_id)
        newest = select(codes).where(mine, codes.c.scenario.in_(list(scenarios))).order_by(codes.c.created_at.desc())
        return self._code(self.work.connection.execute(newest.limit(1).with_for_update()).one_or_none())

    def latch_expired(self, code_id: str) -> None:
        """Remember that a code was seen too old, whatever the clock says later."""
        mine = (codes.c.tenant == self.work.tenant) & (codes.c.id == code_id)
        self.work.connection.execute(update(codes).where(mine).values(expired=True, sealed=None))

    def note_sent(self, code_id: str) -> None:
        """Remember that the same code went out again now."""
        mine = (codes.c.tenant == self.work.tenant) & (codes.c.id == code_id)
        self.work.connection.execute(update(codes).where(mine).values(last_sent_at=self.work.now))

    def delete_of(self, user_id: str, scenarios: Iterable[Scenario]) -> None:
        """Let no code of these scenarios be valid any more."""
        mine = (codes.c.tenant == self.work.tenant) & (codes.c.user_id == user_id)
        self.work.connection.execute(delete(codes).where(mine, codes.c.scenario.in_(list(scenarios))))

    @staticmethod
    def _code(row: Row[Any] | None) -> ConfirmationCode | None:
        return row and ConfirmationCode(
            row.id, row.user_id, Scenario(row.scenario), row.channel, row.created_at,
            row.last_sent_at, row.attempts, row.expired, row.pending_value, row.sealed, json.loads(row.facts),
        )  # fmt: skip
