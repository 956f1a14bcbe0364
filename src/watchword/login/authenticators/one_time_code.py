"""A code of a login: made, left for the person, tried. Every try is counted and committed before it is compared."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum, auto
from hmac import compare_digest

from watchword.accounts.backup_codes import spend_backup_code, without_breaks
from watchword.accounts.budgets import Verdict as Budget
from watchword.accounts.guessing import Guess, Lock, count_failure, forgive_guess, note_success, spend_guess
from watchword.accounts.model import Factor
from watchword.base.entropy import draw
from watchword.login.authenticator import Turn
from watchword.login.authenticators.holder import Holder, home_of
from watchword.login.store.challenges import Challenge, Challenges
from watchword.notification.model import MessageState
from watchword.notification.outbox import Notified
from watchword.notification.store import Messages
from watchword.storage.audit import note
from watchword.storage.work import Work

DIGITS = "0123456789"
LETTERS_AND_DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ" + DIGITS
SHORTEST, LONGEST, USUAL_LENGTH = 4, 10, 6
MOST_ANSWERS = 5
MOST_OLDER = 5
"""Codes of a login that are still known when a newer one has gone out."""
RECOMMENDED_LIVES = (timedelta(seconds=30), timedelta(seconds=600))
UNSENT = frozenset({MessageState.FAILED, MessageState.HELD, MessageState.CANCELLED, MessageState.EXPIRED})


@dataclass(frozen=True, slots=True, kw_only=True)
class CodePlan:
    """How the codes of an authenticator are made and tried."""

    authenticator: str
    factor: Factor
    length: int = USUAL_LENGTH
    alphabet: str = DIGITS
    lifetime: timedelta = timedelta(seconds=300)
    most_answers: int = MOST_ANSWERS
    locks: bool = False
    dies_at_end: bool = False
    """Whether a code is too old at the very end of its life already."""

    def read(self, typed: str) -> str:
        """Return a code as it was meant: blanks, dashes and small letters are forgiven (D-16)."""
        bare = without_breaks(typed)
        return bare.upper() if self.alphabet != DIGITS and bare.isascii() else bare


class Outcome(StrEnum):
    """What became of a try."""

    RIGHT = auto()
    WRONG = auto()
    EXPIRED = auto()
    SPENT = auto()
    """Nothing is compared any more in this login."""
    CLOSED = auto()
    """Nothing is compared any more for this account."""
    LOCKED = auto()
    OVERTAKEN = auto()
    """Another request has used the code up; where that has led, the browser is sent too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What became of a try, and what followed."""

    outcome: Outcome
    left: int = 0
    """Answers left in this login."""
    lock: Lock | None = None
    by_code: bool = True
    """Whether it was the code itself, and no backup code."""
    is_older: bool = False
    """Whether it was a code of this login in whose place another has gone out."""


def lifetime_of(work: Work, seconds: int) -> timedelta:
    """Return how long a code lives; under ``recommended`` between half a minute and ten."""
    wanted = timedelta(seconds=seconds)
    if work.settings.security_profile != "recommended":
        return wanted
    shortest, longest = RECOMMENDED_LIVES
    return min(max(wanted, shortest), longest)


def current_challenge(turn: Turn, authenticator: str, holder: Holder | None) -> Challenge | None:
    """Return what the login waits for, without the last send where that came to nothing.

    Of somebody who is only named nothing is taken off: what became of a message would tell that there is an account.
    """
    challenge = Challenges(turn.work).find(turn.login.key, authenticator)
    if challenge is None or challenge.message_id is None or holder is None or holder.is_hidden:
        return challenge
    entry = Messages(turn.work).find(challenge.message_id)
    if entry is not None and entry.state in UNSENT:
        return replace(challenge, sends=challenge.sends - 1, sent_at=None, digest=None, message_id=None)
    return challenge


def start_code(turn: Turn, plan: CodePlan, holder: Holder, leave: Callable[[str], Notified] | None) -> Notified | None:
    """Make a code in place of the one before, and leave it for the person; the tries are not begun anew.

    A message that can go nowhere leaves everything as it was. Where nothing may be told, a code is made even for
    nobody, and what becomes of a message is not looked at: both look the same afterwards.
    """
    code = draw(turn.work.entropy, plan.alphabet, plan.length)
    notified = leave(code) if leave is not None else None
    if notified is not None and notified.state is not MessageState.WAITING:
        if not holder.is_hidden:
            return notified
        notified = None
    before = current_challenge(turn, plan.authenticator, holder)
    challenges, key = Challenges(turn.work), turn.login.key
    challenges.put(
        Challenge(
            login_key=key, authenticator=plan.authenticator,
            digest=challenges.digest(key, plan.authenticator, _bound(holder, code)),
            attempts=before.attempts if before else 0, sends=(before.sends if before else 0) + 1,
            sent_at=turn.work.now, lifetime=plan.lifetime, message_id=notified.message_id if notified else None,
        )
    )  # fmt: skip
    return notified


def try_code(turn: Turn, plan: CodePlan, holder: Holder, typed: str, *, backup: bool = False) -> Tried:
    """Count a try, and compare; *backup*: a backup code does as well."""
    work, user = turn.work, holder.user
    challenge = Challenges(work).spend_attempt(turn.login.key, plan.authenticator, plan.most_answers)
    if challenge is None:
        return Tried(outcome=Outcome.SPENT)
    device_known = user is not None and user.id in turn.browser.known_users
    guess = spend_guess(
        home_of(work, holder.person), user, plan.factor, name=holder.guessed_name, locks=plan.locks,
        device_known=device_known, is_proven=not holder.is_hidden,
    )  # fmt: skip
    work.commit()
    tried = Tried(outcome=Outcome.CLOSED, left=plan.most_answers - challenge.attempts)
    if not guess.is_open:
        return replace(tried, outcome=Outcome.LOCKED) if guess.verdict is Budget.LOCKED else tried
    work.surroundings.tally["code_comparisons"] += 1
    outcome = _compare(turn, plan, challenge, _bound(holder, plan.read(typed)))
    may_be_backup = outcome is not Outcome.RIGHT and backup and user is not None and not holder.is_hidden
    if may_be_backup and user is not None and spend_backup_code(home_of(work, holder.person), user, typed):
        outcome, tried = Outcome.RIGHT, replace(tried, by_code=False)
    if user is None and holder.is_hidden and outcome is Outcome.RIGHT:
        outcome = Outcome.WRONG
    is_older = outcome is Outcome.WRONG and _is_older(turn, plan, _bound(holder, plan.read(typed)))
    return replace(tried, outcome=outcome, is_older=is_older, lock=_settle(work, holder, guess, outcome))


def _compare(turn: Turn, plan: CodePlan, challenge: Challenge, code: str) -> Outcome:
    challenges = Challenges(turn.work)
    if challenge.expired:
        return Outcome.EXPIRED
    if challenge.digest is None:
        return Outcome.OVERTAKEN
    given = challenges.digest(turn.login.key, plan.authenticator, code)
    if not compare_digest(given, challenge.digest):
        return Outcome.WRONG
    if _is_too_old(turn.work, plan, challenge):
        challenges.latch_expired(challenge)
        return Outcome.EXPIRED
    return Outcome.RIGHT if challenges.redeem(challenge, code) else Outcome.OVERTAKEN


def older_codes(turn: Turn, authenticator: str, holder: Holder) -> list[str]:
    """Return the digests of the codes of this login that are of no use once another has gone out."""
    last = current_challenge(turn, authenticator, holder)
    kept = [*turn.login.notes.get("older", ()), *([last.digest] if last is not None and last.digest else [])]
    return kept[-MOST_OLDER:]


def _is_older(turn: Turn, plan: CodePlan, code: str) -> bool:
    given = Challenges(turn.work).digest(turn.login.key, plan.authenticator, code)
    return given in turn.login.notes.get("older", ())


def _bound(holder: Holder, code: str) -> str:
    """Return a code with whom it is for, as it is digested: the person of a login may change, the code does not."""
    return f"{holder.identity} {code}"


def _is_too_old(work: Work, plan: CodePlan, challenge: Challenge) -> bool:
    """Tell whether a code has lived too long: its life begins when the provider has taken it."""
    began = _taken_at(work, challenge)
    if began is None:
        return True
    age = work.now - began
    return age >= challenge.lifetime if plan.dies_at_end else age > challenge.lifetime


def _taken_at(work: Work, challenge: Challenge) -> datetime | None:
    entry = Messages(work).find(challenge.message_id) if challenge.message_id else None
    return entry.sent_at if entry is not None and entry.sent_at is not None else challenge.sent_at


def _settle(work: Work, holder: Holder, guess: Guess, outcome: Outcome) -> Lock | None:
    """Draw the consequence of a comparison; that of a failure is committed at once."""
    home = home_of(work, holder.person)
    target = holder.user.id if holder.user is not None else "-"
    match outcome:
        case Outcome.RIGHT:
            note_success(home, guess)
            note(home, "check_login_code", target, reason=guess.factor)
            return None
        case Outcome.OVERTAKEN:
            forgive_guess(home, guess)
            work.commit()
            return None
        case _:
            lock = count_failure(home, guess).lock
            why = "otp-expired" if outcome is Outcome.EXPIRED else "code-mismatch"
            note(home, "check_login_code", target, outcome="refused", reason=f"{guess.factor} {why}")
            work.commit()
            return lock
