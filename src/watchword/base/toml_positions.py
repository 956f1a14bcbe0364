"""Find the lines on which the keys of a TOML text stand; the standard parser does not tell them."""

import re
import tomllib
from bisect import bisect_left
from collections.abc import Callable, Mapping

Path = tuple[str, ...]

_GAP = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}(?!")' r"|'''.*?'{3,5}(?!')" r'|"(?:[^"\\\n]|\\.)*"' r"|'[^'\n]*'",
    re.DOTALL,
)
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_SCALAR = re.compile(r"[^,\]}#\n]+")


def positions(text: str) -> Mapping[Path, int]:
    """Return the line of each key, counted from 1; of a key in an array of tables, the line where it stands first.

    The text must be one that the standard parser has accepted.
    """
    return _Scan(text).all()


class _Scan:
    """One walk through a valid text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._breaks = [found.start() for found in re.finditer("\n", text)]
        self._found: dict[Path, int] = {}

    def all(self) -> Mapping[Path, int]:
        table: Path = ()
        self._skip(_GAP)
        while self._at < len(self._text):
            if self._next() == "[":
                self._skip(re.compile(r"\[{1,2}[ \t]*"))
                table = self._key(())
                self._skip(re.compile(r"[ \t]*\]{1,2}"))
            else:
                self._pair(table)
            self._skip(_GAP)
        return self._found

    def _pair(self, table: Path) -> None:
        path = self._key(table)
        self._skip(re.compile(r"[ \t]*=[ \t]*"))
        self._value(path)

    def _key(self, table: Path) -> Path:
        line = bisect_left(self._breaks, self._at) + 1
        path = (*table, self._word())
        self._found.setdefault(path, line)
        dot = re.compile(r"[ \t]*\.[ \t]*")
        while self._skip(dot):
            path = (*path, self._word())
            self._found.setdefault(path, line)
        return path

    def _word(self) -> str:
        if self._next() in "\"'":
            quoted = self._skip(_STRING)
            return str(tomllib.loads(f"word = {quoted}")["word"])
        return self._skip(_BARE)

    def _value(self, path: Path) -> None:
        if self._next() in "\"'":
            self._skip(_STRING)
        elif self._next() == "[":
            self._members("]", lambda: self._value(path))
        elif self._next() == "{":
            self._members("}", lambda: self._pair(path))
        else:
            self._skip(_SCALAR)

    def _members(self, end: str, member: Callable[[], None]) -> None:
        comma = re.compile(r",?")
        self._at += 1
        self._skip(_GAP)
        while self._next() != end:
            member()
            self._skip(_GAP)
            self._skip(comma)
            self._skip(_GAP)
        self._at += 1

    def _next(self) -> str:
        return self._text[self._at : self._at + 1]

    def _skip(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self._text, self._at)
        if found is None:
            return ""
        self._at = found.end()
        return found[0]
