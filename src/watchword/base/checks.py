"""What may not stand together in the operator's settings, and what may but should be said."""

import importlib.util
import ipaddress
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Protocol
from urllib.parse import SplitResult, urlsplit

from watchword.base.operator_files import WrongSetting
from watchword.base.settings import Settings


class Place(Protocol):
    """Where a value was found."""

    def wrong(self, text: str) -> WrongSetting:
        """Return the complaint about the value."""


def is_loopback(host: str) -> bool:
    """Tell whether a name or an address means this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def broken(settings: Settings, places: Mapping[str, Place]) -> list[WrongSetting]:
    """Return what forbids a start."""
    rules = (_addresses, _tls, _limits, _development, _mail, _testing)
    found = [each for rule in rules for each in rule(settings)]
    return [
        places[key].wrong(text) if key in places else WrongSetting("settings", None, key, text) for key, text in found
    ]


Complaint = tuple[str, str]


def _split(url: str) -> SplitResult | None:
    """Return the parts of an origin of ours or of a provider, or None if it is not one."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    known = parts.scheme in {"http", "https"} and bool(parts.hostname)
    return parts if known and port != 0 and parts.username is None else None


def _is_origin(url: str) -> bool:
    parts = _split(url)
    return parts is not None and parts.path in {"", "/"} and not parts.query and not parts.fragment


def _addresses(settings: Settings) -> Iterator[Complaint]:
    if not _is_origin(settings.public_url):
        yield "watchword.public_url", 'must be scheme, host and port, such as "https://id.example.com"'
    if settings.database_url and not settings.database_url.startswith(("postgresql://", "postgres://")):
        yield "watchword.database.url", 'must begin with "postgresql://"; leave it out for SQLite'
    for origin in settings.outgoing.allow:
        if not _is_origin(origin):
            yield "watchword.outgoing.allow", f'holds {origin!r}, which is not of the form "http://10.0.0.5:8080"'
    country = settings.sms.default_country.lstrip("+")
    if country and not (country.isascii() and (country.isdigit() or (country.isalpha() and len(country) == 2))):  # noqa: PLR2004 - ISO 3166
        yield "watchword.sms.default_country", 'must be two letters such as "LK", or digits such as "94"'


def _tls(settings: Settings) -> Iterator[Complaint]:
    server = settings.server
    if (server.certificate is None) != (server.key is None):
        key = "watchword.tls.key" if server.key is None else "watchword.tls.certificate"
        yield key, "is missing; certificate and key go together"
    for key, path in (("watchword.tls.certificate", server.certificate), ("watchword.tls.key", server.key)):
        if path is not None and not path.is_file():
            yield key, f"names {path}, which is not there"
    if not server.tls and not is_loopback(server.host) and not server.trusted_proxies:
        yield "watchword.tls.enabled", "may be false only on loopback, or behind [watchword] trusted_proxies"
    if server.port and server.port == server.management_port:
        yield "watchword.server.management_port", f"must be another port than the main one, {server.port}"
    if server.management_port > 65535:  # noqa: PLR2004 - the highest port
        yield "watchword.server.management_port", "must be given, since the main port is the highest there is"


_SIGN_UP = "identity_mgt.user_self_registration"


def _limits(settings: Settings) -> Iterator[Complaint]:
    if not settings.limits.resend_after and not settings.dev:
        yield "watchword.limits.resend_after", 'may be "0s" only with --dev; the default is "30s"'
    if not settings.delivery.attempt_timeout:
        yield "watchword.delivery.attempt_timeout", 'must be longer than "0s"'
    for channel, life in (("email", "verification_email_validity"), ("sms", "verification_sms_validity")):
        tolerance = f"{_SIGN_UP}.{channel}.confirmation_code_tolerance_period"
        lives, tolerated = (settings.values.get(key) for key in (f"{_SIGN_UP}.{life}", tolerance))
        if lives is None or tolerated is None:
            continue
        if isinstance(lives.value, int) and isinstance(tolerated.value, int) and 0 < lives.value < tolerated.value:
            yield (
                tolerance,
                f"is {tolerated.value} minutes, which is longer than the code lives ({lives.value} minutes)",
            )


def _development(settings: Settings) -> Iterator[Complaint]:
    if not (settings.dev or settings.demo):
        return
    word = "--dev" if settings.dev else "the demo"
    if not is_loopback(settings.server.host):
        yield "watchword.server.host", f"must be a loopback address with {word}, not {settings.server.host}"
    public = _split(settings.public_url)
    if public is not None and not is_loopback(public.hostname or ""):
        yield "watchword.public_url", f"must be on loopback with {word}, such as https://localhost:9443"
    if settings.email is not None and not is_loopback(settings.email.hostname):
        yield "output_adapter.email.hostname", f"must be on loopback with {word}: a live mail server is refused"


def _mail(settings: Settings) -> Iterator[Complaint]:
    email = settings.email
    if email is not None and "@" not in email.from_address:
        yield "output_adapter.email.from_address", 'must be given beside hostname, such as "no-reply@example.com"'


def _testing(settings: Settings) -> Iterator[Complaint]:
    if settings.faults is not None and importlib.util.find_spec("watchword_testing") is None:
        yield "watchword.testing.faults", "is for tests of Watchword itself; a server must not have [watchword.testing]"


_LONG = timedelta(seconds=30)


def doubtful(settings: Settings) -> Iterator[str]:
    """Yield what the operator should know at every start."""
    email = settings.email
    if settings.dev:
        yield "development mode: weak passwords are allowed, a code may be sent again at once; loopback only"
    if email is not None and not email.authentication:
        yield f"mails are handed to {email.hostname} without a log-in ([output_adapter.email] username)"
    if email is not None and not email.start_tls and not is_loopback(email.hostname):
        yield f"mails go to {email.hostname} unencrypted ([output_adapter.email] enable_start_tls = false)"
    if settings.delivery.answer == "first-attempt" and settings.delivery.first_attempt_wait > _LONG:
        yield "a request may wait for its provider longer than most callers do (watchword.delivery.first_attempt_wait)"
    captcha = [settings.values.get(f"recaptcha.{key}") for key in ("site_key", "secret_key", "verify_url")]
    if any(each and each.shown for each in captcha) and not all(each and each.shown for each in captcha):
        yield "[recaptcha] has no effect: it needs site_key, secret_key and verify_url"
    if settings.security_profile == "wso2" and not settings.demo:
        yield from RELAXED


RELAXED = (
    "security_profile = wso2: an SMS code has six characters and is taken without the name of its user",
    "security_profile = wso2: an account that waits for confirmation is never deleted",
    "security_profile = wso2: addresses that the publishers' files name may be called even if they are private",
)
