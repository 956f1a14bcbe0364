"""Guessing, repeating and borrowing codes: OTP and RACE, at the code page of a log-in.

The ids that the corpus does not hold are those of security-reliability.md 1.4, and 6.2 for what they count.
"""

from collections.abc import Iterator
from functools import partial

import pytest

from tests.attacks.stage import API, CLAIM, CREATE_ONLY, PASSWORD, Answer, Stage, together, wait_for
from tests.attacks.visitor import (
    BACKUP,
    BASIC,
    MAIL,
    MANY_SENDS,
    SMS,
    Shop,
    Visitor,
    carrier,
    codes_of,
    compared,
    open_shop,
    other_than,
    person,
    sessions_of,
)
from watchword_testing.sinks import Mode

case = pytest.mark.case
DAY_SECONDS = 86400
CHANGES_ARE_PROVEN = """{"identity_mgt": {"user_claim_update": {
    "mobile": {"enable_verification": true}, "email": {"enable_verification": true}}}}"""
PAPER = "111111,222222"
NO_PAPER = [",", "111111,", "1", PAPER, "%", ".*", "111111\x00", "\uff11\uff11\uff11\uff11\uff11\uff11"]


def guess(visitor: Visitor, codes: list[str]) -> list[str]:
    """Try codes one by one, and return what was said of each."""
    return [visitor.code(code).headers.get("location", "") for code in codes]


@case("OTP-01")
def test_of_many_parallel_wrong_codes_of_a_login_five_are_compared(stage: Stage) -> None:
    shop, name = open_shop(stage, BASIC, SMS), person(stage)
    visitor = Visitor(stage)
    right = visitor.first_step(shop, name)
    before = compared(stage)
    together(*[lambda wrong=wrong: visitor.twin().code(wrong) for wrong in other_than(right, 24)])
    assert compared(stage) - before == 5
    visitor.code(right)
    assert not visitor.is_in()
    assert sessions_of(stage, name) == []


@case("OTP-02", database="postgresql", alone=True)
def test_two_servers_count_together(stage: Stage) -> None:
    shop, name = open_shop(stage, BASIC, SMS), person(stage)
    stage.start()
    visitor = Visitor(stage)
    right = visitor.first_step(shop, name)
    before = compared(stage)

    def at(node: int, wrong: str) -> Answer:
        twin = visitor.twin()
        twin.node = node
        return twin.code(wrong)

    together(*[lambda number=number, wrong=wrong: at(number % 2, wrong)
               for number, wrong in enumerate(other_than(right, 24))])  # fmt: skip
    assert compared(stage) - before == 5
    visitor.code(right)
    assert not visitor.is_in()


@case("OTP-03", toml=MANY_SENDS)
def test_another_code_gives_no_other_tries(stage: Stage) -> None:
    shop, name = open_shop(stage, BASIC, SMS), person(stage)
    visitor = Visitor(stage)
    visitor.first_step(shop, name)
    before = compared(stage)
    for _ in range(4):
        guess(visitor, other_than(codes_of(stage, name)[-1], 2))
        visitor.submit({"OTPcode": "", "resendCode": "true"})
        stage.settle()
    assert len(codes_of(stage, name)) > 2
    visitor.code(codes_of(stage, name)[-1])
    assert compared(stage) - before == 5
    assert not visitor.is_in()


@case("OTP-04", toml=MANY_SENDS)
def test_another_login_gives_no_other_tries(stage: Stage) -> None:
    shop, name = open_shop(stage, BASIC, SMS), person(stage)
    before = compared(stage)
    for _ in range(6):
        visitor = Visitor(stage)
        visitor.enter(shop)
        visitor.password(name)
        stage.settle()
        guess(visitor, other_than(codes_of(stage, name)[-1], 5))
    assert compared(stage) - before == 20
    last = Visitor(stage)
    last.enter(shop)
    last.password(name)
    stage.settle()
    last.code(codes_of(stage, name)[-1])
    assert not last.is_in()
    assert stage.audited("suspend_codes")
    stage.command("user", "unlock", name)
    Visitor(stage).log_in(shop, name)


@case("OTP-05", alone=True)
def test_what_the_victim_does_gives_whoever_guesses_no_other_tries(stage: Stage) -> None:
    """Somebody who knows the password guesses between the victim's log-ins, four a day."""
    shop, name = open_shop(stage, BASIC, SMS), person(stage)
    victim, guessed = Visitor(stage), 0.0
    victim.log_in(shop, name)
    for day in range(1, 21):
        stage.move_clock(day * DAY_SECONDS)
        thief = Visitor(stage)
        thief.enter(shop)
        thief.password(name)
        stage.settle()
        before = compared(stage)
        guess(thief, other_than(codes_of(stage, name)[-1], 4))
        guessed += compared(stage) - before
        victim.log_in(shop, name)
    assert guessed == 50


@case("OTP-06")
def test_all_factors_share_one_budget(stage: Stage) -> None:
    """SMS, mail and backup codes; there are no codes of an app, and no REST interface compares any."""
    classic = carrier(stage)
    shop, name = open_shop(stage, BASIC, [classic, MAIL, BACKUP]), person(stage)
    stage.command("user", "backup-codes", name)
    before = compared(stage)
    for _ in range(3):
        for authenticator, field in (("SMSOTP", "OTPcode"), (MAIL[1], "OTPcode"), (BACKUP[1], "BackupCode")):
            visitor = choosing(stage, shop, name, authenticator)
            for number in range(3):
                visitor.submit({field: f"0000000{number}"})
    assert compared(stage) - before == 20
    visitor = choosing(stage, shop, name, MAIL[1])
    wait_for(lambda: codes_of(stage, name))
    stage.settle()
    visitor.code(codes_of(stage, name)[-1])
    assert not visitor.is_in()


def choosing(stage: Stage, shop: Shop, name: str, authenticator: str) -> Visitor:
    """Take the first step, and choose a way for the second."""
    visitor = Visitor(stage)
    visitor.enter(shop)
    visitor.password(name)
    ways = dict(each.split(":") for each in visitor.query["authenticators"].split(";"))
    visitor.submit({"authenticator": authenticator, "idp": ways[authenticator]})
    assert visitor.stands_at_code, visitor.location
    return visitor


@case("OTP-10", alone=True)
def test_a_code_that_was_seen_too_late_stays_so_and_is_called_wrong(stage: Stage) -> None:
    shop, name = open_shop(stage, BASIC, SMS), person(stage)
    visitor, other = Visitor(stage), Visitor(stage)
    right = visitor.first_step(shop, name)
    wrong = other_than(other.first_step(shop, name))[0]
    other.code(wrong)
    stage.move_clock(301)
    visitor.code(right)
    said = {name: value for name, value in visitor.query.items() if name != "sessionDataKey"}
    assert said == {name: value for name, value in other.query.items() if name != "sessionDataKey"}
    stage.move_clock(1)
    visitor.code(right)
    assert not visitor.is_in()
    assert sessions_of(stage, name) == []
    stage.move_clock(0)


@case("OTP-12")
def test_a_code_of_a_login_is_taken_once(stage: Stage) -> None:
    shop, name = open_shop(stage, BASIC, SMS), person(stage)
    visitor = Visitor(stage)
    code = visitor.first_step(shop, name)
    visitor.code(code)
    used = visitor.key
    assert visitor.is_in()
    visitor.get("/commonauth?commonAuthLogout=true")
    assert sessions_of(stage, name) == []
    visitor.submit({"OTPcode": code}, key=used)
    assert not visitor.is_in()
    for browser in (visitor, Visitor(stage)):
        browser.first_step(shop, name)
        browser.code(code)
        assert not browser.is_in()
    assert sessions_of(stage, name) == []


@case("OTP-13")
def test_a_code_is_of_one_login(stage: Stage) -> None:
    shop, name = open_shop(stage, BASIC, SMS), person(stage)
    first, second = Visitor(stage), Visitor(stage)
    code = first.first_step(shop, name)
    second.first_step(shop, name)
    tried = sorted(row["attempts"] for row in stage.evidence.rows("challenges"))
    second.code(code)
    assert not second.is_in()
    assert sum(row["attempts"] for row in stage.evidence.rows("challenges")) == sum(tried) + 1
    first.code(code)
    assert first.is_in()


@case("OTP-14", toml=CHANGES_ARE_PROVEN)
def test_a_code_of_one_purpose_logs_nobody_in_and_the_other_way_round(stage: Stage) -> None:
    """Sign-up, change of number and log-in: the pairs with log-in; test_otp.py has the others. There is no recovery."""
    shop, name, pending = open_shop(stage, BASIC, SMS), person(stage), stage.new_name("pending")
    visitor = Visitor(stage)
    of_login = visitor.first_step(shop, name)
    number = stage.claims(name)[f"{CLAIM}mobile"]
    of_sign_up = stage.pending(pending)
    stage.command("user", "set", name, "--claim", "mobile=+94723333777", "--as-person")
    of_change = stage.code_of(name)
    assert of_change != of_login
    for code in (of_sign_up, of_change):
        visitor.code(code)
        assert not visitor.is_in()
    assert stage.confirm(of_login, by=CREATE_ONLY).status == 400
    assert stage.confirm(of_login, user=pending).status == 400
    assert stage.ask("POST", f"{API}/me/validate-code", {"code": of_login}, by=(name, PASSWORD)).status == 400
    assert stage.claims(name)[f"{CLAIM}mobile"] == number
    assert (stage.user(pending) or {})["locked"]
    visitor.code(of_login)
    assert visitor.is_in()


def of_paper(stage: Stage) -> Iterator[tuple[str, Shop, str]]:
    """Return, for each page that takes backup codes, the field, an application, and somebody who has two of them."""
    for field, option in (("BackupCode", BACKUP), ("OTPcode", carrier(stage))):
        name = person(stage)
        stage.command("user", "set", name, "--claim", f"otpbackupcodes={PAPER}")
        yield field, open_shop(stage, BASIC, option), name


@case("OTP-17")
def test_a_backup_code_is_a_whole_one_and_works_once(stage: Stage) -> None:
    for field, shop, name in of_paper(stage):
        before = compared(stage)

        def at_code(shop: Shop = shop, name: str = name) -> Visitor:
            visitor = Visitor(stage)
            visitor.enter(shop)
            visitor.password(name)
            assert visitor.stands_at_code, visitor.location
            return visitor

        for some in (NO_PAPER[:4], NO_PAPER[4:], [""]):
            visitor = at_code()
            for typed in some:
                visitor.submit({field: typed})
                assert not visitor.is_in(), (field, typed)
        assert compared(stage) - before >= len(NO_PAPER) - 1, "a try was not counted"  # of the one with NUL: 400
        visitors = [at_code(), at_code()]
        visitors[0].submit({field: "111111"})
        assert visitors[0].is_in()
        visitors[1].submit({field: "111111"})
        assert not visitors[1].is_in()
        visitors = [at_code() for _ in range(6)]
        together(*[lambda visitor=visitor, field=field: visitor.submit({field: "222222"}) for visitor in visitors])
        assert [visitor.is_in() for visitor in visitors].count(True) == 1


@case("OTP-18")
def test_no_step_is_skipped(stage: Stage) -> None:
    shop, name = open_shop(stage, BASIC, SMS), person(stage)
    visitor = Visitor(stage)
    visitor.enter(shop)
    begun = visitor.key
    assert not followed(visitor, begun)
    visitor.password(name)
    wait_for(lambda: codes_of(stage, name))
    for fields in (
        {}, {"OTPcode": ""}, {"OTPcode": " "}, {"BackupCode": ""}, {"resendCode": "false"}, {"deny": "false"},
        {"authenticator": "BasicAuthenticator", "idp": "LOCAL"}, {"username": name, "password": PASSWORD},
        {"step": "2", "authenticated": "true", "skipped": "true", "smsotp_disabled": "true"},
        {"commonAuthCallerPath": "/samlsso", "authenticator": "", "idp": ""}, {"MOBILE_NUMBER": "+94700000001"},
        {"authenticator": "backup-code-authenticator", "idp": "LOCAL"}, {"sessionDataKey": begun, "isOver": "true"},
    ):  # fmt: skip
        visitor.submit(fields, key=begun)
        assert not visitor.is_in(), fields
        assert not followed(visitor, begun), fields
        visitor.get(f"/commonauth?sessionDataKey={begun}")
        assert not visitor.is_in(), fields
    assert sessions_of(stage, name) == []
    wait_for(lambda: codes_of(stage, name))
    visitor.submit({"OTPcode": codes_of(stage, name)[-1]}, key=begun)
    assert visitor.is_in()


def followed(visitor: Visitor, key: str) -> bool:
    """Go where a login leads that is over, and tell whether that was any good."""
    visitor.get(f"/samlsso?sessionDataKey={key}")
    return visitor.is_in()


@case("OTP-19")
def test_nobody_is_in_since_a_code_could_not_be_sent(stage: Stage) -> None:
    classic = carrier(stage)
    for option in (classic, SMS):
        shop = open_shop(stage, BASIC, option)
        without = person(stage, number=None)
        opted_out = person(stage)
        stage.command("user", "set", opted_out, "--claim", f"{CLAIM}identity/smsotp_disabled=true")
        for name in (without, opted_out):
            visitor = Visitor(stage)
            visitor.enter(shop)
            visitor.password(name)
            assert not visitor.is_in()
            visitor.submit({"OTPcode": "000000"})
            assert not visitor.is_in()
            assert sessions_of(stage, name) == []
        stage.settle()
        stage.sms.set_mode(Mode.DOWN)
        try:
            name, visitor = person(stage), Visitor(stage)
            visitor.enter(shop)
            visitor.password(name)
            for typed in ("", "000000", "null", "None", "undefined"):
                visitor.submit({"OTPcode": typed})
                assert not visitor.is_in(), typed
            assert sessions_of(stage, name) == []
        finally:
            stage.sms.set_mode(Mode.OK)


@case("OTP-20")
def test_a_stolen_password_binds_no_number(stage: Stage) -> None:
    shop, name = open_shop(stage, BASIC, carrier(stage)), person(stage, number=None)
    thief, number = Visitor(stage), "+94700000001"
    thief.enter(shop)
    thief.password(name)
    for fields in ({"MOBILE_NUMBER": number}, {"MOBILE_NUMBER": number, "resendCode": "true"}, {"mobile": number}):
        thief.submit(fields)
        assert not thief.is_in()
    stage.settle()
    assert [each for each in stage.ledger.deliveries if each.to == number] == []
    assert f"{CLAIM}mobile" not in stage.claims(name)
    assert sessions_of(stage, name) == []


@case("OTP-21")
def test_whom_a_login_asks_cannot_be_changed_under_way(stage: Stage) -> None:
    """Somebody who knows the victim's password, and has an account and a phone of their own."""
    shop, own, victim = open_shop(stage, BASIC, SMS), person(stage, "thief"), person(stage, "victim")
    for named in ({}, {"authenticator": "BasicAuthenticator", "idp": "LOCAL"}):
        thief = Visitor(stage)
        code = thief.first_step(shop, own)
        key = thief.key
        thief.submit({"username": victim, "password": PASSWORD, **named})
        thief.submit({"OTPcode": code, "username": victim}, key=key)
        thief.is_in()
        assert sessions_of(stage, victim) == []
    assert codes_of(stage, victim) == []


@case("OTP-22")
def test_a_step_that_was_taken_as_somebody_else_is_not_taken(stage: Stage) -> None:
    shop, own, victim = open_shop(stage, BASIC, SMS), person(stage, "thief"), person(stage, "victim")
    thief = Visitor(stage)
    used = thief.first_step(shop, own)
    thief.code(used)
    assert thief.is_in()
    thief.enter(shop, ForceAuthn="true")
    thief.password(victim)
    assert thief.stands_at_code
    assert not thief.is_in()
    assert not followed(thief, thief.key)
    thief.code(used)
    assert not thief.is_in()
    assert sessions_of(stage, victim) == []
    assert len(sessions_of(stage, own)) == 1


@case("RACE-01")
def test_a_right_code_that_comes_many_times_at_once_begins_one_session(stage: Stage) -> None:
    """More answers than a login takes may end it; as many as it takes lose nobody the code."""
    shop = open_shop(stage, BASIC, SMS)
    for wrong, times in ((0, 2), (0, 5), (0, 5), (4, 2), (4, 2), (4, 2), (4, 2), (0, 8)):
        name, visitor = person(stage), Visitor(stage)
        code = visitor.first_step(shop, name)
        guess(visitor, other_than(code, wrong))
        together(*[partial(twin.code, code) for twin in [visitor.twin() for _ in range(times)]])
        begun = len(sessions_of(stage, name))
        assert begun == 1 or (begun == 0 and times > 5), (wrong, times)
        user = stage.user(name)
        assert user is not None
        right = [row for row in stage.audited("check_login_code", user["id"]) if row["outcome"] != "refused"]
        assert len(right) == begun
