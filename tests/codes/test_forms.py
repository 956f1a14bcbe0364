"""How codes look: the alphabets and lengths of self-registration.md 4.1 and decisions 5.1."""

import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as some

from tests.conftest import WorldMaker
from tests.world import LONG_PASSWORD, MAILBOX, CountedEntropy
from watchword.base.problems import CodePatternUnsupported
from watchword.codes.model import UNBOUND_FORM, UUID_FORM, CodeForm, ConfirmationCode, Scenario, short_form
from watchword.registration.model import WSO2_FORM, code_form, needs_binding
from watchword.tenants.policies import SelfRegistration

TABLE = "identity_mgt.user_self_registration."
REDUCED = {"upper": "ABCDEFGHJKLMNPRSTUVWXYZ", "lower": "abcdefghjkmnpqrstuvwxyz", "numeric": "123456789"}


def form(
    *, upper: bool | None = None, lower: bool | None = None, numeric: bool | None = None, length: int = 6,
    pattern: str | None = None, unset: CodeForm = WSO2_FORM,
) -> CodeForm:  # fmt: skip
    return short_form(upper=upper, lower=lower, numeric=numeric, length=length, pattern=pattern, unset=unset)


def test_nothing_set_is_the_alphabet_of_5_10() -> None:
    assert form() == CodeForm("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", 6)
    assert form(length=8).length == 8


def test_nothing_set_under_recommended_is_forty_bits() -> None:
    assert form(unset=UNBOUND_FORM) == CodeForm("ABCDEFGHJKLMNPQRSTUVWXYZ23456789", 8)
    assert not needs_binding(UNBOUND_FORM, recommended=True)


@pytest.mark.parametrize("on", [{"upper"}, {"lower"}, {"upper", "numeric"}, {"lower", "numeric"}, set(REDUCED)])
def test_one_flag_set_gives_the_reduced_alphabets(on: set[str]) -> None:
    expected = "".join(characters for name, characters in REDUCED.items() if name in on)
    assert form(upper="upper" in on, lower="lower" in on, numeric="numeric" in on) == CodeForm(expected, 6)


def test_digits_alone_are_all_ten() -> None:
    assert form(upper=False, lower=False, numeric=True).alphabet == "0123456789"


def test_all_flags_off_count_as_all_on() -> None:
    assert form(upper=False, lower=False, numeric=False) == form(upper=True, lower=True, numeric=True)


@pytest.mark.parametrize(("length", "taken"), [(3, 6), (4, 4), (10, 10), (11, 6), (0, 6), (-1, 6)])
def test_a_length_that_is_out_of_bounds_is_six(length: int, taken: int) -> None:
    assert form(length=length).length == taken


@pytest.mark.parametrize(
    ("pattern", "alphabet", "length"),
    [
        ("[0-9]{6}", "0123456789", 6),
        ("[A-Z0-9]{8}", "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", 8),
        ("[a-zA-Z0-9]{3}", "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", 6),
    ],
)
def test_a_pattern_wins(pattern: str, alphabet: str, length: int) -> None:
    assert form(pattern=pattern, upper=True, length=4) == CodeForm(alphabet, length)


@pytest.mark.parametrize("pattern", ["[0-9]+", "[a-f]{6}", "\\d{6}", "[0-9]{6}x", "[0-9]{1000}", ".*"])
def test_another_shape_of_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(CodePatternUnsupported):
        form(pattern=pattern)


@pytest.mark.parametrize("recommended", [True, False])
@pytest.mark.parametrize(
    ("policy", "channel", "is_long"),
    [
        (SelfRegistration(), "EMAIL", True),
        (SelfRegistration(), "EXTERNAL", True),
        (SelfRegistration(), "SMS", False),
        (SelfRegistration(otp_in_email=True), "EMAIL", False),
        (SelfRegistration(email_otp=True), "EMAIL", False),
        (SelfRegistration(otp_in_email=True), "EXTERNAL", True),
    ],
)
def test_what_a_person_types_is_short(policy: SelfRegistration, channel: str, is_long: bool, recommended: bool) -> None:  # noqa: FBT001  # a table
    assert (code_form(policy, channel, recommended=recommended) == UUID_FORM) == is_long


@pytest.mark.parametrize(("pattern", "bound"), [("[0-9]{6}", True), ("[0-9]{12}", True), ("[0-9]{13}", False)])
def test_fewer_than_forty_bits_need_to_say_whose_they_are(pattern: str, bound: bool) -> None:  # noqa: FBT001  # a table
    assert needs_binding(form(pattern=pattern), recommended=True) == bound
    assert not needs_binding(form(pattern=pattern), recommended=False)


@given(some.sets(some.sampled_from("ABCDEFGHIJ23456789"), min_size=1), some.integers(1, 20))
def test_a_drawn_code_is_of_its_form(alphabet: set[str], length: int) -> None:
    code = CodeForm("".join(sorted(alphabet)), length).drawn(CountedEntropy("form"))
    assert len(code) == length
    assert set(code) <= alphabet


def test_a_long_code_is_a_random_uuid_in_lower_case() -> None:
    code = UUID_FORM.drawn(CountedEntropy("form"))
    assert (str(UUID(code)), UUID(code).version) == (code, 4)


def test_each_character_is_equally_likely() -> None:
    entropy = CountedEntropy("form")
    drawn = "".join(WSO2_FORM.drawn(entropy) for _ in range(6000))
    counts = [drawn.count(character) for character in WSO2_FORM.alphabet]
    assert min(counts) > 850
    assert max(counts) < 1150


def test_a_code_is_too_old_after_its_life_and_not_at_its_end() -> None:
    made = datetime(2030, 1, 1, tzinfo=UTC)
    life = timedelta(minutes=1)
    code = ConfirmationCode("1", "2", Scenario.SELF_SIGN_UP, "SMS", made, made)
    assert not code.is_expired(made + life, life)
    assert code.is_expired(made + life + timedelta(microseconds=1), life)
    assert not code.is_expired(made + timedelta(days=9999), None)


def test_no_secret_of_a_code_is_shown_by_accident() -> None:
    made = datetime(2030, 1, 1, tzinfo=UTC)
    assert "sealed" not in repr(ConfirmationCode("1", "2", Scenario.SELF_SIGN_UP, "SMS", made, made, sealed=b"x"))


# --- through the front door -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "looks_like"),
    [
        ({}, "[A-Z0-9]{6}"),
        ({TABLE + "otp.otp_length": "10"}, "[A-Z0-9]{10}"),
        ({TABLE + "otp.use_numeric_in_otp": "true"}, "[0-9]{6}"),
        ({TABLE + "otp.use_uppercase_in_otp": "true"}, "[A-HJ-NPR-Z]{6}"),
        ({TABLE + "sms_otp_regex": "[0-9]{8}", TABLE + "otp.use_uppercase_in_otp": "true"}, "[0-9]{8}"),
    ],
)
def test_the_operator_says_how_codes_of_a_text_look(
    worlds: WorldMaker, settings: dict[str, str], looks_like: str
) -> None:
    world = worlds(**settings)
    world.register()
    assert re.fullmatch(looks_like, world.last_code())
    assert world.confirm(world.last_code()).status == 202


def test_a_mail_may_carry_a_short_code(worlds: WorldMaker) -> None:
    world = worlds(**{TABLE + "otp.send_otp_in_email": "true"})
    world.register(mobile=None, email=MAILBOX)
    assert re.fullmatch("[A-Z0-9]{6}", world.last_code())


def test_a_short_code_in_a_mail_lives_as_short_as_any_under_recommended(worlds: WorldMaker) -> None:
    world = worlds(profile="recommended", **{TABLE + "otp.send_otp_in_email": "true"})
    world.register(mobile=None, email=MAILBOX, password=LONG_PASSWORD)
    code = world.last_code()
    world.clock.tick(minutes=11)
    assert world.confirm(code).code == "18002"
