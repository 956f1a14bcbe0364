"""Where the link in a mail may lead afterwards."""

import re
from urllib.parse import unquote, urlsplit, urlunsplit

from watchword.base.patterns import full_match
from watchword.base.problems import CallbackRefused
from watchword.storage.work import Work
from watchword.tenants.policies import SelfRegistration


def check_callback(work: Work, policy: SelfRegistration, given: str | None) -> None:
    """Refuse a callback that the tenant does not allow (self-registration.md 2.2).

    It is decoded, loses its query and fragment, and must match the pattern in full; without a pattern it must be at our
    own origin.

    Raises:
        CallbackRefused: it does not match, or is no URL.
    """
    if not given:
        return
    try:
        decoded = unquote(given, errors="strict")
        raw, parts = urlsplit(given), urlsplit(decoded)
        bare = urlunsplit((parts.scheme, parts.netloc, parts.path, "", ""))
        is_web = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.username is None
    except (ValueError, UnicodeError) as problem:
        raise CallbackRefused(url=given) from problem
    # The decoded form is judged, and a browser follows the one that was given: both must name the same place.
    is_one_place = not raw.scheme or raw[:2] == parts[:2]
    seen = re.split("[?#]", decoded)[0]  # what urlsplit gives back has lost its line ends
    is_plain = all(letter.isprintable() and not letter.isspace() and letter != "\\" for letter in seen)
    if not is_web or not is_one_place or not is_plain:
        raise CallbackRefused(url=given)
    own = urlsplit(work.settings.public_url)
    if policy.callback_regex:
        allowed = full_match(policy.callback_regex, bare)
    else:
        allowed = (parts.scheme, parts.netloc.lower()) == (own.scheme, own.netloc.lower())
    if not allowed:
        raise CallbackRefused(url=given)
