"""Pages for people: templates, words in their language, and the headers that keep a page to itself."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jinja2 import BaseLoader, ChoiceLoader, Environment, FileSystemLoader, StrictUndefined

from watchword.base.problems import ApplicationGone, Problem
from watchword.base.settings import Settings
from watchword.storage.work import Work
from watchword.web.assets import Assets
from watchword.web.model import Ask, Reply, Route
from watchword.web.visits import FormStale, Visit, cookie_of, form_token
from watchword.web.words import Catalogues, Words

TEMPLATES = Path(__file__).with_name("templates")
HTML = "text/html; charset=utf-8"
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; object-src 'none'; frame-ancestors 'none'"
)
PAGE_HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    # Not "no-referrer": a browser would send our own forms with "Origin: null", which could be anybody's.
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}
PROBLEM_TEXTS = frozenset({400, 403, 404, 405, 413, 415, 429, 500, 503})
"""The statuses for which the catalogues have words of their own; others have those of their hundred."""
_OWN_TEXTS = {FormStale: "stale", ApplicationGone: "gone"}
"""The problems that have words of their own."""


@dataclass(frozen=True, slots=True)
class Pages:
    """Makes pages, for every slice that has some."""

    settings: Settings
    catalogues: Catalogues
    assets: Assets
    templates: tuple[Path, ...]
    _environment: Environment
    headers: Mapping[str, str] = field(default_factory=lambda: PAGE_HEADERS)

    @classmethod
    def of_settings(cls, settings: Settings) -> "Pages":
        """Read catalogues and assets."""
        return cls(settings, Catalogues.read(), Assets.read(), (TEMPLATES,), _environment((TEMPLATES,)))

    def with_templates(self, folder: Path) -> "Pages":
        """Return the same for a slice, which has templates of its own."""
        folders = (folder, *self.templates)
        return replace(self, templates=folders, _environment=_environment(folders))

    def leading_to(self, origins: Iterable[str]) -> "Pages":
        """Return the same for forms whose answers may lead to pages on other hosts."""
        targets = " ".join(["form-action 'self'", *sorted(origins)])
        policy = POLICY.replace("form-action 'self'", targets)
        return replace(self, headers={**PAGE_HEADERS, "Content-Security-Policy": policy})

    def routes(self) -> list[Route]:
        """Return the routes of what every page needs."""
        return self.assets.routes()

    def words(self, ask: Ask[Any]) -> Words:
        """Return the words in the language of whoever asks."""
        return self.catalogues.choose(ask.query.get("ui_locales", ""), ask.headers.get("accept-language", ""))

    def link(self, ask: Ask[Any]) -> Callable[..., str]:
        """Return what makes addresses of other pages: they keep the language, where the address names one."""
        wanted = self.catalogues.find(ask.query.get("ui_locales", ""))
        asked = {"ui_locales": wanted.language} if wanted else {}

        def link(page: str, **query: str) -> str:
            whole = urlencode({name: value for name, value in {**query, **asked}.items() if value})
            return f"{page}?{whole}" if whole else page

        return link

    def show(  # a page is all of this
        self, work: Work, ask: Ask[Any], template: str, visit: Visit, *, status: int = 200, **facts: Any  # noqa: ANN401  # of the template
    ) -> Reply:  # fmt: skip
        """Return a page; the cookie of the visit goes with it."""
        facts |= {"link": self.link(ask), "token": form_token(work, visit), "here": dict(ask.query)}
        page = self._render(template, self.words(ask), facts)
        return Reply(page, status, HTML, self.headers, (cookie_of(work, visit),))

    def go(self, work: Work, ask: Ask[Any], page: str, visit: Visit, **query: str) -> Reply:
        """Return what leads on to another page, so that a reload sends nothing again."""
        headers = {**self.headers, "Location": self.link(ask)(page, **query)}
        return Reply(status=303, headers=headers, cookies=(cookie_of(work, visit),))

    def show_plainly(self, ask: Ask[Any], template: str, **facts: Any) -> Reply:  # noqa: ANN401  # of the template
        """Return a page that has no form, and needs no cookie."""
        facts |= {"link": self.link(ask), "here": dict(ask.query)}
        return Reply(self._render(template, self.words(ask), facts), media_type=HTML, headers=self.headers)

    def problem(self, work_path: str, problem: Problem, trace: str, languages: str) -> Reply:
        """Return a problem as a page: its own words by its status, and nothing of the request."""
        family = problem.status // 100 * 100
        known = problem.status if problem.status in PROBLEM_TEXTS else family
        facts = {
            "link": lambda page, **_: page, "here": {}, "trace": trace, "is_stale": isinstance(problem, FormStale),
            "text_id": _OWN_TEXTS.get(type(problem), str(known)),
            "seconds": int(problem.facts.get("seconds", "0")),
        }  # fmt: skip
        page = self._render("problem.html", self.catalogues.choose("", languages), facts)
        return Reply(page, problem.status, HTML, self.headers)

    def _render(self, template: str, words: Words, facts: Mapping[str, Any]) -> str:
        return self._environment.get_template(template).render(
            say=words.say,
            tell=words.tell,
            say_count=words.say_count,
            language=words.language,
            direction=words.direction,
            languages=[(each.language, each.say("language.name")) for each in self.catalogues.by_language.values()],
            asset=self.assets.address,
            is_demo=self.settings.demo,
            is_development=self.settings.dev and not self.settings.demo,
            **facts,
        )


def _environment(folders: tuple[Path, ...]) -> Environment:
    loaders: list[BaseLoader] = [FileSystemLoader(folder) for folder in folders]
    return Environment(
        loader=ChoiceLoader(loaders), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
