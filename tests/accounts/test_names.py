import tomllib
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchword.accounts.names import (
    MAX_CHARACTERS,
    NameRefused,
    canonical_name,
    is_reserved,
    look_alike_key,
    resembles_reserved,
    skeleton,
    split_qualified,
    tenant_suffix,
    tenant_suffixes,
    without_tenant,
)
from watchword.base.patterns import full_match

VECTORS = tomllib.loads((Path(__file__).parent.parent / "vectors" / "usernames.toml").read_text(encoding="utf-8"))
RECOMMENDED = r"[^\s*?%/\|@]{2,64}"
MAIL_NAMES = r"[^\s/]{3,64}"
TENANT, TENANTS = "carbon.super", {"carbon.super", "tenant-b.test"}
TAKEN = {"kim", "josé"}


def answer(typed: str, *, pattern: str = RECOMMENDED) -> str:
    """Return what a registration of this name meets, by the pure rules in the order of decisions 5.3."""
    realm, name = split_qualified(typed)
    if realm not in {None, "PRIMARY"}:
        return "20047"
    try:
        canonical = canonical_name(without_tenant(name, TENANT))
        if canonical in TAKEN or is_reserved(canonical, strict=True):
            return "20030"
        if not full_match(pattern, name):
            return "20045"
        if any(suffix in TENANTS for suffix in tenant_suffixes(canonical)):
            return "20045"
        shape = skeleton(canonical)
    except NameRefused:
        return "20045"
    looks_taken = shape is not None and (
        shape in {look_alike_key(taken) for taken in TAKEN} or resembles_reserved(shape)
    )
    return "20030" if looks_taken else "201"


@pytest.mark.parametrize("vector", VECTORS["usernames"], ids=lambda vector: ascii(vector["name"]))
def test_the_names_of_the_specification_meet_the_answers_of_the_decisions(vector: dict[str, str]) -> None:
    assert answer(vector["name"]) == vector["answer"]


def test_a_decomposed_accent_is_composed_where_the_name_is_free() -> None:
    assert canonical_name("ma\u0301rio") == "mário"
    assert answer("ma\u0301rio") == "201"


@pytest.mark.parametrize("name", ["KIM", "Kim", "ｋｉｍ", "\u212aim", "ＫＩＭ"])
def test_one_name_in_many_spellings_is_one(name: str) -> None:
    assert canonical_name(name) == "kim"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "empty"),
        ("k" * (MAX_CHARACTERS + 1), "length"),
        ("a/b", "separator"),
        ("@", "separator"),
        ("kim@", "separator"),
        ("kim@@a", "separator"),
        ("@kim", "separator"),
        ("ｋｉｍ／lee", "characters"),
        ("kim＠carbon.super", "characters"),
        ("kim％2e", "characters"),
        ("ki m", "characters"),
        ("ki\u200bm", "characters"),
        ("kim\ud800", "characters"),
        ("\u0661kim", "characters"),
    ],
)
def test_a_name_that_nobody_can_have_is_refused_with_its_reason(name: str, reason: str) -> None:
    with pytest.raises(NameRefused) as caught:
        canonical_name(name)
    assert caught.value.reason == reason


@given(st.text(max_size=30))
def test_the_canonical_form_is_its_own_canonical_form(name: str) -> None:
    try:
        canonical = canonical_name(name)
    except NameRefused:
        return
    assert canonical_name(canonical) == canonical
    assert "/" not in canonical


@given(st.text(alphabet=st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters="/@"), min_size=1))
def test_of_an_ascii_name_only_the_case_is_folded(name: str) -> None:
    if len(name) <= MAX_CHARACTERS:
        assert canonical_name(name) == canonical_name(name.swapcase()) == name.lower()


@pytest.mark.parametrize(
    ("typed", "parts"),
    [
        ("kim", (None, "kim")),
        ("PRIMARY/kim", ("PRIMARY", "kim")),
        ("primary/KIM", ("PRIMARY", "KIM")),
        ("PRIMARY/a/b", ("PRIMARY", "a/b")),
        ("PRIMARY/", ("PRIMARY", "")),
        ("/kim", (None, "/kim")),
        ("", (None, "")),
    ],
)
def test_a_realm_is_what_stands_before_the_first_slash(typed: str, parts: tuple[str | None, str]) -> None:
    assert split_qualified(typed) == parts


@given(st.from_regex(r"[A-Z][A-Z0-9.-]{0,20}", fullmatch=True), st.text())
def test_a_qualified_name_is_read_as_it_was_printed(realm: str, name: str) -> None:
    assert split_qualified(f"{realm}/{name}") == (realm, name)


def test_a_name_with_a_slash_is_refused_lest_it_be_read_as_a_realm() -> None:
    realm, name = split_qualified("PRIMARY/SECONDARY/kim")
    assert realm == "PRIMARY"
    with pytest.raises(NameRefused, match="/"):
        canonical_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "kim@carbon.super",
        "KIM@Carbon.Super",
    ],
)
def test_a_name_with_the_tenants_own_suffix_is_the_name_without(name: str) -> None:
    assert without_tenant(name, TENANT).lower() == "kim"
    assert answer(name, pattern=MAIL_NAMES) == "20030"


@pytest.mark.parametrize(
    "name",
    [
        "kim@tenant-b.test",
        "lee@TENANT-B.test@carbon.super",
        "lee@carbon.super@tenant-b.test",
        "lee@tenant-b.test@c.test",
    ],
)
def test_no_suffix_may_name_another_tenant_even_where_names_may_be_mailboxes(name: str) -> None:
    assert answer(name, pattern=MAIL_NAMES) == "20045"


def test_a_mailbox_is_a_name_where_the_pattern_has_it() -> None:
    assert answer("lee@example.com", pattern=MAIL_NAMES) == "201"
    assert answer("lee@example.com") == "20045"


def test_the_suffix_is_what_stands_behind_the_last_at() -> None:
    assert tenant_suffix("a@B.test") == "b.test"
    assert tenant_suffix("a@b.test@c.test") == "c.test"
    assert tenant_suffixes("a@b.test@c.test") == ("c.test", "b.test")
    assert tenant_suffix("a") is None


@pytest.mark.parametrize(
    ("name", "strict", "reserved"),
    [
        ("me", False, True),
        ("wso2.anonymous.user", False, True),
        ("..", False, True),
        ("kim", True, False),
        ("00000000-0000-4000-8000-000000000001", False, False),
        ("00000000-0000-4000-8000-000000000001", True, True),
        ("00000000000040008000000000000001", True, True),
        ("12345", False, False),
        ("12345", True, True),
        ("٣٤٥", True, True),
        ("123456", True, False),
    ],
)
def test_a_reserved_name_is_kept_back(name: str, *, strict: bool, reserved: bool) -> None:
    assert is_reserved(name, strict=strict) is reserved


def test_the_reserved_names_of_the_list_are_canonical() -> None:
    listed = files("watchword.accounts").joinpath("reserved_names.txt").read_text(encoding="utf-8").splitlines()
    names = [line for line in listed if line and not line.startswith("#")]
    assert len(names) > 50
    assert [name for name in names if canonical_name(name) != name or not is_reserved(name, strict=False)] == []
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("name", ["раня\u30fc", "k\u0456m", "p\u0430ypal", "кіm", "ελλάdα", "paypal\u0661", "한国カ"])
def test_a_name_in_mixed_scripts_is_refused(name: str) -> None:
    with pytest.raises(NameRefused) as caught:
        skeleton(name)
    assert caught.value.reason == "mixed-scripts"


@pytest.mark.parametrize(
    "name",
    [
        "張偉wei",
        "ひらがなカナ漢字abc",
        "한국어kim",
        "ㄅㄆ注音abc",
        "пётр",
        "ελλάδα",
        "علي",
        "שלום",
        "சிவா",
        "සිංහල",
        "josé",
        "раня",
    ],
)
def test_scripts_that_one_language_writes_together_may_be_mixed(name: str) -> None:
    assert skeleton(canonical_name(name)) is not None


@pytest.mark.parametrize(
    ("name", "like"),
    [
        ("k\u0131m", "kim"),
        ("\u0440\u0430\u0443\u0440\u0430\u04cf", "paypal"),
        ("\u0455\u0441\u043e\u0440\u0435", "scope"),
        ("jose\u0301", "josé"),
    ],
)
def test_look_alikes_share_a_skeleton(name: str, like: str) -> None:
    assert skeleton(canonical_name(name)) == look_alike_key(canonical_name(like))


def test_an_ascii_name_is_compared_with_no_look_alikes() -> None:
    assert skeleton("paypa1") is None
    assert skeleton("kirn") is None


def test_what_looks_like_a_reserved_name_is_known() -> None:
    shape = skeleton("\u0455\u0430\u04cf\u0435\u0455")  # "sales", all Cyrillic
    assert shape is not None
    assert resembles_reserved(shape)
    assert not resembles_reserved(look_alike_key("kim"))


@given(st.text(max_size=20))
def test_every_name_has_a_look_alike_key_that_is_stable(name: str) -> None:
    try:
        canonical = canonical_name(name)
    except NameRefused:
        return
    assert look_alike_key(canonical) == look_alike_key(look_alike_key(canonical))
