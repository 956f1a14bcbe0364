"""Who has to prove that they hold a number or a mailbox: somebody whom the steps before have found, or who is named."""

from dataclasses import dataclass, replace
from datetime import datetime

from watchword.accounts.claims import Channel
from watchword.accounts.model import User
from watchword.accounts.store.users import Users
from watchword.accounts.usecases.login_names import find_login_user
from watchword.login.authenticator import Turn
from watchword.login.authenticators.password import person_of
from watchword.login.model import LOCAL, Answer, Person
from watchword.storage.work import Work


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """A person, and the account here, if there is one."""

    person: Person
    user: User | None
    is_hidden: bool = False
    """Whether nobody has proven anything yet: then no page tells whether there is such an account."""

    @property
    def guessed_name(self) -> str:
        """Return under what failures count where there is no account."""
        return f"{self.person.provider_id} {self.person.name}".casefold()

    @property
    def identity(self) -> str:
        """Return whom a code is for: it is of no use to anybody else."""
        return self.user.id if self.user is not None else self.guessed_name

    def address(self, channel: Channel) -> str | None:
        """Return the number or mailbox of the account."""
        return None if self.user is None else self.user.address(channel)

    def is_closed(self, now: datetime) -> bool:
        """Tell whether the account is locked, or switched off."""
        return self.user is not None and (self.user.disabled or self.user.is_locked(now))

    def is_of_other_tenant(self, turn: Turn) -> bool:
        """Tell whether the person is of another tenant than the application, which is not for all."""
        return not (turn.login.is_saas or self.person.is_federated or self.person.tenant == turn.work.tenant)

    def proven(self) -> Person:
        """Return the person once the code was right, by the name that the account has."""
        if self.user is None or self.person.user_id != self.user.id:
            return replace(self.person, is_proven=True)
        return replace(self.person, name=self.user.name.typed, realm=self.user.name.realm, is_proven=True)


def home_of(work: Work, person: Person) -> Work:
    """Return the work in the tenant of a person; ask anew after each commit."""
    return work if person.tenant == work.tenant else work.within(person.tenant)


def account_of(work: Work, person: Person) -> User | None:
    """Return the account that a person has here; of a name that nobody has, as long is looked for one."""
    if person.is_federated and not person.user_id:
        return None
    return Users(home_of(work, person)).get(person.user_id or "-")


def find_holder(turn: Turn, answer: Answer | None = None) -> Holder | None:
    """Return whom a step asks: whom the steps before have found, else whom the answer, or an earlier one, names."""
    person = turn.person
    if person is not None:
        return Holder(person=person, user=account_of(turn.work, person), is_hidden=not is_anybody_proven(turn))
    typed = answer.get("username").strip() if answer is not None else ""
    named = str(turn.login.notes.get("username", "")) or typed  # who was asked stays who is asked
    if not named:
        return None
    user = find_login_user(turn.work, named)
    person = person_of(turn.work, user) if user else Person(name=named, tenant=turn.work.tenant)
    shown = replace(person, name=named, provider_id=LOCAL, is_proven=False)
    return Holder(person=shown, user=user, is_hidden=True)


def is_anybody_proven(turn: Turn) -> bool:
    """Tell whether a step before this one has proven something."""
    return any(proof.person.is_proven and not proof.skipped for proof in turn.login.proofs)


def is_more_than_a_password(turn: Turn) -> bool:
    """Tell whether something else than a password was proven."""
    weak = {"BasicAuthenticator", "IdentifierExecutor"}
    return any(proof.option.authenticator not in weak and not proof.skipped for proof in turn.login.proofs)
