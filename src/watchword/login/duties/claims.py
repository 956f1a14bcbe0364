"""Facts that the application must have and the person has not given yet (platform.md 1.8)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from watchword.accounts.addresses import AddressRefused, parse_mailbox, parse_phone
from watchword.accounts.claims import EMAIL_ADDRESS, MOBILE, PROFILE_CLAIMS
from watchword.accounts.model import User
from watchword.accounts.store.users import Users
from watchword.accounts.usecases.people import fold_claims
from watchword.accounts.usecases.uniqueness import refuse_taken, take_values
from watchword.applications.release import tell
from watchword.applications.store import Applications
from watchword.base.problems import ClaimTaken
from watchword.login.authenticator import Asked, Turn
from watchword.login.authenticators.holder import is_more_than_a_password
from watchword.login.model import Answer, Login, Place
from watchword.login.password_rules import Blame
from watchword.login.standing import user_of
from watchword.storage.audit import note
from watchword.storage.work import Work

CLAIMS_PAGE = "authenticationendpoint/claims.do"
MOST_CHARACTERS = 255
ADDRESSES = frozenset({MOBILE, EMAIL_ADDRESS})


@dataclass(frozen=True, slots=True)
class ClaimsDuty:
    """Asks for what is missing, and keeps it in the account."""

    name: str = "claims"

    def ask(self, turn: Turn) -> Asked | None:
        """Ask, if something is missing that people may say of themselves."""
        user = _person(turn)
        missing = _missing(turn, user) if user is not None else []
        if not missing:
            return None
        return Asked(login=turn.login.noting(claims=missing), place=Place(page=CLAIMS_PAGE))

    def hear(self, turn: Turn, answer: Answer) -> Asked | Login:
        """Keep what was given; of an incomplete form nothing is kept."""
        user = _person(turn)
        missing = _missing(turn, user) if user is not None else []
        if user is None or not missing:
            return turn.login
        given = {uri: answer.get(field_of(uri)).strip() for uri in missing}
        blames = [blame for uri, value in given.items() if (blame := _blame(turn.work, uri, value))]
        if not blames:
            blames = _keep(_home(turn), user, given)
        if not blames:
            return turn.login
        turn.work.release()
        typed = {field_of(uri): value[:MOST_CHARACTERS] for uri, value in given.items()}
        login = turn.login.noting(claims=missing, typed=typed, errors=[blame.to_json() for blame in blames])
        return Asked(login=login, place=Place(page=CLAIMS_PAGE, query={"authFailure": "true"}))


def name_of(uri: str) -> str:
    """Return the last part of a claim's URI."""
    return uri.rpartition("/")[2]


def field_of(uri: str) -> str:
    """Return the name of a claim's field in the form."""
    return "claim-" + re.sub(r"[^A-Za-z0-9]", "-", name_of(uri))


def _person(turn: Turn) -> User | None:
    return user_of(turn.work, turn.login.person) if turn.login.person is not None else None


def _home(turn: Turn) -> Work:
    """Return the same work in the tenant of the person's account."""
    person = turn.login.person
    return turn.work.within(person.tenant) if person is not None else turn.work


def _missing(turn: Turn, user: User) -> list[str]:
    """Return what the application must have, as far as people may say it of themselves."""
    application = Applications(turn.work).get(turn.login.request.application_id)
    told: tuple[str, ...] = tell(application, user).missing if application is not None else ()
    return [uri for uri in dict.fromkeys(told) if _may_be_given(turn, uri)]


def _may_be_given(turn: Turn, uri: str) -> bool:
    """Tell whether people may say this of themselves here.

    A stolen password must not be enough to bind an address of the thief's, to which codes go from then on (OTP-20).
    """
    is_strict = turn.work.settings.security_profile == "recommended"
    if uri in ADDRESSES and is_strict and not is_more_than_a_password(turn):
        return False
    return uri in PROFILE_CLAIMS


def _keep(work: Work, user: User, given: Mapping[str, str]) -> list[Blame]:
    try:
        refuse_taken(work, given, ignoring=[user.id])
        take_values(work, user.id, given)
    except ClaimTaken as refusal:
        return [Blame(field_of(refusal.facts["uri"]), "claims.refused")]
    Users(work).set_claims(user.id, given, fold_claims(work, given))
    note(work, "give_claims", user.id, reason=", ".join(name_of(uri) for uri in given))
    return []


def _blame(work: Work, uri: str, value: str) -> Blame | None:
    if not value:
        return Blame(field_of(uri), "claims.missing")
    if len(value) > MOST_CHARACTERS or not value.isprintable():
        return Blame(field_of(uri), "claims.refused")
    try:
        _read_address(work, uri, value)
    except AddressRefused:
        return Blame(field_of(uri), "mobile.invalid" if uri == MOBILE else "email.invalid")
    return None


def _read_address(work: Work, uri: str, value: str) -> Any:  # noqa: ANN401  # of either kind, and not looked at
    if uri == MOBILE:
        strict, country = work.settings.registration.strict, work.settings.sms.default_country
        return parse_phone(value, strict=strict, default_country=country)
    return parse_mailbox(value) if uri == EMAIL_ADDRESS else None
