"""Defects in the checking of codes."""

import time
from typing import Any

from sqlalchemy import update

from tests.mutants import otp_login
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
    otp_login.count_late()


def otp_02() -> None:
    """Count in the memory of each process."""
    otp_login.count_in_memory()


def otp_03() -> None:
    """Forget the tries with every code that is sent."""
    otp_login.begin_the_count_anew()


def otp_04() -> None:
    """Count within each login only."""
    otp_login.no_budget_of_the_account()


def otp_05() -> None:
    """Let a success clear what a month holds."""
    otp_login.success_forgives_all()


def otp_06() -> None:
    """Give each factor a budget of its own."""
    otp_login.budgets_apart()


def otp_07() -> None:
    """Look up codes of six digits by the code alone."""
    plant(confirm, "needs_binding", lambda _: lambda form, *, recommended: False)


def otp_08() -> None:
    """Key the limits by the account only."""
    plant(confirm, "_address_keys", lambda _: lambda user: [user.id])


def otp_10() -> None:
    """Compare with the wall clock, and remember nothing."""
    plant(Codes, "latch_expired", lambda _: lambda self, code_id: None)
    otp_login.no_latch()


def otp_12() -> None:
    """Delete a code only when it has expired."""
    plant(Codes, "delete_of", lambda _: lambda self, user_id, scenarios: None)
    otp_login.codes_live_on()


def otp_13() -> None:
    """Look a code up by the person, whichever login it is of."""
    otp_login.codes_of_the_person()


def otp_14() -> None:
    """Leave the purpose out of the key."""
    plant(
        confirm,
        "_confirm_address",
        lambda confirm_address: lambda *rest, is_owner: confirm_address(*rest, is_owner=True),
    )
    otp_login.codes_of_any_purpose()


def otp_15() -> None:
    """Check that the code exists, and take the user from the request."""
    plant(confirm, "spend_code", lambda spend: lambda work, given, owner_id: spend(work, given, None))


def otp_16() -> None:
    """Compare digits, whatever they are written in."""

    def digits_of(given: str) -> str:
        return "".join(f"{int(each)}" for each in given if each.isdecimal())

    plant(confirm, "spend_code", lambda spend: lambda work, given, owner: spend(work, digits_of(given), owner))


def otp_17() -> None:
    """Look for the code anywhere in the text of the list."""
    otp_login.any_part_of_the_list()


def otp_18() -> None:
    """Take an answer with nothing in it for a step that needs none."""
    otp_login.empty_is_passed()


def otp_19() -> None:
    """Let people in who have no number."""
    otp_login.without_number_without_code()


def otp_20() -> None:
    """Let whoever knows the password enter a number."""
    otp_login.a_password_is_enough()


def otp_21() -> None:
    """Take the person from the last form that named one."""
    otp_login.who_is_asked_changes()


def otp_22() -> None:
    """Keep the second step of a session, whoever takes the first one anew."""
    otp_login.later_steps_are_kept()
