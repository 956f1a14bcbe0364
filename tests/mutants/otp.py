"""Defects in the checking of codes."""

from typing import Any

from sqlalchemy import update

from watchword.codes import usecases
from watchword.codes.store import Codes
from watchword.registration.usecases import confirm
from watchword.storage.schema import codes


def otp_01() -> None:
    """Read the count, and write it back raised by one."""

    def spend_attempts_of(self: Codes, user_id: str) -> None:
        mine = codes.c.user_id == user_id
        self.work.release()
        self.work.connection.execute(update(codes).where(mine).values(attempts=1))

    Codes.spend_attempts_of = spend_attempts_of  # type: ignore[method-assign]


def otp_07() -> None:
    """Look up codes of six digits by the code alone."""
    confirm.needs_binding = lambda form, *, recommended: False


def otp_08() -> None:
    """Key the limits by the account only."""
    confirm._address_keys = lambda user: [user.id]  # noqa: SLF001  # a defect goes where it must


def otp_10() -> None:
    """Compare with the wall clock, and remember nothing."""
    Codes.latch_expired = lambda self, code_id: None  # type: ignore[method-assign]


def otp_12() -> None:
    """Delete a code only when it has expired."""
    Codes.delete_of = lambda self, user_id, scenarios: None  # type: ignore[method-assign]


def otp_14() -> None:
    """Leave the purpose out of the key."""
    confirm_address = confirm._confirm_address  # noqa: SLF001  # as above
    confirm._confirm_address = lambda *rest, is_owner: confirm_address(*rest, is_owner=True)  # noqa: SLF001


def otp_15() -> None:
    """Check that the code exists, and take the user from the request."""
    spend_attempt = Codes.spend_attempt
    Codes.spend_attempt = lambda self, text, limit, user_id: spend_attempt(self, text, limit, None)  # type: ignore[method-assign]


def otp_16() -> None:
    """Compare digits, whatever they are written in."""
    spend = usecases.spend_code

    def spend_code(work: Any, given: str, owner_id: str | None) -> Any:  # noqa: ANN401  # passed on
        return spend(work, "".join(f"{int(each)}" for each in given if each.isdecimal()), owner_id)

    confirm.spend_code = spend_code
