"""What is shown in the place of a secret, and how secrets are found in an address or a payload."""

import re
from typing import Final

MASK: Final = "********"

_WORDS: Final = r"secret|passw|pwd|token|api[_-]?key|apikey|auth|signature|credential|access[_-]?key|private|accountkey"
_QUOTES: Final = "\"'\u201c\u201d\u201e"
"""Also those into which a word processor bends them."""
# A name begins where no name goes on and is never given back, so that no text takes longer than it is long.
_NAMED: Final = re.compile(
    rf"""(?P<name>(?<![\w.-])(?=[\w.-]*?(?:{_WORDS}))[\w.-]++[{_QUOTES}]?\s*+[=:>]\s*+[{_QUOTES}]?)
    (?P<value>(?!\$ctx\.|&num|&msg|\{{\{{)[^&\s,}}<{_QUOTES}]+)""",
    re.VERBOSE | re.IGNORECASE,
)


def mask_named(text: str) -> str:
    """Return a text in which the values are masked whose names say that they are secrets; blanks stay as they are."""
    return _NAMED.sub(lambda found: found["name"] + MASK, text)
