"""Signing up in a browser without scripts."""

import pytest

from tests.conftest import WorldMaker
from tests.pages.visitor import CONFIRM, FOLDER, MAILBOX, NUMBER, REGISTER, Visitor, setting
from tests.world import World
from watchword.accounts.claims import EMAIL_ADDRESS, MOBILE, PREFERRED_CHANNEL, Channel


def html(visitor: Visitor) -> str:
    """Return the page as it was sent."""
    assert visitor.reply is not None
    return visitor.reply.text


@pytest.fixture
def visitor(world: World) -> Visitor:
    return Visitor(world)


def test_somebody_signs_up_by_sms(world: World, visitor: Visitor) -> None:
    visitor.sign_up()
    assert "Enter your code" in visitor.text
    assert NUMBER not in visitor.text
    visitor.send("confirm.do", code=world.last_code())
    assert "You are in" in visitor.text
    kim = world.known()
    assert not kim.locked
    assert kim.is_verified(Channel.SMS)
    assert not kim.is_verified(Channel.EMAIL)


def test_somebody_signs_up_by_mail_and_the_link_alone_changes_nothing(world: World, visitor: Visitor) -> None:
    visitor.sign_up(channel="EMAIL", mobile="", email=MAILBOX)
    assert "Open your mail" in visitor.text
    elsewhere = Visitor(world).open(f"{FOLDER}/confirmregistration.do?confirmation={world.last_code()}&username=kim")
    assert world.known().locked
    elsewhere.send("confirmregistration.do")
    assert "You are in" in elsewhere.text
    assert not world.known().locked
    assert "You are in" in visitor.open("confirm.do").text


@pytest.mark.parametrize("start", ["/register", "/authenticationendpoint/register.do", "/t/acme.example/register"])
def test_every_address_leads_to_the_same_form(world: World, start: str) -> None:
    visitor = Visitor(world).open(start)
    assert visitor.status == 200
    visitor.send("register.do", username="kim", mobile=NUMBER, channel="SMS", password="Sample-Pass-1")
    assert "Enter your code" in visitor.text


def test_a_code_is_taken_in_small_letters_and_with_blanks(world: World, visitor: Visitor) -> None:
    visitor.sign_up()
    code = world.last_code().lower()
    assert "You are in" in visitor.send("confirm.do", code=f" {code[:3]} {code[3:]}").text


def test_a_wrong_code_says_how_many_tries_are_left_and_the_fifth_kills(visitor: Visitor) -> None:
    visitor.sign_up()
    assert "4 tries left" in visitor.send("confirm.do", code="WRONG1").text
    for _ in range(4):
        visitor.send("confirm.do", code="WRONG1")
    assert "works no more" in visitor.text
    assert visitor.page.values.get("code") is None
    assert "works no more" in visitor.open(CONFIRM).text


def test_no_code_costs_no_try(visitor: Visitor) -> None:
    visitor.sign_up()
    assert "Enter the code" in visitor.send("confirm.do", code="  ").text
    assert "4 tries left" in visitor.send("confirm.do", code="WRONG1").text


def test_an_expired_code_offers_a_new_one(worlds: WorldMaker) -> None:
    world = worlds()
    visitor = Visitor(world).sign_up()
    code = world.last_code()
    world.clock.tick(minutes=2)
    assert "has expired" in visitor.send("confirm.do", code=code).text
    visitor.send("resend.do", way="again")
    assert "A new message is on its way" in visitor.text
    assert "You are in" in visitor.send("confirm.do", code=world.last_code()).text


def test_the_cool_down_is_told_in_seconds_and_held(world: World, visitor: Visitor) -> None:
    visitor.sign_up()
    visitor.send("resend.do", way="again")
    assert "You can ask for a new one in 30 seconds" in visitor.text
    assert len(world.letters) == 1
    world.clock.tick(seconds=31)
    visitor.send("resend.do", way="again")
    assert len(world.letters) == 2


def test_a_failed_message_is_admitted_and_the_other_way_is_offered_at_once(world: World, visitor: Visitor) -> None:
    world.post_office.closed.add(Channel.SMS)
    visitor.sign_up(email=MAILBOX)
    assert "could not be sent" in visitor.text
    assert "Mail it to k•••@example.com instead" in visitor.text
    visitor.send("resend.do", way="other")
    assert "Open your mail" in visitor.text
    visitor.open(f"confirmregistration.do?confirmation={world.last_code()}").send("confirmregistration.do")
    assert world.known().is_verified(Channel.EMAIL)
    assert not world.known().is_verified(Channel.SMS)


def test_a_held_message_is_admitted(worlds: WorldMaker) -> None:
    world = worlds(**setting("watchword.limits.sends_per_address", "1/10m"))
    Visitor(world).sign_up("lee")
    assert "We sent nothing to" in Visitor(world).sign_up("kim").text


def test_every_fault_is_told_at_once_and_what_was_typed_stays(visitor: Visitor) -> None:
    visitor.sign_up("k!", mobile="soon", email=MAILBOX, password="x y")
    for words in ("Enter a mobile number", "only a to z, A to Z, 0 to 9", "5 to 30 characters"):
        assert words in visitor.text
    assert visitor.page.values["email"] == MAILBOX
    assert visitor.page.values["mobile"] == "soon"
    assert visitor.page.values["password"] == ""
    assert 'role="alert"' in (visitor.reply.text if visitor.reply else "")


def test_two_passwords_that_differ_are_told(visitor: Visitor) -> None:
    assert "are not the same" in visitor.sign_up(repeated="Sample-Pass-2").text


def test_a_number_without_a_country_is_asked_for_one(visitor: Visitor) -> None:
    assert "with its country code" in visitor.sign_up(mobile="0771234567").text


def test_a_reload_says_the_same_and_counts_nothing(visitor: Visitor) -> None:
    visitor.sign_up().send("confirm.do", code="WRONG1")
    assert "4 tries left" in visitor.open(visitor.address).text
    assert "tries left" not in visitor.open(CONFIRM).text


def test_going_back_to_correct_a_slip_replaces_the_sign_up(world: World, visitor: Visitor) -> None:
    visitor.sign_up(mobile="+94770000000")
    visitor.open(REGISTER)
    assert "The sign-up of kim is waiting for its code" in visitor.text
    assert visitor.page.values["mobile"] == "+94770000000"
    assert visitor.page.values["username"] == "kim"
    assert visitor.page.values["password"] == ""
    visitor.sign_up()
    assert "Enter your code" in visitor.text
    assert world.known().claims[MOBILE] == NUMBER


def test_after_the_sign_up_the_form_forgets_what_was_typed(world: World, visitor: Visitor) -> None:
    visitor.sign_up().send("confirm.do", code=world.last_code())
    visitor.open(REGISTER)
    assert visitor.page.values["mobile"] == ""
    assert visitor.page.values["username"] == ""


def test_the_name_of_the_own_sign_up_is_not_called_taken(world: World, visitor: Visitor) -> None:
    visitor.sign_up("Kim")
    asked = f"{FOLDER}/name.do?name=kim"
    assert '"own"' in visitor.open(asked).text
    assert "You can keep it" in visitor.text
    assert '"taken"' in Visitor(world).open(asked).text
    visitor.open(CONFIRM).send("confirm.do", code=world.last_code())
    assert '"taken"' in visitor.open(asked).text


def test_a_link_that_was_used_already_says_that_all_is_well(world: World, visitor: Visitor) -> None:
    visitor.sign_up(channel="EMAIL", mobile="", email=MAILBOX)
    link = f"{FOLDER}/confirmregistration.do?confirmation={world.last_code()}&username=kim"
    mailbox, second_tab = Visitor(world).open(link), Visitor(world)
    mailbox.send("confirmregistration.do")
    assert "is confirmed already" in mailbox.open(link).text
    assert "is confirmed already" in visitor.open(link).text, "whoever signed up here knows it too"
    second_tab.open(link).send("confirmregistration.do")
    assert "If you have confirmed already, all is well" in second_tab.text
    assert "confirmed already." not in second_tab.open(link).text


def test_a_form_that_is_sent_twice_says_that_all_is_well(world: World, visitor: Visitor) -> None:
    visitor.sign_up(channel="EMAIL", mobile="", email=MAILBOX)
    link = f"{FOLDER}/confirmregistration.do?confirmation={world.last_code()}&username=kim"
    mailbox = Visitor(world).open(link)
    hidden = mailbox.page.hidden
    mailbox.send("confirmregistration.do")
    assert "is confirmed already" in mailbox.send(link, **hidden).text


def test_a_link_of_somebody_else_is_not_called_confirmed(world: World, visitor: Visitor) -> None:
    visitor.sign_up().send("confirm.do", code=world.last_code())
    visitor.open(f"{FOLDER}/confirmregistration.do?confirmation=other&username=lee")
    assert "Press the button" in visitor.text
    assert "works no more" in visitor.send("confirmregistration.do").text


def test_the_code_field_has_the_focus_unless_something_went_wrong(visitor: Visitor) -> None:
    assert "autofocus" not in html(visitor.open(REGISTER))
    assert html(visitor.sign_up()).count("autofocus") == 1
    assert "autofocus" not in html(visitor.send("confirm.do", code="WRONG1"))


def test_a_name_with_other_letters_is_told_which_may_be_used(visitor: Visitor) -> None:
    assert "letters from a to z" in visitor.open(REGISTER).text
    assert "only a to z, A to Z, 0 to 9" in visitor.sign_up("jürgen").text
    assert "only a to z, A to Z, 0 to 9" in visitor.open(f"{FOLDER}/name.do?name=j%C3%BCrgen").text


def test_the_bare_address_leads_to_the_form_where_there_is_one(world: World, worlds: WorldMaker) -> None:
    assert "Sign up" in Visitor(world).open("/").text
    assert "Sign up" in Visitor(world).open("/t/acme.example/").text
    closed = Visitor(worlds(**setting("SelfRegistration.Enable", "false"))).open("/")
    assert closed.status == 200
    assert "There is nothing to do on this page" in closed.text
    assert world.request("POST", "/", {}).status == 405


def test_signing_up_again_with_the_same_address_does_not_get_round_the_cool_down(
    world: World, visitor: Visitor
) -> None:  # fmt: skip
    visitor.sign_up().open(REGISTER)
    assert "again in 30 seconds" in visitor.sign_up().text
    assert len(world.letters) == 1


def test_a_second_tab_shares_the_sign_up(world: World, visitor: Visitor) -> None:
    visitor.sign_up()
    second = Visitor(world, cookies=visitor.cookies).open(CONFIRM)
    assert "You are in" in second.send("confirm.do", code=world.last_code()).text


def test_without_a_sign_up_the_code_page_says_so(visitor: Visitor) -> None:
    assert "There is nothing to confirm" in visitor.open(CONFIRM).text


def test_where_sign_up_is_off_the_page_says_so(worlds: WorldMaker) -> None:
    visitor = Visitor(worlds(**setting("SelfRegistration.Enable", "false"))).open(REGISTER)
    assert visitor.status == 403
    assert "Nobody can sign up here" in visitor.text


def test_where_the_caller_sends_codes_the_page_makes_no_account(worlds: WorldMaker) -> None:
    world = worlds(**setting("SelfRegistration.Notification.InternallyManage", "false"))
    assert "Nobody can sign up here" in Visitor(world).open(REGISTER).text


def test_the_other_channel_is_not_offered_where_it_is_not_chosen_from(worlds: WorldMaker) -> None:
    world = worlds(**setting("identity_mgt.notification.resolve_notification_channel", "false"))
    visitor = Visitor(world).open(REGISTER)
    assert visitor.page.hidden["channel"] == "SMS"
    assert "Enter your code" in visitor.sign_up(email=MAILBOX).text
    assert world.known().claims[EMAIL_ADDRESS] == MAILBOX
    assert world.known().claims[PREFERRED_CHANNEL] == "SMS"


def test_a_person_reads_german(visitor: Visitor) -> None:
    visitor.headers["accept-language"] = "fr;q=0.9, de-AT, en;q=0.1"
    assert "Registrieren" in visitor.open(REGISTER).text
    assert "Sign up" in visitor.open(f"{REGISTER}?ui_locales=en").text
    assert 'action="register.do?ui_locales=en"' in (visitor.reply.text if visitor.reply else "")
