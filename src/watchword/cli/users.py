"""`watchword user` and `watchword userstore`: the support desk's acts on accounts."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from watchword.accounts.addresses import mask_mailbox, mask_phone
from watchword.accounts.claims import Channel, ClaimUnknown, named_claim
from watchword.accounts.masking import masked_claims, without_secrets
from watchword.accounts.model import AccountState, NewAccount, User, UserName, Verification
from watchword.accounts.standing import Standing, read_standing
from watchword.accounts.store.users import Users
from watchword.accounts.usecases.names import find_user
from watchword.accounts.usecases.passwords import change_password, try_password
from watchword.accounts.usecases.people import lock_user, unlock_user
from watchword.accounts.usecases.stores import create_user_store
from watchword.base.problems import LoginRefused
from watchword.cli.answers import FAILED, Answer, CommandFailed, clock_time, instant
from watchword.cli.desk import Desk, command
from watchword.cli.passwords import ask_password, given_password, password_options
from watchword.cli.reaching import code_obstacles
from watchword.cli.standing import standing_document, standing_sentences, unproven
from watchword.registration.usecases.people import add_user_by_hand, remove_user
from watchword.registration.usecases.update import update_claims
from watchword.storage.work import Work

user = click.Group("user", help="Look at accounts, and act on them.")
userstore = click.Group("userstore", help="The places for users beside PRIMARY.")

SAMPLE_PASSWORD = "Sample-Pass-1"  # noqa: S105  # what a test's user has if nothing else is said (decisions 6.2)


class _Claim(click.ParamType[tuple[str, str]]):
    """URI=VALUE, or the last part of the URI."""

    name = "URI=VALUE"

    def convert(
        self, value: str | tuple[str, str], param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        if isinstance(value, tuple):
            return value
        uri, equals, text = value.partition("=")
        try:
            return (named_claim(uri), text) if equals else self.fail(f"{value!r} has no `=`.", param, ctx)
        except ClaimUnknown:
            self.fail(f"there is no claim {uri}.", param, ctx)


CLAIM = _Claim()


@dataclass(frozen=True, slots=True)
class _Known:
    """An account, with what is proven of it."""

    user: User
    verified: tuple[Verification, ...]
    now: datetime

    @property
    def is_locked(self) -> bool:
        """Tell whether the account is locked now."""
        return self.user.is_locked(self.now)


@command(user, "show", example="watchword user show kim --json")
@click.argument("name")
def show_user(desk: Desk, name: str) -> Answer:
    """Show what is known of an account: NAME or REALM/NAME. Numbers and mailboxes are masked outside development."""

    def look(work: Work) -> tuple[_Known, Standing, list[str]] | None:
        found = _find(work, name)
        if found is None:
            return None
        return found, read_standing(work, found.user), list(code_obstacles(work, found.user))

    seen = desk.look(look)
    if seen is None:
        return Answer({"exists": False}, [f"There is no user {name}."], FAILED)
    (_, standing, codes), known = seen, replace(seen[0], user=seen[1].user)
    document = {**_document(desk, known), **standing_document(standing, codes)}
    return Answer(document, [*_sentences(known), *standing_sentences(standing, codes)])


@command(user, "list", example="watchword user list --tenant acme.example")
def list_users(desk: Desk) -> Answer:
    """List the accounts of a tenant."""
    listed = desk.look(lambda work: list(_all_known(work)))
    lines = [_sentences(known)[0] for known in listed]
    return Answer({"users": [_document(desk, known) for known in listed]}, lines or ["There are no users."])


@command(user, "add", example="watchword user add kim --claim mobile=+94721584558 --password-stdin")
@click.argument("name")
@click.option("--claim", "claims", type=CLAIM, multiple=True, help="A claim; its URI, or the last part of that.")
@click.option("--locked", is_flag=True, help="Nobody can log in until it is unlocked.")
@click.option("--state", type=click.Choice([state.value for state in AccountState]), help="The state of the account.")
@click.option("--disabled", is_flag=True, help="The account is switched off.")
@password_options
def add_user(  # noqa: PLR0913 - the options of a command
    desk: Desk,
    name: str,
    claims: tuple[tuple[str, str], ...],
    state: str | None,
    password: str | None,
    password_file: Path | None,
    *,
    locked: bool,
    disabled: bool,
    password_stdin: bool,
) -> Answer:
    """Make an account by hand, unlocked unless it is said otherwise.

    Without a password the account has none, and in development the one of the test cases.
    """
    secret = given_password(desk, password, password_file, from_input=password_stdin)
    if secret is None and desk.settings.dev:
        secret = SAMPLE_PASSWORD
    wanted = None if state is None else AccountState(state)

    def add(work: Work) -> User:
        account = NewAccount(name, secret, dict(claims), locked=locked, disabled=disabled, state=wanted)
        added, _ = add_user_by_hand(work, account, desk.installation.notifier)
        return added

    added = desk.do(add)
    return Answer({"id": added.id, "name": added.name.typed, "realm": added.name.realm}, [f"{name} was added."])


@command(user, "set", example="watchword user set kim --claim emailaddress=kim@example.com")
@click.argument("name")
@click.option("--claim", "claims", type=CLAIM, multiple=True, required=True, help="An empty value removes the claim.")
@click.option("--as-person", is_flag=True, help="As if the person had changed it, which may need a code to confirm.")
def set_claims(desk: Desk, name: str, claims: tuple[tuple[str, str], ...], *, as_person: bool) -> Answer:
    """Give claims of an account new values."""

    def change(work: Work) -> tuple[str, ...]:
        found = must_find(work, name)
        updated = update_claims(work, found, dict(claims), desk.installation.notifier, as_person=as_person)
        return tuple(notified.message_id for notified in updated.notified)

    sent = desk.do(change)
    also = f" A new address must be confirmed first; see message {', '.join(sent)}." if sent else ""
    return Answer({"name": name, "messages": sent}, [f"{name} was changed.{also}"])


@command(user, "password", example="watchword user password kim")
@click.argument("name")
@password_options
def set_password(
    desk: Desk, name: str, password: str | None, password_file: Path | None, *, password_stdin: bool
) -> Answer:
    """Give an account another password; the rules of the tenant hold."""
    secret = ask_password(desk, password, password_file, from_input=password_stdin, twice=True)
    desk.do(lambda work: change_password(work, must_find(work, name), secret))
    return Answer({"name": name, "changed": True}, [f"{name} has a new password."])


@command(user, "lock", example="watchword user lock kim")
@click.argument("name")
def lock(desk: Desk, name: str) -> Answer:
    """Let nobody log in to an account until it is unlocked."""
    desk.do(lambda work: lock_user(work, must_find(work, name)))
    return Answer({"name": name, "account_locked": True}, [f"{name} is locked."])


@command(user, "unlock", example="watchword user unlock kim")
@click.argument("name")
def unlock(desk: Desk, name: str) -> Answer:
    """Unlock an account, and forget all wrong passwords and codes."""

    def open_account(work: Work) -> User:
        found = must_find(work, name)
        unlock_user(work, found)
        return found

    before = desk.do(open_account)
    told = f"{name} is unlocked" + (f"; {unproven(before)} was never confirmed." if before.is_pending else ".")
    return Answer({"name": name, "account_locked": False, "was_pending": before.is_pending}, [told])


@command(user, "delete", example="watchword user delete kim")
@click.argument("name")
def delete(desk: Desk, name: str) -> Answer:
    """Remove an account with its claims, codes and proofs. The audit log stays."""
    desk.do(lambda work: remove_user(work, must_find(work, name)))
    return Answer({"name": name, "deleted": True}, [f"{name} was deleted."])


@command(user, "try", example="watchword user try kim")
@click.argument("name")
@password_options
def try_login(
    desk: Desk, name: str, password: str | None, password_file: Path | None, *, password_stdin: bool
) -> Answer:
    """Try a password as a log-in does, and tell the outcome."""
    secret = ask_password(desk, password, password_file, from_input=password_stdin, twice=False)
    try:
        desk.do(lambda work: try_password(work, name, secret))
    except LoginRefused as refused:
        return Answer({"login": refused.code}, [f"{refused.code} {refused.description}"], FAILED)
    return Answer({"login": "ok"}, [f"{name} can log in."])


@command(userstore, "create", example="watchword userstore create CUSTOMERS")
@click.argument("realm")
def create_store(desk: Desk, realm: str) -> Answer:
    """Make a place for users, whose names then begin with REALM/."""
    made = desk.do(lambda work: create_user_store(work, realm)).name
    return Answer({"realm": made}, [f"The user store {made} was made."])


@command(userstore, "list", example="watchword userstore list")
def list_stores(desk: Desk) -> Answer:
    """List the user stores of a tenant."""
    realms = ["PRIMARY", *desk.look(lambda work: Users(work).realms())]
    return Answer({"realms": realms}, realms)


def _known(work: Work, found: User) -> _Known:
    return _Known(found, tuple(Users(work).verifications(found.id)), work.now)


def _find(work: Work, name: str) -> _Known | None:
    found = find_user(work, name)
    return None if found is None else _known(work, found)


def must_find(work: Work, name: str) -> User:
    """Return the user of that name.

    Raises:
        CommandFailed: there is none.
    """
    found = find_user(work, name)
    if found is None:
        raise CommandFailed(f"There is no user {name}.")
    return found


def _all_known(work: Work) -> Iterator[_Known]:
    last: UserName | None = None
    while page := Users(work).page(last):
        yield from (_known(work, found) for found in page)
        last = page[-1].name


def _document(desk: Desk, known: _Known) -> dict[str, Any]:
    """Return an account as decisions 6.3 have it."""
    found = known.user
    shown = without_secrets if desk.settings.dev else masked_claims
    return {
        "exists": True,
        "tenant": desk.tenant,
        "realm": found.name.realm,
        "name": found.name.typed,
        "id": found.id,
        "account_locked": known.is_locked,
        "account_state": found.state,
        "locked_reason": found.locked_reason,
        "account_disabled": found.disabled,
        "claims": shown(found.all_claims(known.now)),
        "verified": {
            proof.channel: {"how": proof.how, "by": proof.by, "at": instant(proof.at)} for proof in known.verified
        },
        "roles": list(found.roles),
        "created_at": instant(found.created_at),
    }


def _sentences(known: _Known) -> list[str]:
    """Return what a person wants to know, the most important first."""
    found = known.user
    realm = "" if found.name.realm == "PRIMARY" else f"{found.name.realm}/"
    return [
        f"{realm}{found.name.typed} — {', '.join([_state(known), *(_address(known, each) for each in Channel)])}",
        f"  made {clock_time(found.created_at)}, last log-in {clock_time(found.last_login_at)}, id {found.id}",
        *([f"  roles: {', '.join(found.roles)}"] if found.roles else []),
    ]


def _state(known: _Known) -> str:
    found = known.user
    if found.disabled:
        return "disabled"
    if known.is_locked:
        why = found.locked_reason or (found.state if found.is_pending else None)
        return "locked" + ("" if why is None else f" ({why.value})")
    return "unlocked" + (f" ({found.state.value})" if found.state is not None and found.is_pending else "")


def _address(known: _Known, channel: Channel) -> str:
    word = "phone" if channel is Channel.SMS else "mail"
    address = known.user.address(channel)
    if address is None:
        return f"no {word}"
    shown = f"{word} {mask_phone(address) if channel is Channel.SMS else mask_mailbox(address)}"
    proof = next((each for each in known.verified if each.channel is channel), None)
    if proof is not None:
        return f"{shown} verified ({proof.how}, {clock_time(proof.at)})"
    return f"{shown} {'verified' if known.user.is_verified(channel) else 'not verified'}"
