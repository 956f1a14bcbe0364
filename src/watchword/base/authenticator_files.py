"""Read what the operator's files say about authenticators: ``application-authentication.xml`` and ``deployment.toml``.

In TOML the name of the table below ``authentication.authenticator`` is free; ``name`` says whom it is about.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from lxml import etree

from watchword.base.operator_files import LARGEST_FILE, SettingsRefused, TomlFile, WrongSetting
from watchword.base.xml import XmlRefused, parse_xml

TABLE = "authentication.authenticator"
KNOWN_TABLES = {
    "basic": "BasicAuthenticator",
    "sms_otp": "SMSOTP",
    "sms_otp_local": "sms-otp-authenticator",
    "email_otp": "email-otp-authenticator",
}
"""Tables that need no ``name``."""
OURS = frozenset({*KNOWN_TABLES.values(), "backup-code-authenticator", "IdentifierExecutor"})


@dataclass(frozen=True, slots=True)
class Said:
    """A value, and where it stands."""

    raw: object
    file: str
    line: int | None
    key: str


@dataclass(frozen=True, slots=True)
class SaidOfAuthenticator:
    """What one file says about one authenticator."""

    name: str
    enabled: Said | None = None
    parameters: Mapping[str, Said] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    table: str = ""
    """Its table in ``deployment.toml``."""

    @property
    def is_ours(self) -> bool:
        """Tell whether it is one of those that this server has."""
        return self.name in OURS


def read_authentication_xml(path: Path) -> list[SaidOfAuthenticator]:
    """Read the ``AuthenticatorConfig`` elements of a file; namespaces do not matter.

    Raises:
        SettingsRefused: it cannot be read, or is no XML that may be read.
    """
    try:
        root = parse_xml(path.read_bytes(), most_bytes=LARGEST_FILE)
    except (OSError, XmlRefused) as refused:
        told = f"cannot be read: {refused.strerror}" if isinstance(refused, OSError) else str(refused)
        raise SettingsRefused((WrongSetting(path.name, None, "", told),)) from refused
    return [_of_element(each, path.name) for each in _named(root, "AuthenticatorConfig")]


def read_authenticator_tables(toml: TomlFile) -> list[SaidOfAuthenticator]:
    """Read the tables below ``authentication.authenticator`` that say whom they are about."""
    tables = toml.find(TABLE)
    found = tables.items() if isinstance(tables, dict) else ()
    return [said for key, table in found if (said := _of_table(toml, key, table)) is not None]


def _of_element(element: etree._Element, file: str) -> SaidOfAuthenticator:
    name = element.get("name", "").strip()
    enabled = element.get("enabled")
    place = f"AuthenticatorConfig[{name}]"
    return SaidOfAuthenticator(
        name,
        None if enabled is None else Said(enabled, file, _line(element), f"{place}/@enabled"),
        {
            parameter.get("name", "").strip(): Said(
                "".join(map(str, parameter.itertext())).strip(),
                file,
                _line(parameter),
                f"{place}/{parameter.get('name')}",
            )
            for parameter in _named(element, "Parameter")
        },
    )


def _named(element: etree._Element, name: str) -> Iterator[etree._Element]:
    return (each for each in element.iter() if etree.QName(each).localname == name)


def _line(element: etree._Element) -> int | None:
    return cast("int | None", element.sourceline)


def _of_table(
    toml: TomlFile,
    key: str,
    table: Any,  # noqa: ANN401  # whatever the file has
) -> SaidOfAuthenticator | None:
    place = f"{TABLE}.{key}"
    name = table.get("name", KNOWN_TABLES.get(key)) if isinstance(table, dict) else None
    if not isinstance(name, str) or not name.strip():
        return None
    said: dict[str, Said] = {}
    warnings: list[str] = []
    for plural in ("parameter", "parameters"):
        found = table.get(plural)
        if not isinstance(found, dict):
            continue
        if plural == "parameter":
            warnings.append(f"{toml.name}:{toml.line(f'{place}.{plural}')}: [{place}.parameter] is read as .parameters")
        said |= {
            each: Said(raw, toml.name, toml.line(f"{place}.{plural}.{each}"), f"{place}.{plural}.{each}")
            for each, raw in found.items()
        }
    enabled = table.get("enable")
    return SaidOfAuthenticator(
        name.strip(),
        None if enabled is None else Said(enabled, toml.name, toml.line(f"{place}.enable"), f"{place}.enable"),
        said,
        tuple(warnings),
        place,
    )


def text_of(raw: object) -> str:
    """Return a parameter as the text that is compared: TOML's own types are as good as their texts.

    Raises:
        ValueError: it is a list, a table or a date.
    """
    if isinstance(raw, bool):
        return "true" if raw else "false"
    if isinstance(raw, int | float | str):
        return str(raw)
    raise ValueError(raw)
