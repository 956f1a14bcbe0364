"""What a person may take along, and what an administrator does by hand that a code must confirm."""

import base64
import binascii
from dataclasses import replace

from watchword.accounts.claims import VERIFY_EMAIL, Channel, is_true
from watchword.accounts.masking import SECRET_CLAIMS
from watchword.accounts.model import AccountState, LockedReason, NewAccount, User
from watchword.accounts.store.users import Users
from watchword.accounts.usecases.names import find_user
from watchword.accounts.usecases.people import add_user, delete_user
from watchword.base.problems import BadRequest, NotFound
from watchword.codes.model import UUID_FORM, CodeOrder, Scenario
from watchword.codes.store import Codes
from watchword.codes.usecases import issue_code
from watchword.notification.outbox import Notified, Notifier
from watchword.notification.store import Messages
from watchword.registration.model import lifetime_of
from watchword.registration.notices import SentCode, send_code
from watchword.registration.usecases.uniqueness import refuse_taken, take_values
from watchword.storage.work import Work
from watchword.tenants.policies import UserOnboarding
from watchword.tenants.usecases import read_policy


class NoSuchPerson(NotFound):
    """The id is of nobody."""

    code, text = "404-0", "There is no such user."


class BadUserId(BadRequest):
    """The id is not what base64url makes of a qualified name."""

    code, text = "400-0", "The id is not the base64url form of a user name."


class RenameRefused(BadRequest):
    """One of the two names is missing."""

    code, text = "17101", "Both the existing and the new username are needed."


class RenameUnknown(NotFound):
    """Neither name is anybody's."""

    code, text = "17103", "There is no user of either name."


def export_person(work: Work, user_id: str) -> dict[str, object]:
    """Return everything that is kept about a person, in the shape of ``GET /me``.

    Raises:
        NoSuchPerson
    """
    user = Users(work).get(user_id)
    if user is None:
        raise NoSuchPerson
    return export_user(work, user)


def export_user(work: Work, user: User) -> dict[str, object]:
    """Return the personal information of a user; never a password or a code."""
    name = {"http://wso2.org/claims/username": user.name.typed, "http://wso2.org/claims/userid": user.id}
    proofs = {
        proof.channel.value: {"how": proof.how.value, "by": proof.by, "at": proof.at.isoformat()}
        for proof in Users(work).verifications(user.id)
    }
    return {
        "basic": name | {uri: value for uri, value in user.all_claims().items() if uri not in SECRET_CLAIMS},
        "consents": [],
        "security": {"challengeQuestions": [], "verifications": proofs, "roles": list(user.roles)},
    }


def find_by_encoded_name(work: Work, encoded: str) -> User:
    """Return the user whose qualified name, in base64url, this is.

    Raises:
        BadUserId, NoSuchPerson
    """
    try:
        typed = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError, ValueError) as problem:
        raise BadUserId from problem
    if "\0" in typed:
        raise BadUserId
    user = find_user(work, typed)
    if user is None:
        raise NoSuchPerson
    return user


def note_rename(work: Work, existing: str | None, new: str | None, realm: str | None) -> None:
    """Answer the reference's call after a user was renamed; nothing here is keyed by a name, so nothing has to move.

    Raises:
        RenameRefused, RenameUnknown
    """
    if not (existing or "").strip() or not (new or "").strip():
        raise RenameRefused
    if find_user(work, existing or "", realm) is None and find_user(work, new or "", realm) is None:
        raise RenameUnknown


def add_user_by_hand(work: Work, account: NewAccount, notifier: Notifier) -> tuple[User, Notified | None]:
    """Make an account as an administrator does; its mailbox is asked to confirm where the tenant wants that.

    Raises:
        ClaimTaken: a value that only one account may have is another's.
        RealmUnknown, UserNameRefused, UserExists
    """
    policy = read_policy(work, UserOnboarding)
    asks = policy.email_verification and is_true(account.claims.get(VERIFY_EMAIL))
    if asks:
        state = AccountState.PENDING_EMAIL_VERIFICATION
        account = replace(account, locked=policy.lock_on_creation, state=state)
    refuse_taken(work, account.facts)
    user = add_user(work, account)
    take_values(work, user.id, account.facts)
    notified = None
    if asks:
        if user.locked:
            Users(work).lock(user.id, LockedReason.PENDING_EMAIL_VERIFICATION)
        scenario = Scenario.EMAIL_VERIFICATION
        code = issue_code(work, CodeOrder(user.id, scenario, Channel.EMAIL, UUID_FORM))
        sent = SentCode(scenario, Channel.EMAIL, code, lifetime_of(policy.expiry_minutes))
        notified = send_code(work, notifier, user, sent)
    work.commit()
    return user, notified


def remove_user(work: Work, user: User) -> None:
    """Remove an account, and let nothing go out to it any more."""
    Codes(work).hold_of(user.id)
    Messages(work).cancel_of(user.id)
    delete_user(work, user)
