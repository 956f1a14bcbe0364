"""Issue a code, and check one: the try is counted before anything is compared."""

from datetime import timedelta

from watchword.base.entropy import new_id
from watchword.base.problems import CodeExpired, CodeInvalid
from watchword.codes.model import CodeOrder, ConfirmationCode, Scenario
from watchword.codes.store import Codes
from watchword.storage.audit import note
from watchword.storage.work import Work


def issue_code(work: Work, order: CodeOrder) -> str:
    """Make the one live code of a user in a scenario, and return its text."""
    codes = Codes(work)
    text = order.form.drawn(work.entropy)
    while codes.is_live(text):
        text = order.form.drawn(work.entropy)
    code_id = new_id(work.entropy, work.now)
    sealed = work.keys.seal(work.entropy, text.encode(), f"code {code_id}") if order.repeatable else None
    codes.put(
        ConfirmationCode(
            code_id, order.user_id, order.scenario, order.channel, work.now, work.now, sealed=sealed,
            pending_value=order.pending_value, facts=order.facts,
        ),
        text,
    )  # fmt: skip
    return text


def put_code(work: Work, user_id: str, scenario: Scenario, channel: str, text: str) -> None:
    """Give a user a code that a test has chosen (decisions 6.2); it replaces the one of the same scenario."""
    code_id = new_id(work.entropy, work.now)
    Codes(work).put(ConfirmationCode(code_id, user_id, scenario, channel, work.now, work.now), text)
    note(work, "put_code", user_id)
    work.commit()


def repeat_code(work: Work, code: ConfirmationCode) -> str | None:
    """Return the text of a code that may go out again, and note that it does; ``None`` without a sealed copy."""
    if code.sealed is None:
        return None
    Codes(work).note_sent(code.id)
    return work.keys.unseal(code.sealed, f"code {code.id}").decode()


def spend_code(work: Work, given: str, owner_id: str | None) -> ConfirmationCode:
    """Count a try, and return the record of the code that was given.

    With an *owner_id* the code must be that user's, and a wrong one is counted against every code of theirs. The count
    is part of the work: whoever refuses afterwards commits first.

    Raises:
        CodeInvalid: there is no such code, or its tries are spent; the count is committed.
    """
    codes, limit = Codes(work), work.settings.limits.tries_per_code
    if owner_id is None:
        code, is_compared = codes.spend_attempt(given, limit), True
    else:
        code, is_compared = codes.spend_attempt_of(given, limit, owner_id)
    work.surroundings.tally["code_comparisons"] += is_compared
    if code is None:
        note(work, "redeem_code", owner_id or "-", outcome="refused", reason="unknown")
        work.commit()
        raise CodeInvalid(code=given)
    return code


def refuse_expired(work: Work, code: ConfirmationCode, lifetime: timedelta | None, given: str) -> None:
    """Refuse a code that is too old; once it was seen so, it stays so.

    Raises:
        CodeExpired: with the latch committed.
    """
    if code.is_expired(work.now, lifetime):
        Codes(work).latch_expired(code.id)
        note(work, "redeem_code", code.user_id, outcome="refused", reason="expired")
        work.commit()
        raise CodeExpired(code=given)
