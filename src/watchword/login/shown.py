"""What the pages show of a login: its form, the options beside it, the fields that are missing."""

from collections.abc import Iterable
from dataclasses import dataclass

from watchword.accounts.claims import DIALECT, EMAIL_ADDRESS, GIVEN_NAME, LAST_NAME, MOBILE
from watchword.applications.authenticators import (
    BACKUP_CODE,
    EMAIL_OTP,
    IDENTIFIER,
    LOCAL_SMS_OTP,
    SMS_OTP,
    find_authenticator,
)
from watchword.applications.model import BASIC, LOCAL, Option
from watchword.applications.store import IdentityProviders
from watchword.login.duties.claims import field_of, name_of
from watchword.login.model import LOGIN_PAGE, Login
from watchword.login.waiting import has_backup_codes
from watchword.storage.work import Work

_FORMS = {BASIC: "password", IDENTIFIER: "name"}
_OPTION_TEXTS = {
    BASIC: "option.password",
    IDENTIFIER: "option.name",
    SMS_OTP: "option.sms",
    LOCAL_SMS_OTP: "option.sms",
    EMAIL_OTP: "option.email",
    BACKUP_CODE: "option.backup",
}


@dataclass(frozen=True, slots=True)
class ShownOption:
    """A way to take the step, as a button."""

    authenticator: str
    idp: str
    text: str
    name: str = ""
    """What it is called, where there are no words of ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginForm:
    """What the login page asks for."""

    kind: str = ""
    """``password``, ``name``, or nothing but a choice."""
    inline: Option | None = None
    """The option that the form is for, where the step has others."""
    others: tuple[ShownOption, ...] = ()
    name: str = ""
    is_named: bool = False
    """Whether the name was found out by an earlier step."""
    is_first: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimField:
    """A field for a fact that is missing."""

    id: str
    name: str
    """What it is called, where there are no words of ours."""
    text: str = ""
    hint: str = ""
    type: str = "text"
    autocomplete: str = ""


_FIELDS = {
    GIVEN_NAME: {"text": "givenname.label", "autocomplete": "given-name"},
    LAST_NAME: {"text": "lastname.label", "autocomplete": "family-name"},
    EMAIL_ADDRESS: {"text": "email.label", "type": "email", "autocomplete": "email"},
    MOBILE: {"text": "mobile.label", "hint": "mobile.hint", "type": "tel", "autocomplete": "tel"},
    DIALECT + "country": {"text": "claims.country", "autocomplete": "country-name"},
    DIALECT + "organization": {"text": "claims.organization", "autocomplete": "organization"},
    DIALECT + "telephone": {"text": "claims.telephone", "type": "tel", "autocomplete": "tel"},
    DIALECT + "streetaddress": {"text": "claims.street", "autocomplete": "street-address"},
    DIALECT + "locality": {"text": "claims.locality", "autocomplete": "address-level2"},
    DIALECT + "postalcode": {"text": "claims.postalcode", "autocomplete": "postal-code"},
    DIALECT + "gender": {"text": "claims.gender", "autocomplete": "sex"},
    DIALECT + "dob": {"text": "claims.birthday", "type": "date", "autocomplete": "bday"},
    DIALECT + "displayName": {"text": "claims.display_name", "autocomplete": "nickname"},
}


def login_form(work: Work, login: Login) -> LoginForm:
    """Return what the login page asks for while a login stands there."""
    step = login.step
    options = step.options if step is not None else ()
    inline = _inline(login, options)
    person = login.person
    others = tuple(_shown(work, each) for each in options if each != inline and _is_of_use(work, login, each))
    kind = _FORMS.get(inline.authenticator, "name") if inline is not None else ""
    return LoginForm(
        kind=kind, inline=inline if len(options) > 1 else None, others=others, is_named=person is not None,
        name=person.name if person is not None else _typed_before(login), is_first=person is None,
    )  # fmt: skip


def options_beside(work: Work, login: Login) -> tuple[ShownOption, ...]:
    """Return the other ways to take a step whose authenticator is asking; none where there are many."""
    step = login.step
    options = [each for each in step.options if each != login.option] if step is not None else []
    if any(each.authenticator in _FORMS for each in options):
        return ()
    return tuple(_shown(work, each) for each in options if _is_of_use(work, login, each))


def list_of(login: Login) -> str:
    """Return the page that lists the ways to take the step, for whoever is at another; empty if there is one way."""
    step = login.step
    is_one_way = step is None or len(step.options) < 2  # noqa: PLR2004  # one way is no choice
    return "" if is_one_way else f"../{LOGIN_PAGE}"


def claim_fields(uris: Iterable[str]) -> list[ClaimField]:
    """Return the fields for claims that are missing."""
    return [ClaimField(id=field_of(uri), name=name_of(uri).capitalize(), **_FIELDS.get(uri, {})) for uri in uris]


def _is_of_use(work: Work, login: Login, option: Option) -> bool:
    """Tell whether an option can be taken, as backup codes by who has some; of somebody only named nothing is told."""
    is_known = any(each.person.is_proven and not each.skipped for each in login.proofs)
    return option.authenticator != BACKUP_CODE or not is_known or has_backup_codes(work, login.person)


def _inline(login: Login, options: tuple[Option, ...]) -> Option | None:
    """Return the option whose form the page shows: one that wants a name first, or the first that has one."""
    asking = login.option
    if asking is not None and asking.authenticator not in _FORMS and _wants_name(login):
        return asking
    return next((each for each in options if each.authenticator in _FORMS), None)


def _typed_before(login: Login) -> str:
    """Return the name that was typed with a wrong password, else the one that the application wishes for."""
    return str(login.notes.get("typed_name", "")) or login.request.wanted_user or ""


def _wants_name(login: Login) -> bool:
    query = login.place.query if login.place is not None else {}
    return query.get("authenticators") == f"{IDENTIFIER}:{LOCAL}"


def _shown(work: Work, option: Option) -> ShownOption:
    known = find_authenticator(option.authenticator)
    name = known.display_name if known is not None else option.authenticator
    if option.idp != LOCAL and option.authenticator not in _OPTION_TEXTS:
        provider = IdentityProviders(work).get(option.idp)
        name = provider.name if provider is not None else name
    return ShownOption(option.authenticator, option.idp, _OPTION_TEXTS.get(option.authenticator, "option.other"), name)
