"""The catalogues are whole, fresh, and fit one another."""

import re
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from tools.catalogues import stale
from watchword.login.told import TEXT_OF_MESSAGE
from watchword.web.words import CATALOGUES, Catalogues

SOURCE = Path(__file__).parent.parent.parent / "src/watchword"
LANGUAGES = sorted(path.name for path in CATALOGUES.iterdir())
PREFIXES = ("problem.", "channel.", "code.", "username.", "password.", "otp.", "change.")
PLAIN = ("closed.", "front.", "nothing.")
"""Of ids that templates put together."""


def catalogue(language: str) -> Catalog:
    with (CATALOGUES / language / "LC_MESSAGES" / "watchword.po").open("rb") as stream:
        return read_po(stream)


def texts(language: str) -> dict[str, list[str]]:
    """Every text of a language, in all its forms, by its id."""
    found = {}
    for message in catalogue(language):
        text_id = message.id if isinstance(message.id, str) else message.id[0]
        forms = [message.string] if isinstance(message.string, str) else list(message.string or ())
        if text_id:
            found[text_id] = forms
    return found


def blanks(form: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(form) if name}


def test_the_compiled_catalogues_are_fresh() -> None:
    assert stale() == [], "run tools/catalogues.py"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_says_everything_that_english_says(language: str) -> None:
    english, other = texts("en"), texts(language)
    assert set(other) == set(english)
    assert all(all(forms) for forms in other.values())


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_last_form_of_every_text_has_the_blanks_of_english(language: str) -> None:
    english, other = texts("en"), texts(language)
    assert {text_id: blanks(forms[-1]) for text_id, forms in other.items()} == {
        text_id: blanks(forms[-1]) for text_id, forms in english.items()
    }


def test_every_text_that_a_page_or_a_fault_names_is_there_and_none_is_left_over() -> None:
    named: set[str] = set()
    slices = [file for name in ("registration", "login", "saml", "web") for file in (SOURCE / name).rglob("*.py")]
    for file in [*SOURCE.rglob("templates/*.html"), *slices]:
        named |= set(re.findall(r"""["']([a-z_]+(?:\.[a-z0-9_]+)+|optional|start_again)["']""", file.read_text()))
    known = set(texts("en"))
    used = {text_id for text_id in known if text_id in named or text_id.startswith((*PREFIXES, *PLAIN))}
    used |= {text_id for text_id in known if text_id.rpartition(".")[0] in {"mobile", "email", "givenname", "lastname"}}
    assert known - used == set()
    said = {
        name
        for name in named - set(TEXT_OF_MESSAGE)
        if name.split(".")[0] in {text_id.split(".")[0] for text_id in known}
    }
    assert {name for name in said if not name.endswith((".do", ".py", ".css", ".js", ".html", ".jsp", ".svg"))} <= known


@pytest.mark.parametrize(
    ("wanted", "accepted", "language"),
    [
        ("", "", "en"),
        ("", "de-AT,de;q=0.9", "de"),
        ("", "fr, en;q=0.3, de;q=0.5", "de"),
        ("", "de;q=0, en", "en"),
        ("", "de;q=x", "en"),
        ("fr de-CH", "en", "de"),
        ("xx", "de", "de"),
        ("DE_de", "", "de"),
    ],
)
def test_the_language_is_the_one_that_somebody_reads(wanted: str, accepted: str, language: str) -> None:
    assert Catalogues.read().choose(wanted, accepted).language == language
