"""What a user may be called, and when two names are the same (decisions 5.3, "user names, in this order")."""

import functools
import json
import unicodedata
from collections import defaultdict
from collections.abc import Mapping
from importlib.resources import files

import regex
from confusable_homoglyphs.categories import alias as script_of
from precis_i18n import get_profile

MAX_CHARACTERS = 255

_USERNAME = get_profile("UsernameCaseMapped")
_UUID = regex.compile(r"[0-9a-f]{8}(-?)[0-9a-f]{4}(?:\1[0-9a-f]{4}){3}[0-9a-f]{8}")
_REALM = regex.compile(r"[A-Z][A-Z0-9.-]{0,62}")
_MAX_RESERVED_DIGITS = 5
# The wide forms of ASCII marks. The canonical form turns them into @, / and %, when the pattern has looked already.
_WIDE_MARK = regex.compile(r"[\uFF01-\uFF0F\uFF1A-\uFF20\uFF3B-\uFF40\uFF5B-\uFF5E]")

# Scripts that are written together in one language (UTS 39, section 5.2, "Highly Restrictive").
_TOGETHER = (
    frozenset({"LATIN", "HAN", "HIRAGANA", "KATAKANA"}),
    frozenset({"LATIN", "HAN", "BOPOMOFO"}),
    frozenset({"LATIN", "HAN", "HANGUL"}),
)
_ANY_SCRIPT = frozenset({"COMMON", "INHERITED"})
_LEFT_TO_RIGHT_MARK = "\u200e"
# The list takes the small palochka for an i; nearly every font draws it as an l.
_PALOCHKA = {"\u04cf": "l"}


class NameRefused(ValueError):
    """A name that nobody can have.

    *reason* is one of ``empty``, ``length``, ``separator``, ``characters``, ``mixed-scripts``; *text* is for people.
    """

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(text)
        self.reason = reason
        self.text = text


def split_qualified(typed: str) -> tuple[str | None, str]:
    """Take off the realm of ``REALM/name``: return it in upper case, or ``None``, and the rest as typed."""
    realm, slash, name = typed.partition("/")
    return (realm.upper(), name) if slash and realm else (None, typed)


def is_realm(name: str) -> bool:
    """Tell whether a user store may be called so, in upper case."""
    return _REALM.fullmatch(name) is not None


@functools.lru_cache(maxsize=256)
def canonical_name(name: str) -> str:
    """Return the form in which names are compared (PRECIS UsernameCaseMapped, RFC 8265, section 3.3).

    *name* has no realm any more. A slash that is left, or nothing on one side of an ``@``, would be read as a realm or
    a tenant by somebody else. What was read lately is remembered: a request asks three times for the same names.

    Raises:
        NameRefused: no name can look like this.
    """
    if len(name) > MAX_CHARACTERS:
        raise NameRefused("length", f"A user name has at most {MAX_CHARACTERS} characters.")
    if not name:
        raise NameRefused("empty", "A user name cannot be empty.")
    if _WIDE_MARK.search(name):
        raise _strange_character()
    try:
        canonical: str = _USERNAME.enforce(name)
    except UnicodeEncodeError as refusal:
        raise _strange_character() from refusal
    if "/" in canonical or not all(canonical.split("@")):
        raise NameRefused("separator", "The user name has a / or an @ where none can be.")
    return canonical


def tenant_suffixes(name: str) -> tuple[str, ...]:
    """Return every part behind an ``@`` in lower case, the last first.

    Each of them could be read as a tenant: ``kim@b.test@a.test``, taken for Kim's name in *a.test*, leaves a name that
    points to *b.test*.
    """
    return tuple(part.lower() for part in reversed(name.split("@")[1:]) if part)


def tenant_suffix(name: str) -> str | None:
    """Return the last of the :func:`tenant_suffixes`."""
    return next(iter(tenant_suffixes(name)), None)


def without_tenant(name: str, tenant: str) -> str:
    """Return the name without the suffix ``@tenant``; within a tenant, both are the same account."""
    bare, at, suffix = name.rpartition("@")
    return bare if at and suffix.lower() == tenant.lower() else name


def is_reserved(canonical: str, *, strict: bool) -> bool:
    """Tell whether the name is kept back; *strict* keeps back what looks like one of our own identifiers, too."""
    if canonical in _reserved_names():
        return True
    is_number = canonical.isdecimal() and len(canonical) <= _MAX_RESERVED_DIGITS
    return strict and (is_number or _UUID.fullmatch(canonical) is not None)


def skeleton(canonical: str) -> str | None:
    """Return what the name has in common with its look-alikes, or ``None`` for an ASCII name, which is not compared.

    Compare it with the :func:`look_alike_key` of every existing name, the ASCII ones above all.

    Raises:
        NameRefused: the name mixes scripts that no language writes together.
    """
    if canonical.isascii():
        return None
    if not _is_one_writing(canonical):
        raise NameRefused("mixed-scripts", "The user name mixes letters of different scripts.")
    return look_alike_key(canonical)


def look_alike_key(canonical: str) -> str:
    """Return the skeleton of any name (UTS 39, section 4): names that look alike have the same one."""
    return _replace(canonical, _prototypes())


def resembles_reserved(key: str) -> bool:
    """Tell whether a :func:`skeleton` is that of a name that is kept back."""
    return key in _reserved_keys()


def _strange_character() -> NameRefused:
    return NameRefused("characters", "The user name has a character that no name can have.")


def _is_one_writing(canonical: str) -> bool:
    scripts = frozenset(script_of(character).upper() for character in canonical) - _ANY_SCRIPT
    candidates = [scripts] if len(scripts) <= 1 else []
    candidates += [together for together in _TOGETHER if scripts <= together]
    return any(_written_in(candidate).fullmatch(canonical) for candidate in candidates)


@functools.cache
def _written_in(scripts: frozenset[str]) -> regex.Pattern[str]:
    # By extensions, not by the script alone: an Arabic digit is "common", but belongs to few scripts.
    classes = "".join(rf"\p{{Script_Extensions={script}}}" for script in sorted(scripts | _ANY_SCRIPT))
    return regex.compile(f"[{classes}]*")


@functools.cache
def _reserved_names() -> frozenset[str]:
    lines = files("watchword.accounts").joinpath("reserved_names.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))


@functools.cache
def _reserved_keys() -> frozenset[str]:
    return frozenset(look_alike_key(name) for name in _reserved_names())


@functools.cache
def _prototypes() -> dict[str, str]:
    """Return what each character that has look-alikes is replaced by.

    The package's file gives pairs without their direction, and right-to-left characters wrapped in marks. As every
    character has one prototype, the pairs form stars: the middle is the sequence or else the one with most neighbours.
    The package's own function is not used: it would keep names and all in memory.
    """
    text = files("confusable_homoglyphs").joinpath("confusables.json").read_text(encoding="utf-8")
    neighbours: dict[str, set[str]] = defaultdict(set)
    for one, others in json.loads(text).items():
        neighbours[one.strip(_LEFT_TO_RIGHT_MARK)].update(other["c"].strip(_LEFT_TO_RIGHT_MARK) for other in others)

    def rank(candidate: str) -> tuple[int, int, bool, str]:
        decomposed = unicodedata.normalize("NFD", candidate)
        return -len(candidate), -len(neighbours[candidate]), candidate != decomposed, candidate

    stars = {one: min({one} | others, key=rank) for one, others in neighbours.items() if len(one) == 1}
    middles = stars | _PALOCHKA
    return {one: _replace(middle, middles) for one, middle in middles.items() if one != middle}


def _replace(text: str, prototypes: Mapping[str, str]) -> str:
    decomposed = unicodedata.normalize("NFD", text)
    replaced = "".join(prototypes.get(character, character) for character in decomposed)
    return unicodedata.normalize("NFD", replaced)
