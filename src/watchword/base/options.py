"""Say once what an option is: its key, its kind, its default in each profile, and what it is for.

An option is declared where its value ends up, as the field of a frozen dataclass. Loading, ``watchword check`` and
the generated reference pages all read these declarations, so that none of them can know an option differently.
"""

import types
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, Generic, Literal, TypeVar

from watchword.base.kinds import Kind

SecurityProfile = Literal["recommended", "wso2"]
CompatProfile = Literal["seed", "is-5.10", "is-6", "is-7"]

T = TypeVar("T")

_DECLARATION = "watchword.option"


@dataclass(frozen=True, slots=True)
class Profiles:
    """What a default depends on."""

    security: SecurityProfile
    compat: CompatProfile = "seed"
    demo: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Option(Generic[T]):
    """One option, wherever its value may come from."""

    key: str
    """Where it stands in ``deployment.toml``, with its tables; empty if no file can set it."""
    kind: Kind[T]
    default: T
    """Under ``recommended``, and under ``wso2`` unless that has its own."""
    wso2: T
    demo: T
    doc: str
    aliases: tuple[str, ...] = ()
    """Other places in ``deployment.toml`` that are read, with a warning."""
    xml: str = ""
    """The path of its element below ``<Server>`` in ``identity.xml``."""
    caution: tuple[T, str] | None = None
    """A value that gives up a protection, and the start-up line which says so while it is in force."""
    secret: bool = False

    @property
    def name(self) -> str:
        """Return what the option is called in the settings' list of values."""
        return self.key

    def default_in(self, profiles: Profiles) -> T:
        """Return the value that holds when nobody has set one."""
        if profiles.demo:
            return self.demo
        return self.wso2 if profiles.security == "wso2" else self.default


@dataclass(frozen=True, slots=True, kw_only=True)
class Property(Option[T]):
    """An option that a tenant may change at run time; the files only give the server's default."""

    connector: str = ""
    wire_name: str = ""
    """What the governance interface calls it; empty if only the operator's files set it."""
    old_names: tuple[str, ...] = ()
    """What earlier releases call it there; still taken."""
    label: str = ""
    within: tuple[int, int] | None = None
    """The legal range under ``recommended``; ``wso2`` takes whatever the kind takes."""
    loose: Callable[[T], str | None] | None = None
    """Says what is bad about a value: a file may hold it under ``wso2`` only, and no interface may save it."""
    lenient: bool = False
    """Whether a file's unusable value counts as the default under ``wso2``, as it does upstream."""
    releases: Mapping[CompatProfile, T] = field(default_factory=dict)
    """Defaults of single wire profiles, which win over all others."""
    listed: bool = True
    """Whether the governance interface lists it; the others are ours, and must be asked for by name."""

    @property
    def name(self) -> str:
        """Return the key in the operator's file, else the governance interface's name."""
        return self.key or self.wire_name

    def default_in(self, profiles: Profiles) -> T:
        """Return the value that holds when neither the tenant nor a file has set one."""
        if profiles.compat in self.releases:
            return self.releases[profiles.compat]
        return Option.default_in(self, profiles)


def declared(option: Option[T]) -> T:
    """Make a dataclass field of an option; the type checker sees its value."""
    metadata = {_DECLARATION: option}
    if isinstance(option.default, Mapping):  # dataclasses take a mapping proxy for something mutable
        return field(default_factory=lambda: option.default, metadata=metadata)
    return field(default=option.default, metadata=metadata)


def setting(  # noqa: PLR0913 - a declaration names everything about its option once
    key: str,
    kind: Kind[T],
    default: T,
    doc: str,
    *,
    wso2: T | None = None,
    demo: T | None = None,
    aliases: tuple[str, ...] = (),
    caution: tuple[T, str] | None = None,
    secret: bool = False,
) -> T:
    """Declare a field that the operator fixes at start."""
    under_wso2 = default if wso2 is None else wso2
    return declared(
        Option(
            key=key,
            kind=kind,
            default=default,
            wso2=under_wso2,
            demo=under_wso2 if demo is None else demo,
            doc=doc,
            aliases=aliases,
            caution=caution,
            secret=secret,
        )
    )


def options_of(group: type[Any]) -> Mapping[str, Option[Any]]:
    """Return the options that a dataclass declares, by the name of their field."""
    found = {each.name: each.metadata.get(_DECLARATION) for each in fields(group)}
    return types.MappingProxyType({name: option for name, option in found.items() if option is not None})


def undeclared_defaults(group: type[Any]) -> Iterator[str]:
    """Yield the fields that have a default but no declaration: a test keeps this empty."""
    for each in fields(group):
        has_default = each.default is not MISSING or each.default_factory is not MISSING
        if has_default and _DECLARATION not in each.metadata:
            yield each.name
