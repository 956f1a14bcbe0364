import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from watchword.base.kinds import read_pattern
from watchword.base.patterns import MAX_PATTERN_CHARACTERS, check_pattern, full_match

WSO2_NAME = r"[a-zA-Z0-9._\-|//]{3,30}$"
RECOMMENDED_NAME = r"[^\s*?%/\|@]{2,64}"
WSO2_PASSWORD = r"^[\S]{5,30}$"
POLICY_PASSWORD = r"^((?=.*\d)(?=.*[a-z])(?=.*[A-Z])(?=.*[!@#$%&*])).{0,100}$"
LOCAL_CALLBACK = r"https://localhost(:\d{1,5})?(/[\w.-]+)*"


@pytest.mark.parametrize("pattern", [WSO2_NAME, RECOMMENDED_NAME, WSO2_PASSWORD, POLICY_PASSWORD, LOCAL_CALLBACK])
def test_the_patterns_in_common_use_may_be_saved(pattern: str) -> None:
    assert check_pattern(pattern) is None


@pytest.mark.parametrize(
    ("pattern", "value", "matches"),
    [
        (WSO2_NAME, "kim", True),
        (WSO2_NAME, "ki", False),
        (WSO2_NAME, "kim@example.com", False),
        (WSO2_NAME, "kim\n", False),
        ("kim", "kim lee", False),
        ("kim|kim lee", "kim lee", True),
        (RECOMMENDED_NAME, "张伟", True),
        (RECOMMENDED_NAME, "a b", False),
        (r"\d{6}", "012345", True),
        (r"\d{6}", "٠١٢٣٤٥", False),
        (r"\p{L}+", "José", True),
        (r"\P{L}+", "José", False),
    ],
)
def test_the_whole_value_is_matched(pattern: str, value: str, *, matches: bool) -> None:
    assert full_match(pattern, value) is matches


def test_a_value_of_more_than_256_characters_never_matches() -> None:
    assert full_match(".*", "a" * 256)
    assert not full_match(".*", "a" * 257)
    assert full_match(".*", "a" * 257, limit=300)


def test_a_match_that_takes_too_long_is_no_match() -> None:
    assert full_match("(a|aa)+", "a" * 200)
    assert not full_match("(a|aa)+$", "a" * 200 + "!", timeout=0.01)


@pytest.mark.parametrize(
    "pattern",
    [
        "(a|aa)+$",
        "(x|xx)+$",
        "(kim|kimkim)+$",
        r"^(([a-z])+.)+[A-Z]([a-z])+$",
        r"(([0-9a-zA-Z])+(.)?)+z",
    ],
)
def test_a_pattern_that_can_be_made_slow_is_refused(pattern: str) -> None:
    assert "too long" in (check_pattern(pattern) or "")


@pytest.mark.parametrize(
    "pattern",
    [
        "(" * 11 + "a" + "{50})" * 11,
        "((a{50}){50}){50}",
        "(a{1000}){1000}",
        "[ab]{99999999999999}",
        "((a{9,}){99}){99}",
    ],
)
def test_a_pattern_that_would_fill_the_memory_is_refused_unread(pattern: str) -> None:
    assert "repeats too much" in (check_pattern(pattern) or "")


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("[a-z", "not a pattern"),
        ("(?P<open", "not a pattern"),
        (")", "not a pattern"),
        ("(" * 500 + ")" * 500, "nested too deeply"),
        ("(?x)a {9}", "comments"),
        ("(?i)(?x)a", "comments"),
        (r"\\\\(?#here)a", "comments"),
        ("a" * (MAX_PATTERN_CHARACTERS + 1), "longer than"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_reason(pattern: str, reason: str) -> None:
    assert reason in (check_pattern(pattern) or "")


@pytest.mark.parametrize("pattern", [r"\(?x", r"(?P<x>a)", r"\\\(?#"])
def test_what_only_looks_like_a_comment_may_be_saved(pattern: str) -> None:
    assert check_pattern(pattern) is None


@given(st.text(max_size=20), st.text(max_size=20))
def test_a_literal_matches_itself_alone(literal: str, other: str) -> None:
    assert full_match(regex.escape(literal), literal)
    assert full_match(regex.escape(literal), other) is (literal == other)


@given(st.text(alphabet=r"ab(){}[]*+?|\.,0123456789^$", max_size=30))
def test_any_text_is_either_refused_or_matched(pattern: str) -> None:
    if check_pattern(pattern) is None:
        full_match(pattern, "ab")


def test_a_pattern_that_asks_for_gigabytes_never_reaches_the_compiler() -> None:
    with pytest.raises(ValueError, match="repeats too much"):
        read_pattern("[a-zA-Z0-9]{99999999}")
