"""What is asked of a password before it is hashed (decisions 5.3)."""

import functools
import importlib.util
import itertools
import runpy
import unicodedata
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from watchword.base.patterns import full_match

# A password of so short a piece, said again and again, is no longer than the piece.
_MAX_REPEATED_PIECE = 4
_ENDINGS = "0123456789!?.,;:*#$&@+-_ "


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordRules:
    """The rules that are in force; what is ``None`` or false asks nothing.

    Lengths are in code points. *pattern* is the user store's, *policy_pattern* that of the connector
    ``passwordPolicy``. A configured text stands for the rules it belongs to: *pattern_text* for the store's pattern,
    *policy_text* for lengths and pattern of the policy.
    """

    pattern: str | None = None
    pattern_text: str | None = None
    min_length: int | None = None
    max_length: int | None = None
    policy_pattern: str | None = None
    policy_text: str | None = None
    common_list: bool = False


def normalise(password: str) -> str:
    """Return the password as ``recommended`` hashes it, whichever keyboard composed its accents (NFC)."""
    return unicodedata.normalize("NFC", password)


def broken_rules(password: str, rules: PasswordRules) -> list[str]:
    """Return what is wrong with a password, a sentence a rule; a configured text stands alone.

    Under ``recommended``, give it the :func:`normalise`-d password.
    """
    store, policy = _broken_by_store(password, rules), _broken_by_policy(password, rules)
    if store and rules.pattern_text:
        return [rules.pattern_text]
    if policy and rules.policy_text:
        return [rules.policy_text]
    common = ["This password is one of those that are tried first."] if _is_refused_as_common(password, rules) else []
    return store + policy + common


def is_common_password(password: str) -> bool:
    """Tell whether a password is on the list of common ones, or made of one of them by the usual tricks.

    The tricks are capitals, digits or marks at the end, the same again, and a row of neighbouring characters.
    """
    folded = password.casefold()
    stems = {folded, folded.rstrip(_ENDINGS)}
    if _is_row(folded) or any(_is_short_repetition(stem) for stem in stems):
        return True
    candidates = stems | {_repeated_piece(stem).rstrip(_ENDINGS) for stem in stems}
    return any(f"\n{candidate}\n" in _common_passwords().get(candidate[:1], "") for candidate in candidates)


def _broken_by_store(password: str, rules: PasswordRules) -> list[str]:
    if rules.pattern is None or full_match(rules.pattern, password):
        return []
    return [f"Credential is not valid. Credential must be a non null string with following format, {rules.pattern}"]


def _broken_by_policy(password: str, rules: PasswordRules) -> list[str]:
    broken = []
    if rules.min_length is not None and len(password) < rules.min_length:
        broken.append(f"The password needs at least {rules.min_length} characters.")
    if rules.max_length is not None and len(password) > rules.max_length:
        broken.append(f"The password can have at most {rules.max_length} characters.")
    if rules.policy_pattern is not None and not full_match(rules.policy_pattern, password):
        broken.append(f"The password must match {rules.policy_pattern}")
    return broken


def _is_refused_as_common(password: str, rules: PasswordRules) -> bool:
    too_long = rules.max_length is not None and len(password) > rules.max_length
    return rules.common_list and not too_long and is_common_password(password)


def _repeated_piece(text: str) -> str:
    """Return the shortest piece of which the text is a repetition: itself, if it is none."""
    return text[: (text + text).find(text, 1)] if text else text


def _is_short_repetition(text: str) -> bool:
    return len(_repeated_piece(text)) <= _MAX_REPEATED_PIECE < len(text)


def _is_row(text: str) -> bool:
    """Tell whether each character follows the one before it, up or down: ``abcdefgh``, ``98765432109``."""
    steps = {ord(after) - ord(before) for before, after in itertools.pairwise(text)}
    return steps <= {1, -9} or steps <= {-1, 9}


@functools.cache
def _common_passwords() -> dict[str, str]:
    """Return the 30,000 commonest passwords by their first character, one a line.

    zxcvbn brings them, beside dictionaries that would fill 12 MB as soon as it is imported; so its list is run alone,
    and kept as a few texts of 240 kB in all: a set of them would take ten times the memory.
    """
    spec = importlib.util.find_spec("zxcvbn")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(name="zxcvbn")
    lists = runpy.run_path(str(Path(spec.origin).with_name("frequency_lists.py")))["FREQUENCY_LISTS"]
    by_first: dict[str, list[str]] = defaultdict(list)
    for password in lists["passwords"]:
        by_first[password[:1]].append(password)
    return {first: "\n" + "\n".join(some) + "\n" for first, some in by_first.items()}
