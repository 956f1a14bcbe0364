"""Other tenants, other people, floods and failing parts, at a log-in: XTEN, XUSR, DOS, CONF."""

import http.client
import statistics
import threading
import time
from collections import Counter
from functools import partial
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.attacks.stage import ADMIN_A, ADMIN_B, API_B, PASSWORD, TENANT_B, Stage, exchange, registration, wait_for
from tests.attacks.visitor import (
    BACKUP,
    BASIC,
    SMS,
    Visitor,
    carrier,
    codes_of,
    open_shop,
    other_than,
    person,
    sessions_of,
)

case = pytest.mark.case
MEBIBYTE = 1 << 20
HASH_BYTES = 19456 * 1024
AT_ONCE = 200
ABANDONED = 20_000
FLAT_BYTES = 50 * MEBIBYTE
BEGINNERS = 6
REMEMBERED_SECONDS = 0.6
"""For longer than a process remembers policies and providers."""


def resident_bytes(stage: Stage) -> int:
    """Return how much memory the server holds."""
    status = Path(f"/proc/{stage.nodes[-1].pid}/status").read_text()
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmRSS"))


@case("XTEN-03")
def test_people_of_another_tenant_log_in_to_shared_applications_only(stage: Stage) -> None:
    name = stage.new_name("kim")
    assert stage.ask("POST", f"{API_B}/me", registration(name, number="+94724444444"), by=ADMIN_B).status == 201
    stage.settle()
    [user_id] = [row["id"] for row in stage.evidence.rows("users") if row["name"] == name]
    [code] = [each.code for each in stage.deliveries_to_id(user_id) if each.code]
    assert stage.confirm(code, by=ADMIN_B, api=API_B).status == 202
    for steps in ((SMS,), (BASIC, SMS), (BASIC,), (SMS, BASIC)):
        shop = open_shop(stage, *steps)
        for typed in (f"{name}@{TENANT_B}", f"PRIMARY/{name}@{TENANT_B}", f"{name}@{TENANT_B}@carbon.super", name):
            visitor = Visitor(stage)
            visitor.enter(shop)
            for fields in ({"username": typed}, {"username": typed, "password": PASSWORD}, {"OTPcode": "000000"}):
                visitor.submit(fields, tenantDomain=TENANT_B)
                assert not visitor.is_in(), (steps, typed)
    assert [row for row in stage.evidence.rows("sessions") if row["user_id"] == user_id] == []
    assert len(stage.deliveries_to_id(user_id)) == 1, "a code went to somebody of another tenant"
    shared, visitor = open_shop(stage, BASIC, advancedConfigurations={"saas": True}), Visitor(stage)
    visitor.enter(shared)
    visitor.password(f"{name}@{TENANT_B}")
    assert visitor.is_in()


@case("XUSR-04")
def test_nothing_of_somebody_who_was_deleted_logs_the_next_of_that_name_in(stage: Stage) -> None:
    shop, by_paper, name = open_shop(stage, BASIC, SMS), open_shop(stage, BASIC, BACKUP), person(stage)
    paper = stage.command("user", "backup-codes", name)["backup_codes"]
    old, under_way = Visitor(stage), Visitor(stage)
    old.log_in(shop, name)
    code = under_way.first_step(shop, name)
    stage.command("user", "delete", name)
    assert stage.confirm(stage.pending(name, number="+94725555555", password="another-Horse-battery-8")).status == 202
    for fields in ({"OTPcode": code}, {"BackupCode": paper[0]}, {"OTPcode": paper[0]}):
        under_way.submit(fields)
        assert not under_way.is_in()
    old.enter(shop)
    assert old.page.endswith("/login.do")
    old.password(name)
    assert not old.stands_at_code
    new = Visitor(stage)
    new.enter(by_paper)
    new.password(name, "another-Horse-battery-8")
    new.submit({"BackupCode": paper[1]})
    assert not new.is_in()
    assert sessions_of(stage, name) == []


@case("DOS-04", costly_hashes=True, alone=True)
def test_two_hundred_long_passwords_at_once_leave_the_server_quick_and_small(stage: Stage) -> None:
    shop = open_shop(stage, BASIC)
    names = [stage.new_name("kim") for _ in range(AT_ONCE)]
    visitors = [Visitor(stage) for _ in names]
    for visitor in visitors:
        visitor.enter(shop)
    before, highest, waited = resident_bytes(stage), [0], []
    done = threading.Event()

    def watch() -> None:
        while not done.is_set():
            begun = time.monotonic()
            assert exchange(stage.nodes[-1].port, "GET", "/health/live").status == 200
            waited.append(time.monotonic() - begun)
            highest[0] = max(highest[0], resident_bytes(stage))
            done.wait(0.02)

    watching = threading.Thread(target=watch)
    watching.start()
    threads = [
        threading.Thread(target=partial(visitor.password, name, "ß" * 256))
        for visitor, name in zip(visitors, names, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    done.set()
    watching.join()
    answers = [visitor.last for visitor in visitors if visitor.last is not None]
    statuses = Counter(answer.status for answer in answers)
    assert set(statuses) <= {302, 503}, statuses
    assert statuses[302] >= 1
    assert statuses[503] >= 1, "200 hashes were queued"
    assert all(int(answer.headers["retry-after"]) >= 1 for answer in answers if answer.status == 503)
    assert highest[0] <= before + 4 * HASH_BYTES + 64 * MEBIBYTE, (before, highest)
    assert statistics.median(waited) < 0.1, sorted(waited)[-5:]
    honest = Visitor(stage)
    honest.enter(shop)
    honest.password(person(stage))
    assert honest.is_in()


def begin_and_leave(stage: Stage, shop_path: str, times: int) -> None:
    """Begin logins on one connection, and never come back."""
    connection = http.client.HTTPConnection("127.0.0.1", stage.nodes[-1].port, timeout=60)
    for _ in range(times):
        connection.request("GET", shop_path)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 302, answer.status
    connection.close()


@case("DOS-08", alone=True)
def test_logins_that_nobody_ends_leave_nothing_behind(stage: Stage) -> None:
    """The corpus begins a million, before a release; here are twenty thousand."""
    shop = open_shop(stage, BASIC, advancedConfigurations={"saas": False})
    allowing = stage.ask(
        "PUT", f"/api/server/v1/applications/{shop.id}/inbound-protocols/saml",
        {"manualConfiguration": {
            "issuer": shop.issuer, "assertionConsumerUrls": [shop.acs],
            "requestValidation": {"enableSignatureValidation": False},
            "singleSignOnProfile": {"enableIdpInitiatedSingleSignOn": True},
        }},
        by=ADMIN_A,
    )  # fmt: skip
    assert allowing.status == 200, allowing.body
    path = f"/samlsso?{urlencode({'spEntityID': shop.issuer})}"
    begin_and_leave(stage, path, ABANDONED // 20)
    before = resident_bytes(stage)
    beginners = [
        threading.Thread(target=begin_and_leave, args=(stage, path, ABANDONED // BEGINNERS)) for _ in range(BEGINNERS)
    ]
    for beginner in beginners:
        beginner.start()
    for beginner in beginners:
        beginner.join()
    begun = len(stage.evidence.rows("logins"))
    assert begun >= ABANDONED
    assert resident_bytes(stage) - before <= FLAT_BYTES
    stage.move_clock(31 * 60)
    wait_for(lambda: len(stage.evidence.rows("logins")) == 0, 150)
    assert stage.evidence.rows("challenges") == []
    assert resident_bytes(stage) - before <= FLAT_BYTES


@case("CONF-04", alone=True)
def test_what_fails_lets_nobody_in(stage: Stage) -> None:
    """The provider, the template, the policy, the key and the second step's own settings, each gone in a login.

    Every user store is in the one database, so that none can be out of reach alone.
    """
    name, option = person(stage), carrier(stage)
    shop = open_shop(stage, BASIC, option)
    stage.move_clock(40)

    def switch(*, on: bool) -> None:
        was, becomes = (f'"enabled":{str(each).lower()}' for each in (not on, on))
        changed = f"UPDATE identity_providers SET document = replace(document, '{was}', '{becomes}')"  # noqa: S608  # ours
        stage.evidence.run(changed)
        time.sleep(REMEMBERED_SECONDS)

    def tries(visitor: Visitor) -> None:
        for fields in ({}, {"OTPcode": ""}, {"OTPcode": "000000"}, {"resendCode": "true"}):
            visitor.submit(fields)
            assert not visitor.is_in()
        assert sessions_of(stage, name) == []

    under_way = Visitor(stage)
    right = under_way.first_step(shop, name)
    switch(on=False)
    tries(under_way)
    under_way.code(right)
    assert not under_way.is_in()
    fresh = Visitor(stage)
    fresh.enter(shop)
    fresh.password(name)
    assert not fresh.is_in()
    tries(fresh)
    switch(on=True)
    stage.command("policy", "set", "sms-otp-authenticator", "SmsOTP.ExpiryTime", "300")
    broken = open_shop(stage, BASIC, SMS)
    stage.evidence.run("UPDATE policies SET value = 'not a number' WHERE property = 'SmsOTP.ExpiryTime'")
    time.sleep(REMEMBERED_SECONDS)
    for again in (Visitor(stage), Visitor(stage)):
        again.enter(broken)
        again.password(name)
        tries(again)
    stage.evidence.run("DELETE FROM policies WHERE property = 'SmsOTP.ExpiryTime'")
    last = Visitor(stage)
    last.enter(shop)
    last.password(name)
    wait_for(lambda: codes_of(stage, name))
    stage.settle()
    code = codes_of(stage, name)[-1]
    key = stage.folder / "watchword" / "keys" / "secret.key"
    kept = key.read_text()
    stage.nodes[-1].end()
    key.write_text(kept[:10] + ("0" if kept[10] != "0" else "1") + kept[11:])
    assert stage.start(ready=False).has_died(), "a server with another key has started"
    key.write_text(kept)
    stage.start()
    last.code(other_than(code)[0])
    assert not last.is_in()
    last.code(code)
    assert last.is_in(), "the key is back"
