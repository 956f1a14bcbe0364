"""Defects in the checking of codes."""

from typing import Any

from sqlalchemy import update

from watchword.codes.store import Codes
from watchword.storage.schema import codes


def otp_01() -> None:
    """Read the count, and write it back raised by one."""

    def spend_attempts_of(self: Codes, user_id: str) -> None:
        mine = codes.c.user_id == user_id
        self.work.release()
        self.work.connection.execute(update(codes).where(mine).values(attempts=1))

    Codes.spend_attempts_of = spend_attempts_of  # type: ignore[method-assign]
