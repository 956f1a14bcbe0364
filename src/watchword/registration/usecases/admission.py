"""What a registration may say of a person: the claims that are let in, and the addresses that can be used."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from watchword.accounts.addresses import AddressRefused, Mailbox, Phone, parse_mailbox, parse_phone
from watchword.accounts.claims import (
    EMAIL_ADDRESS,
    MOBILE,
    PREFERRED_CHANNEL,
    Channel,
    ClaimTwice,
    ClaimUnknown,
    is_true,
    sort_claims,
)
from watchword.base.problems import AssertionForbidden, ChannelWithoutValue, EmailDomainRefused, Malformed
from watchword.storage.audit import note
from watchword.storage.work import Work

MAX_CLAIMS = 64
MAX_CLAIM_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Admitted:
    """The claims of a request that were let in, and what was said to be verified by somebody who may say so."""

    claims: Mapping[str, str]
    verified: frozenset[Channel]
    ignored: tuple[Channel, ...]
    """Flags that came from somebody who may not set them, or without a value."""
    dropped: tuple[str, ...]

    @property
    def preferred(self) -> str | None:
        """Return the preference, as it was written."""
        return self.claims.get(PREFERRED_CHANNEL) or None

    @property
    def addresses(self) -> dict[Channel, str]:
        """Return the addresses that there are."""
        found = {channel: self.claims.get(channel.value_claim, "") for channel in Channel}
        return {channel: value for channel, value in found.items() if value.strip()}


def admit_claims(
    work: Work, given: Iterable[tuple[str, str | None]], may_assert: Callable[[Channel], bool]
) -> Admitted:
    """Let in the claims that a registration may set (decisions 5.3; security-reliability.md 1.5).

    A verified flag passes only from a caller that may assert it, and only beside the value that it speaks of; otherwise
    it is as if it had not been there.

    Raises:
        Malformed: too many, too long, one twice, one that nobody knows, or a required one missing.
        AssertionForbidden: a flag from somebody who may not set it, where the operator wants that refused.
    """
    given = list(given)
    if len(given) > MAX_CLAIMS:
        raise Malformed(f"More than {MAX_CLAIMS} claims.")
    too_long = next((uri for uri, value in given if len((value or "").encode()) > MAX_CLAIM_BYTES), None)
    if too_long is not None:
        raise Malformed(f"The claim {too_long} is longer than {MAX_CLAIM_BYTES} bytes.")
    try:
        claims = sort_claims(given)
    except ClaimTwice as problem:
        raise Malformed(f"The claim {problem} stands twice.") from problem
    except ClaimUnknown as problem:
        raise Malformed(f"The claim {problem} is not known.") from problem
    missing = next((uri for uri in work.settings.registration.required_claims if uri not in claims.kept), None)
    if missing is not None:
        raise Malformed(f"The claim {missing} is required.")
    said = {channel for channel in Channel if is_true(claims.kept.get(channel.verified_claim))}
    unpermitted = [channel for channel in said if not may_assert(channel)]
    if unpermitted and work.settings.registration.refuse_assertions:
        raise AssertionForbidden(claim=unpermitted[0].verified_claim)
    verified = frozenset(channel for channel in said if channel.value_claim in claims.kept and may_assert(channel))
    flags = {channel.verified_claim for channel in Channel}
    kept = {uri: value for uri, value in claims.kept.items() if uri not in flags}
    return Admitted(kept, verified, tuple(sorted(said - verified)), claims.dropped)


def note_what_was_ignored(work: Work, admitted: Admitted, target: str) -> None:
    """Write down what was asked for and not done."""
    for channel in admitted.ignored:
        note(work, "preverified_claim_ignored", target, outcome="ignored", reason=channel.verified_claim)
    for uri in admitted.dropped:
        note(work, "claim_dropped", target, outcome="ignored", reason=uri)


def check_addresses(work: Work, admitted: Admitted, channel: Channel | None) -> Admitted:
    """Refuse addresses that cannot be used, and return the claims as they are stored.

    The value of *channel*, the one in use, must be an address; ``recommended`` looks at the other as well, and keeps
    numbers in E.164. A verified flag beside a value that is none is as if it had not been there.

    Raises:
        ChannelWithoutValue: no address of that channel.
        Malformed: control or format characters.
        EmailDomainRefused: a mailbox of a domain that may not register.
    """
    strict = work.settings.registration.strict
    claims, useless = dict(admitted.claims), set[Channel]()
    for each, value in admitted.addresses.items():
        must_hold = strict or each is channel
        if not work.settings.registration.validate_channel_value and not strict:
            must_hold = False
        parsed = _parse(work, each, value, must_hold=must_hold)
        if parsed is None:
            useless.add(each)
        elif strict and isinstance(parsed, Phone):
            claims[MOBILE] = parsed.normalised
    _check_domain(work, claims.get(EMAIL_ADDRESS))
    ignored = (*admitted.ignored, *sorted(admitted.verified & useless))
    return replace(admitted, claims=claims, verified=admitted.verified - useless, ignored=ignored)


def _parse(work: Work, channel: Channel, value: str, *, must_hold: bool) -> Phone | Mailbox | None:
    """Return the address that a value is; ``None`` if it is none and need not be."""
    try:
        if channel is Channel.EMAIL:
            return parse_mailbox(value)
        country = work.settings.sms.default_country
        return parse_phone(value, strict=work.settings.registration.strict, default_country=country)
    except AddressRefused as problem:
        if problem.reason == "characters":
            raise Malformed(f"The claim {channel.value_claim} holds characters that no address has.") from problem
        if must_hold:
            raise ChannelWithoutValue from problem
        return None


def _check_domain(work: Work, mailbox: str | None) -> None:
    allowed = work.settings.registration.allowed_email_domains
    if mailbox and allowed and mailbox.rpartition("@")[2].lower() not in {domain.lower() for domain in allowed}:
        raise EmailDomainRefused


def with_consent(admitted: Admitted, receipt: str) -> Admitted:
    """Return the claims to which a consent receipt agrees; one that names no claim agrees to all.

    Raises:
        Malformed: the receipt is no JSON object of the documented shape.
    """
    try:
        named = {
            category["piiCategoryName"]
            for service in json.loads(receipt).get("services", [])
            for purpose in service.get("purposes", [])
            for category in purpose.get("piiCategory", [])
        }
    except (ValueError, AttributeError, KeyError, TypeError, RecursionError) as problem:
        raise Malformed("The property consent holds no consent receipt.") from problem
    if not named:
        return admitted
    kept = {uri: value for uri, value in admitted.claims.items() if uri in named or uri == PREFERRED_CHANNEL}
    verified = frozenset(channel for channel in admitted.verified if channel.value_claim in kept)
    refused = tuple(uri for uri in admitted.claims if uri not in kept)
    return replace(admitted, claims=kept, verified=verified, dropped=admitted.dropped + refused)
