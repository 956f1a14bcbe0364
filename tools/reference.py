"""Write the reference pages from what the code declares, or tell which of them are stale.

A page is a function that returns its text; a new one is a line in PAGES.

    python tools/reference.py            # writes docs/reference/*.md
    python tools/reference.py --check    # writes nothing; fails and names the pages that are stale
"""

import re
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from watchword.base.home import GROUPS, variable_of
from watchword.base.options import Option, options_of
from watchword.tenants.policies import CONNECTORS, POLICIES, properties_of

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "reference"
NOTE = "<!-- Written by tools/reference.py from the declarations in the code. Change those, not this page. -->"


def settings() -> str:
    """Return the page of the operator's settings."""
    sections = [_settings_section(group) for group in GROUPS]
    return _page(
        "Settings",
        "What the operator decides. A value is taken from the command line, else from the environment, else from"
        " `deployment.toml`, else from the older `identity.xml`, else it is the default. A server reads them once, at"
        " start; `watchword check --home DIR` prints each value in force, where it came from, and all that is wrong.",
        "In `deployment.toml`, `$env{NAME}` stands for an environment variable, `$ref{table.key}` for another key,"
        " `$sys{carbon.home}` for the home folder, and `${carbon.protocol}`, `${carbon.host}` and"
        " `${carbon.management.port}` for the server's own address. An encrypted `$secret{NAME}` cannot be opened and"
        " is refused. Every variable may end in `_FILE`; it then names a file that holds the value.",
        'Where two defaults are given, the second is that of `security_profile = "wso2"`. Tables that are not listed'
        " here nor under [policies](policies.md) are left alone, but an unknown key under `[watchword]` is an error.",
        *sections,
    )


def policies() -> str:
    """Return the page of the tenants' policies."""
    sections = [_policy_section(policy) for policy in POLICIES]
    return _page(
        "Policies",
        "What a tenant decides while the server runs: in the console, by"
        " `watchword policy set CONNECTOR PROPERTY VALUE [--tenant TENANT]`, or over"
        " `/api/server/v1/identity-governance`. What a tenant has not decided is taken from the operator's"
        " `deployment.toml` or `identity.xml`, else it is the default. A change counts within a second on every node.",
        'Where two defaults are given, the second is that of `security_profile = "wso2"`. A property marked † is not'
        " listed by the interface, since a WSO2 server has it in its files only; it can be set by name all the same.",
        *sections,
    )


PAGES: Mapping[str, Callable[[], str]] = {"settings.md": settings, "policies.md": policies}


def main(arguments: Iterable[str]) -> int:
    """Write the pages, or with ``--check`` compare them; return the exit status."""
    checking = "--check" in arguments
    stale = [name for name, page in PAGES.items() if not _is_current(FOLDER / name, page())]
    if checking:
        for name in stale:
            print(f"docs/reference/{name} is stale: run python tools/reference.py")
        return 1 if stale else 0
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in stale:
        (FOLDER / name).write_text(PAGES[name](), encoding="utf-8")
        print(f"docs/reference/{name} written")
    return 0


def _is_current(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == text


def _page(title: str, *blocks: str) -> str:
    return "\n\n".join([NOTE, f"# {title}", *blocks]) + "\n"


def _settings_section(group: type[Any]) -> str:
    rows = [
        (f"`{option.key}`{_also(option)}", option.kind.expected, _defaults(option), _told(option))
        for option in options_of(group).values()
    ]
    return f"## {_title(group)}\n\n{_first_line(group)}\n\n" + _table(
        ("key", "must be", "default", "what it decides"), rows
    )


def _also(option: Option[Any]) -> str:
    variable = variable_of(option)
    return f"<br>`{variable}`" if variable else ""


def _policy_section(policy: type[Any]) -> str:
    properties = properties_of(policy)
    name = next(iter(properties.values())).connector
    connector = next(each for each in CONNECTORS if each.name == name)
    rows = [
        (
            f"`{option.wire_name}`{'' if option.listed else ' †'}" + (f"<br>`{option.key}`" if option.key else ""),
            option.kind.expected + ("" if option.within is None else f"; {_range(*option.within)} under `recommended`"),
            _defaults(option),
            _told(option),
        )
        for option in properties.values()
    ]
    head = f"Connector `{connector.name}` (`{connector.id}`), category {connector.category}."
    table = _table(("property, and key of the file", "must be", "default", "what it decides"), rows)
    return f"## {connector.title}\n\n{_first_line(policy)} {head}\n\n{table}"


def _range(lowest: int, highest: int) -> str:
    return f"{lowest} to {highest}"


def _defaults(option: Option[Any]) -> str:
    found = [_code(option.kind.write(option.default))]
    if option.wso2 != option.default:
        found.append(_code(option.kind.write(option.wso2)))
    releases = getattr(option, "releases", {})
    return " / ".join(found) + "".join(
        f"; {_code(option.kind.write(each))} in `{name}`" for name, each in releases.items()
    )


def _told(option: Option[Any]) -> str:
    also = (
        f" Also read, with a warning: {', '.join(_code(alias) for alias in option.aliases)}." if option.aliases else ""
    )
    if option.caution is None:
        return option.doc + also
    value, why = option.caution
    return f"{option.doc}{also} With {_code(option.kind.write(value))}, {why}."


def _code(text: str) -> str:
    return f"`{text}`" if text else "empty"


def _title(group: type[Any]) -> str:
    words = re.sub("(?<=[a-z])(?=[A-Z])", " ", group.__name__).capitalize()
    return {"Settings": "General", "Sms": "SMS"}.get(words, words)


def _first_line(group: type[Any]) -> str:
    return (group.__doc__ or "").strip().partition("\n")[0]


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
