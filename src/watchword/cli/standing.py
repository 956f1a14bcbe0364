"""Why somebody cannot log in, in a sentence or two; and the same as a document."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from watchword.accounts.budgets import Lane
from watchword.accounts.claims import Channel
from watchword.accounts.model import Factor, LockedReason, User
from watchword.accounts.standing import Standing
from watchword.accounts.usecases.passwords import MustChange
from watchword.cli.answers import clock_time, instant

_GUESSES = {
    Factor.PASSWORD: "wrong password", Factor.SMS: "wrong code by SMS", Factor.EMAIL: "wrong code by mail",
    Factor.BACKUP: "wrong backup code",
}  # fmt: skip
_FROM = {
    Lane.NEW_DEVICE: "from devices not used before", Lane.KNOWN_DEVICE: "from devices used before",
    Lane.BARE_NAME: "after the name alone",
}  # fmt: skip
_UNPROVEN = {Channel.SMS: "the phone", Channel.EMAIL: "the mailbox"}


def standing_document(standing: Standing, codes: Sequence[str]) -> dict[str, Any]:
    """Return how an account stands, for a program; *codes* says why none reaches the person."""
    return {
        "login": {
            "possible": not any(_walls(standing)),
            "why": [*_walls(standing), *_obstacles(standing), *codes],
            "unlock_at": instant(standing.user.unlock_at),
        },
        "failures": {
            factor: {"count": each.count, "last_at": instant(each.last_at)}
            for factor, each in sorted(standing.failures.items())
        },
        "backup_codes_left": standing.backup_codes,
    }


def standing_sentences(standing: Standing, codes: Sequence[str]) -> Iterator[str]:
    """Yield why the person cannot log in, if so; what was wrong lately, and how many backup codes are left."""
    reasons = [*_walls(standing), *_obstacles(standing), *codes]
    yield from (f"  {reason}" for reason in reasons or ["can log in"])
    lately = [
        f"{_plural(each.count, _GUESSES[Factor(factor)])} in a row, the last at {clock_time(each.last_at)}"
        for factor, each in sorted(standing.failures.items()) if factor in set(Factor)
    ]  # fmt: skip
    yield from (f"  {each}" for each in lately)
    yield f"  {_plural(standing.backup_codes, 'backup code')} left"


def unproven(user: User) -> str:
    """Return what the person of a pending account has yet to prove, in words."""
    open_ones = [_UNPROVEN[each] for each in Channel if user.address(each) and not user.is_verified(each)]
    return " or ".join(open_ones) or "the account"


def _walls(standing: Standing) -> Iterator[str]:
    """Yield what keeps the person out altogether."""
    user, unlock = standing.user, f"`watchword user unlock {_name(standing.user)}`"
    if user.disabled:
        yield f"switched off; `watchword user set {_name(user)} --claim accountDisabled=false` switches it on"
    if user.is_locked_by_failures(standing.now):
        yield f"{_lock(standing)}; {unlock} opens it now"
    elif user.is_locked(standing.now) and user.is_pending:
        yield f"waits for its person to confirm {unproven(user)}; {unlock} opens it without"
    elif user.is_locked(standing.now):
        by = "by an administrator" if user.locked_reason is LockedReason.ADMIN_INITIATED else "when it was made"
        yield f"locked {by}; it stays so until {unlock}"
    if user.password_hash is None:
        yield f"has no password; `watchword user password {_name(user)}` sets one"


def _obstacles(standing: Standing) -> Iterator[str]:
    """Yield what keeps the person out for a moment, from some devices, or of the second step only."""
    unlock = f"`watchword user unlock {_name(standing.user)}`"
    if standing.next_password_at is not None:
        at = _time(standing.next_password_at, standing.now)
        yield f"too many wrong passwords: from a device not used before, the next is compared at {at}"
    for lane in standing.suspended:
        yield f"codes are no longer compared, since too many in a row were wrong {_FROM[lane]}; {unlock} ends that"
    for budget in standing.spent_months:
        spent = f"{budget.spent} wrong codes in 30 days {_FROM[budget.lane]}"
        yield f"{spent}, where none is compared any more; {unlock} ends that"
    if standing.must_change is MustChange.REQUIRED:
        yield "must choose another password at the next log-in, since an administrator wants it"
    if standing.must_change is MustChange.EXPIRED:
        yield "must choose another password at the next log-in, since this one has grown too old"


def _lock(standing: Standing) -> str:
    user = standing.user
    led = [
        (each.last_at, factor, each.count)
        for factor, each in standing.failures.items()
        if factor in set(Factor) and Factor(factor).locked_reason is user.locked_reason
    ]
    last_at, factor, count = max(led, default=(None, Factor.PASSWORD, 0))
    when = "" if last_at is None else f" at {_time(last_at, standing.now)}"
    what = _plural(count, _GUESSES[Factor(factor)]) if count else "too many failures"
    ends = "it stays so" if user.unlock_at is None else f"opens by itself at {_time(user.unlock_at, standing.now)}"
    return f"locked{when} after {what}; {ends}"


def _name(user: User) -> str:
    return user.name.typed if user.name.realm == "PRIMARY" else f"{user.name.realm}/{user.name.typed}"


def _plural(count: int, thing: str) -> str:
    first, blank, rest = thing.partition(" by ")
    return f"{count} {thing}" if count == 1 else f"{count or 'no'} {first}s{blank}{rest}"


def _time(at: datetime, now: datetime) -> str:
    """Return an instant as one would say it: the time alone, if it is near."""
    return f"{at:%H:%M:%S} UTC" if abs(at - now) < timedelta(hours=12) and at.date() == now.date() else clock_time(at)
