"""Read the operator's files as they stand: ``deployment.toml`` and the older ``identity.xml``."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from xml.sax import SAXParseException
from xml.sax.handler import ContentHandler
from xml.sax.xmlreader import AttributesImpl, Locator

from defusedxml import DefusedXmlException, sax

from watchword.base.toml_positions import positions

LARGEST_FILE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class WrongSetting:
    """One thing that is wrong in what the operator wrote."""

    file: str
    """The file's name, or "environment", or "command line"."""
    line: int | None
    key: str
    text: str
    """What is wrong, and what would be right."""

    def __str__(self) -> str:
        """Return the one line that an operator reads."""
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.key}: {self.text}" if self.key else f"{place}: {self.text}"


class SettingsRefused(Exception):
    """What the operator wrote cannot be used; all that is wrong with it at once."""

    def __init__(self, problems: tuple[WrongSetting, ...]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class TomlFile:
    """A ``deployment.toml``, with the line of each key."""

    name: str
    tree: Mapping[str, Any] = field(default_factory=dict)
    lines: Mapping[tuple[str, ...], int] = field(default_factory=dict)

    def find(self, key: str) -> object:
        """Return what stands under a dotted key, or None."""
        found: object = self.tree
        for part in key.split("."):
            if not isinstance(found, dict) or part not in found:
                return None
            found = found[part]
        return found

    def line(self, key: str) -> int | None:
        """Return the line of a dotted key."""
        return self.lines.get(tuple(key.split(".")))


@dataclass(frozen=True, slots=True)
class Element:
    """The text of an element of ``identity.xml``, and its line."""

    text: str
    line: int


def read_text_file(path: Path) -> str:
    """Return a file's text; raise SettingsRefused if it cannot be read."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SettingsRefused((WrongSetting(path.name, None, "", f"cannot be read: {error.strerror}"),)) from error
    if len(content) > LARGEST_FILE:
        raise SettingsRefused((WrongSetting(path.name, None, "", "is larger than 1 MiB"),))
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        wrong = WrongSetting(path.name, line, "", "is not UTF-8 text")
        raise SettingsRefused((wrong,)) from error


def read_toml(path: Path) -> TomlFile:
    """Read ``deployment.toml``; raise SettingsRefused with the position of a mistake in its form."""
    text = read_text_file(path)
    try:
        tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsRefused((_toml_mistake(path.name, str(error), text),)) from error
    except RecursionError as error:
        raise SettingsRefused((WrongSetting(path.name, None, "", "is nested too deeply"),)) from error
    return TomlFile(path.name, tree, positions(text))


def _toml_mistake(name: str, said: str, text: str) -> WrongSetting:
    what, _, place = said.rpartition(" (at ")
    line, _, column = place.removeprefix("line ").rstrip(")").partition(", column ")
    if not line.isdigit():  # the parser says "end of document"
        return WrongSetting(name, text.count("\n") + 1, "", f"is no TOML: {said}")
    return WrongSetting(name, int(line), "", f"is no TOML at column {column}: {what}")


def read_identity_xml(path: Path) -> Mapping[str, Element]:
    """Read the leaves of ``identity.xml`` by their path below the root; namespaces do not matter.

    A document type is refused, and with it every entity (security-reliability.md, XML-*). A claim's element carries the
    last part of its URI: ``Claim[mobile]``.
    """
    text = read_text_file(path)
    leaves = _Leaves()
    try:
        sax.parseString(text.encode(), leaves, forbid_dtd=True)
    except DefusedXmlException as error:
        wrong = WrongSetting(path.name, leaves.line(), "", "has a document type or entities, which are never read")
        raise SettingsRefused((wrong,)) from error
    except SAXParseException as error:
        wrong = WrongSetting(path.name, error.getLineNumber(), "", f"is no XML: {error.getMessage()}")
        raise SettingsRefused((wrong,)) from error
    return leaves.found


class _Leaves(ContentHandler):
    """Collects the text of each element by its path."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, Element] = {}
        self._path: list[str] = []
        self._lines: list[int] = []
        self._text = ""
        self._place: Locator | None = None

    def line(self) -> int | None:
        return None if self._place is None else self._place.getLineNumber()

    def setDocumentLocator(self, locator: Locator) -> None:  # noqa: N802 - SAX calls it so
        self._place = locator

    def startElement(self, name: str, attrs: AttributesImpl) -> None:  # noqa: N802 - SAX calls it so
        local = name.rpartition(":")[2]
        uri = attrs.get("uri", "")
        self._path.append(f"{local}[{uri.rstrip('/').rpartition('/')[2]}]" if uri else local)
        self._lines.append(self.line() or 0)
        self._text = ""

    def characters(self, content: str) -> None:
        self._text += content

    def endElement(self, name: str) -> None:  # noqa: N802 - SAX calls it so
        path = "/".join(self._path[1:])
        if path and self._text.strip():
            self.found[path] = Element(self._text.strip(), self._lines[-1])
        self._path.pop()
        self._lines.pop()
        self._text = ""


@dataclass(frozen=True, slots=True)
class HomeFiles:
    """What a home folder holds, as far as it could be read."""

    home: Path | None
    is_wso2: bool = False
    toml: TomlFile = field(default_factory=lambda: TomlFile("deployment.toml"))
    xml: Mapping[str, Element] = field(default_factory=dict)
    authentication_xml: Path | None = None
    """The file ``application-authentication.xml``, if there is one."""
    problems: tuple[WrongSetting, ...] = ()


def read_home(home: Path | None) -> HomeFiles:
    """Read the files of a home; one that cannot be read leaves its problem, and the other is read all the same."""
    if home is None:
        return HomeFiles(None)
    conf = home / "repository" / "conf"
    xml_path = conf / "identity" / "identity.xml"
    authentication = conf / "identity" / "application-authentication.xml"
    is_wso2 = any(path.is_file() for path in (conf / "deployment.toml", xml_path, authentication))
    toml_path = (conf if is_wso2 else home) / "deployment.toml"
    if not is_wso2 and not toml_path.exists():
        told = f"is missing in {home}, which has no repository/conf either; make one, or name another folder"
        return HomeFiles(home, problems=(WrongSetting("deployment.toml", None, "", told),))
    files = HomeFiles(home, is_wso2, authentication_xml=authentication if authentication.is_file() else None)
    try:
        files = replace(files, toml=read_toml(toml_path)) if toml_path.exists() else files
    except SettingsRefused as refused:
        files = replace(files, problems=refused.problems)
    try:
        return replace(files, xml=read_identity_xml(xml_path)) if xml_path.exists() else files
    except SettingsRefused as refused:
        return replace(files, problems=(*files.problems, *refused.problems))
