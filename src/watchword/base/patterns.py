"""Match the patterns that operators write, without letting one of them stop the server (decisions 5.4)."""

import functools
import time
from collections.abc import Callable, Iterator

import regex

MAX_VALUE_CHARACTERS = 256
MAX_PATTERN_CHARACTERS = 1024
MAX_PATTERN_SIZE = 10_000
MATCH_SECONDS = 0.05
PROBE_SECONDS = 0.02

_TOKEN = regex.compile(
    r"(?P<escape>\\.)|(?P<group>\[\^?\]?(?:\\.|[^\]\\])*\])|\{(?P<least>\d+)(?:,(?P<most>\d*))?\}|(?P<other>.)",
    regex.DOTALL,
)
# A comment between an atom and its count would hide the count from _expanded_size.
_COMMENTED = regex.compile(r"(?<!\\)(?:\\\\)*\(\?(?:#|[a-zA-Z]*x)")
_PROBED = "aAzZ019 .-_@/+"
_PROBED_LITERALS = 16


def full_match(pattern: str, value: str, *, limit: int = MAX_VALUE_CHARACTERS, timeout: float = MATCH_SECONDS) -> bool:
    r"""Tell whether the whole of *value* matches.

    A value of more than *limit* characters, or a search of more than *timeout* seconds, is no match. As in Java, for
    which these patterns are written, ``\d``, ``\w`` and ``\s`` mean the ASCII characters; a pattern with ``\p{…}``
    speaks of all of Unicode.

    Raises:
        regex.error: the pattern was never given to :func:`check_pattern`.
    """
    if len(value) > limit:
        return False
    spent_before = time.thread_time()
    while time.thread_time() - spent_before < timeout:
        try:
            return _compiled(pattern).fullmatch(value, timeout=timeout) is not None
        except TimeoutError:
            continue  # if this thread was merely kept waiting, it has hardly spent anything, and asks again
    return False


def star_matches(pattern: str, text: str, star: Callable[[str], str] = lambda _: "*") -> str:
    """Return *text* with every match replaced, by one ``*`` or by what *star* makes of it.

    A pattern that cannot be used, or that takes too long, hides the whole text.
    """
    try:
        if why_unread(pattern) is None:
            return _compiled(pattern).sub(lambda found: star(found.group(0)), text, timeout=MATCH_SECONDS)
    except (regex.error, TimeoutError, RecursionError):
        pass
    return "*" * len(text)


def check_pattern(pattern: str) -> str | None:
    """Return why a pattern must not be saved, or ``None`` if it may."""
    if refused := why_unread(pattern):
        return refused
    try:
        compiled = _compiled(pattern)
        for probe in _probes(pattern):
            compiled.fullmatch(probe, timeout=PROBE_SECONDS)
    except regex.error as error:
        return f"This is not a pattern: {error}."
    except RecursionError:
        return "The pattern is nested too deeply."
    except TimeoutError:
        return "The pattern takes too long on some inputs: avoid a repetition inside a repetition."
    return None


def why_unread(pattern: str) -> str | None:
    """Return what must keep a pattern from the compiler, which a few characters can ask for gigabytes."""
    if len(pattern) > MAX_PATTERN_CHARACTERS:
        return f"The pattern is longer than {MAX_PATTERN_CHARACTERS} characters."
    if _COMMENTED.search(pattern):
        return "The pattern has comments, which are not supported."
    if _expanded_size(pattern) > MAX_PATTERN_SIZE:
        return "The pattern repeats too much: written out it would be too large."
    return None


@functools.lru_cache(maxsize=256)
def _compiled(pattern: str) -> regex.Pattern[str]:
    # Under ASCII the library would take every property of a non-ASCII character as absent.
    flags = regex.UNICODE if r"\p" in pattern.lower() else regex.ASCII
    return regex.compile(pattern, flags)


def _expanded_size(pattern: str) -> int:
    """Return how many single steps a pattern has once its counted repetitions are written out.

    The library writes them out when it compiles, so that thirty characters can ask for gigabytes: this is looked at
    before. Nothing else of the syntax is judged here.
    """
    sizes = [0]
    last = 0
    for token in _TOKEN.finditer(pattern):
        if token["least"] is not None:
            count = max(int(token["least"][:9]), int((token["most"] or "0")[:9]), 1)
            sizes[-1] += last * (count - 1)
            last *= count
        elif token["other"] == "(":
            sizes.append(0)
        elif token["other"] == ")" and len(sizes) > 1:
            last = sizes.pop()
            sizes[-1] += last
        elif token["other"] not in {"*", "+", "?"}:
            last = 1
            sizes[-1] += 1
    return sum(sizes)


def _probes(pattern: str) -> Iterator[str]:
    """Yield inputs that drive a careless pattern to try every way of dividing them."""
    literals = sorted({character for character in pattern if character.isalnum()})[:_PROBED_LITERALS]
    units = [*_PROBED, *literals, *(f"{one}{other}" for one in "aA0" for other in "aA0.-_@ ")]
    units.extend(word for word in regex.findall(r"[^\W_]{2,}", pattern)[:_PROBED_LITERALS])
    for unit in dict.fromkeys(units):
        for end in ("", "!", "\n"):
            yield (unit * MAX_VALUE_CHARACTERS)[: MAX_VALUE_CHARACTERS - len(end)] + end
