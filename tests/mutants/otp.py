"""Defects in the checking of codes."""

import time
from typing import Any

from sqlalchemy import update

from tests.mutants.planting import plant
from watchword.codes.store import Codes
from watchword.registration.usecases import confirm
from watchword.storage.schema import codes


def otp_01() -> None:
    """Read the count, and write it back raised by one."""

    def spend_attempt_of(self: Codes, given: str, limit: int, user_id: str) -> Any:  # noqa: ANN401  # a code, and whether
        del limit
        found = self.find(given)
        self.work.release()
        time.sleep(0.05)  # the gap between the two statements, held open
        mine = codes.c.user_id == user_id
        self.work.connection.execute(update(codes).where(mine).values(attempts=1))
        return (found if found and found.user_id == user_id else None), True

    plant(Codes, "spend_attempt_of", lambda _: spend_attempt_of)


def otp_07() -> None:
    """Look up codes of six digits by the code alone."""
    plant(confirm, "needs_binding", lambda _: lambda form, *, recommended: False)


def otp_08() -> None:
    """Key the limits by the account only."""
    plant(confirm, "_address_keys", lambda _: lambda user: [user.id])


def otp_10() -> None:
    """Compare with the wall clock, and remember nothing."""
    plant(Codes, "latch_expired", lambda _: lambda self, code_id: None)


def otp_12() -> None:
    """Delete a code only when it has expired."""
    plant(Codes, "delete_of", lambda _: lambda self, user_id, scenarios: None)


def otp_14() -> None:
    """Leave the purpose out of the key."""
    plant(
        confirm,
        "_confirm_address",
        lambda confirm_address: lambda *rest, is_owner: confirm_address(*rest, is_owner=True),
    )


def otp_15() -> None:
    """Check that the code exists, and take the user from the request."""
    plant(confirm, "spend_code", lambda spend: lambda work, given, owner_id: spend(work, given, None))


def otp_16() -> None:
    """Compare digits, whatever they are written in."""

    def digits_of(given: str) -> str:
        return "".join(f"{int(each)}" for each in given if each.isdecimal())

    plant(confirm, "spend_code", lambda spend: lambda work, given, owner: spend(work, digits_of(given), owner))
