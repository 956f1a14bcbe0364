"""Write the reference pages from what the code declares, or tell which of them are stale.

A page is a function that returns its text; a new one is a line in PAGES.

    python tools/reference.py            # writes docs/reference/*.md
    python tools/reference.py --check    # writes nothing; fails and names the pages that are stale
"""

import inspect
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin

import click
from members import members_of  # type: ignore[import-not-found]  # beside this script, when it is run
from msgspec import Struct

from watchword.accounts.http.claims import ClaimDialectsApi
from watchword.accounts.http.stores import UserStoresApi
from watchword.applications.authenticators import AUTHENTICATORS as APPLICATION_AUTHENTICATORS
from watchword.applications.authenticators import SMS_OTP_PROPERTIES
from watchword.applications.bodies import ApplicationBody
from watchword.applications.http.applications import ApplicationsApi
from watchword.applications.http.authenticators import AuthenticatorsApi
from watchword.applications.http.providers import ProvidersApi
from watchword.applications.provider_bodies import ProviderBody
from watchword.base.home import GROUPS, variable_of
from watchword.base.options import Option, options_of
from watchword.base.problems import GENERIC_TEXT, Problem
from watchword.cli.main import watchword
from watchword.login.parameters import GROUPS as AUTHENTICATORS
from watchword.login.parameters import Parameter, parameters_of
from watchword.notification.http.senders import SendersApi
from watchword.notification.http.templates import TemplatesApi
from watchword.notification.recipe import recipes
from watchword.notification.template_files import Template
from watchword.notification.templating import built_in_templates
from watchword.registration.http import RegistrationApi
from watchword.tenants.http.configs import ConfigsApi
from watchword.tenants.http.governance import GovernanceApi
from watchword.tenants.http.tenants import TenantsApi
from watchword.tenants.policies import CONNECTORS, POLICIES, properties_of
from watchword.web.model import Door, Route

CITED = re.compile(r" \([\w-]+\.md [\d.]+\)")
"""Where the code cites what it is built from, which is no page of ours."""
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


def problem_page() -> str:
    """Return the page of every refusal."""
    rows = [
        (str(each.status), _code(_code_of(each)), _code(_text_of(each)), _first_line(each))
        for each in sorted(_families(Problem), key=lambda each: (each.status, _code_of(each), each.__name__))
    ]
    return _page(
        "Problems",
        "Every refusal that a caller can be told, with its code. The body is"
        ' `{"code", "message", "description"}`; from `is-6` on, and everywhere under `/api/server`, it also has a'
        " `traceId`, which is always in the header `X-Trace-Id` and in the log.",
        "A failure of ours has the code of the step that failed and a text that says nothing more. 401 has no body.",
        _table(("status", "code", "description", "when"), rows),
    )


def routes() -> str:
    """Return the page of every address of the interface."""
    table = [
        *RegistrationApi(_NOTHING, _NOTHING).routes(),
        *GovernanceApi().routes(),
        *ConfigsApi().routes(),
        *AuthenticatorsApi().routes(),
        *TenantsApi(_NOTHING, _NOTHING).routes(),
        *UserStoresApi(_NOTHING).routes(),
        *ClaimDialectsApi(_NOTHING).routes(),
        *ApplicationsApi(_NOTHING).routes(),
        *ProvidersApi().routes(),
        *TemplatesApi(_NOTHING).routes(),
        *SendersApi().routes(),
    ]
    rows = [
        (
            f"`{route.method} {route.path}`",
            str(route.status),
            _who_may(route),
            _code(_body_name(route.shape or route.body)) if route.body else "",
            _first_line(route.handler),
        )
        for route in table
    ]
    return _page(
        "Routes",
        "Every address of the programming interface; each is also served under `/t/{tenant}`. The management listener"
        " describes them with their bodies at `/openapi.json`, beside `/metrics`, `/health/live` and `/health/ready`.",
        _table(("address", "success", "who may call", "body", "what it does"), rows),
    )


def _body_name(body: Any) -> str:  # noqa: ANN401  # a class, or what typing makes of some
    """Return what a body is: the name of its class, or of what it is a list of."""
    bare = get_args(body)[0] if get_origin(body) is Annotated else body
    return f"list of {get_args(bare)[0].__name__}" if get_origin(bare) is list else str(bare.__name__)


def recipe_page() -> str:
    """Return the page of the SMS companies that are known."""
    rows = [
        (
            recipe.title,
            f"`{recipe.name}`",
            ", ".join(f"`{name}`" for name in recipe.required),
            ", ".join(f"`{name}`" for name in recipe.optional) or "",
            f"{recipe.source}, read on {recipe.read_on}",
        )
        for recipe in recipes().values()
    ]
    return _page(
        "Recipes",
        "How each SMS company is spoken to; [connect a provider](../how-to/connect-a-provider.md) says how one is"
        " used.",
        _table(("company", "`recipe =`", "settings", "optional", "source"), rows),
    )


def template_page() -> str:
    """Return the page of the texts that are built in."""
    rows = [
        (channel.value, f"`{text.type}`", f"`{locale}`", _blanks(text))
        for channel, texts in built_in_templates().items()
        for (_, locale), text in sorted(texts.items())
    ]
    return _page(
        "Templates",
        "The texts that are built in. A file of the operator replaces a type altogether;"
        " [write a message template](../how-to/write-a-message-template.md) says how.",
        _table(("channel", "type", "locale", "blanks"), rows),
    )


def commands() -> str:
    """Return the page of the command line."""
    found = dict(_commands_of(watchword, "watchword"))
    # `user list` has the options that most commands share, and none of its own.
    shared = [each for each in found["watchword user list"].params if isinstance(each, click.Option)]
    return _page(
        "Commands",
        "What an operator, the support desk and a test do without a browser. The exit status is 0, or 1 where it could"
        " not be done, or 2 where the command or the settings cannot be used; then one line on standard error says why,"
        " and each wrong setting has a line of its own. A command that takes `--json` answers with one line of JSON"
        ' instead, and a refusal is `{"error": "…", "exit": 1}` on standard output.',
        "Most commands take these options:",
        _options_table(shared),
        *(_command_section(words, command, shared) for words, command in found.items()),
    )


def authenticator_parameters() -> str:
    """Return the page of the parameters of authenticators."""
    return _page(
        "Parameters of authenticators",
        "What the operator says about ways to log in: in `deployment.toml`, or in the older"
        " `repository/conf/identity/application-authentication.xml`, whose values give way one by one. They are read"
        " once, at start; `watchword check` prints those that are set, and where.",
        '```toml\n[authentication.authenticator.sms_otp]\nname = "SMSOTP"\nenable = true\n\n'
        "[authentication.authenticator.sms_otp.parameters]\nRetryEnable = true\nTokenLength = 6\n```",
        '```xml\n<AuthenticatorConfig name="SMSOTP" enabled="true">\n'
        '  <Parameter name="RetryEnable">true</Parameter>\n</AuthenticatorConfig>\n```',
        "The name of the table is free; `basic`, `sms_otp`, `sms_otp_local` and `email_otp` need no `name`. Texts are"
        " compared in lower case, and only `true` is true. A property of the identity provider beats the file, the"
        " file beats the default, and a tenant has no file of its own.",
        *(_parameter_section(name, group) for name, group in AUTHENTICATORS.items()),
    )


def _parameter_section(name: str, group: type[Any]) -> str:
    rows = [_parameter_row(each) for each in parameters_of(group).values()]
    head = ("parameter", "default", "what it does", "what changes it")
    told = CITED.sub("", inspect.cleandoc(group.__doc__ or ""))
    return f"## {name}\n\n{told}\n\n{_table(head, rows)}"


def _parameter_row(each: Parameter) -> tuple[str, ...]:
    default = str(each.default).lower() if isinstance(each.default, bool) else str(each.default)
    return " or ".join(f"`{name}`" for name in each.names), _code(default), each.effect, each.interaction


def application_members() -> str:
    """Return the page of the file of an application."""
    ways = [
        (f"`{each.name}`", each.display_name, "an identity provider" if each.federated else "`LOCAL`")
        for each in APPLICATION_AUTHENTICATORS
    ]
    return _page(
        "Members of an application",
        'What a file with `kind = "application"` may hold, and the body of `/api/server/v1/applications`;'
        " [connect an application](../how-to/connect-an-application.md) says how one is used. `[]` is a list.",
        _table(("member", "default", "what it does"), _member_rows(ApplicationBody)),
        "## Authenticators of a step",
        _table(("`authenticator`", "what people see", "`idp`"), ways),
    )


def provider_members() -> str:
    """Return the page of the file of an identity provider."""
    rows = [
        (f"`{each.key}`", _code(each.default), each.description + (" Masked when shown." if each.confidential else ""))
        for each in SMS_OTP_PROPERTIES
    ]
    return _page(
        "Members of an identity provider",
        'What a file with `kind = "identity-provider"` may hold, and the body of `/api/server/v1/identity-providers`;'
        " [connect an application](../how-to/connect-an-application.md) says how one is used. `[]` is a list. What is"
        " kept is shown again and has no effect on codes by SMS.",
        _table(("member", "default", "what it does"), _member_rows(ProviderBody)),
        "## Properties of SMSOTP",
        _table(("key", "default", "what it does"), rows),
    )


def _member_rows(shape: type[Struct]) -> list[tuple[str, str, str]]:
    return [(f"`{place}`", default, effect) for place, default, effect in members_of(shape)]


PAGES: Mapping[str, Callable[[], str]] = {
    "authenticator-parameters.md": authenticator_parameters,
    "application-members.md": application_members,
    "identity-provider-members.md": provider_members,
    "cli.md": commands,
    "settings.md": settings,
    "policies.md": policies,
    "problems.md": problem_page,
    "routes.md": routes,
    "recipes.md": recipe_page,
    "templates.md": template_page,
}


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


_NOTHING: Any = None
"""What a table of routes does not need in order to be read."""


def _families(family: type[Problem]) -> Iterator[type[Problem]]:
    """Yield the classes that are raised: those that have a text or a code of their own."""
    for each in family.__subclasses__():
        if not each.__name__.startswith("_") and _is_raised(each):
            yield each
        yield from _families(each)


def _is_raised(problem: type[Problem]) -> bool:
    """Tell a refusal from a mere family, which has neither code nor text of its own."""
    return not {"code", "text"}.isdisjoint(vars(problem)) or not problem.__subclasses__()


def _code_of(problem: type[Problem]) -> str:
    """Return the code; empty where there is none, or where it is that of the outcome."""
    return problem.code if isinstance(problem.code, str) else ""


def _text_of(problem: type[Problem]) -> str:
    return "" if problem.text is None or problem.text == GENERIC_TEXT else problem.text


def _who_may(route: Route) -> str:
    if route.door is Door.ANYONE:
        return "anyone"
    if route.permission:
        return f"`{route.permission}`"
    return "anybody who is signed in" if route.people else "a client or an administrator"


def _blanks(text: Template) -> str:
    names = dict.fromkeys(re.findall(r"\{\{([\w:.-]+)\}\}", f"{text.subject} {text.body} {text.footer}"))
    return ", ".join(f"`{name}`" for name in names)


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


def _commands_of(group: click.Group, *words: str) -> Iterator[tuple[str, click.Command]]:
    for name, found in sorted(group.commands.items()):
        if isinstance(found, click.Group):
            yield from _commands_of(found, *words, name)
        else:
            yield " ".join((*words, name)), found


def _command_section(words: str, found: click.Command, shared: Iterable[click.Option]) -> str:
    context = click.Context(found)
    arguments = [each.make_metavar(context) for each in found.params if isinstance(each, click.Argument)]
    known = {(each.name, each.help) for each in shared}
    options = [each for each in found.params if isinstance(each, click.Option)]
    own = [each for each in options if (each.name, each.help) not in known]
    common = ", ".join(f"`--{each.name}`" for each in options if each not in own)
    parts = [
        f"## `{' '.join([words, *arguments])}`",
        " ".join((found.help or "").split()),
        *([_options_table(own)] if own else []),
        *([f"And {common}."] if common else []),
        f"```sh\n{(found.epilog or '').rpartition('Example:')[2].strip()}\n```",
    ]
    return "\n\n".join(parts)


def _options_table(options: Iterable[click.Option]) -> str:
    context = click.Context(click.Command(""))
    rows = [each.get_help_record(context) or ("", "") for each in options]
    return _table(("option", "what it does"), [(f"`{name}`", told) for name, told in rows])


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


def _first_line(told: object) -> str:
    return (told.__doc__ or "").strip().partition("\n")[0]


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
