"""Whether a request may ask what it asks, as platform.md 1.5 has it.

Who asks and where the answer goes are settled first, since everything else is told to them; up to there a refusal is a
page of ours, from there on an answer to the service provider.
"""

from datetime import datetime, timedelta
from typing import Final

from watchword.applications.model import ServiceProvider
from watchword.saml.contexts import check_context
from watchword.saml.model import AuthnRequest, LogoutRequest, Message, Refused
from watchword.saml.names import (
    ENTITY,
    HTTP_POST,
    REQUESTER,
    UNSUPPORTED_BINDING,
    VERSION,
    VERSION_MISMATCH,
)
from watchword.saml.subjects import format_for
from watchword.tenants.policies import SamlIdentity

SHORTEST_MEMORY: Final = timedelta(minutes=30)


def choose_acs(provider: ServiceProvider, url: str, index: int | None = None) -> str:
    """Return where an answer goes: always an address that is registered, and the very same characters.

    An index counts from 0; who has only one address may count as it likes.

    Raises:
        Refused: the request names another one.
    """
    if url:
        if url not in provider.acs_urls:
            raise Refused("the assertion consumer address is not registered")
        return url
    if index is None or len(provider.acs_urls) == 1:
        return provider.acs_url
    if index >= len(provider.acs_urls):
        raise Refused("there is no assertion consumer address of that index")
    return provider.acs_urls[index]


def check_authn_request(request: AuthnRequest, provider: ServiceProvider, policy: SamlIdentity, now: datetime) -> None:
    """Refuse a request that cannot be fulfilled; its sender is known by now.

    Raises:
        Refused
    """
    check_message(request, policy, now)
    if request.has_other_subject:
        raise Refused("the subject is named in a way that cannot be read, or must be confirmed")
    format_for(provider, request.name_id_format)
    if request.protocol_binding not in {"", HTTP_POST}:
        raise Refused("an answer can only be posted", REQUESTER, UNSUPPORTED_BINDING)
    check_context(request.classes, request.comparison)


def check_logout_request(request: LogoutRequest, policy: SamlIdentity, now: datetime) -> None:
    """Refuse a LogoutRequest that is too old, or names nobody.

    Raises:
        Refused
    """
    check_message(request, policy, now)
    if request.not_on_or_after is not None and request.not_on_or_after + _skew(policy) <= now:
        raise Refused("the request has expired")
    if request.name_id is None or not request.name_id.value:
        raise Refused("the request names nobody")


def check_message(message: Message, policy: SamlIdentity, now: datetime) -> None:
    """Refuse a message of another version, of another kind of sender, or of another time.

    Raises:
        Refused
    """
    if message.version != VERSION:
        raise Refused("the version is not 2.0", VERSION_MISMATCH, "")
    if message.issuer_format not in {"", ENTITY}:
        raise Refused("the issuer is no entity")
    if policy.checks_age:
        _check_age(message.issued_at, policy, now)


def forget_at(issued_at: datetime | None, policy: SamlIdentity, now: datetime) -> datetime:
    """Return until when it must be remembered that a message was answered: as long as it could be sent again."""
    soonest = now + SHORTEST_MEMORY
    if not policy.checks_age or issued_at is None:
        return soonest
    last = issued_at + timedelta(minutes=policy.request_minutes) + _skew(policy)
    return max(soonest, last + timedelta(seconds=1))


def _check_age(issued_at: datetime | None, policy: SamlIdentity, now: datetime) -> None:
    if issued_at is None:
        raise Refused("the message does not say when it was made")
    if issued_at > now + _skew(policy):
        raise Refused("the message is of the future")
    if issued_at < now - timedelta(minutes=policy.request_minutes) - _skew(policy):
        raise Refused("the message is too old")


def _skew(policy: SamlIdentity) -> timedelta:
    return timedelta(seconds=policy.skew_seconds)
