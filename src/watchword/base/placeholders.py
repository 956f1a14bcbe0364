"""Fill in what stands for something else in ``deployment.toml``: ``$env{X}``, ``$ref{key}``, ``${carbon.host}``."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

_BLANK = re.compile(r"\$(env|ref|sys|secret|)\{([^{}]*)\}")
_DEEPEST = 8

OUR_OWN = ("carbon.protocol", "carbon.host", "carbon.management.port")


@dataclass(frozen=True, slots=True)
class Filler:
    """What the blanks of a file are filled with."""

    environment: Mapping[str, str]
    find: Callable[[str], object]
    """What stands under a dotted key of the same file, or None."""
    system: Mapping[str, str]
    """``carbon.home`` and what describes our own address."""

    def fill(self, value: object, *, escape: Callable[[str], str] = str, depth: int = 0) -> object:
        """Return *value* with its blanks filled in, also inside lists and tables.

        *escape* protects our own address where it goes into a pattern.

        Raises:
            ValueError: a blank has no value, or is an encrypted secret.
        """
        if isinstance(value, str):
            return self._fill_text(value, escape, depth)
        if isinstance(value, list):
            return [self.fill(each, escape=escape, depth=depth) for each in value]
        if isinstance(value, dict):
            return {name: self.fill(each, escape=escape, depth=depth) for name, each in value.items()}
        return value

    def _fill_text(self, text: str, escape: Callable[[str], str], depth: int) -> object:
        whole = _BLANK.fullmatch(text)
        if whole is not None and whole[1] == "ref":
            return self._referred(whole[2].strip(), depth)
        return _BLANK.sub(lambda found: self._blank(found, escape, depth), text)

    def _blank(self, found: re.Match[str], escape: Callable[[str], str], depth: int) -> str:
        family, name = found[1], found[2].strip()
        if family == "secret":
            raise ValueError(
                f"holds the encrypted $secret{{{name}}}, which only a WSO2 server can open; "
                f"write $env{{{name.upper()}}} and put the secret into the environment"
            )
        if family == "env":
            return self._environment(name)
        if family == "ref":
            return str(self._referred(name, depth))
        if family == "sys" or name in OUR_OWN:
            return escape(self._system(family, name))
        return found[0]

    def _environment(self, name: str) -> str:
        if name not in self.environment:
            raise ValueError(f"needs the environment variable {name}, which is not set")
        return self.environment[name]

    def _system(self, family: str, name: str) -> str:
        if name not in self.system:
            raise ValueError(
                f"names ${family}{{{name}}}, which is not known; known are {', '.join(sorted(self.system))}"
            )
        return self.system[name]

    def _referred(self, key: str, depth: int) -> object:
        found = self.find(key)
        if found is None:
            raise ValueError(f"refers to {key}, which is not in the file")
        if depth >= _DEEPEST:
            raise ValueError(f"refers to {key}, which refers back to it")
        return self.fill(found, depth=depth + 1)
