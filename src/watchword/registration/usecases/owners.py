"""Those who own a tenant: its administrators, made together with it by the administrators of the super tenant."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from watchword.accounts.addresses import AddressRefused, parse_mailbox
from watchword.accounts.claims import EMAIL_ADDRESS, REGISTRABLE_CLAIMS, ClaimUnknown, sort_claims
from watchword.accounts.model import ADMIN_ROLE, PRIMARY, User, UserName
from watchword.accounts.store.users import Users
from watchword.accounts.usecases.administrators import administrator_weakness
from watchword.accounts.usecases.names import place_name
from watchword.accounts.usecases.passwords import change_password, check_password
from watchword.accounts.usecases.people import fold_claims, vouch_for
from watchword.base.entropy import new_id
from watchword.base.problems import OwnerRefused, OwnerUnknown, PasswordRefused, UserExists
from watchword.notification.outbox import Notifier
from watchword.registration.usecases.uniqueness import take_values
from watchword.registration.usecases.update import update_claims
from watchword.storage.audit import note
from watchword.storage.work import Work
from watchword.tenants.lifecycle import Owner, OwnerDraft


@dataclass(frozen=True, slots=True)
class TenantOwners:
    """Makes, shows and changes the administrators of a tenant, for those who manage tenants."""

    notifier: Notifier

    def admit(self, work: Work, domain: str, drafts: Sequence[OwnerDraft]) -> Callable[[Work], None]:
        """Refuse who cannot own a tenant that is about to be made, and return what stores the others in it.

        Raises:
            OwnerRefused, PasswordRefused, UserNameRefused, UserExists
        """
        there = work.within(domain)
        wanted = [_Wanted.of(there, draft) for draft in drafts]
        if len({each.name.canonical for each in wanted}) != len(wanted):
            raise UserExists(name=wanted[-1].name.typed)
        work.release()
        hashes = [work.hasher.hash(each.password) for each in wanted]

        def store(there: Work) -> None:
            for each, password_hash in zip(wanted, hashes, strict=True):
                _store(there, each, password_hash)

        return store

    def of(self, work: Work) -> Sequence[Owner]:
        """Return the administrators of the work's tenant, the first first."""
        found = Users(work).administrators()
        return [Owner(id=each.id, name=each.name.typed, claims=_told(each)) for each in found]

    def change(self, work: Work, domain: str, owner_id: str, claims: Mapping[str, str], password: str | None) -> None:
        """Give an owner another password, which ends the sessions, and other facts.

        Raises:
            OwnerUnknown, OwnerRefused, PasswordRefused, ClaimTaken
        """
        work.release()
        there = Work(work.surroundings, domain, work.origin)  # of its own, since what it calls commits
        try:
            user = Users(there).get(owner_id)
            if user is None:
                raise OwnerUnknown(domain=domain, name=owner_id)
            fresh = _sorted(claims)
            if password is not None:
                _refuse_weak(there, user.name.typed, password)
                change_password(there, user, password)
            update_claims(there, user, fresh, self.notifier, as_person=False)
        finally:
            there.release()


@dataclass(frozen=True, slots=True)
class _Wanted:
    """An owner who may be stored."""

    name: UserName
    password: str
    claims: dict[str, str]

    @classmethod
    def of(cls, work: Work, draft: OwnerDraft) -> "_Wanted":
        name = place_name(work, draft.name, PRIMARY, by_operator=True)
        _refuse_weak(work, draft.name, draft.password)
        return cls(name, check_password(work, draft.password), _sorted(draft.claims))


def _store(work: Work, wanted: _Wanted, password_hash: str) -> None:
    users, user_id = Users(work), new_id(work.entropy, work.now)
    user = User(
        user_id, wanted.name, password_hash, work.now, roles=(ADMIN_ROLE,), password_set_at=work.now,
    )  # fmt: skip
    users.add(user, {})
    take_values(work, user_id, wanted.claims)
    users.set_claims(user_id, wanted.claims, fold_claims(work, wanted.claims))
    vouch_for(work, user, wanted.claims)
    note(work, "add_user", user_id)


def _refuse_weak(work: Work, name: str, password: str) -> None:
    """Refuse what an administrator's password must not be, unless everybody knows that this is no real server."""
    if work.settings.dev or work.settings.demo:
        return
    weakness = administrator_weakness(name, password)
    if weakness is not None:
        raise PasswordRefused(f"An administrator's password must not be {weakness}.")


def _sorted(claims: Mapping[str, str]) -> dict[str, str]:
    """Return the facts of an owner in the spelling in which they are stored; an empty one takes a fact away."""
    try:
        known = sort_claims(claims.items())
    except ClaimUnknown as problem:
        raise OwnerRefused(f"additionalClaims: there is no claim {problem}.") from problem
    if known.dropped:
        raise OwnerRefused(f"additionalClaims: {known.dropped[0]} cannot be given.")
    mailbox = claims.get(EMAIL_ADDRESS)
    try:
        if mailbox:
            parse_mailbox(mailbox)
    except AddressRefused as problem:
        raise OwnerRefused(f"email: {problem}") from problem
    emptied = {uri: "" for uri, value in claims.items() if not value.strip() and uri in REGISTRABLE_CLAIMS}
    return {**emptied, **known.kept}


def _told(user: User) -> dict[str, str]:
    return {uri: value for uri, value in user.claims.items() if uri in REGISTRABLE_CLAIMS}
