"""What is said to a person who has an account: the facts that every message to a user knows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from watchword.accounts.claims import DIALECT, LOCALE, Channel
from watchword.accounts.model import User
from watchword.notification.outbox import Notice, Notified, Notifier
from watchword.storage.work import Work
from watchword.tenants.policies import Notification
from watchword.tenants.usecases import read_policy

RESERVED = frozenset({
    "user-name", "userstore-domain", "tenant-domain", "notification-channel", "template_type", "confirmation-code",
    "otpcode", "otptoken", "send-to", "mobile", "body", "subject", "footer", "notification-event", "locale",
})  # fmt: skip
"""Names that a property of a request cannot take over (self-registration.md 5.2), without case."""

MAIL_EVENT = "TRIGGER_NOTIFICATION"
SMS_EVENT = "TRIGGER_SMS_NOTIFICATION"


@dataclass(frozen=True, slots=True)
class Letter:
    """Something to say: the template, and what fills it."""

    template: str
    channel: Channel
    facts: Mapping[str, str] = field(default_factory=dict, repr=False)
    properties: Mapping[str, str] = field(default_factory=dict)
    scenario: str | None = None
    lifetime: timedelta | None = None
    to: str | None = None
    """Where it goes, if not to the address of the profile."""
    event: str = ""
    """As publishers know it; empty is the usual one of the channel."""
    route: str | None = None
    """The identity provider whose fields send it; ``None``: the tenant's sender."""
    text: str = field(default="", repr=False)
    """The text itself, where no template is used."""
    for_login: bool = False
    """Whether it brings a log-in code to an address that was proven."""
    awaited: bool = True
    """Whether a request may wait for the first attempt."""


def leave_letter(work: Work, notifier: Notifier, user: User, letter: Letter) -> Notified:
    """Leave a message to a user, in the language of the profile."""
    policy = read_policy(work, Notification)
    recipient = letter.to or user.address(letter.channel)
    own = {
        "user-name": user.name.typed,
        "userstore-domain": user.name.realm,
        "tenant-domain": work.tenant,
        "notification-channel": letter.channel.value,
        "TEMPLATE_TYPE": letter.template,
        "send-to": recipient or "",
        "mobile": (recipient if letter.channel is Channel.SMS else user.address(Channel.SMS)) or "",
    }
    claims = {f"user.claim.{uri.removeprefix(DIALECT)}": value for uri, value in user.claims.items()}
    notice = Notice(
        template=letter.template, channel=letter.channel, to=recipient,
        facts={**kept_properties(letter.properties), **claims, **own, **letter.facts}, user_id=user.id,
        scenario=letter.scenario, locale=user.claims.get(LOCALE), default_locale=policy.default_locale,
        event=letter.event or (MAIL_EVENT if letter.channel is Channel.EMAIL else SMS_EVENT),
        until=None if letter.lifetime is None else work.now + letter.lifetime, route=letter.route, text=letter.text,
        for_login=letter.for_login, awaited=letter.awaited,
    )  # fmt: skip
    return notifier.notify(work, notice)


def kept_properties(properties: Mapping[str, str]) -> dict[str, str]:
    """Return the properties of a request that may be used as blanks: none of them can stand for a fact of ours."""
    return {name: value for name, value in properties.items() if name.strip() and not _is_reserved(name.lower())}


def _is_reserved(name: str) -> bool:
    return name in RESERVED or name.startswith(("user.claim.", "server.placeholder."))
