import subprocess
import sys
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchword.accounts.passwords import PasswordRules, broken_rules, is_common_password, normalise

STORE_TEXT = "Password length should be within 5 to 30 characters"
POLICY_TEXT = "Ask your bank for a better one"
WSO2 = PasswordRules(pattern=r"^[\S]{5,30}$", pattern_text=STORE_TEXT)
POLICY = replace(
    WSO2,
    min_length=6,
    max_length=12,
    policy_pattern=r"^((?=.*\d)(?=.*[a-z])(?=.*[A-Z])(?=.*[!@#$%&*])).{0,100}$",
    policy_text=POLICY_TEXT,
)
RECOMMENDED = PasswordRules(min_length=15, max_length=256, common_list=True)


@pytest.mark.parametrize("password", ["Password12!", "12345", "a" * 30, "пароль", "!!!!!"])
def test_the_store_of_wso2_takes_what_has_five_to_thirty_characters(password: str) -> None:
    assert broken_rules(password, WSO2) == []


@pytest.mark.parametrize("password", ["", "123", "a" * 31, "pass word", "password\n"])
def test_what_the_store_refuses_is_told_in_its_configured_text(password: str) -> None:
    assert broken_rules(password, WSO2) == [STORE_TEXT]


@pytest.mark.parametrize("unset", [None, ""])
def test_without_a_configured_text_the_pattern_is_named(unset: str | None) -> None:
    assert broken_rules("123", replace(WSO2, pattern_text=unset)) == [
        r"Credential is not valid. Credential must be a non null string with following format, ^[\S]{5,30}$"
    ]


def test_the_seeds_password_satisfies_the_policy_as_shipped() -> None:
    assert broken_rules("Password12!", POLICY) == []


@pytest.mark.parametrize("password", ["Pw12!", "Password123456!", "password12!", "PasswordTwo!"])
def test_what_the_policy_refuses_is_told_in_its_own_text(password: str) -> None:
    assert broken_rules(password, POLICY) == [POLICY_TEXT]


def test_a_policy_without_a_text_names_every_broken_rule() -> None:
    broken = broken_rules("Pw1", replace(POLICY, pattern=None, policy_text=None))
    assert broken == ["The password needs at least 6 characters.", f"The password must match {POLICY.policy_pattern}"]


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery staple",
        "kzvq wmpt hlxr dnsb",
        "Lang genug und nie gesehen",
        "739201846573920",
        "a" * 8 + "b" * 8,
        "1968-04-12 17:35 +0200",
        "密码不能太短但是这个足够长了吧",
    ],
)
def test_a_long_password_that_nobody_tries_first_is_good(password: str) -> None:
    assert broken_rules(password, RECOMMENDED) == []


def test_length_is_counted_in_code_points_of_the_composed_form() -> None:
    decomposed = "e\u0301" * 5 + "kzvqwmpthl"
    assert len(decomposed) == 20
    assert len(normalise(decomposed)) == 15
    assert broken_rules(normalise(decomposed), RECOMMENDED) == []
    assert broken_rules(normalise(decomposed)[1:], RECOMMENDED) == ["The password needs at least 15 characters."]
    assert broken_rules("kzvq" * 64 + "!", RECOMMENDED) == ["The password can have at most 256 characters."]


def test_every_broken_rule_is_named() -> None:
    assert broken_rules("Password12!", RECOMMENDED) == [
        "The password needs at least 15 characters.",
        "This password is one of those that are tried first.",
    ]


@pytest.mark.parametrize(
    "password",
    [
        "password",
        "Password12!",
        "passwordpassword",
        "PasswordPassword2024!!",
        "iloveyou12345678",
        "letmein1letmein1",
        "123456789012345",
        "9876543210987654",
        "abcdefghijklmnop",
        "aaaaaaaaaaaaaaa",
        "aaaaaaaaaaaaaaa1",
        "abcabcabcabcabc",
        "qwertyuiop12345",
        "admin",
    ],
)
def test_a_common_password_and_its_usual_disguises_are_known(password: str) -> None:
    assert is_common_password(password)


def test_wso2_refuses_no_common_password() -> None:
    assert broken_rules("password", WSO2) == []


def test_a_password_of_a_megabyte_is_refused_without_a_search() -> None:
    assert broken_rules("kzvq wmpt" * 120_000, RECOMMENDED) == ["The password can have at most 256 characters."]


def test_the_dictionaries_of_the_list_never_come_into_memory() -> None:
    program = (
        "import sys; from watchword.accounts.passwords import is_common_password;"
        "assert is_common_password('password1'); assert 'zxcvbn' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


@given(st.text(max_size=40))
def test_a_normal_form_is_its_own_normal_form(password: str) -> None:
    assert normalise(normalise(password)) == normalise(password)


@given(st.text(max_size=300))
def test_no_rules_are_never_broken(password: str) -> None:
    assert broken_rules(password, PasswordRules()) == []
    is_common_password(password)
