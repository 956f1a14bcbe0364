"""The home folder of a case: the files of a WSO2 server, with what the case configures."""

import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape, quoteattr

import defusedxml.ElementTree

from watchword_testing.conformance.cases import CaseError, Template
from watchword_testing.conformance.settings import Configured, Table, is_said_by, keys_of

_PLENTY = "100000/1m"
_PUBLISHER = """<?xml version="1.0" encoding="UTF-8"?>
<eventPublisher xmlns="http://wso2.org/carbon/eventpublisher" name="SMSPublisher"
                processing="enable" statistics="disable" trace="disable">
  <from streamName="id_gov_sms_notify_stream" version="1.0.0"/>
  <mapping customMapping="enable" type="json">
    <inline>{{"to": {{{{send-to}}}}, "content": {{{{body}}}}, "code": {{{{confirmation-code}}}}}}</inline>
  </mapping>
  <to eventAdapterType="http">
    <property name="http.client.method">HttpPost</property>
    <property name="http.url">{url}</property>
  </to>
</eventPublisher>
"""
_TEMPLATE_FILES = {
    "SMS": "repository/conf/sms/sms-templates-admin-config.xml",
    "EMAIL": "repository/conf/email/email-admin-config.xml",
}


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where a server of this run finds what is not its own."""

    sms_url: str
    mail_port: int
    captcha_url: str
    database_url: str | None = None


@dataclass(slots=True)
class Home:
    """A home folder, and the faults of the server that has it."""

    folder: Path
    _faults: set[str] = field(default_factory=set)

    @property
    def faults_file(self) -> Path:
        """The file that the server reads at the start of every unit of work."""
        return self.folder / "faults"

    @property
    def log(self) -> Path:
        """What the server and the commands have said."""
        return self.folder / "server.log"

    def furnish(self, configured: Configured, surroundings: Surroundings, templates: Iterable[Template]) -> None:
        """Write every file that a server needs to start.

        Raises:
            CaseError: a raw file of the case cannot be parsed.
        """
        settings = _parsed_toml(configured.raw_toml or "")
        identity = _identity(configured.raw_identity_xml)
        for place, value in keys_of(configured):
            if not is_said_by(place, identity):
                _add(settings, place.key, value)
        if configured.captcha_provider is not None:
            captcha = {"site_key": "site", "secret_key": "secret", "verify_url": surroundings.captcha_url}
            _add_table(settings, {"recaptcha": captcha})
        _add_table(settings, self._fixed(surroundings))
        self._write("repository/conf/deployment.toml", toml_of(settings))
        if configured.raw_identity_xml is not None:
            self._write("repository/conf/identity/identity.xml", _in_server(configured.raw_identity_xml))
        publisher = _PUBLISHER.format(url=escape(surroundings.sms_url))
        self._write("repository/deployment/server/eventpublishers/SMSPublisher.xml", publisher)
        self._write_templates(list(templates))
        self._write_faults()

    def break_down(self, *faults: str) -> None:
        """Let the server break in these ways, too, from now on."""
        self._faults.update(faults)
        self._write_faults()

    def mend(self) -> None:
        """End every fault but those of a missing template, which is a fact of the home."""
        self._faults = {fault for fault in self._faults if fault.startswith("template:")}
        self._write_faults()

    def _fixed(self, surroundings: Surroundings) -> Table:
        """Return what is the same for every case (decisions, 6.1)."""
        limits = dict.fromkeys(
            ("unknown_codes_per_caller", "unknown_codes_per_client", "unknown_codes_per_tenant"), _PLENTY
        )
        names = dict.fromkeys(("name_checks_per_caller", "name_checks_per_client"), _PLENTY)
        watchword: Table = {
            "security_profile": "wso2",
            "dev": True,
            "delivery": {"answer": "first-attempt"},
            "limits": {"resend_after": "0s", "sends_per_address": _PLENTY, **limits, **names},
            "testing": {"faults": str(self.faults_file)},
        }
        if surroundings.database_url is not None:
            watchword["database"] = {"url": surroundings.database_url}
        email = {
            "from_address": "no-reply@watchword.test",
            "hostname": "127.0.0.1",
            "port": surroundings.mail_port,
            "enable_start_tls": False,
            "enable_authentication": False,
        }
        return {"watchword": watchword, "output_adapter": {"email": email}}

    def _write_templates(self, templates: list[Template]) -> None:
        for channel, name in _TEMPLATE_FILES.items():
            ours = [_template_element(template) for template in templates if template.channel == channel]
            if ours:
                body = "\n".join(ours)
                self._write(
                    name, f'<?xml version="1.0" encoding="UTF-8"?>\n<configurations>\n{body}\n</configurations>\n'
                )

    def _write_faults(self) -> None:
        """Put the whole file in place at once, since the server may be reading it."""
        written = self.faults_file.with_suffix(".new")
        written.write_text("".join(f"{fault}\n" for fault in sorted(self._faults)), encoding="utf-8")
        written.replace(self.faults_file)

    def _write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def toml_of(table: Mapping[str, Any], path: tuple[str, ...] = ()) -> str:
    """Return a table as TOML: its own keys, then the tables below it."""
    plain = {key: value for key, value in table.items() if not isinstance(value, Mapping)}
    below = {key: value for key, value in table.items() if isinstance(value, Mapping)}
    lines = [f"{_key(key)} = {_literal(value)}\n" for key, value in plain.items()]
    header = f"[{'.'.join(map(_key, path))}]\n" if path and (lines or not below) else ""
    return header + "".join(lines) + "".join(toml_of(value, (*path, key)) for key, value in below.items())


def _literal(value: Any) -> str:  # noqa: ANN401 - whatever TOML knows
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{', '.join(map(_literal, value))}]"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{_key(key)} = {_literal(below)}' for key, below in value.items())}}}"
    return str(value)


def _key(key: str) -> str:
    return key if key.replace("_", "").replace("-", "").isalnum() and key.isascii() else _literal(key)


def _parsed_toml(raw: str) -> Table:
    try:
        return tomllib.loads(raw)
    except tomllib.TOMLDecodeError as problem:
        raise CaseError(f"raw_toml: {problem}") from problem


def _identity(raw: str | None) -> Element | None:
    """Return `identity.xml` with plain names, so that a path finds its element whatever the namespace."""
    if raw is None:
        return None
    try:
        root: Element = defusedxml.ElementTree.fromstring(_in_server(raw))
    except (defusedxml.ElementTree.ParseError, defusedxml.DefusedXmlException) as problem:
        raise CaseError(f"raw_identity_xml: {problem}") from problem
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    return root


def _in_server(raw: str) -> str:
    text = raw.strip()
    if text.startswith("<?xml"):
        text = text.partition("?>")[2].lstrip()
    return text if text.startswith("<Server") else f"<Server>\n{text}\n</Server>\n"


def _add(settings: Table, key: tuple[str, ...], value: Any) -> None:  # noqa: ANN401 - whatever TOML knows
    """Set a key where it is absent: what a case writes itself stands."""
    table = settings
    for section in key[:-1]:
        table = table.setdefault(section, {})
    table.setdefault(key[-1], value)


def _add_table(settings: Table, added: Mapping[str, Any], path: tuple[str, ...] = ()) -> None:
    for key, value in added.items():
        if isinstance(value, Mapping):
            _add_table(settings, value, (*path, key))
        else:
            _add(settings, (*path, key), value)


def _template_element(template: Template) -> str:
    name = quoteattr(template.type)
    opening = f"<configuration type={name} display={name} locale={quoteattr(template.locale)}"
    body = f"<body>{escape(template.body)}</body>"
    if template.channel == "SMS":
        return f"{opening}>{body}</configuration>"
    subject = f"<subject>{escape(template.subject or template.type)}</subject>"
    footer = "" if template.footer is None else f"<footer>{escape(template.footer)}</footer>"
    return f'{opening} emailContentType="{template.content_type}">{subject}{body}{footer}</configuration>'
