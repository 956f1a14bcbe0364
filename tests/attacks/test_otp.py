"""Guessing, repeating and borrowing codes: OTP, as far as sign-up has them."""

from collections.abc import Iterator

import pytest

from tests.attacks.corpus import vectors
from tests.attacks.stage import API, CLAIM, CREATE_ONLY, Stage, together
from watchword.base.seal import read_keys

case = pytest.mark.case
SIX_DIGITS = '{"identity_mgt": {"user_self_registration": {"sms_otp_regex": "[0-9]{6}"}}}'
PENDING = 10_000
CHANGES_ARE_PROVEN = """{"identity_mgt": {"user_claim_update": {
    "mobile": {"enable_verification": true}, "email": {"enable_verification": true}}}}"""
ONE_CALLER_MAY_TRY = """{"watchword": {"limits": {
    "unknown_codes_per_caller": "100000/1m", "unknown_codes_per_tenant": "100000/1m"}}}"""
NOBODYS = "00000000-0000-4000-8000-000000000000"


@case("OTP-01")
def test_of_many_parallel_wrong_codes_five_are_compared(stage: Stage) -> None:
    """Row 1 of security-reliability.md 1.4: the limit of tries holds when all come at once."""
    name = stage.new_name()
    code = stage.pending(name)
    together(*[lambda: stage.confirm(NOBODYS, user=name) for _ in range(24)])
    before = stage.user(name)
    assert stage.confirm(code, user=name).code == "18001"
    assert stage.user(name) == before


@case("OTP-07", shipped_limits=True, toml=SIX_DIGITS, alone=True)
def test_a_code_among_ten_thousand_is_not_found_by_guessing(stage: Stage) -> None:
    name = stage.new_name()
    right = stage.pending(name, sms=True)
    assert right.isdecimal()
    assert len(right) == 6
    known = set(_ten_thousand_pending(stage, name)) | {right}
    assert stage.confirm(right).code == "18001", "a short code was taken without being told whose it is"

    answers = [stage.confirm(f"{number * 7919 % 10**6:06d}", by=CREATE_ONLY) for number in range(1000)]
    assert {answer.status for answer in answers} == {400, 429}
    assert sum(answer.status == 400 for answer in answers) <= 100
    refusal = answers[-1]
    assert 1 <= int(refusal.headers["retry-after"]) <= 60
    assert len(known) > 9_000
    assert all(user["locked"] for user in stage.evidence.rows("users") if user["name"].startswith(name))


def _ten_thousand_pending(stage: Stage, name: str) -> Iterator[str]:
    """Give as many others a pending account like that of *name*, each with a code of six digits; return the codes."""
    keys = read_keys(stage.folder / "watchword" / "keys")
    user = stage.user(name)
    assert user is not None
    code = next(row for row in stage.evidence.rows("codes") if row["user_id"] == user["id"])
    texts = [f"{number * 97 % 10**6:06d}" for number in range(PENDING)]
    digests = {text: keys.digest("code", "carbon.super", text) for text in texts}
    fresh = [text for text in texts if digests[text] != code["digest"]]
    stage.evidence.insert("users", [
        {**user, "id": f"u{text}", "name": f"{name}-{text}", "canonical": f"{name}-{text}"} for text in fresh
    ])  # fmt: skip
    stage.evidence.insert("codes", [
        {**code, "id": f"c{text}", "user_id": f"u{text}", "digest": digests[text]} for text in fresh
    ])  # fmt: skip
    yield from fresh


@case("OTP-08", shipped_limits=True, toml=ONE_CALLER_MAY_TRY)
def test_many_accounts_give_no_more_guesses_at_one_number(stage: Stage) -> None:
    number = "+94722222222"
    names = [stage.new_name("squatter") for _ in range(30)]
    for name in names:
        assert stage.register(name, number=number, sms=True).status == 201
    stage.settle()
    before = stage.metric("watchword_code_comparisons")
    for name in names:
        for guess in range(5):
            stage.confirm(f"AAAAAAA{guess + 2}", user=name)
    assert stage.metric("watchword_code_comparisons") - before <= 50
    assert sum(delivery.to == number for delivery in stage.ledger.deliveries) <= 5
    assert not any(stage.proofs(name) for name in names)


@case("OTP-10", alone=True)
def test_a_code_that_was_seen_too_late_stays_so_when_the_clock_goes_back(stage: Stage) -> None:
    """The page of a login comes with login; the code of a sign-up has the same latch."""
    name = stage.new_name()
    code = stage.pending(name, sms=True)
    stage.move_clock(601)
    assert stage.confirm(code).status == 400
    stage.move_clock(1)
    assert stage.confirm(code).status == 400
    user = stage.user(name)
    assert user is not None
    assert user["locked"]


@case("OTP-12")
def test_a_code_is_taken_once(stage: Stage) -> None:
    name = stage.new_name()
    code = stage.pending(name)
    assert stage.confirm(code).status == 202
    before = stage.user(name)
    again = [stage.confirm(code), stage.confirm(code, user=name), stage.confirm(code, by=CREATE_ONLY)]
    assert [answer.code for answer in again] == ["18001"] * 3
    assert stage.user(name) == before


@case("OTP-14", toml=CHANGES_ARE_PROVEN)
def test_a_code_of_one_purpose_serves_no_other(stage: Stage) -> None:
    """Sign-up and change of number; login and recovery come with their slices."""
    open_name, pending_name = stage.new_name("open"), stage.new_name("pending")
    person = (open_name, "correct-Horse-battery-7")
    assert stage.confirm(stage.pending(open_name, number="+94723333331")).status == 202
    of_sign_up = stage.pending(pending_name, number="+94723333332")
    stage.command("user", "set", open_name, "--claim", "mobile=+94723333333", "--as-person")
    of_change = stage.code_of(open_name)

    assert stage.confirm(of_change, by=CREATE_ONLY).status >= 400
    assert stage.ask("POST", f"{API}/me/validate-code", {"code": of_sign_up}, by=person).status == 400
    assert stage.claims(open_name)[f"{CLAIM}mobile"] == "+94723333331"
    pending = stage.user(pending_name)
    assert pending is not None
    assert pending["locked"]
    assert stage.proofs(pending_name) == set()


@case("OTP-15")
def test_a_code_does_not_open_the_account_that_a_request_names(stage: Stage) -> None:
    mine, other = stage.new_name("mine"), stage.new_name("other")
    code = stage.pending(mine)
    stage.pending(other)
    before = [stage.user(mine), stage.user(other)]
    user = stage.user(other)
    assert user is not None
    answers = [
        stage.confirm(code, user=other),
        stage.confirm(code, user=f"PRIMARY/{other}"),
        stage.ask("POST", f"{API}/validate-code", {"code": code, "properties": [
            {"key": "username", "value": other}, {"key": "userid", "value": user["id"]},
            {"key": "realm", "value": "PRIMARY"}]}),
    ]  # fmt: skip
    assert [answer.code for answer in answers] == ["18001"] * 3
    assert [stage.user(mine), stage.user(other)] == before


@case("OTP-16", toml=SIX_DIGITS)
def test_a_code_is_exactly_what_was_sent(stage: Stage) -> None:
    """The vectors otp_forms; what is no text at all stands in row 11 of security-reliability.md 1.4."""
    name = stage.new_name()
    stage.pending(name, sms=True)

    def give_code() -> None:
        stage.command("testing", "code", "put", "--user", name, "--code", "012345", "--channel", "SMS")

    taken = []
    strange: list[object] = [12345, 12345.0, True, None, ["012345"], {"code": "012345"}, {"$ne": ""}]
    for form in [*(value for value, outcome in vectors("otp_forms") if outcome != "accept"), *strange]:
        give_code()
        if stage.confirm(form, user=name).status != 400:
            taken.append(form)
    assert taken == []
    give_code()
    assert stage.confirm("012345", user=name).status == 202
