"""`watchword apply`, `application` and `idp`: who relies on us, and whom we trust, as files."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import click
import msgspec

from watchword.accounts.claims import DIALECT
from watchword.applications.differences import members_as_lines
from watchword.applications.documents import Document, unknown_members, without_nulls
from watchword.applications.drafts import (
    Wishes,
    application_body,
    draft_application,
    draft_of_metadata,
    draft_provider,
    provider_part,
)
from watchword.applications.exports import (
    APPLICATION,
    IDENTITY_PROVIDER,
    export_application,
    export_provider,
    usual_application,
    usual_provider,
)
from watchword.applications.metadata import MAX_BYTES
from watchword.applications.model import LOCAL, Application, IdentityProvider, Option, Step
from watchword.applications.provider_bodies import ProviderBody
from watchword.applications.store import Applications, IdentityProviders
from watchword.applications.usecases.applications import delete_application, find_application, with_names
from watchword.applications.usecases.applying import Applied, apply_application, apply_provider
from watchword.applications.usecases.providers import delete_provider, find_provider
from watchword.applications.wso2 import read_wso2
from watchword.base.placeholders import Filler
from watchword.base.problems import Malformed, Problem
from watchword.cli.answers import Answer, CommandFailed
from watchword.cli.desk import Desk, command
from watchword.notification.configured import outgoing_rules
from watchword.storage.work import Work
from watchword.web.decoding import MAX_DEPTH, check_document, decode_json

application = click.Group("application", help="Applications that log people in here.")
idp = click.Group("idp", help="Identity providers: whom we trust, and who carries codes by SMS.")

alone = click.Group()
"""Commands without a group of their own."""

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a file describes."""

    file: str
    kind: str
    document: Document
    notes: Sequence[str] = ()
    """What could not be taken over."""
    metadata: bytes = b""
    """Instead of a document but for its name."""


@command(alone, "apply", example="watchword apply sms-provider.toml shop.toml --diff --home /srv/identity")
@click.argument("files", nargs=-1, type=FILE)
@click.option("--diff", is_flag=True, help="Show what would change, and change nothing.")
@click.option("--force", is_flag=True, help="Switch off even what applications log people in by.")
@click.option("--metadata", type=FILE, help="A service provider's SAML metadata, instead of FILES.")
@click.option("--name", help="The name of the application that the metadata are of.")
@click.option(
    "--steps", help="With --metadata: how people log in, such as BasicAuthenticator,SMSOTP:SMSOTP (provider:way)."
)
@click.option(
    "--claim", "claims", multiple=True, help="With --metadata: a claim to tell it, such as mobile; repeatable."
)
def apply_files(  # noqa: PLR0913  # each is an option
    desk: Desk,
    files: tuple[Path, ...],
    metadata: Path | None,
    name: str | None,
    steps: str | None,
    claims: tuple[str, ...],
    *,
    diff: bool,
    force: bool,
) -> Answer:
    """Make or change applications and identity providers as files say; the same files again change nothing.

    A file holds one of them, in TOML or JSON: the body of the REST interface, and kind = "application" or
    "identity-provider". What it leaves out is as if it had just been made; a masked secret stays. "$env{NAME}" stands
    for a variable of the environment. A file in XML is one that a WSO2 server has exported. Metadata change only what
    they speak of.
    """
    if (metadata is None) == (not files):
        raise click.UsageError("Give FILES, or --metadata FILE with --name NAME.")
    if (metadata is None) != (name is None):
        raise click.UsageError("--metadata and --name belong together.")
    if metadata is None and (steps is not None or claims):
        raise click.UsageError("--steps and --claim belong to --metadata; a file says them itself.")
    wishes = Wishes(_steps(steps), [each if "/" in each or ":" in each else DIALECT + each for each in claims])
    wanted = [_read(each, desk.session.environment) for each in files]
    if metadata is not None and name is not None:
        wanted = [_of_metadata(metadata, name)]
    applied: list[dict[str, object]] = []
    lines: list[str] = []
    planned: list[IdentityProvider] = []
    # What applications lean on comes first, whatever the order of the files.
    for each in sorted(wanted, key=lambda one: one.kind == APPLICATION):
        done, report = _apply(desk, each, wishes, planned, only_tell=diff, force=force)
        planned += [done.provider] if diff and done.provider is not None else []
        lines += [f"{done.kind} {done.name}: {_told(done, only_tell=diff)}", *(f"  {line}" for line in report)]
        lines += [f"  {one}" for one in done.differences]
        lines += [f"  note: {one}" for one in (*each.notes, *done.warnings)]
        applied.append({**_shown(done), "warnings": [*each.notes, *done.warnings]})
    document = {"applied": not diff, "objects": applied}
    return Answer(document, lines)


@command(application, "list", example="watchword application list")
def list_applications(desk: Desk) -> Answer:
    """List the applications of a tenant."""
    listed = desk.look(lambda work: Applications(work).all())
    documents = [
        {"id": each.id, "name": each.name, "enabled": each.enabled, "issuer": each.saml.issuer if each.saml else None}
        for each in listed
    ]
    lines = [f"{each.name}: {_protocol(each)}{'' if each.enabled else ', disabled'}" for each in listed]
    return Answer({"applications": documents}, lines or ["There are no applications."])


@command(application, "show", example="watchword application show shop > shop.toml")
@click.argument("name")
def show_application(desk: Desk, name: str) -> Answer:
    """Show an application as `watchword apply` reads it; what is as usual is left out."""

    def read(work: Work) -> Application:
        return with_names(work, [find_application(work, name)])[0]

    found = desk.look(read)
    document = export_application(found)
    return Answer(document, list(members_as_lines(document, usual_application())))


@command(application, "delete", example="watchword application delete shop")
@click.argument("name")
def remove_application(desk: Desk, name: str) -> Answer:
    """Remove an application; whoever is logged in there finds out at the next request."""

    def remove(work: Work) -> Application:
        found = find_application(work, name)
        delete_application(work, found.id)
        return found

    gone = desk.do(remove)
    return Answer({"id": gone.id, "name": gone.name, "deleted": True}, [f"{gone.name} was deleted."])


@command(idp, "list", example="watchword idp list")
def list_providers(desk: Desk) -> Answer:
    """List the identity providers of a tenant, beside its own users."""
    listed = desk.look(lambda work: IdentityProviders(work).all())
    documents = [
        {"id": each.id, "name": each.name, "enabled": each.enabled, "authenticators": _authenticators(each)}
        for each in listed
    ]
    lines = [
        f"{each.name}: {', '.join(_authenticators(each)) or 'nothing'}{'' if each.enabled else ', disabled'}"
        for each in listed
    ]
    return Answer({"identityProviders": documents}, lines or ["There are no identity providers."])


@command(idp, "show", example="watchword idp show SMSOTP > sms-provider.toml")
@click.argument("name")
def show_provider(desk: Desk, name: str) -> Answer:
    """Show an identity provider as `watchword apply` reads it, its secrets masked; a mask keeps the secret."""
    found = desk.look(lambda work: find_provider(work, name))
    document = export_provider(found)
    return Answer(document, list(members_as_lines(document, usual_provider())))


@command(idp, "delete", example="watchword idp delete SMSOTP")
@click.argument("name")
@click.option("--force", is_flag=True, help="Take it out of the steps of the applications that use it.")
def remove_provider(desk: Desk, name: str, *, force: bool) -> Answer:
    """Remove an identity provider that no application uses."""

    def remove(work: Work) -> IdentityProvider:
        found = find_provider(work, name)
        delete_provider(work, found.id, force=force)
        return found

    gone = desk.do(remove)
    return Answer({"id": gone.id, "name": gone.name, "deleted": True}, [f"{gone.name} was deleted."])


def _apply(
    desk: Desk, wanted: Wanted, wishes: Wishes, planned: Sequence[IdentityProvider], *, only_tell: bool, force: bool
) -> tuple[Applied, Sequence[str]]:
    """Carry out one file; what is wrong is told with its name."""
    rules = outgoing_rules(desk.settings)

    def carry_out(work: Work) -> tuple[Applied, Sequence[str]]:
        if wanted.kind == IDENTITY_PROVIDER:
            return apply_provider(work, draft_provider(wanted.document), only_tell=only_tell, force=force), ()
        if wanted.metadata:
            draft = draft_of_metadata(work, wanted.document["name"], wanted.metadata, wishes)
        else:
            draft = draft_application(work, wanted.document, rules)
        return apply_application(work, draft.application, only_tell=only_tell, planned=planned), draft.report

    try:
        return desk.do(carry_out)
    except Problem as problem:
        raise CommandFailed(f"{wanted.file}: {problem.description or problem.message}") from problem


def _read(file: Path, environment: Mapping[str, str]) -> Wanted:
    """Return what a file describes.

    Raises:
        CommandFailed: it cannot be read, or has what no such thing has; the text names file and member.
    """
    if not file.is_file():
        raise CommandFailed(f"{file}: is no file.")
    try:
        if file.suffix == ".xml":
            return _of_wso2(file)
        read = _decoded(file)
        filled = Filler(environment, lambda _: None, {}).fill(read)
    except ValueError as problem:  # what TOML, JSON, XML, UTF-8 and our own blanks raise
        raise CommandFailed(f"{file}: {problem}") from problem
    if not isinstance(filled, dict):
        raise CommandFailed(f"{file}: holds no members.")
    document = {name: value for name, value in filled.items() if name != "kind"}
    wanted = Wanted(str(file), filled.get("kind", ""), document)
    if unknown := list(unknown_members(without_nulls(document), msgspec.to_builtins(_body_of(wanted)))):
        raise CommandFailed(f"{file}: {unknown[0]}: there is no such member.")
    return wanted


def _decoded(file: Path) -> object:
    """Return what a file of JSON or TOML holds, as strictly as what comes by REST.

    Raises:
        CommandFailed, ValueError
    """
    octets = file.read_bytes()
    try:
        if file.suffix == ".json":
            return decode_json(octets, object)
        read = tomllib.loads(octets.decode())
        check_document(read)
    except RecursionError as problem:
        raise CommandFailed(f"{file}: More than {MAX_DEPTH} levels.") from problem
    except Malformed as problem:
        raise CommandFailed(f"{file}: {problem.position}") from problem
    return read


def _body_of(wanted: Wanted) -> object:
    """Return a document as the body that its kind has."""
    try:
        if wanted.kind == APPLICATION:
            return application_body(wanted.document)
        if wanted.kind == IDENTITY_PROVIDER:
            return provider_part(wanted.document, ProviderBody)
    except Problem as problem:
        raise CommandFailed(f"{wanted.file}: {problem.description}") from problem
    raise CommandFailed(f'{wanted.file}: kind: must be "{APPLICATION}" or "{IDENTITY_PROVIDER}".')


def _of_wso2(file: Path) -> Wanted:
    beside = file.resolve().parent.parent / "sso-idp-config.xml"
    read = read_wso2(file.read_bytes(), beside.read_bytes() if beside.is_file() else None)
    return Wanted(str(file), read.kind, read.document, read.notes)


def _of_metadata(file: Path, name: str) -> Wanted:
    if file.stat().st_size > MAX_BYTES:
        raise CommandFailed(f"{file}: is larger than {MAX_BYTES} bytes.")
    return Wanted(str(file), APPLICATION, {"name": name}, metadata=file.read_bytes())


def _steps(text: str | None) -> list[Step]:
    """Return the steps of an option: `provider:way` each, or a way of our own; several ways of one step by `|`."""
    if text is None:
        return []
    return [Step(tuple(map(_way, step.split("|")))) for step in text.split(",")]


def _way(text: str) -> Option:
    provider, _, way = text.strip().rpartition(":")
    return Option(provider or LOCAL, way)


def _told(done: Applied, *, only_tell: bool) -> str:
    return f"would be {done.outcome}" if only_tell and done.outcome != "unchanged" else done.outcome


def _shown(done: Applied) -> dict[str, object]:
    changes = [{"member": each.place, "before": each.before, "after": each.after} for each in done.differences]
    return {"kind": done.kind, "name": done.name, "id": done.id, "outcome": done.outcome, "changes": changes}


def _protocol(each: Application) -> str:
    return f"SAML, {each.saml.issuer}" if each.saml is not None else "no protocol"


def _authenticators(each: IdentityProvider) -> list[str]:
    return [one.name for one in each.authenticators if one.enabled]
