"""Make the operator's settings from a home folder, the environment and the command line, or say all that is wrong."""

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from watchword.base import checks, kinds
from watchword.base.authenticator_files import (
    TABLE,
    Said,
    SaidOfAuthenticator,
    read_authentication_xml,
    read_authenticator_tables,
    text_of,
)
from watchword.base.operator_files import HomeFiles, SettingsRefused, TomlFile, WrongSetting, read_home
from watchword.base.options import CompatProfile, Option, Profiles, Property, SecurityProfile, options_of
from watchword.base.placeholders import Filler
from watchword.base.settings import (
    AuthenticatorSettings,
    Claims,
    Delivery,
    Email,
    Hashing,
    Limits,
    Outgoing,
    Recaptcha,
    Registration,
    Server,
    Settings,
    Sms,
    SuperAdmin,
    UserStore,
    Value,
)

G = TypeVar("G")

GROUPS: tuple[type[Any], ...] = (
    Settings, Server, Delivery, Limits, Registration, Claims, UserStore, Sms, Outgoing, Email, Recaptcha, Hashing,
    SuperAdmin,
)  # fmt: skip
OTHER_VARIABLES = frozenset(
    {"WATCHWORD_HOME", "WATCHWORD_ADMIN_NAME", "WATCHWORD_ADMIN_PASSWORD", "WATCHWORD_ADMIN_PASSWORD_FILE"}
)
_PREFIX = "WATCHWORD_"


def all_options() -> tuple[Option[Any], ...]:
    """Return every option of the operator, group by group."""
    return tuple(option for group in GROUPS for option in options_of(group).values())


def variable_of(option: Option[Any]) -> str:
    """Return the environment variable that sets an option; only our own options have one."""
    if not option.key.startswith("watchword."):
        return ""
    return _PREFIX + option.key.removeprefix("watchword.").replace(".", "_").upper()


def load_settings(  # noqa: PLR0913 - what may be said about settings comes from this many places
    home: Path | None,
    *,
    properties: Iterable[Property[Any]],
    data: Path | None = None,
    dev: bool = False,
    demo: bool = False,
    overrides: Mapping[str, str] | None = None,
    environment: Mapping[str, str] | None = None,
) -> Settings:
    """Return the settings in force, with the origin of each value.

    *properties* are what tenants may change: the files give the server's default of each. *overrides* come from the
    command line, by key; they win over the environment, this over ``deployment.toml``, and this over ``identity.xml``.

    Raises:
        SettingsRefused: with everything that is wrong, not only the first.
    """
    files = read_home(home)
    given = {**(overrides or {}), **({"watchword.dev": "true"} if dev else {})}
    reading = _Reading(files, given, environment or {}, demo=demo)
    reading.choose_profiles()
    settings = reading.settings(data)
    policies = reading.policies(tuple(properties))
    authenticators = reading.authenticators()
    reading.look_for_strangers((*all_options(), *properties))
    settings = replace(settings, policies=policies, authenticators=authenticators, values=reading.values)
    reading.problems += checks.broken(settings, reading.place)
    if reading.problems:
        raise SettingsRefused(tuple(dict.fromkeys(reading.problems)))
    return replace(
        settings,
        warnings=(*reading.warnings, *reading.cautions, *checks.doubtful(settings)),
        ignored=tuple(reading.ignored),
    )


@dataclass(frozen=True, slots=True)
class _Found:
    """A raw value, and where it stands."""

    raw: object
    file: str
    line: int | None
    key: str

    @property
    def origin(self) -> str:
        """Return the place in one word."""
        return f"{self.file}:{self.line}" if self.line else f"{self.file} {self.key}".strip()

    def wrong(self, text: str) -> WrongSetting:
        """Return the complaint about this value."""
        return WrongSetting(self.file, self.line, self.key, text)


class _Reading:
    """One reading of all places, which gathers values and complaints on its way."""

    def __init__(
        self, files: HomeFiles, overrides: Mapping[str, str], environment: Mapping[str, str], *, demo: bool
    ) -> None:
        self.problems: list[WrongSetting] = list(files.problems)
        self.warnings: list[str] = []
        self.cautions: list[str] = []
        self.ignored: list[str] = []
        self.values: dict[str, Value] = {}
        self.place: dict[str, _Found] = {}
        self._authenticator_tables: tuple[str, ...] = ()
        self._files = files
        self._overrides = overrides
        self._environment = environment
        self._demo = demo
        self._profiles = Profiles("wso2" if files.is_wso2 or demo else "recommended", "seed", demo)
        self._filler = Filler(environment, files.toml.find, {"carbon.home": str(files.home or "")})

    def choose_profiles(self) -> None:
        """Find out which defaults hold, and what our own address is, before anything else is read."""
        options = {option.key: option for option in all_options()}
        security: SecurityProfile = self._early(options["watchword.security_profile"], self._profiles.security)
        compat: CompatProfile = self._early(options["watchword.compat_profile"], "seed")
        self._profiles = Profiles(security, compat, self._demo)
        server = {name: self._early(option, option.default) for name, option in options_of(Server).items()}
        port = server["port"] + (server["port_offset"] if server["port"] == Server().port else 0)
        own = {
            "carbon.protocol": "https" if server["tls"] else "http",
            "carbon.host": server["hostname"],
            "carbon.management.port": str(port),
        }
        self._filler = replace(self._filler, system={**self._filler.system, **own})

    def settings(self, data: Path | None) -> Settings:
        """Return the settings without the policies."""
        home = self._files.home
        server = self._server(self._group(Server))
        email, recaptcha, admin = self._group(Email), self._group(Recaptcha), self._group(SuperAdmin)
        own = {name: self._read(option) for name, option in options_of(Settings).items()}
        own["security_profile"] = self._profiles.security
        faults = own["faults"]
        settings = Settings(
            home=home,
            data=data or (home or Path()) / "watchword",
            demo=self._demo,
            **{**own, "faults": None if faults is None else (home or Path()) / faults},
            server=server,
            delivery=self._group(Delivery),
            limits=self._group(Limits),
            registration=self._group(Registration),
            claims=self._group(Claims),
            user_store=self._group(UserStore),
            sms=self._group(Sms),
            outgoing=self._group(Outgoing),
            email=replace(email, authentication=email.authentication and bool(email.username))
            if email.hostname
            else None,
            recaptcha=recaptcha if recaptcha.enabled and recaptcha.is_complete else None,
            hashing=self._group(Hashing),
            admin_seed=(admin.username, admin.password) if admin.create and admin.username and admin.password else None,
        )
        return self._with_address(settings)

    def policies(self, properties: tuple[Property[Any], ...]) -> Mapping[str, object]:
        """Return what the files say about policies, by the name of the property."""
        said = {}
        for each in properties:
            value = self._read(each)
            if each.name in self.place and self._permits(each, value):
                said[each.wire_name] = value
        return said

    def authenticators(self) -> Mapping[str, AuthenticatorSettings]:
        """Return what the files say about authenticators: ``deployment.toml`` beats the older file, value by value."""
        found: dict[str, AuthenticatorSettings] = {}
        everything = self._said_of_authenticators()
        for said in (each for each in everything if each.is_ours):
            self.warnings += said.warnings
            self._authenticator_tables += (f"{said.table}.",) if said.table else ()
            before = found.get(said.name, AuthenticatorSettings())
            enabled = None if said.enabled is None else self._text_of(said.name, "enabled", said.enabled)
            parameters = {name: self._text_of(said.name, name, each) for name, each in said.parameters.items()}
            found[said.name] = AuthenticatorSettings(
                before.enabled if enabled is None else enabled.strip().lower() == "true",
                {**before.parameters, **{name: text for name, text in parameters.items() if text is not None}},
            )
        return found

    def _said_of_authenticators(self) -> list[SaidOfAuthenticator]:
        said: list[SaidOfAuthenticator] = []
        path = self._files.authentication_xml
        try:
            said += read_authentication_xml(path) if path is not None else []
        except SettingsRefused as refused:
            self.problems += refused.problems
        return said + read_authenticator_tables(self._files.toml)

    def _text_of(self, authenticator: str, name: str, said: Said) -> str | None:
        found = _Found(said.raw, said.file, said.line, said.key)
        try:
            text = text_of(self._filler.fill(said.raw))
        except ValueError as error:
            why = str(error)
            known = why.startswith(("holds", "needs", "names", "refers"))
            self.problems.append(found.wrong(why if known else "must be a text, a number, true or false"))
            return None
        self.values[f"{TABLE}[{authenticator}].{name}"] = Value(text, found.origin, text)
        return text

    def look_for_strangers(self, options: Iterable[Option[Any]]) -> None:
        """Complain of unknown keys among our own tables, and list those that are not for us."""
        known = {key for option in options for key in (option.key, *option.aliases) if key}
        tables = tuple(
            option.key + "." for option in options if option.key and option.kind in {kinds.TABLE, kinds.TEXTS}
        )
        for key, line in _leaves(self._files.toml):
            if key in known or key.startswith((*tables, *self._authenticator_tables)):
                continue
            near = difflib.get_close_matches(key, known, 1, 0.85)
            hint = f"; did you mean {near[0]}?" if near else ""
            if key.split(".")[0] == "watchword":
                told = (
                    f"is not known{hint}" if hint else "is not known; the settings page of the reference lists all keys"
                )
                self.problems.append(WrongSetting(self._files.toml.name, line, key, told))
            else:
                self.ignored.append(f"{self._files.toml.name}:{line}: {key}{hint}")
        self._look_at_environment(options)

    def _look_at_environment(self, options: Iterable[Option[Any]]) -> None:
        known = {variable_of(option) for option in options} | OTHER_VARIABLES
        for name in sorted(self._environment):
            if name.startswith(_PREFIX) and name.removesuffix("_FILE") not in known and name not in known:
                near = difflib.get_close_matches(name, known, 1, 0.8)
                self.warnings.append(
                    f"environment {name}: sets nothing" + (f"; did you mean {near[0]}?" if near else "")
                )

    def _early(self, option: Option[Any], otherwise: Any) -> Any:  # noqa: ANN401 - of the option's type
        """Return a value that others depend on; what is wrong with it is said when its turn comes."""
        found = self._find(option)
        try:
            return otherwise if found is None else option.kind.read(self._filler.fill(found.raw))
        except ValueError:
            return otherwise

    def _group(self, group: type[G]) -> G:
        return group(**{name: self._read(option) for name, option in options_of(group).items()})

    def _read(self, option: Option[Any]) -> Any:  # noqa: ANN401 - of the option's type
        """Return the value of one option, and note where it came from, or what is wrong with it."""
        default = option.default_in(self._profiles)
        found = self._find(option)
        if found is None:
            self._note(option, default, self._default_origin(option))
            return default
        try:
            escape = re.escape if option.kind is kinds.PATTERN else str
            value = option.kind.read(self._filler.fill(found.raw, escape=escape))
        except ValueError as error:
            self._complain(option, found, _complaint(option, found.raw, error))
            return default
        self.place[option.name] = found
        self._note(option, value, found.origin)
        return value

    def _complain(self, option: Option[Any], found: _Found, text: str) -> None:
        if self._profiles.security == "wso2" and getattr(option, "lenient", False):
            self.warnings.append(f"{found.wrong(text)}; taken for its default")
        else:
            self.problems.append(found.wrong(text))

    def _note(self, option: Option[Any], value: object, origin: str) -> None:
        shown = option.kind.write(value)
        hidden = "(hidden)" if option.secret and shown else shown
        self.values[option.name] = Value(value, origin, hidden)
        if option.caution is not None and value == option.caution[0] and not self._demo:
            self.cautions.append(f"{option.name} = {shown} ({origin}): {option.caution[1]}")

    def _default_origin(self, option: Option[Any]) -> str:
        if isinstance(option, Property) and self._profiles.compat in option.releases:
            return f"default ({self._profiles.compat})"
        if self._demo and option.demo != option.default:
            return "default (demo)"
        return f"default ({self._profiles.security})" if option.wso2 != option.default else "default"

    def _find(self, option: Option[Any]) -> _Found | None:
        """Return what was said of an option at the place that wins."""
        for name in (option.key, getattr(option, "wire_name", "")):
            if name and name in self._overrides:
                return _Found(self._overrides[name], "command line", None, name)
        return self._in_environment(option) or self._in_toml(option) or self._in_xml(option)

    def _in_environment(self, option: Option[Any]) -> _Found | None:
        name = variable_of(option)
        if name and name in self._environment:
            return _Found(self._environment[name], "environment", None, name)
        if name and f"{name}_FILE" in self._environment:
            path = Path(self._environment[f"{name}_FILE"])
            try:
                return _Found(path.read_text().strip(), "environment", None, f"{name}_FILE")
            except (OSError, UnicodeDecodeError):
                self.problems.append(
                    WrongSetting("environment", None, f"{name}_FILE", f"names {path}, which cannot be read")
                )
        return None

    def _in_toml(self, option: Option[Any]) -> _Found | None:
        toml = self._files.toml
        places = [key for key in (option.key, *option.aliases) if key and toml.find(key) is not None]
        for other in places:
            if other != option.key:
                self._warn_of_alias(other, option.key, read=other == places[0])
        if not places:
            return None
        return _Found(toml.find(places[0]), toml.name, toml.line(places[0]), places[0])

    def _warn_of_alias(self, alias: str, key: str, *, read: bool) -> None:
        table, _, name = key.rpartition(".")
        told = "read all the same" if read else "ignored, since it also stands there"
        line = (
            f"{self._files.toml.name}:{self._files.toml.line(alias)}: {alias} belongs under [{table}] as {name}; {told}"
        )
        if line not in self.warnings:
            self.warnings.append(line)

    def _in_xml(self, option: Option[Any]) -> _Found | None:
        element = self._files.xml.get(option.xml) if option.xml else None
        return None if element is None else _Found(element.text, "identity.xml", element.line, option.xml)

    def _permits(self, option: Property[Any], value: Any) -> bool:  # noqa: ANN401 - of the option's type
        """Tell whether the security profile lets a file say this; complain or warn if not."""
        found = self.place[option.name]
        if self._profiles.security == "recommended" and option.within is not None:
            lowest, highest = option.within
            if not lowest <= value <= highest:
                self.problems.append(
                    found.wrong(f"must be from {lowest} to {highest} minutes under `recommended`, not {value}")
                )
                return False
        why = option.loose(value) if option.loose is not None and value else None
        if why is None:
            return True
        kept = self._profiles.security == "wso2"
        self.warnings.append(f"{found.wrong(why)}; {'kept under `wso2`' if kept else 'ignored under `recommended`'}")
        return kept

    def _server(self, server: Server) -> Server:
        """Return where we listen, with what follows from other values filled in."""
        port = server.port if "watchword.server.port" in self.place else server.port + server.port_offset
        home = self._files.home or Path()
        return replace(
            server,
            port=port,
            management_port=server.management_port or (port + 1 if port else 0),
            certificate=None if server.certificate is None else home / server.certificate,
            key=None if server.key is None else home / server.key,
        )

    def _with_address(self, settings: Settings) -> Settings:
        server = settings.server
        if settings.dev and "watchword.server.host" not in self.place:
            server = replace(server, host="127.0.0.1")
        scheme, usual = ("https", 443) if server.tls else ("http", 80)
        own = f"{scheme}://{server.hostname}" + ("" if server.port == usual else f":{server.port}")
        address = settings.public_url.rstrip("/") or own
        for key, value in (
            ("watchword.server.host", server.host),
            ("watchword.server.port", server.port),
            ("watchword.server.management_port", server.management_port),
            ("watchword.public_url", address),
        ):
            if key in self.values and self.values[key].value != value:
                self.values[key] = Value(value, "follows from others", str(value))
        return replace(settings, server=server, public_url=address)


def _leaves(toml: TomlFile) -> Iterator[tuple[str, int]]:
    """Yield each key that holds a value, and its line, in the order of the file."""
    for path, line in sorted(toml.lines.items(), key=lambda item: item[1]):
        key = ".".join(path)
        if not isinstance(toml.find(key), dict):
            yield key, line


def _complaint(option: Option[Any], raw: object, error: ValueError) -> str:
    """Say what would be right; a secret's value is not repeated."""
    said = str(error)
    if said.startswith(("holds", "needs", "names", "refers")):
        return said
    if option.secret:
        return f"must be {option.kind.expected}"
    if not said.startswith(("not ", "and ")):
        said = f"not {raw!r}"
    return f"must be {option.kind.expected}, {said}"
