"""Which addresses of an application can be stored: they are where browsers and answers are sent."""

from urllib.parse import urlsplit

MAX_URL_CHARACTERS = 2048


def why_refused(url: str) -> str | None:
    """Return why an address cannot be stored, in words that complete "it …"; ``None`` if it can.

    What two parsers read differently is refused, so that what is compared here is what a browser opens.
    """
    if len(url) > MAX_URL_CHARACTERS:
        return f"is longer than {MAX_URL_CHARACTERS} characters"
    if not url.isascii() or any(not mark.isprintable() or mark in ' "<>\\^`{|}' for mark in url):
        return "holds blanks or characters that must be escaped"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "is no address"
    wrong = {
        "must begin with http:// or https://": parts.scheme not in {"http", "https"},
        "names no host": not parts.hostname or port == 0 or parts.netloc.endswith(":"),
        "must not hold a user name or password": "@" in parts.netloc,
        "must not have a fragment": "#" in url,
    }
    return next((reason for reason, holds in wrong.items() if holds), None)
