"""What the registration page asks for, what was typed into it, and what is wrong with that: by the ids of texts."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

from watchword.accounts.addresses import AddressRefused, parse_mailbox, parse_phone
from watchword.accounts.claims import (
    EMAIL_ADDRESS,
    GIVEN_NAME,
    LAST_NAME,
    LOCALE,
    MOBILE,
    PREFERRED_CHANNEL,
    Channel,
)
from watchword.accounts.names import split_qualified
from watchword.accounts.passwords import PasswordRules, broken_rules, is_common_password, normalise
from watchword.accounts.usecases.passwords import password_rules
from watchword.base.patterns import full_match
from watchword.base.problems import CallbackRefused
from watchword.registration.usecases.callback import check_callback
from watchword.storage.work import Work
from watchword.tenants.policies import Notification, SelfRegistration
from watchword.tenants.usecases import read_policy
from watchword.web.model import SUPER_TENANT

TYPED_FIELDS = ("username", "mobile", "email", "channel", "givenname", "lastname")
"""What comes back after an error; a password never does."""
MOST_TYPED = 255
LOGIN_PAGE = "/authenticationendpoint/login.do"
"""Where somebody comes from who signs up on the way to an application."""

# The patterns that are ours or WSO2's are said in words; those of an operator are said as the operator says them.
NAME_RULES = {
    r"[^\s*?%/\|@]{2,64}": "recommended",
    r"[a-zA-Z0-9._\-|//]{3,30}$": "wso2",
}
PASSWORD_RULES = {r"^[\S]{5,30}$": "password.rule.wso2"}


@dataclass(frozen=True, slots=True)
class Part:
    """A further fact that the operator requires of everybody."""

    field: str
    claim: str
    autocomplete: str


PARTS = (Part("givenname", GIVEN_NAME, "given-name"), Part("lastname", LAST_NAME, "family-name"))


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that is wrong with a form: which field, and the id of the text that says what."""

    where: str
    text: str
    facts: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return what a visit keeps of it."""
        return {"field": self.where, "text": self.text, "facts": dict(self.facts)}


@dataclass(frozen=True, slots=True)
class Offer:
    """How somebody can sign up in this tenant."""

    channels: tuple[Channel, ...]
    default: Channel
    parts: tuple[Part, ...]
    tells_names: bool
    name_rule: str
    """What is said beforehand of names, and what of one that breaks the rule."""
    name_fault: str
    name_rule_facts: Mapping[str, Any]
    password_rule: str
    password_rule_facts: Mapping[str, Any]


def read_offer(work: Work) -> Offer | None:
    """Return how somebody can sign up; ``None`` where nobody can by themselves.

    That is so where sign-up is off; where the calling application sends the codes, since a page that sent none would
    leave accounts that nobody can open; and where a captcha is asked for, which would need a script from elsewhere.
    """
    policy, channels = read_policy(work, SelfRegistration), read_policy(work, Notification)
    if not policy.enabled or (policy.lock_on_creation and not policy.internally_managed):
        return None
    if policy.recaptcha and work.settings.recaptcha is not None:
        return None
    default = Channel(channels.default_channel)
    offered = (default, default.other) if channels.resolve_channel else (default,)
    required = work.settings.registration.required_claims
    text = work.settings.user_store.username_text
    name_rule = _rule(NAME_RULES, work.settings.user_store.username_pattern, text) or "other"
    rules = password_rules(work)
    return Offer(
        offered, default, tuple(part for part in PARTS if part.claim in required), policy.show_username_unavailability,
        f"username.rule.{name_rule}", f"username.fault.{name_rule}", {"rule": text}, *_password_rule(rules),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class SignUpForm:
    """What was typed into the registration page; fields that the page does not have are not looked at."""

    username: str
    password: str = field(repr=False)
    repeated: str | None = field(repr=False)
    channel: str
    addresses: Mapping[Channel, str]
    parts: Mapping[str, str]

    @classmethod
    def of(cls, fields: Mapping[str, str]) -> "SignUpForm":
        """Read the fields."""
        addresses = {Channel.SMS: fields.get("mobile", "").strip(), Channel.EMAIL: fields.get("email", "").strip()}
        return cls(
            fields.get("username", "").strip(), fields.get("password", ""), fields.get("repeated"),
            fields.get("channel", ""), addresses, {part.field: fields.get(part.field, "").strip() for part in PARTS},
        )  # fmt: skip

    def claims(self, offer: Offer, locale: str) -> list[tuple[str, str | None]]:
        """Return the claims to register with: those of this list, and no other that a request may have brought."""
        claims: list[tuple[str, str | None]] = [(MOBILE, self.addresses[Channel.SMS] or None)]
        claims.append((EMAIL_ADDRESS, self.addresses[Channel.EMAIL] or None))
        claims.append((LOCALE, locale))
        claims.extend((part.claim, self.parts[part.field]) for part in offer.parts)
        if len(offer.channels) > 1:
            claims.append((PREFERRED_CHANNEL, self.channel))
        return claims


def typed_text(fields: Mapping[str, str]) -> dict[str, str]:
    """Return what was typed and may be shown again."""
    return {name: fields.get(name, "").strip()[:MOST_TYPED] for name in TYPED_FIELDS}


def find_faults(work: Work, form: SignUpForm, offer: Offer) -> list[Fault]:
    """Return everything that is wrong with a form, in the order of the page."""
    return [
        *_channel_faults(work, form, offer),
        *(Fault(part.field, f"{part.field}.missing") for part in offer.parts if not form.parts[part.field]),
        *_name_faults(work, form, offer),
        *_password_faults(work, form),
    ]


def is_name_well_formed(work: Work, name: str) -> bool:
    """Tell whether a name is of the shape that names have here.

    Asked before anything else: what cannot be a name is never compared with the addresses of others.
    """
    return full_match(work.settings.user_store.username_pattern, split_qualified(name)[1])


def is_own_login(work: Work, given: str) -> bool:
    """Tell whether an address is that of a login here: the tenant's patterns are about other people's sites."""
    tenant = "" if work.tenant == SUPER_TENANT else f"/t/{work.tenant}"
    key = given.removeprefix(f"{work.settings.public_url}{tenant}{LOGIN_PAGE}?sessionDataKey=")
    return key != given and re.fullmatch(r"[\w-]{1,64}", key, re.ASCII) is not None


def allowed_callback(work: Work, given: str) -> str:
    """Return where a person may be led afterwards; empty if nowhere."""
    if is_own_login(work, given):
        return given
    try:
        check_callback(work, read_policy(work, SelfRegistration), given)
        # What is checked is the decoded form. A browser follows the one that was given, so both must name one host.
        is_one_place = urlsplit(given)[:2] == urlsplit(unquote(given))[:2]
    except (CallbackRefused, ValueError):
        return ""
    return given if is_one_place and len(given) <= MOST_TYPED * 2 else ""


def place_of(callback: str) -> str:
    """Return the host of an address, to be shown."""
    return urlsplit(callback).hostname or ""


def _channel_faults(work: Work, form: SignUpForm, offer: Offer) -> Iterator[Fault]:
    if form.channel not in offer.channels:
        yield Fault("channel", "channel.missing")
    for channel, name, read in (
        (Channel.SMS, "mobile", lambda typed: _read_number(work, typed)),
        (Channel.EMAIL, "email", parse_mailbox),
    ):
        yield from _address_faults(form, channel, name, read)
    allowed = {domain.lower() for domain in work.settings.registration.allowed_email_domains}
    mailbox = form.addresses[Channel.EMAIL]
    if mailbox and allowed and mailbox.rpartition("@")[2].lower() not in allowed:
        yield Fault("email", "email.domain")


def _address_faults(
    form: SignUpForm, channel: Channel, name: str, read: Callable[[str], object]
) -> Iterator[Fault]:  # fmt: skip
    address = form.addresses[channel]
    if not address:
        if form.channel == channel:
            yield Fault(name, f"{name}.missing")
        return
    try:
        read(address)
    except AddressRefused:
        yield Fault(name, f"{name}.invalid")


def _read_number(work: Work, typed: str) -> None:
    """Read a number; one without a country, where none is the default, would go nowhere."""
    country = work.settings.sms.default_country
    phone = parse_phone(typed, strict=work.settings.registration.strict, default_country=country)
    if not phone.normalised.startswith("+"):
        raise AddressRefused("syntax", "")


def _name_faults(work: Work, form: SignUpForm, offer: Offer) -> Iterator[Fault]:
    if not form.username:
        yield Fault("username", "username.missing")
    elif not is_name_well_formed(work, form.username):
        yield Fault("username", offer.name_fault, offer.name_rule_facts)


def _password_faults(work: Work, form: SignUpForm) -> Iterator[Fault]:
    strict = work.settings.security_profile == "recommended"
    password = normalise(form.password) if strict else form.password
    rules = password_rules(work)
    if not password:
        yield Fault("password", "password.missing")
    elif broken_rules(password, rules):
        yield _broken(password, rules)
    elif form.repeated is not None and form.repeated != form.password:
        yield Fault("repeated", "repeated.differs")


def _broken(password: str, rules: PasswordRules) -> Fault:
    """Return the fault of a password that some rule refuses."""
    if rules.min_length is not None and len(password) < rules.min_length:
        return Fault("password", "password.short", {"least": rules.min_length})
    if rules.max_length is not None and len(password) > rules.max_length:
        return Fault("password", "password.long", {"most": rules.max_length})
    if rules.common_list and is_common_password(password):
        return Fault("password", "password.common")
    return Fault("password", *_password_rule(rules))


def _password_rule(rules: PasswordRules) -> tuple[str, dict[str, Any]]:
    """Return the text that says beforehand what a password must be."""
    known = _rule(PASSWORD_RULES, rules.pattern or "", rules.pattern_text or "")
    own_text = " ".join(text for text in (rules.pattern_text, rules.policy_text) if text)
    if rules.pattern and known:
        return known, {}
    if own_text:
        return "password.rule.other", {"rule": own_text}
    if rules.min_length is not None:
        return "password.rule.length", {"least": rules.min_length}
    return "password.rule.any", {}


def _rule(known: Mapping[str, str], pattern: str, text: str) -> str | None:
    """Return the id of the words for a pattern of ours, unless an operator has put a text of their own beside it."""
    shipped_texts = {"", "Username pattern policy violated", "Password length should be within 5 to 30 characters"}
    return known.get(pattern) if text in shipped_texts else None
