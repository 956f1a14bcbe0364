"""The server is killed in the middle of a log-in with two steps, and started again.

The login goes on or begins anew, nobody is in without both steps, and what was used up stays so.
"""

import contextlib
import http.client
from collections.abc import Iterator
from functools import partial

import pytest

from tests.attacks.stage import PASSWORD, Stage, wait_for
from tests.attacks.visitor import BACKUP, BASIC, SMS, Visitor, codes_of, open_shop, other_than, person, sessions_of

pytestmark = pytest.mark.long
PLACES = ("before_commit", "after_commit", "before_login_moves", "after_login_moves")
"""The first commit of an answer counts the try; then it is judged, and the login moves."""


@contextlib.contextmanager
def killed_at(stage: Stage, place: str) -> Iterator[None]:
    """Let the server die at a place while the block asks it; then start it again."""
    stage.break_at(f"{place}:kill9")
    with pytest.raises((OSError, http.client.HTTPException)):
        yield
    assert stage.nodes[-1].has_died()
    stage.break_at()
    stage.start()
    stage.move_clock(31 * len(stage.nodes))  # the leases of the dead end


def test_a_login_that_is_killed_between_its_steps_goes_on_or_begins_anew(stage: Stage) -> None:
    stage.start()
    shop = open_shop(stage, BASIC, SMS)
    for place in PLACES:
        name, visitor = person(stage), Visitor(stage)
        visitor.enter(shop)
        key = visitor.key
        with killed_at(stage, place):
            visitor.password(name)
        assert sessions_of(stage, name) == [], place
        visitor.get(f"/samlsso?sessionDataKey={key}")
        assert not visitor.is_in(), place
        visitor.submit({"OTPcode": "000000"}, key=key)
        assert not visitor.is_in(), place
        visitor.submit({"username": name, "password": PASSWORD}, key=key)
        wait_for(partial(codes_of, stage, name))
        stage.settle()
        sent = codes_of(stage, name)
        assert len(set(sent)) == len(sent) == len({each.message_id for each in stage.deliveries_to(name)}) - 1, place
        visitor.submit({"OTPcode": sent[-1]}, key=key)
        assert visitor.is_in(), place
        assert len(sessions_of(stage, name)) == 1, place


def test_a_code_that_is_killed_is_taken_once_or_not_at_all(stage: Stage) -> None:
    stage.start()
    shop = open_shop(stage, BASIC, SMS)
    for place in PLACES:
        name, visitor = person(stage), Visitor(stage)
        code = visitor.first_step(shop, name)
        visitor.code(other_than(code)[0])
        key = visitor.key
        with killed_at(stage, place):
            visitor.submit({"OTPcode": code}, key=key)
        is_kept = place == "after_login_moves"
        assert len(sessions_of(stage, name)) == int(is_kept), place
        tries = [row["attempts"] for row in stage.evidence.rows("challenges")]
        assert max(tries) == (1 if place == "before_commit" else 2), "a try was forgotten"
        visitor.submit({"OTPcode": code}, key=key)
        assert visitor.is_in(), place
        assert len(sessions_of(stage, name)) == 1, place
        visitor.submit({"OTPcode": code}, key=key)
        assert not visitor.is_in(), place
        again = Visitor(stage)
        again.first_step(shop, name)
        again.code(code)
        assert not again.is_in(), place
        stage.evidence.run("DELETE FROM challenges")


def test_a_backup_code_that_was_spent_stays_so(stage: Stage) -> None:
    stage.start()
    shop = open_shop(stage, BASIC, BACKUP)
    for place in PLACES:
        name, visitor = person(stage), Visitor(stage)
        code = stage.command("user", "backup-codes", name)["backup_codes"][0]
        visitor.enter(shop)
        visitor.password(name)
        key = visitor.key
        with killed_at(stage, place):
            visitor.submit({"BackupCode": code}, key=key)
        spent = len(stage.evidence.rows("backup_codes"))
        is_kept = place == "after_login_moves"
        assert len(sessions_of(stage, name)) == int(is_kept), place
        assert spent == (9 if is_kept else 10), place
        visitor.submit({"BackupCode": code}, key=key)
        assert visitor.is_in(), place
        other = Visitor(stage)
        other.enter(shop)
        other.password(name)
        other.submit({"BackupCode": code})
        assert not other.is_in(), place
        stage.command("user", "delete", name)
