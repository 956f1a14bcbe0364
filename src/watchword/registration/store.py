"""What registration alone keeps: answers to repeated requests."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Row, delete, insert, select
from sqlalchemy.exc import IntegrityError

from watchword.storage.schema import answers
from watchword.storage.work import Work

KEPT = timedelta(hours=24)


class AnsweredMeanwhile(Exception):  # no error: somebody else did the same work
    """Another request with the same key was quicker; its answer is there now."""


@dataclass(frozen=True, slots=True)
class Answers:
    """Answers under an Idempotency-Key, of the Work's tenant."""

    work: Work

    def find(self, caller: str, key: str) -> Row[Any] | None:
        """Return the digest of the body and the sealed answer."""
        mine = (answers.c.tenant == self.work.tenant) & (answers.c.caller == caller) & (answers.c.key == key)
        fresh = answers.c.created_at > self.work.now - KEPT
        return self.work.connection.execute(select(answers).where(mine, fresh)).one_or_none()

    def add(self, caller: str, key: str, body_digest: str, sealed: bytes) -> None:
        """Store an answer; the primary key decides which of two requests with the same key was first.

        Raises:
            AnsweredMeanwhile: another one was; the transaction can only be released.
        """
        mine = (answers.c.tenant == self.work.tenant) & (answers.c.caller == caller) & (answers.c.key == key)
        stale = answers.c.created_at <= self.work.now - KEPT
        self.work.connection.execute(delete(answers).where(mine, stale))
        row = {
            "tenant": self.work.tenant, "caller": caller, "key": key, "body_digest": body_digest, "sealed": sealed,
            "created_at": self.work.now,
        }  # fmt: skip
        try:
            self.work.connection.execute(insert(answers), row)
        except IntegrityError as problem:
            raise AnsweredMeanwhile from problem

    def sweep(self) -> None:
        """Forget answers older than a day, in all tenants."""
        self.work.connection.execute(delete(answers).where(answers.c.created_at <= self.work.now - KEPT))
