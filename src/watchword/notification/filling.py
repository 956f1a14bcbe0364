"""Put values into a text with blanks: literally, in one pass, each value encoded for the place where it lands.

An inserted value is never read again, so nothing in it can become a blank, end a string or begin a header.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from urllib.parse import quote, quote_plus
from xml.sax.saxutils import escape

# A name is words of letters and digits, joined by single marks; anything else in braces stays as typed (decisions 5.4).
BRACES: Final = re.compile(r"\{\{([A-Za-z0-9]+(?:[-.:_][A-Za-z0-9]+)*)\}\}")
_CONTEXT_TOKEN: Final = re.compile(r"\$ctx\.(num|msg|otp)")
_CONTEXT_NAMES: Final = {"num": "send-to", "msg": "body", "otp": "otpToken"}
_NOT_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_CDATA: Final = re.compile(r"<!\[CDATA\[|\]\]>")

Lookup = Callable[[str], str | None]
"""Gives the value of a name, or None where there is none."""


@dataclass(frozen=True, slots=True)
class Blank:
    """A place to fill."""

    name: str


Blanks = tuple[str | Blank, ...]
"""A text, cut at its blanks."""


class Syntax(StrEnum):
    """What a document is, and so how a value is written into it."""

    TEXT = "TEXT"
    JSON = "JSON"
    FORM = "FORM"
    XML = "XML"


def cut(text: str, *, context_tokens: bool = False) -> Blanks:
    """Return *text* cut at ``{{name}}``, and at ``$ctx.num``, ``$ctx.msg`` and ``$ctx.otp`` where asked."""
    pieces = tuple(cut_at(BRACES, text, lambda found: found.group(1)))
    if not context_tokens:
        return pieces
    return tuple(piece for whole in pieces for piece in (cut_context(whole) if isinstance(whole, str) else (whole,)))


def cut_context(text: str) -> Blanks:
    """Return *text* cut at ``$ctx.num``, ``$ctx.msg`` and ``$ctx.otp`` alone."""
    return tuple(cut_at(_CONTEXT_TOKEN, text, lambda found: _CONTEXT_NAMES[found.group(1)]))


def cut_at(pattern: re.Pattern[str], text: str, name_of: Callable[[re.Match[str]], str]) -> Iterator[str | Blank]:
    """Yield the pieces of *text* around whatever matches, each match as the blank that *name_of* calls it."""
    at = 0
    for found in pattern.finditer(text):
        if found.start() > at:
            yield text[at : found.start()]
        yield Blank(name_of(found))
        at = found.end()
    if at < len(text):
        yield text[at:]


def names_in(blanks: Blanks) -> frozenset[str]:
    """Return the names of the blanks."""
    return frozenset(piece.name for piece in blanks if isinstance(piece, Blank))


def map_literals(blanks: Blanks, change: Callable[[str], str]) -> Blanks:
    """Return the same blanks between changed literals."""
    return tuple(change(piece) if isinstance(piece, str) else piece for piece in blanks)


def lookup_in(*tables: Mapping[str, str]) -> Lookup:
    """Return the look-up that asks the tables in turn."""

    def look_up(name: str) -> str | None:
        return next((table[name] for table in tables if name in table), None)

    return look_up


def fill_raw(blanks: Blanks, look_up: Lookup) -> str:
    """Insert values as they are; a missing one is empty."""
    return "".join(piece if isinstance(piece, str) else look_up(piece.name) or "" for piece in blanks)


def fill_form(blanks: Blanks, look_up: Lookup) -> str:
    """Insert values percent-encoded, with ``+`` for a blank."""
    return "".join(piece if isinstance(piece, str) else quote_plus(_sound(look_up(piece.name))) for piece in blanks)


def fill_url(blanks: Blanks, look_up: Lookup) -> str:
    """Insert values percent-encoded: in the query with ``+`` for a blank, before it with ``%20``."""
    written: list[str] = []
    in_query = False
    for piece in blanks:
        if isinstance(piece, str):
            in_query = in_query or "?" in piece
            written.append(piece)
        else:
            encode = quote_plus if in_query else quote
            written.append(encode(_sound(look_up(piece.name)), safe=""))
    return "".join(written)


def fill_json(blanks: Blanks, look_up: Lookup) -> str:
    """Insert values as JSON: inside a string literal without quotes of their own, elsewhere as a whole literal.

    A missing value is ``null``, inside a literal nothing (D-21, D-27).
    """
    written: list[str] = []
    inside = False
    for piece in blanks:
        if isinstance(piece, str):
            inside = _ends_inside_string(piece, inside=inside)
            written.append(piece)
        else:
            written.append(_json_value(look_up(piece.name), inside=inside))
    return "".join(written)


def fill_xml(blanks: Blanks, look_up: Lookup) -> str:
    """Insert values escaped for text and attributes, in a CDATA section as they are."""
    written: list[str] = []
    in_section = False
    for piece in blanks:
        if isinstance(piece, str):
            for mark in _CDATA.findall(piece):
                in_section = mark != "]]>"
            written.append(piece)
        else:
            value = _NOT_XML.sub("", _sound(look_up(piece.name)))
            section = value.replace("]]>", "]]]]><![CDATA[>")
            written.append(section if in_section else escape(value, {'"': "&quot;", "'": "&apos;"}))
    return "".join(written)


FILLERS: Final[Mapping[Syntax, Callable[[Blanks, Lookup], str]]] = {
    Syntax.TEXT: fill_raw,
    Syntax.JSON: fill_json,
    Syntax.FORM: fill_form,
    Syntax.XML: fill_xml,
}


def repair_equal_signs(blanks: Blanks) -> Blanks:
    """Return a JSON document with ``:`` for every ``=`` outside its string literals (D-27)."""
    repaired: list[str | Blank] = []
    inside = False
    for piece in blanks:
        if isinstance(piece, str):
            repaired.append(_without_equal_signs(piece, inside=inside))
            inside = _ends_inside_string(piece, inside=inside)
        else:
            repaired.append(piece)
    return tuple(repaired)


def is_json(blanks: Blanks) -> bool:
    """Tell whether the document parses once its blanks are filled."""
    try:
        json.loads(fill_json(blanks, lambda _: "x"))
    except ValueError:
        return False
    return True


def _sound(value: str | None) -> str:
    """Return the value as something that UTF-8 can carry: half a character becomes a question mark."""
    return (value or "").encode("utf-8", "replace").decode("utf-8")


def _json_value(value: str | None, *, inside: bool) -> str:
    if value is None:
        return "" if inside else "null"
    literal = json.dumps(_sound(value), ensure_ascii=False)
    return literal[1:-1] if inside else literal


def _ends_inside_string(text: str, *, inside: bool) -> bool:
    for _, inside_after in _walk_json(text, inside=inside):
        inside = inside_after
    return inside


def _without_equal_signs(text: str, *, inside: bool) -> str:
    return "".join(":" if mark == "=" and not within else mark for mark, within in _walk_json(text, inside=inside))


def _walk_json(text: str, *, inside: bool) -> Iterator[tuple[str, bool]]:
    """Yield each character with whether a string literal is open after it."""
    escaped = False
    for mark in text:
        if escaped:
            escaped = False
        elif mark == "\\" and inside:
            escaped = True
        elif mark == '"':
            inside = not inside
        yield mark, inside
