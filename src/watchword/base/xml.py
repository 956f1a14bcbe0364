"""The one parser of XML that comes from outside: SAML messages, metadata, files of other products.

What is refused here can do no harm behind it: there is one parser, its tree has no entity, no processing instruction
and no comment, every id in it is there once, and nothing outside of it was looked at. Why: docs/explanation/saml.md.
"""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

from lxml import etree

_DECLARATION: Final = re.compile(
    rb"""<\?xml \s+ version \s*=\s* (?:"1\.0"|'1\.0') (?:\s+ encoding \s*=\s* (?:"utf-8"|'utf-8'))?
    (?:\s+ standalone \s*=\s* (?:"(?:yes|no)"|'(?:yes|no)'))? \s* \?>""",
    re.VERBOSE | re.IGNORECASE,
)
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_ID_NAMES: Final = ("ID", "Id", "id", "{http://www.w3.org/XML/1998/namespace}id")
_INSTRUCTING_NAMESPACES: Final = frozenset(
    {"http://www.w3.org/2001/XInclude", "http://www.w3.org/2003/XInclude", "http://www.w3.org/1999/XSL/Transform"}
)


class XmlRefused(Exception):
    """The octets are no XML that may be read; the text says why, and repeats nothing of them."""


def parse_xml(octets: bytes, *, most_bytes: int) -> etree._Element:
    """Return the root of a document in UTF-8.

    Comments are dropped, so that a text is always whole: ``a<!-- -->b`` reads ``ab``. Everything that instructs whoever
    reads (a document type, entities, processing instructions, XInclude, XSLT) is refused, and so is an id that stands
    twice.

    Raises:
        XmlRefused
    """
    if len(octets) > most_bytes:
        raise XmlRefused(f"it is larger than {most_bytes} bytes")
    _check_octets(octets)
    try:
        root = etree.fromstring(octets, _parser())
    except etree.XMLSyntaxError as problem:
        line, column = problem.position
        raise XmlRefused(f"it is not well-formed at line {line}, column {column}") from None
    _check_tree(root)
    return root


def _check_octets(octets: bytes) -> None:
    """Refuse what must not even reach a parser; in UTF-8 a document type can be spelled in one way only."""
    text = octets.removeprefix(_BYTE_ORDER_MARK)
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        raise XmlRefused("it is not UTF-8") from None
    if text.startswith(b"<?xml") and not _DECLARATION.match(text):
        raise XmlRefused("it is announced as something else than XML 1.0 in UTF-8")
    if b"\0" in text or not text.lstrip().startswith(b"<"):
        raise XmlRefused("it is no XML in UTF-8")
    if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
        raise XmlRefused("DOCTYPE not allowed")


def _parser() -> etree.XMLParser:
    """Return a parser that looks at nothing but its octets; each document has its own, since they keep a state."""
    return etree.XMLParser(
        encoding="utf-8", resolve_entities=False, load_dtd=False, dtd_validation=False, attribute_defaults=False,
        no_network=True, huge_tree=False, remove_comments=True, remove_pis=False, recover=False, collect_ids=False,
    )  # fmt: skip


def _check_tree(root: etree._Element) -> None:
    if any(True for _ in _instructions(root)):
        raise XmlRefused("processing instructions are not allowed")
    ids: Counter[str] = Counter()
    for element in root.iter():
        if etree.QName(element).namespace in _INSTRUCTING_NAMESPACES:
            raise XmlRefused("XInclude and XSLT are not allowed")
        ids.update(value for name in _ID_NAMES if (value := element.get(name)) is not None)
    if any(count > 1 for count in ids.values()):
        raise XmlRefused("an id stands twice")


def _instructions(root: etree._Element) -> Iterator[object]:
    """Yield the processing instructions: inside, before and after the root."""
    yield from root.iter(etree.ProcessingInstruction)
    yield from root.itersiblings(preceding=True)
    yield from root.itersiblings()
