"""What an authenticator is: it asks, and it judges the answer. The dispatcher alone decides what comes next."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from watchword.applications.model import IdentityProvider
from watchword.login.model import Answer, Login, Person, Place
from watchword.notification.outbox import Notified
from watchword.storage.work import Work


@dataclass(frozen=True, slots=True, kw_only=True)
class Browser:
    """The browser of a login, as far as a use case may know it."""

    address: str
    user_agent: str = ""
    session_secret: str = field(default="", repr=False)
    nonces: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The secrets that bind logins to this browser, by the key of each."""
    applications: Mapping[str, str] = field(default_factory=dict)
    """The ids of the applications that those logins are for: known still when the login is over."""
    known_users: frozenset[str] = frozenset()
    """Ids of users who have logged in with it before, all steps of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A login at the moment when an authenticator is to ask or to judge."""

    work: Work
    login: Login
    browser: Browser
    provider: IdentityProvider | None = None
    """The identity provider of the option; ``None`` for the resident one."""

    @property
    def person(self) -> Person | None:
        """Return whom the steps before have found."""
        return self.login.person


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A page asks the person, and the login waits; *login* holds what the authenticator noted."""

    login: Login
    place: Place
    notified: Notified | None = None
    """A message that this left in the outbox, and for which a person waits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proven:
    """The step is taken."""

    person: Person
    skipped: bool = False
    by_backup_code: bool = False
    remember: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class GaveUp:
    """This authenticator will not let the person in; another option of the step may."""

    message: str
    """The ``authFailureMsg`` of the page that says so."""
    facts: Mapping[str, str] = field(default_factory=dict)
    """What else the address of that page says."""


Outcome = Asked | Proven | GaveUp


class Authenticator(Protocol):
    """A way to prove who somebody is, or that somebody holds something."""

    @property
    def name(self) -> str:
        """Return the name that sequences have for it."""

    def wants(self, turn: Turn, answer: Answer) -> bool:
        """Tell whether an answer is meant for it, rather than for the list of options."""

    def begin(self, turn: Turn) -> Outcome:
        """Ask; it is called when the step begins, or the person has chosen this option."""

    def judge(self, turn: Turn, answer: Answer) -> Outcome:
        """Judge an answer.

        What must outlive a refusal, such as a spent attempt, it commits itself; the rest is committed by its caller.
        """

    def send_failed(self, turn: Turn, message_id: str, reason: str) -> Outcome | None:
        """Say that a message which it left could not be handed over; ``None`` leaves the page as it is."""
