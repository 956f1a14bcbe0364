"""Read the command line that a provider's page shows as an example, so that it can be pasted instead of described."""

import json
import shlex
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl

_WITHOUT_EFFECT: Final = frozenset(
    {"-s", "-S", "-sS", "-i", "-v", "-k", "-L", "-g", "-f", "--silent", "--show-error", "--include", "--verbose"}
    | {"--location", "--globoff", "--fail", "--compressed", "--http1.1", "--insecure"}
)
_DATA: Final = frozenset({"-d", "--data", "--data-raw", "--data-ascii", "--data-binary"})


@dataclass(slots=True)
class _Command:
    url: str = ""
    method: str = ""
    user: str = ""
    as_query: bool = False
    headers: dict[str, str] = field(default_factory=dict)
    parts: list[str] = field(default_factory=list)
    fields: list[tuple[str, str]] = field(default_factory=list)


def read_curl(line: str) -> dict[str, object]:
    """Return the ``request`` of a recipe that a curl command means; the number stands in it as ``{{to}}``, the text as
    ``{{text}}``.

    Raises:
        ValueError: the command does more than ask one URL, or has no place for number and text.
    """  # noqa: D205 - one sentence
    words = shlex.split(line.replace("\\\r\n", " ").replace("\\\n", " "))
    if not words or words.pop(0) != "curl":
        raise ValueError('the command must begin with "curl"')
    for name in ("{{to}}", "{{text}}"):
        if name not in line:
            raise ValueError(f"put {name} into the command, where the example of the provider has its own")
    command = _Command()
    while words:
        _take(words, command)
    if not command.url:
        raise ValueError("the command names no URL")
    return _request(command)


def _take(words: list[str], command: _Command) -> None:
    word = words.pop(0)
    if word in _WITHOUT_EFFECT:
        return
    if word in {"-G", "--get"}:
        command.as_query = True
        return
    if not word.startswith("-"):
        command.url = word
        return
    option, glued = _split_option(word)
    if glued is None and not words:
        raise ValueError(f"{option} needs a value")
    _set(command, option, words.pop(0) if glued is None else glued)


def _split_option(word: str) -> tuple[str, str | None]:
    if word.startswith("--"):
        option, equals, value = word.partition("=")
        return option, value if equals else None
    return word[:2], word[2:] or None


def _set(command: _Command, option: str, value: str) -> None:
    if option in {"-X", "--request"}:
        command.method = value.upper()
    elif option == "--url":
        command.url = value
    elif option in {"-u", "--user"}:
        command.user = value
    elif option in {"-H", "--header"}:
        name, _, rest = value.partition(":")
        command.headers[name.strip()] = rest.strip()
    elif option in _DATA or option == "--json":
        if value.startswith("@"):
            raise ValueError(f"{option} {value} reads a file; write its contents instead")
        command.parts.append(value)
        if option == "--json":
            command.headers |= {"Content-Type": "application/json", "Accept": "application/json"}
    elif option == "--data-urlencode":
        name, _, rest = value.partition("=")
        command.fields.append((name, rest))
    else:
        raise ValueError(f"{option} is not understood here")


def _request(command: _Command) -> dict[str, object]:
    request: dict[str, object] = {"url": command.url, "method": "POST", "headers": command.headers}
    if command.user:
        name, _, password = command.user.partition(":")
        request["auth"] = {"basic": [name, password]}
    kinds = [
        value.partition(";")[0].strip().lower()
        for name, value in command.headers.items()
        if name.lower() == "content-type"
    ]
    kind = kinds[0] if kinds else "application/x-www-form-urlencoded"
    if command.as_query or not (command.parts or command.fields):
        _put_into_query(command, request)
    elif kind.endswith("json"):
        request["json"] = _json("".join(command.parts))
    elif kind == "application/x-www-form-urlencoded":
        typed = [pair for part in command.parts for pair in parse_qsl(part, keep_blank_values=True)]
        request["form"] = dict([*typed, *command.fields])
    else:
        request["text"] = "".join(command.parts)
    if command.method:
        request["method"] = command.method
    return request


def _put_into_query(command: _Command, request: dict[str, object]) -> None:
    pairs = [*command.parts, *("=".join(pair) for pair in command.fields)]
    if pairs:
        request["url"] = command.url + ("&" if "?" in command.url else "?") + "&".join(pairs)
    request["method"] = "GET"


def _json(text: str) -> dict[str, object]:
    try:
        document = json.loads(text)
    except ValueError as error:
        raise ValueError(
            f'the JSON of the command is not well formed: {error}; write "{{{{text}}}}" inside quotes'
        ) from error
    if not isinstance(document, dict):
        raise ValueError("the JSON of the command must be an object")  # noqa: TRY004 - of what an operator wrote
    return document
