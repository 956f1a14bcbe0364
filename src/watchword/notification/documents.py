"""Read XML that operators write: one hardened parser, which knows the line of every element."""

import codecs
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from xml.etree.ElementTree import ParseError
from xml.sax.saxutils import escape, quoteattr

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

_LARGEST_FILE_BYTES: Final = 1024 * 1024
_DEEPEST: Final = 100
_DECLARED: Final = re.compile(r"""\A\s*<\?xml[^>]*?\bencoding\s*=\s*["']([^"']+)["']""")
_ENCODINGS: Final = frozenset({"utf-8", "ascii", "iso8859-1"})
_INCLUDE: Final = "http://www.w3.org/2001/XInclude"


@dataclass(frozen=True, slots=True, order=True)
class Complaint:
    """What is wrong with a file, and where. *line* counts from 1; 0 is the file as a whole."""

    file: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.text}" if self.line else f"{self.file}: {self.text}"


class Unreadable(Exception):
    """A file cannot be read; the text says why and never quotes it."""

    def __init__(self, text: str, line: int = 0) -> None:
        super().__init__(text)
        self.text, self.line = text, line


@dataclass(slots=True)
class Element:
    """An element with its names without namespaces. *text* is all text directly in it, comments left out."""

    name: str
    namespace: str
    line: int
    attributes: Mapping[str, str] = field(default_factory=dict, repr=False)
    content: "list[Element | str]" = field(default_factory=list, repr=False)

    @property
    def text(self) -> str:
        """All text directly in the element."""
        return "".join(part for part in self.content if isinstance(part, str))

    def children(self, name: str = "") -> "Iterator[Element]":
        """Yield the elements directly in this one, those of a name where one is given."""
        return (part for part in self.content if isinstance(part, Element) and name in {"", part.name})

    def child(self, name: str) -> "Element | None":
        """Return the first element of a name directly in this one."""
        return next(self.children(name), None)

    def inner_xml(self) -> str:
        """Return what stands in the element: its text as it is, or XML where it holds elements."""
        if not any(self.children()):
            return self.text
        return "".join(escape(part) if isinstance(part, str) else part.outer_xml() for part in self.content)

    def outer_xml(self) -> str:
        """Return the element as XML."""
        attributes = "".join(f" {name}={quoteattr(value)}" for name, value in self.attributes.items())
        inner = "".join(escape(part) if isinstance(part, str) else part.outer_xml() for part in self.content)
        return f"<{self.name}{attributes}>{inner}</{self.name}>" if inner else f"<{self.name}{attributes}/>"


def read_document(path: Path) -> Element:
    """Return the root of an XML file.

    Raises:
        Unreadable: it is not well formed, too large, in a strange encoding, or uses DOCTYPE, entities, XInclude or a
            stylesheet.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(_LARGEST_FILE_BYTES + 1)
    except OSError as error:
        raise Unreadable(f"cannot be read: {error.strerror}") from error
    return parse_document(raw)


def parse_document(raw: bytes) -> Element:
    """Return the root of an XML document; raises as read_document does."""
    if len(raw) > _LARGEST_FILE_BYTES:
        raise Unreadable("is larger than 1 MiB")
    target = _Builder()
    parser = DefusedXMLParser(target=target, forbid_dtd=True)
    target.line = lambda: int(parser.parser.CurrentLineNumber)
    try:
        parser.feed(_text_of(raw))
        parser.close()
    except DefusedXmlException:
        raise Unreadable("DOCTYPE not allowed", target.line()) from None
    except ParseError as error:
        line, column = error.position
        raise Unreadable(f"is not well-formed XML (column {column + 1})", line) from None
    if target.root is None:
        raise Unreadable("holds no element")
    return target.root


def _text_of(raw: bytes) -> str:
    """Decode the document; the parser gets text, so that no two readers can differ about its encoding."""
    declared = _DECLARED.match(raw[:200].decode("latin-1").removeprefix("\xef\xbb\xbf"))
    try:
        encoding = codecs.lookup(declared[1]).name if declared else "utf-8"
    except LookupError:
        encoding = ""
    if encoding not in _ENCODINGS:
        raise Unreadable("must be encoded as UTF-8", 1)
    try:
        text = raw.decode("utf-8-sig" if encoding == "utf-8" else encoding)
    except UnicodeDecodeError as error:
        raise Unreadable("must be encoded as UTF-8", raw.count(b"\n", 0, error.start) + 1) from None
    if "\0" in text:
        raise Unreadable("must be encoded as UTF-8", 1)
    return _DECLARED.sub(lambda found: found[0].replace(found[1], "utf-8"), text)


class _Builder:
    """Builds Elements from the parser's events."""

    def __init__(self) -> None:
        self.root: Element | None = None
        self.line: Callable[[], int] = lambda: 0
        self._open: list[Element] = []

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        namespace, _, name = tag.rpartition("}")
        element = Element(name, namespace.removeprefix("{"), self.line(), dict(attributes))
        if element.namespace == _INCLUDE:
            raise Unreadable("XInclude not allowed", element.line)
        if len(self._open) == _DEEPEST:
            raise Unreadable("nests too deep", element.line)
        if self._open:
            self._open[-1].content.append(element)
        else:
            self.root = element
        self._open.append(element)

    def end(self, _: str) -> None:
        self._open.pop()

    def data(self, text: str) -> None:
        if self._open:
            self._open[-1].content.append(text)

    def pi(self, target: str, _: str | None = None) -> None:
        raise Unreadable(f"processing instruction {target[:20]} not allowed", self.line())

    def close(self) -> None:
        """Nothing is left to do."""
