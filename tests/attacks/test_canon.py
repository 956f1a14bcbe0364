"""One name in many spellings: CANON, and the vectors usernames."""

import pytest

from tests.attacks.corpus import vectors
from tests.attacks.stage import Stage

case = pytest.mark.case
CONFLICT = {("409", "20030")}
REFUSED = {("400", "20045"), ("400", "USR-10003"), ("400", "20047")}
OUTCOMES = {
    "conflict": CONFLICT,
    "reject": REFUSED,
    "reject_mixed_script": REFUSED,
    "reject_mixed_or_confusable": REFUSED | CONFLICT,
    "reject_unless_email_names": REFUSED,
    "reject_reserved": CONFLICT,  # decisions 5.3: reserved is as if taken
}
RESERVED = ".."
"""Refused as a reserved name, where the corpus only says that it is refused."""
CANON_02 = ["ki\u200bm", "ki\u200dm", "ki\u00adm", "kim\u202e", "kim\ufe0f", "kim\U000e0041", "kim\0", "kim\r\n",
            "kim\t",
            "kim\u00a0", " kim", "kim ", "\ufb01ona", "\u017fam", "kim\u00b9", "\U0001d4f4\U0001d4f2\U0001d4f6",
            "\u24da\u24d8\u24dc"]  # fmt: skip


def make_known(stage: Stage, *names: str) -> None:
    for name in names:
        if stage.user(name) is None:
            assert stage.register(name).status == 201


def answer_to(stage: Stage, name: str) -> tuple[str, str | None]:
    answer = stage.register(name)
    return str(answer.status), answer.code


@case("CANON-01")
def test_the_names_of_the_corpus_meet_what_it_says(stage: Stage) -> None:
    """The vectors usernames (rows 22 to 24 of security-reliability.md 1.4)."""
    make_known(stage, "kim", "josé")
    wrong = []
    for name, outcome in vectors("usernames"):
        known = "conflicts with" in outcome
        if outcome.startswith("accept") and not known:
            make_known(stage, name)
            continue
        met = answer_to(stage, name)
        if met not in (CONFLICT if known or name == RESERVED else OUTCOMES[outcome]):
            wrong.append((name, outcome, met))
    assert wrong == []


@case("CANON-02")
def test_what_cannot_be_seen_or_folded_is_in_no_name(stage: Stage) -> None:
    make_known(stage, "kim")
    with stage.no_effect():
        taken = [name for name in CANON_02 if answer_to(stage, name) not in REFUSED]
    assert taken == []


@case("CANON-03")
def test_a_name_that_looks_like_another_is_not_given(stage: Stage) -> None:
    make_known(stage, "kim", "paypal")
    mixed = ["k\u0456m", "p\u0430ypal"]
    whole = ["\u0440\u0430\u0443\u0440\u0430\u04cf", "k\u0131m"]
    with stage.no_effect():
        assert [answer_to(stage, name)[0] for name in mixed] == ["400"] * 2
        assert {answer_to(stage, name)[0] for name in whole} <= {"400", "409"}


@case("CANON-06")
def test_a_suffix_does_not_choose_the_tenant(stage: Stage) -> None:
    make_known(stage, "kim")
    names = ["kim@carbon.super", "kim@tenant-b.test", "kim@tenant-b.test@carbon.super", "@", "kim@", "kim@@a",
             "kim@tenant-b.test "]  # fmt: skip
    with stage.no_effect():
        met = {name: answer_to(stage, name) for name in names}
    assert met.pop("kim@carbon.super") in CONFLICT
    assert set(met.values()) <= REFUSED | CONFLICT
