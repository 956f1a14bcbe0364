import tomllib
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from watchword.accounts.addresses import (
    AddressRefused,
    is_country,
    mask_mailbox,
    mask_phone,
    parse_mailbox,
    parse_phone,
)

VECTORS = tomllib.loads((Path(__file__).parent.parent / "vectors" / "phones.toml").read_text(encoding="utf-8"))
TYPED_NUMBERS = st.text(alphabet="+0123456789 .-()", max_size=24)


def sent_or_reason(typed: str, *, strict: bool, default_country: str | None = None) -> str:
    try:
        return parse_phone(typed, strict=strict, default_country=default_country).normalised
    except AddressRefused as refusal:
        return refusal.reason


@pytest.mark.parametrize("vector", VECTORS["phones"], ids=lambda vector: ascii(vector["typed"]))
def test_the_numbers_of_the_specification_meet_the_answers_of_the_decisions(vector: dict[str, str]) -> None:
    strict = sent_or_reason(vector["typed"], strict=True)
    assert strict == vector["strict"]
    assert strict.startswith("+") or "reject" in vector["expect"]
    assert not strict.startswith("+") or "accept" in vector["expect"]
    assert sent_or_reason(vector["typed"], strict=False) == vector["wso2"]


@pytest.mark.parametrize("country", ["LK", "lk", "94", "+94"])
@pytest.mark.parametrize("typed", ["0721584558", "072 158 45 58", "94721584558", "0094721584558", "+94721584558"])
def test_a_number_without_plus_belongs_to_the_default_country(typed: str, country: str) -> None:
    for strict in (True, False):
        phone = parse_phone(typed, strict=strict, default_country=country)
        assert (phone.typed, phone.normalised, phone.e164_key) == (typed, "+94721584558", "+94721584558")


@pytest.mark.parametrize(
    "typed",
    [
        "+94721584558",
        "+94 (0)72 158 4558",
        "+94 072 158 4558",
        "+940721584558",
        "0094-72-158-4558",
        "+94\u00a072\u00a0158\u00a04558",
    ],
)
def test_one_number_in_many_spellings_has_one_key(typed: str) -> None:
    assert parse_phone(typed, strict=False, default_country=None).e164_key == "+94721584558"


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("+947721584558", "+947721584558"),
        ("+1 (555) 010-0001", "+15550100001"),
        ("0721584558", "0721584558"),
        ("123456", "123456"),
        ("123456789012345", "123456789012345"),
        ("12345", "syntax"),
        ("1234567890123456", "syntax"),
        ("not-a-number", "syntax"),
        ("", "syntax"),
        ("94+721584558", "syntax"),
        ("{{code}}", "syntax"),
        ("1" + " " * 70 + "23456", "syntax"),
        ("+94721584558\u202e", "characters"),
        ("\ttab123456", "characters"),
    ],
)
def test_the_syntax_is_enough_where_the_profile_says_so(typed: str, sent: str) -> None:
    assert sent_or_reason(typed, strict=False) == sent


def test_the_number_is_kept_as_typed_beside_what_is_sent() -> None:
    phone = parse_phone("0721 584 558", strict=False, default_country=None)
    assert (phone.typed, phone.normalised, phone.e164_key) == ("0721 584 558", "0721584558", "+0721584558")


@example("20000000000", False, None)  # noqa: FBT003  # as they are given
@given(TYPED_NUMBERS, st.booleans(), st.sampled_from([None, "LK", "1", "49"]))
def test_a_number_that_was_read_is_read_again_as_itself(typed: str, strict: bool, country: str | None) -> None:  # noqa: FBT001
    try:
        phone = parse_phone(typed, strict=strict, default_country=country)
    except AddressRefused:
        return
    again = parse_phone(phone.normalised, strict=strict, default_country=country)
    assert (again.normalised, again.e164_key) == (phone.normalised, phone.e164_key)
    by_key = parse_phone(phone.e164_key, strict=False, default_country=country) if len(phone.e164_key) > 6 else phone
    assert by_key.e164_key == phone.e164_key


@given(st.text(max_size=70), st.booleans())
def test_any_text_is_a_number_or_refused(typed: str, strict: bool) -> None:  # noqa: FBT001
    assert sent_or_reason(typed, strict=strict, default_country="LK")


@pytest.mark.parametrize(
    ("country", "known"),
    [("LK", True), ("lk", True), ("94", True), ("+94", True), ("1", True), ("ZZ", False), ("999", False), ("", False)],
)
def test_a_default_country_is_two_letters_or_digits(country: str, *, known: bool) -> None:
    assert is_country(country) is known


@pytest.mark.parametrize(
    ("typed", "address", "key"),
    [
        ("kim.anderson@gmail.com", "kim.anderson@gmail.com", "kim.anderson@gmail.com"),
        ("Kim@Example.COM", "Kim@Example.COM", "kim@example.com"),
        ("kim+tag@example.com", "kim+tag@example.com", "kim+tag@example.com"),
        ("o'brien@example.com", "o'brien@example.com", "o'brien@example.com"),
        ("kim@müller.test", "kim@xn--mller-kva.test", "kim@xn--mller-kva.test"),
        ("kim@STRASSE.test", "kim@STRASSE.test", "kim@strasse.test"),
        ("kim@straße.test", "kim@xn--strae-oqa.test", "kim@xn--strae-oqa.test"),
        ("jose\u0301@example.com", "josé@example.com", "josé@example.com"),
        ("kim@intranet", "kim@intranet", "kim@intranet"),
    ],
)
def test_a_plain_mailbox_is_read(typed: str, address: str, key: str) -> None:
    mailbox = parse_mailbox(typed)
    assert (mailbox.typed, mailbox.address, mailbox.key) == (typed, address, key)


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "nowhere",
        "kim@",
        "@example.com",
        "kim lee@example.com",
        " kim@example.com",
        "kim@example.com ",
        "kim@lee@example.com",
        "kim@a.test,lee@b.test",
        "kim@a.test;lee@b.test",
        "Kim <kim@example.com>",
        "<kim@example.com>",
        "kim(boss)@example.com",
        '"kim"@example.com',
        '"kim lee"@example.com',
        "kim@[192.0.2.1]",
        "kim@192.0.2.1",
        "kim@example.com.",
        "kim@.example.com",
        "kim@exa_mple.com",
        "kim@-example.com",
        ".kim@example.com",
        "kim.@example.com",
        "ki..m@example.com",
        "mailto:kim@example.com",
        "kim😀@example.com",
        "kim@😀.test",
        "kim＠example.com",
        "k" * 65 + "@example.com",
        "kim@" + "a" * 64 + ".test",
        "kim@" + "abcdefgh." * 31 + "test",
    ],
)
def test_what_is_not_one_plain_mailbox_is_refused(typed: str) -> None:
    with pytest.raises(AddressRefused) as caught:
        parse_mailbox(typed)
    assert caught.value.reason == "syntax"


@pytest.mark.parametrize(
    "typed", ["kim@example.com\r\nBcc: lee@example.com", "kim@example.com\0", "ki\u200bm@example.com"]
)
def test_hidden_characters_in_a_mailbox_are_refused_as_such(typed: str) -> None:
    with pytest.raises(AddressRefused) as caught:
        parse_mailbox(typed)
    assert caught.value.reason == "characters"


@given(st.emails() | st.text(max_size=40) | st.text(max_size=10).map(lambda domain: f"kim@{domain}.test"))
def test_a_mailbox_that_was_read_is_read_again_as_itself(typed: str) -> None:
    try:
        mailbox = parse_mailbox(typed)
    except AddressRefused:
        return
    again = parse_mailbox(mailbox.address)
    assert (again.address, again.key) == (mailbox.address, mailbox.key)
    assert parse_mailbox(mailbox.key).key == mailbox.key


@pytest.mark.parametrize(
    ("number", "masked"),
    [
        ("+94721584567", "+94•••••567"),
        ("+94 72 158 4567", "+94•••••567"),
        ("+15550100001", "+1•••••001"),
        ("+947721584558", "+94•••••558"),
        ("0721584567", "•••••567"),
        ("123456", "•••••"),
        ("+٩٤٧٢١٥٨٤٥٦٧", "+94•••••567"),
        ("not-a-number", "•••••"),
        ("", "•••••"),
    ],
)
def test_a_masked_number_shows_the_country_and_three_digits(number: str, masked: str) -> None:
    assert mask_phone(number) == masked


@pytest.mark.parametrize(
    ("address", "masked"),
    [
        ("kim@gmail.com", "k•••@gmail.com"),
        ("kim.anderson@gmail.com", "k•••@gmail.com"),
        ("ab@gmail.com", "•••@gmail.com"),
        ("nowhere", "•••"),
        ("", "•••"),
    ],
)
def test_a_masked_mailbox_shows_a_letter_and_the_domain(address: str, masked: str) -> None:
    assert mask_mailbox(address) == masked


@given(st.text(max_size=30))
def test_whatever_is_stored_can_be_masked(text: str) -> None:
    assert "•" in mask_phone(text)
    assert "•" in mask_mailbox(text)
