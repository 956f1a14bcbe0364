"""Defects in the checking of codes, at the code page of a log-in; otp.py names each by its case."""

import time
from collections import Counter
from dataclasses import replace
from typing import Any

from sqlalchemy import select, update

from tests.mutants.planting import plant
from watchword.accounts import budgets, guessing
from watchword.accounts.backup_codes import LISTS
from watchword.accounts.usecases.login_names import find_login_user
from watchword.codes.store import Codes
from watchword.login.authenticator import Proven
from watchword.login.authenticators import backup_code, one_time_code, sms_otp
from watchword.login.authenticators.later_code import LaterCode
from watchword.login.authenticators.one_time_code import Outcome
from watchword.login.authenticators.password import person_of
from watchword.login.dispatcher import Dispatcher
from watchword.login.store.challenges import Challenges
from watchword.login.store.logins import Logins
from watchword.storage import counters
from watchword.storage.schema import challenges, logins


def count_late() -> None:
    """Read the count, and write it back raised by one."""

    def spend_attempt(self: Challenges, key: str, authenticator: str, limit: int) -> Any:  # noqa: ANN401  # a challenge or none
        found = self.find(key, authenticator)
        self.work.release()
        time.sleep(0.05)  # the gap between the two statements, held open
        if found is None or found.attempts >= limit:
            return None
        mine = challenges.c.login == Logins(self.work).digest(key)
        self.work.connection.execute(update(challenges).where(mine).values(attempts=found.attempts + 1))
        return replace(found, attempts=found.attempts + 1)

    plant(Challenges, "spend_attempt", lambda _: spend_attempt)


def count_in_memory() -> None:
    """Count in the memory of each process."""
    tried: Counter[str] = Counter()

    def spend_attempt(self: Challenges, key: str, authenticator: str, limit: int) -> Any:  # noqa: ANN401  # as above
        tried[key] += 1
        found = self.find(key, authenticator)
        return None if found is None or tried[key] > limit else replace(found, attempts=tried[key])

    plant(Challenges, "spend_attempt", lambda _: spend_attempt)


def begin_the_count_anew() -> None:
    """Forget the tries with every code that is sent."""

    def put(whole: Any) -> Any:  # noqa: ANN401  # a function as it stands
        def anew(self: Challenges, challenge: Any) -> None:  # noqa: ANN401  # passed on
            whole(self, challenge)
            mine = challenges.c.login == Logins(self.work).digest(challenge.login_key)
            self.work.connection.execute(update(challenges).where(mine).values(attempts=0))

        return anew

    plant(Challenges, "put", put)
    plant(Challenges, "find", lambda find: lambda *rest: (found := find(*rest)) and replace(found, attempts=0))


def no_budget_of_the_account() -> None:
    """Count within each login only."""
    plant(guessing, "code_budgets", lambda _: lambda asked: ())


def success_forgives_all() -> None:
    """Let a success clear what a month holds."""

    def reward(self: budgets.InAMonth, work: Any) -> None:  # noqa: ANN401  # a work
        for window in budgets.windows_of(self.subject).values():
            counters.forget(work, window.name, window.subject, window.limit)

    plant(budgets.InAMonth, "reward", lambda _: reward)


def budgets_apart() -> None:
    """Give each factor a budget of its own."""
    plant(guessing, "code_budgets", lambda take: lambda asked: take(asked)[-1:])


def no_latch() -> None:
    """Remember nothing of a code that was seen too late."""
    plant(Challenges, "latch_expired", lambda _: lambda self, challenge: None)


def codes_live_on() -> None:
    """Delete a code only when it has expired."""
    right: set[str] = set()

    def lasting(compare: Any) -> Any:  # noqa: ANN401  # a function as it stands
        def compared(turn: Any, plan: Any, challenge: Any, code: str) -> Outcome:  # noqa: ANN401  # passed on
            outcome: Outcome = compare(turn, plan, challenge, code)
            if outcome is Outcome.RIGHT:
                right.add(code)
            return Outcome.RIGHT if code in right else outcome

        return compared

    plant(one_time_code, "_compare", lasting)


def codes_of_the_person() -> None:
    """Look a code up by the person, whichever login it is of."""

    def digest(self: Challenges, key: str, authenticator: str, text: str) -> str:
        del key, authenticator
        return str(self.work.keys.digest("login code", self.work.tenant, text))

    def by_person(compare: Any) -> Any:  # noqa: ANN401  # a function as it stands
        def compared(turn: Any, plan: Any, challenge: Any, code: str) -> Outcome:  # noqa: ANN401  # passed on
            outcome: Outcome = compare(turn, plan, challenge, code)
            same = challenges.c.digest == Challenges(turn.work).digest("", "", code)
            is_one = turn.work.connection.execute(select(challenges).where(same)).first() is not None
            return Outcome.RIGHT if outcome is Outcome.WRONG and is_one else outcome

        return compared

    plant(Challenges, "digest", lambda _: digest)
    plant(one_time_code, "_compare", by_person)


def codes_of_any_purpose() -> None:
    """Leave the purpose out of the key."""

    def of_any(compare: Any) -> Any:  # noqa: ANN401  # a function as it stands
        def compared(turn: Any, plan: Any, challenge: Any, code: str) -> Outcome:  # noqa: ANN401  # passed on
            is_one = Codes(turn.work).find(code.partition(" ")[2]) is not None
            return Outcome.RIGHT if is_one else compare(turn, plan, challenge, code)

        return compared

    plant(one_time_code, "_compare", of_any)


def any_part_of_the_list() -> None:
    """Look for the code anywhere in the text of the list."""

    def contains(work: Any, user: Any, typed: str) -> bool:  # noqa: ANN401  # passed on
        del work
        return any(typed in user.claims.get(uri, "") for uri in LISTS)

    for module in (one_time_code, backup_code):
        plant(module, "spend_backup_code", lambda _: contains)


def empty_is_passed() -> None:
    """Take an answer with nothing in it for a step that needs none."""

    def lenient(judge: Any) -> Any:  # noqa: ANN401  # a function as it stands
        def judged(self: Any, turn: Any, answer: Any) -> Any:  # noqa: ANN401  # passed on
            if not answer.get("OTPcode") and turn.person is not None:
                return Proven(person=turn.person)
            return judge(self, turn, answer)

        return judged

    plant(LaterCode, "judge", lenient)


def without_number_without_code() -> None:
    """Let people in who have no number."""

    def lenient(number: Any) -> Any:  # noqa: ANN401  # a function as it stands
        def found_out(self: Any, found: Any) -> Any:  # noqa: ANN401  # passed on
            return number(self, found) if found.number else Proven(person=found.holder.person, skipped=True)

        return found_out

    plant(sms_otp.SmsOtp, "_number", lenient)


def a_password_is_enough() -> None:
    """Let whoever knows the password enter a number."""
    plant(sms_otp, "is_more_than_a_password", lambda _: lambda turn: True)


def who_is_asked_changes() -> None:
    """Take the person from the last form that named one."""

    def renaming(answer: Any) -> Any:  # noqa: ANN401  # a function as it stands
        def answered(self: Any, work: Any, login: Any, browser: Any, given: Any) -> Any:  # noqa: ANN401  # passed on
            named = find_login_user(work, given.get("username")) if given.get("username") else None
            if named is not None:
                proofs = tuple(replace(each, person=person_of(work, named)) for each in login.proofs)
                login = replace(login, proofs=proofs)
            return answer(self, work, login, browser, given)

        return answered

    plant(Dispatcher, "answer", renaming)
    plant(one_time_code, "_bound", lambda _: lambda holder, code: code)
    plant(LaterCode, "_verify", lambda verify: lambda self, turn, answer: verify(
        self, replace(turn, login=turn.login.noting(sent_to=None)), answer))  # fmt: skip


def later_steps_are_kept() -> None:
    """Keep the second step of a session, whoever takes the first one anew."""

    def begin(self: Any, work: Any, login: Any, browser: Any, session: Any) -> Any:  # noqa: ANN401  # passed on
        for number, step in enumerate(login.sequence.steps[1:], 2):
            known = session.proof_by(step.options) if session is not None else None
            if known is not None:
                login = login.proven(replace(known, step=number))
        return self._go_on(work, login, browser)

    plant(Dispatcher, "begin", lambda _: begin)


def find_then_redeem() -> None:
    """Compare, then use the code up; and store a login whatever has become of it meanwhile."""

    def redeem(self: Challenges, challenge: Any, text: str) -> bool:  # noqa: ANN401  # a challenge
        del challenge, text
        self.work.release()
        time.sleep(0.05)  # the gap between the two statements, held open
        return True

    def save(self: Logins, login: Any) -> None:  # noqa: ANN401  # a login
        digest = self.digest(login.key)
        it, sealed = logins.c.digest == digest, self._sealed(login, digest)
        self.work.connection.execute(update(logins).where(it).values(sealed=sealed))

    plant(Challenges, "redeem", lambda _: redeem)
    plant(Logins, "save", lambda _: save)
