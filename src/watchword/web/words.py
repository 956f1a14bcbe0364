"""The words of the pages: one gettext catalogue for each language, found by the ids of texts.

No text stands in code. English is complete; what another catalogue lacks is said in English.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from gettext import GNUTranslations
from pathlib import Path
from typing import Any

CATALOGUES = Path(__file__).with_name("locale")
DOMAIN = "watchword.mo"
ENGLISH = "en"
MAX_HEADER_CHARACTERS = 1000


@dataclass(frozen=True, slots=True)
class Words:
    """What is said in one language."""

    language: str
    """As a tag of BCP 47."""
    _catalogue: GNUTranslations

    def say(self, text_id: str, **facts: object) -> str:
        """Return a text with its facts filled in."""
        return self._catalogue.gettext(text_id).format_map(facts)

    def say_count(self, text_id: str, count: int, **facts: object) -> str:
        """Return a text in the form that a number asks for."""
        return self._catalogue.ngettext(text_id, text_id, count).format_map({**facts, "count": count})

    def tell(self, text_id: str, facts: Mapping[str, Any]) -> str:
        """Return a text whose facts may have a number among them, to which its form is fitted."""
        return self.say_count(text_id, **facts) if "count" in facts else self.say(text_id, **facts)

    @property
    def direction(self) -> str:
        """Return ``ltr`` or ``rtl``."""
        return self.say("language.direction")

    @property
    def locale(self) -> str:
        """Return the locale of messages in this language, such as ``en_US``."""
        return self.say("language.locale")


@dataclass(frozen=True, slots=True)
class Catalogues:
    """Every language that there is."""

    by_language: Mapping[str, Words]

    @classmethod
    def read(cls, folder: Path = CATALOGUES) -> "Catalogues":
        """Read the compiled catalogues of a folder."""
        english = _read(folder, ENGLISH)
        found = {ENGLISH: Words(ENGLISH, english)}
        for language in sorted(path.parent.parent.name for path in folder.glob(f"*/LC_MESSAGES/{DOMAIN}")):
            if language != ENGLISH:
                catalogue = _read(folder, language)
                catalogue.add_fallback(english)
                found[language] = Words(language, catalogue)
        return cls(found)

    def choose(self, wanted: str, accepted: str) -> Words:
        """Return the words for a person: by ``ui_locales``, then by ``Accept-Language``, else English."""
        for tag in [*wanted[:MAX_HEADER_CHARACTERS].split(), *_by_weight(accepted[:MAX_HEADER_CHARACTERS])]:
            found = self.find(tag)
            if found is not None:
                return found
        return self.by_language[ENGLISH]

    def find(self, tag: str) -> Words | None:
        """Return the words of a tag such as ``de-AT``, or of its language; ``None`` if there are none."""
        parts = tag.strip().replace("_", "-").lower().split("-")
        known = {language.lower(): words for language, words in self.by_language.items()}
        return known.get("-".join(parts)) or known.get(parts[0])


def _read(folder: Path, language: str) -> GNUTranslations:
    with (folder / language / "LC_MESSAGES" / DOMAIN).open("rb") as stream:
        return GNUTranslations(stream)


def _by_weight(header: str) -> Iterator[str]:
    """Yield the tags of an ``Accept-Language`` header, the dearest first; without a weight a tag has the full one."""
    weighed: list[tuple[float, str]] = []
    for part in header.split(","):
        tag, _, weight = part.partition(";")
        try:
            quality = float(weight.strip().removeprefix("q=") or 1)
        except ValueError:
            continue
        if tag.strip() and quality > 0:
            weighed.append((-quality, tag.strip()))
    yield from (tag for _, tag in sorted(weighed, key=lambda pair: pair[0]))
