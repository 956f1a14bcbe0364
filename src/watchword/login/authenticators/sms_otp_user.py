"""Whom the classic code is for: also somebody of another provider who has an account here (sms-otp.md 1.4, 2.6)."""

from collections.abc import Iterator
from dataclasses import replace

from watchword.accounts.model import PRIMARY, User
from watchword.accounts.store.users import Users
from watchword.accounts.usecases.names import find_user
from watchword.applications.store import Associations, IdentityProviders
from watchword.login.authenticator import Turn
from watchword.login.authenticators.holder import Holder, find_holder
from watchword.login.model import Answer, Person, Proof
from watchword.login.parameters import SmsOtpParameters, texts_of
from watchword.storage.work import Work

USER_ATTRIBUTE = "SMSOTP-userAttribute"
FEDERATED_KEY = "federatedMobileAttributeKey"


def find_sms_holder(turn: Turn, parameters: SmsOtpParameters, answer: Answer | None = None) -> Holder | None:
    """Return whom the step asks; somebody whom another provider has proven is sought here as ``usecase`` says.

    Whoever is not found so, but has an account here all the same, is asked by that.
    """
    holder = find_holder(turn, answer)
    first = turn.login.proofs[0] if turn.login.proofs else None
    if holder is None or first is None or not first.person.is_federated or not parameters.usecase:
        return holder
    return replace(holder, user=_mapped(turn, parameters, first) or holder.user)


def federated_number(turn: Turn, parameters: SmsOtpParameters) -> str | None:
    """Return the number that the other provider has told of the person."""
    person, last = turn.person, turn.login.proofs[-1] if turn.login.proofs else None
    if person is None or last is None:
        return None
    key = texts_of(turn.work.settings, last.option.authenticator).get(FEDERATED_KEY) or parameters.federated_key
    names = [key, *_remote_names(turn.work, person, key)]
    return next((value for name in names if name and (value := person.attributes.get(name, "").strip())), None)


def _mapped(turn: Turn, parameters: SmsOtpParameters, first: Proof) -> User | None:
    work, person = turn.work, first.person
    match parameters.usecase:
        case "association":
            user_id = Associations(work).linked(person.provider_id, person.name)
            return Users(work).get(user_id) if user_id else None
        case "local" | "subjectUri":
            return _named(work, parameters, person.name)
        case "userAttribute":
            said = texts_of(work.settings, first.option.authenticator).get(USER_ATTRIBUTE)
            return _named(work, parameters, person.attributes.get(said or parameters.user_attribute, ""))
        case _:
            return None


def _named(work: Work, parameters: SmsOtpParameters, name: str) -> User | None:
    """Return the user of that name in the stores that are looked in; the first of them that has one."""
    if not name.strip():
        return None
    listed = [each.strip().upper() for each in parameters.realms.split(",") if each.strip()]
    realms = listed or [PRIMARY, *Users(work).realms()]
    return next((user for realm in realms if (user := find_user(work, name, realm)) is not None), None)


def _remote_names(work: Work, person: Person, local: str) -> Iterator[str]:
    """Yield what the other provider calls a claim of ours."""
    provider = IdentityProviders(work).get(person.provider_id)
    mappings = provider.claims.get("mappings") if provider is not None else None
    for each in mappings if isinstance(mappings, list) else []:
        if each.get("localClaim", {}).get("uri") == local:
            yield each.get("idpClaim", "")
