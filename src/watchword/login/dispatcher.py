"""Who decides the next step of a login: this page, and nothing else.

A login is a sequence of steps, each with options. The dispatcher passes a step that the session has taken already, lets
the person choose where a step has several options, asks the chosen authenticator, and hears its outcome: proven, so the
next step; asked, so the browser is sent to a page; given up, so another option, or the login is over. When every step
is taken, duties may hold the person back (a claim that is missing, a password that must change); then it ends.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from watchword.applications.model import LOCAL
from watchword.applications.store import IdentityProviders
from watchword.login.authenticator import Asked, Authenticator, Browser, GaveUp, Outcome, Proven, Turn
from watchword.login.model import (
    LOGIN_PAGE,
    RETRY_PAGE,
    Answer,
    Failure,
    Login,
    Option,
    Person,
    Place,
    Proof,
    Session,
    Step,
)
from watchword.login.onward import options_of
from watchword.login.standing import proofs_stand
from watchword.notification.outbox import Notified
from watchword.storage.audit import note
from watchword.storage.work import Work

FAILED = "login.fail.message"
UNUSABLE = "authenticator.unusable"
OTHER_TENANT = "user.tenant.domain.mismatch.message"
OTHER_PERSON = "other.person"
REVOKED = "login.stale"


@dataclass(frozen=True, slots=True)
class Moved:
    """Where a login stands after a move: at a page, or over."""

    login: Login
    notified: Notified | None = None
    """A message for which the person waits."""


class Duty(Protocol):
    """Something that a person must do before the application is told."""

    @property
    def name(self) -> str:
        """Return what a login has it noted by."""

    def ask(self, turn: Turn) -> Asked | None:
        """Ask for it; ``None`` if there is nothing to do."""

    def hear(self, turn: Turn, answer: Answer) -> Asked | Login:
        """Take an answer; the login goes on as it is returned when the duty is done."""


@dataclass(frozen=True, slots=True)
class Dispatcher:
    """Decides what comes next."""

    authenticators: Mapping[str, Authenticator]
    duties: Sequence[Duty] = ()

    def begin(self, work: Work, login: Login, browser: Browser, session: Session | None) -> Moved:
        """Begin: what the session has proven already is not asked again, unless the application insists."""
        if session is not None and not login.request.force:
            login = _taken_before(login, session)
        if login.request.passive and (login.step is not None or login.request.force):
            return self._end(login, Failure.NO_PASSIVE)
        return self._go_on(work, login, browser)

    def answer(self, work: Work, login: Login, browser: Browser, answer: Answer) -> Moved:
        """Take what a page sent."""
        if login.is_over:
            return Moved(login)
        if login.failure is not None:
            return self._end(login, login.failure)
        if not proofs_stand(work, login):
            return self._give_up(work, login, GaveUp(message=REVOKED), final=True)
        if answer.get("deny") == "true":
            note(work, "login", _whom(login), outcome="refused", reason="cancelled")
            return self._end(login, Failure.CANCELLED)
        if login.duty:
            return self._hear(work, login, browser, answer)
        return self._hear_step(work, login, browser, answer)

    def send_failed(self, work: Work, login: Login, browser: Browser, message_id: str, reason: str) -> Moved:
        """Tell the authenticator whose message could not be handed over."""
        turn = self._turn(work, login, browser)
        authenticator = self._of(turn)
        outcome = authenticator.send_failed(turn, message_id, reason) if authenticator is not None else None
        return Moved(login) if outcome is None else self._hear_outcome(outcome, turn)

    # --- what comes next

    def _go_on(self, work: Work, login: Login, browser: Browser) -> Moved:
        """Take the first step that is not taken; without one, fulfil the duties and end."""
        step = login.step
        if step is None:
            return self._fulfil(work, login, browser)
        if len(step.options) > 1:
            return self._offer(login)
        turn = self._turn(work, replace(login, option=step.options[0]), browser)
        authenticator = self._of(turn)
        if authenticator is None:
            return self._give_up(work, turn.login, GaveUp(message=UNUSABLE))
        return self._hear_outcome(authenticator.begin(turn), turn)

    def _hear_step(self, work: Work, login: Login, browser: Browser, answer: Answer) -> Moved:
        """Pass an answer to the authenticator that it is for; one that was only chosen begins."""
        chosen = self._choose(login, answer)
        if chosen is None:
            return Moved(login) if login.place is not None else self._offer(login, FAILED)
        is_new = chosen != login.option
        asking = replace(login, option=chosen, notes={}, retrying=False) if is_new else login
        turn = self._turn(work, asking, browser)
        authenticator = self._of(turn)
        if authenticator is None:
            return self._give_up(work, asking, GaveUp(message=UNUSABLE))
        # Whoever changes to another option begins with it: what was noted of an earlier try is gone.
        begins = is_new and not (chosen.authenticator in INLINE and authenticator.wants(turn, answer))
        return self._hear_outcome(authenticator.begin(turn) if begins else authenticator.judge(turn, answer), turn)

    def _hear_outcome(self, outcome: Outcome, turn: Turn) -> Moved:
        match outcome:
            case Proven(person=person, remember=remember):
                if not _is_one_person(turn.login, person):
                    return self._give_up(turn.work, turn.login, GaveUp(message=OTHER_PERSON), final=True)
                login = replace(turn.login, remember=turn.login.remember or remember)
                return self._go_on(turn.work, login.proven(self._proof(turn, outcome)), turn.browser)
            case Asked(login=login, place=place, notified=notified):
                return Moved(replace(login, place=place), notified)
            case GaveUp():
                return self._give_up(turn.work, turn.login, outcome)

    def _proof(self, turn: Turn, proven: Proven) -> Proof:
        step, option = turn.login.step_number, turn.login.option
        if step is None or option is None:
            message = "an authenticator has proven something that no step asked for"
            raise AssertionError(message)
        return Proof(
            step=step, option=option, person=proven.person, at=turn.work.now, skipped=proven.skipped,
            by_backup_code=proven.by_backup_code,
        )  # fmt: skip

    def _give_up(self, work: Work, login: Login, outcome: GaveUp, *, final: bool = False) -> Moved:
        """Offer the other options of the step; where there is none, the login has failed, and a page says why."""
        step = login.step
        if not final and step is not None and len(step.options) > 1:
            return self._offer(login, outcome.message)
        note(work, "login", _whom(login), outcome="refused", reason=outcome.message)
        place = Place(
            page=RETRY_PAGE, query={"authFailure": "true", "authFailureMsg": outcome.message, **outcome.facts}
        )
        ended = replace(login, option=None, notes={}, place=place, failure=Failure.NOT_AUTHENTICATED)
        return Moved(ended)

    def _fulfil(self, work: Work, login: Login, browser: Browser) -> Moved:
        refusal = _refusal(work, login)
        if refusal is not None:
            return self._give_up(work, login, GaveUp(message=refusal))
        for duty in self.duties:
            asked = duty.ask(self._turn(work, login, browser))
            if asked is not None:
                if login.request.passive:
                    return self._end(login, Failure.NO_PASSIVE)
                return Moved(replace(asked.login, duty=duty.name, place=asked.place), asked.notified)
        return self._end(login, None)

    def _hear(self, work: Work, login: Login, browser: Browser, answer: Answer) -> Moved:
        duty = next(each for each in self.duties if each.name == login.duty)
        heard = duty.hear(self._turn(work, login, browser), answer)
        if isinstance(heard, Asked):
            return Moved(replace(heard.login, duty=duty.name, place=heard.place), heard.notified)
        return self._fulfil(work, replace(heard, duty="", notes={}, place=None), browser)

    def _end(self, login: Login, failure: Failure | None) -> Moved:
        return Moved(replace(login, is_over=True, failure=failure, option=None, notes={}, place=None, duty=""))

    # --- who is asked

    def _choose(self, login: Login, answer: Answer) -> Option | None:
        """Return the option that an answer is for: the one it names, if the step has it; else the one that asks."""
        step = login.step
        if step is None:
            return None
        named = answer.get("authenticator")
        if named:
            provider = answer.get("idp") or LOCAL
            return next((each for each in step.options if (each.authenticator, each.idp) == (named, provider)), None)
        if login.option is not None:
            return login.option
        return self._inline(step)

    def _inline(self, step: Step) -> Option | None:
        """Return the option whose form the list of options shows itself."""
        if len(step.options) == 1:
            return step.options[0]
        return next((each for each in step.options if each.authenticator in INLINE), None)

    def _offer(self, login: Login, message: str = "") -> Moved:
        """Send the browser to the page where the options are."""
        failure = {"authFailure": "true", "authFailureMsg": message} if message else {}
        place = Place(page=LOGIN_PAGE, query={"authenticators": options_of(login), **failure})
        return Moved(replace(login, option=None, notes={}, retrying=False, place=place))

    def _turn(self, work: Work, login: Login, browser: Browser) -> Turn:
        option = login.option
        provider = None
        if option is not None and option.idp != LOCAL:
            provider = IdentityProviders(work).get(option.idp)
        return Turn(work=work, login=login, browser=browser, provider=provider)

    def _of(self, turn: Turn) -> Authenticator | None:
        """Return the authenticator of the running option, unless somebody has switched it off meanwhile."""
        option = turn.login.option
        if option is None:
            return None
        if option.idp != LOCAL:
            known = turn.provider and turn.provider.enabled and turn.provider.authenticator(option.authenticator)
            if not known or not known.enabled:
                return None
        return self.authenticators.get(option.authenticator)


INLINE = ("BasicAuthenticator", "IdentifierExecutor")


def _taken_before(login: Login, session: Session) -> Login:
    """Return the login with the steps that the session has taken, up to the first that it has not.

    A later step was proven for whoever took the earlier ones; it means nothing for somebody who takes those anew.
    """
    for number, step in enumerate(login.sequence.steps, 1):
        known = session.proof_by(step.options)
        if known is None:
            break
        login = login.proven(replace(known, step=number))
    return login


def _is_one_person(login: Login, person: Person) -> bool:
    """Tell whether a step proves the person whom the steps before have found.

    Somebody whom another provider has proven may be found here under a name of ours; nobody else is two people.
    """
    before = [each.person for each in login.proofs]
    return all(each.is_same(person) or (each.is_federated and each.is_proven) for each in before)


def _refusal(work: Work, login: Login) -> str | None:
    """Say why whoever has taken every step may not come in after all."""
    subject, request = login.subject, login.request
    if subject is None or not any(each.person.is_proven and not each.skipped for each in login.proofs):
        return FAILED
    if not proofs_stand(work, login):
        return REVOKED
    if not login.is_saas and not subject.is_federated and subject.tenant != work.tenant:
        return OTHER_TENANT
    if request.must_be_wanted and subject.name.casefold() != (request.wanted_user or "").casefold():
        return OTHER_PERSON
    return None


def _whom(login: Login) -> str:
    person = login.person
    return "-" if person is None else person.user_id or "-"
