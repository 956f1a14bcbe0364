"""A tenant's own texts over REST (sms-otp.md 7.7)."""

import base64

import pytest

from tests.world import CREATE_ONLY, MAILBOX, OTHER_TENANT, Reply, World

ROOT = "/api/server/v1/notification"
SMS = f"{ROOT}/sms/template-types"
MAIL = f"{ROOT}/email/template-types"


def type_id(name: str) -> str:
    return base64.urlsafe_b64encode(name.encode()).decode().rstrip("=")


CONFIRMATION = f"{SMS}/{type_id('accountconfirmation')}/org-templates"
MAIL_CONFIRMATION = f"{MAIL}/{type_id('accountconfirmation')}/org-templates"
OWN = {"locale": "en_US", "body": "Acme says {{confirmation-code}}."}
LETTER = {"locale": "en_US", "contentType": "text/html", "subject": "Hello", "body": "<p>{{confirmation-code}}</p>"}


def said(reply: Reply, status: int, code: str) -> None:
    assert (reply.status, reply.code) == (status, code), reply.text
    assert set(reply.json) == {"code", "message", "description", "traceId"}


def test_TPL_04_an_unknown_type(world: World) -> None:
    path = f"{SMS}/{type_id('SMSOTP_INVALID')}/org-templates"
    for method, body in (("GET", None), ("POST", OWN)):
        said(world.request(method, path, body), 404, "NTM-65002")
    said(world.request("GET", f"{SMS}/%25%25%25"), 404, "NTM-65002")
    assert world.request("GET", f"{ROOT}/fax/template-types").status == 404


def test_TPL_05_a_locale_and_a_channel_that_are_none(world: World) -> None:
    said(world.request("POST", CONFIRMATION, {**OWN, "locale": "english"}), 400, "NTM-60011")
    reset = {"templateTypeId": type_id("accountconfirmation"), "channel": "FAX"}
    said(world.request("POST", f"{ROOT}/reset-template-type", reset), 400, "NTM-60015")


def test_the_types_of_the_server_are_listed(world: World) -> None:
    listed = {each["displayName"]: each for each in world.request("GET", SMS).json}
    assert listed["SMSOTP"] == {
        "id": "U01TT1RQ", "displayName": "SMSOTP", "self": f"/t/carbon.super{SMS}/U01TT1RQ",
    }  # fmt: skip
    assert listed["accountconfirmation"]["id"] == "YWNjb3VudGNvbmZpcm1hdGlvbg"
    assert world.request("GET", f"{SMS}/U01TT1RQ").json == listed["SMSOTP"]
    assert "accountconfirmation" in {each["displayName"] for each in world.request("GET", MAIL).json}


def test_a_saved_text_is_sent_at_once_to_the_people_of_its_tenant_alone(world: World) -> None:
    world.register("kim")
    made = world.request("POST", CONFIRMATION, OWN)
    assert (made.status, made.headers["location"]) == (201, f"/t/carbon.super{CONFIRMATION}/en_US")
    assert "warning" not in made.headers
    world.register("pat", mobile="+94771234568")
    world.register("kim", tenant=OTHER_TENANT)
    other, own, foreign = world.letters
    assert own.body == f"Acme says {own.facts['confirmation-code']}."
    assert not other.body.startswith("Acme says")
    assert not foreign.body.startswith("Acme says")
    assert [event.target for event in world.audit("save_template")] == ["SMS accountconfirmation en_US"]


def test_a_text_is_replaced_shown_and_removed(world: World) -> None:
    one = f"{CONFIRMATION}/en_US"
    said(world.request("GET", one), 404, "NTM-65004")
    said(world.request("PUT", one, OWN), 404, "NTM-65004")
    said(world.request("DELETE", one), 404, "NTM-65004")
    world.request("POST", CONFIRMATION, OWN)
    said(world.request("POST", CONFIRMATION, OWN), 409, "NTM-65003")
    fresh = {"locale": "en_US", "body": "Now {{confirmation-code}}"}
    assert world.request("PUT", one, {"body": fresh["body"]}).json == fresh
    assert world.request("GET", one).json == fresh
    said(world.request("PUT", one, {**fresh, "locale": "de_DE"}), 400, "NTM-60011")
    world.register("kim")
    assert world.letters[-1].body.startswith("Now ")
    assert world.request("DELETE", one).status == 204
    world.register("pat", mobile="+94771234568")
    assert not world.letters[-1].body.startswith("Now ")


def test_what_is_in_force_is_shown_when_asked_for(world: World) -> None:
    system = world.request("GET", f"{SMS}/{type_id('accountconfirmation')}/system-templates").json
    assert [each["locale"] for each in system] == ["en_US"]
    assert world.request("GET", CONFIRMATION).json == []
    [shown] = world.request("GET", f"{CONFIRMATION}?resolve=true").json
    assert shown["body"] == system[0]["body"]
    world.request("POST", CONFIRMATION, OWN)
    [shown] = world.request("GET", f"{CONFIRMATION}?resolve=true").json
    assert shown["body"] == OWN["body"]
    assert world.request("GET", f"{CONFIRMATION}/en_US?resolve=true").json == OWN
    said(world.request("GET", f"{CONFIRMATION}/de_DE?resolve=true"), 404, "NTM-65004")
    path = f"{SMS}/{type_id('accountconfirmation')}/system-templates"
    assert world.request("GET", f"{path}/en_US").json["body"] == system[0]["body"]
    said(world.request("GET", f"{path}/de_DE"), 404, "NTM-65004")


def test_the_words_of_the_server_are_no_text_of_ones_own(world: World) -> None:
    world.request("POST", CONFIRMATION, OWN)
    system = world.request("GET", f"{SMS}/{type_id('accountconfirmation')}/system-templates/en_US").json
    assert world.request("PUT", f"{CONFIRMATION}/en_US", system).status == 200
    assert world.request("GET", CONFIRMATION).json == []


def test_a_reset_takes_back_every_locale_of_one_type(world: World) -> None:
    world.request("POST", CONFIRMATION, OWN)
    world.request("POST", CONFIRMATION, {**OWN, "locale": "de_DE"})
    world.request("POST", f"{SMS}/U01TT1RQ/org-templates", OWN)
    body = {"templateTypeId": type_id("accountconfirmation"), "channel": "SMS"}
    assert world.request("POST", f"{ROOT}/reset-template-type", body).status == 204
    assert world.request("GET", CONFIRMATION).json == []
    assert len(world.request("GET", f"{SMS}/U01TT1RQ/org-templates").json) == 1
    said(world.request("POST", f"{ROOT}/reset-template-type", {**body, "templateTypeId": "x"}), 404, "NTM-65002")


def test_a_type_is_added_and_removed_with_its_texts(world: World) -> None:
    made = world.request("POST", SMS, {"displayName": "Winter Sale"})
    assert (made.status, made.json["id"]) == (201, type_id("Winter Sale"))
    own = made.headers["location"].removeprefix("/t/carbon.super")
    said(world.request("POST", SMS, {"displayName": "winterSALE"}), 409, "NTM-65001")
    said(world.request("POST", SMS, {"displayName": "smsotp"}), 409, "NTM-65001")
    assert world.request("POST", f"{own}/org-templates", OWN).status == 201
    assert world.request("GET", own, tenant=OTHER_TENANT).status == 404
    assert world.request("DELETE", own).status == 204
    said(world.request("GET", own), 404, "NTM-65002")
    world.request("POST", SMS, {"displayName": "Winter Sale"})
    assert world.request("GET", f"{own}/org-templates").json == []


def test_a_type_of_the_server_stays(world: World) -> None:
    said(world.request("DELETE", f"{SMS}/U01TT1RQ"), 403, "NTM-60016")


@pytest.mark.parametrize("name", ["", " ", "-x", "a/b", "a\nb", "x" * 101])
def test_a_type_has_a_plain_name(world: World, name: str) -> None:
    said(world.request("POST", SMS, {"displayName": name}), 400, "NTM-60011")


@pytest.mark.parametrize(
    "change",
    [
        {"subject": "Hello"}, {"footer": "Bye"}, {"contentType": "text/html"}, {"body": " "}, {"body": "x" * 1601},
        {"body": "a\u0007b"}, {"locale": "en-US"}, {"locale": "EN_us"}, {"locale": ""},
    ],
)  # fmt: skip
def test_an_sms_is_a_short_text_and_nothing_else(world: World, change: dict[str, str]) -> None:
    said(world.request("POST", CONFIRMATION, {**OWN, **change}), 400, "NTM-60011")
    assert world.request("GET", CONFIRMATION).json == []


@pytest.mark.parametrize(
    "change", [{"subject": ""}, {"subject": "a\nBcc: eve@example.com"}, {"contentType": "text/x"}, {"body": ""}]
)
def test_a_mail_has_a_subject_and_a_known_kind(world: World, change: dict[str, str]) -> None:
    said(world.request("POST", MAIL_CONFIRMATION, {**LETTER, **change}), 400, "NTM-60011")


def test_a_saved_mail_is_sent(world: World) -> None:
    made = world.request("POST", MAIL_CONFIRMATION, LETTER)
    assert made.json == {**LETTER, "footer": ""}
    world.register("kim", mobile=None, email=MAILBOX)
    letter = world.letters[-1]
    assert (letter.subject, letter.content_type) == ("Hello", "text/html")
    assert letter.body == f"<p>{letter.facts['confirmation-code']}</p>"


def test_a_text_without_its_code_is_saved_with_a_warning(world: World) -> None:
    made = world.request("POST", CONFIRMATION, {**OWN, "body": "Welcome {{ name }}"})
    assert made.status == 201
    assert "lacks the blank confirmation-code" in made.headers["warning"]
    assert "1 pairs of braces" in made.headers["warning"]


def test_an_application_has_no_texts_of_its_own(world: World) -> None:
    path = f"{SMS}/U01TT1RQ/app-templates/3f1d"
    for method, where, body in (("GET", path, None), ("POST", path, OWN), ("DELETE", f"{path}/en_US", None)):
        assert world.request(method, where, body).status == 501


def test_it_needs_a_permission(world: World) -> None:
    world.add_client("reader", "reader-secret", "templates:view")
    reader = ("reader", "reader-secret")
    assert world.request("GET", SMS, by=reader).status == 200
    assert world.request("POST", CONFIRMATION, OWN, by=reader).status == 403
    assert world.request("GET", SMS, by=CREATE_ONLY).status == 403


def test_two_who_save_at_the_same_time_do_not_both_win(world: World) -> None:
    replies = world.together(*[lambda: world.request("POST", CONFIRMATION, OWN).status] * 3)
    assert sorted(replies) == [201, 409, 409]
