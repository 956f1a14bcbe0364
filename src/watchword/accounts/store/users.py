"""The users of the Work's tenant, as rows."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from types import MappingProxyType, SimpleNamespace
from typing import Any

from sqlalchemy import ColumnElement, Text, bindparam, delete, exists, insert, literal, select, tuple_, update
from sqlalchemy.exc import IntegrityError

from watchword.accounts.claims import EMAIL_ADDRESS, MOBILE, Channel
from watchword.accounts.model import (
    ADMIN_ROLE,
    PRIMARY,
    AccountState,
    LockedReason,
    Proof,
    User,
    UserName,
    Verification,
)
from watchword.base.problems import UserExists
from watchword.storage.schema import (
    consents,
    user_claims,
    user_roles,
    user_stores,
    users,
    verifications,
)
from watchword.storage.statements import Statement, Upsert, json_rows
from watchword.storage.work import Work

ADDRESS_CLAIMS = (EMAIL_ADDRESS, MOBILE)
_MINE = users.c.tenant == bindparam("tenant")
_OF_USER = {
    table: (table.c.tenant == bindparam("tenant")) & (table.c.user_id == bindparam("user_id"))
    for table in (user_claims, user_roles, verifications)
}
_CLAIMS = (
    select(json_rows(user_claims.c.uri, user_claims.c.value))
    .where(user_claims.c.tenant == users.c.tenant, user_claims.c.user_id == users.c.id)
    .scalar_subquery()
)
_ROLES = (
    select(json_rows(user_roles.c.role))
    .where(user_roles.c.tenant == users.c.tenant, user_roles.c.user_id == users.c.id)
    .scalar_subquery()
)
_WHOLE = select(users, _CLAIMS.label("claims"), _ROLES.label("roles")).where(_MINE)
_FIND = Statement(_WHOLE.where(users.c.realm == bindparam("realm"), users.c.canonical == bindparam("canonical")))
_FIND_ANYWHERE = Statement(
    _WHOLE.outerjoin_from(
        users, user_stores, (user_stores.c.tenant == users.c.tenant) & (user_stores.c.realm == users.c.realm)
    )
    .where(
        users.c.canonical == bindparam("canonical"),
        users.c.realm.in_(
            select(literal(PRIMARY)).union_all(
                select(user_stores.c.realm).where(user_stores.c.tenant == bindparam("tenant"))
            )
        ),
    )
    .order_by(users.c.realm != PRIMARY, user_stores.c.created_at, users.c.realm)
    .limit(1)
)
_OWNERS_OF = Statement(
    _WHOLE.where(
        users.c.id.in_(
            select(user_claims.c.user_id).where(
                user_claims.c.tenant == bindparam("tenant"), user_claims.c.uri == bindparam("uri"),
                user_claims.c.folded == bindparam("folded"),
            )
        )
    ).limit(20)
)  # fmt: skip
_GET = Statement(_WHOLE.where(users.c.id == bindparam("user_id")))
_PAGE = Statement(
    _WHOLE.where(
        tuple_(users.c.canonical, users.c.realm)
        > tuple_(bindparam("canonical", type_=Text), bindparam("realm", type_=Text))
    )
    .order_by(users.c.canonical, users.c.realm)
    .limit(bindparam("count"))
)
_ADD = Statement(insert(users))
_ADD_CLAIM = Statement(insert(user_claims))
_SET_CLAIM = Upsert.into(user_claims, "value", "folded")
_REMOVE_CLAIM = Statement(delete(user_claims).where(_OF_USER[user_claims], user_claims.c.uri == bindparam("uri")))
_ADD_ROLE = Statement(insert(user_roles))
_GIVE_ROLE = Upsert.into(user_roles, "role")
_OF_ROLE = (user_roles.c.tenant == bindparam("tenant")) & (user_roles.c.role == bindparam("old_role"))
_RENAME_ROLE = Statement(update(user_roles).where(_OF_ROLE).values(role=bindparam("new_role")))
_REMOVE_ROLE = Statement(delete(user_roles).where(_OF_ROLE))
_WHO_HAS_ADDRESS = Statement(
    select(user_claims.c.user_id).where(
        user_claims.c.tenant == bindparam("tenant"),
        user_claims.c.uri.in_(ADDRESS_CLAIMS),
        user_claims.c.folded == bindparam("folded"),
    ).limit(1)
)  # fmt: skip
_WHO_HAS_CLAIM = Statement(
    select(user_claims.c.user_id).where(
        user_claims.c.tenant == bindparam("tenant"),
        user_claims.c.uri == bindparam("uri"),
        user_claims.c.folded == bindparam("folded"),
    )
)
_ADMINISTRATORS = Statement(
    _WHOLE.where(
        users.c.realm == PRIMARY,
        users.c.id.in_(
            select(user_roles.c.user_id).where(
                user_roles.c.tenant == bindparam("tenant"), user_roles.c.role == ADMIN_ROLE
            )
        ),
    ).order_by(users.c.created_at, users.c.canonical)
)
_END_SESSIONS = Statement(update(users).where(_MINE).values(sessions_from=bindparam("now")))
_HAS_SKELETON = Statement(select(users.c.id).where(_MINE, users.c.skeleton == bindparam("skeleton")).limit(1))
_VERIFY = Upsert.into(verifications, "how", "by", "at", "value_digest")
_FORGET_VERIFICATION = Statement(
    delete(verifications).where(_OF_USER[verifications], verifications.c.channel == bindparam("channel"))
)
_VERIFICATIONS = Statement(select(verifications).where(_OF_USER[verifications]).order_by(verifications.c.channel))
_LOCK_FOR_A_WHILE = Statement(
    update(users)
    .where(
        _MINE, users.c.id == bindparam("user_id"), users.c.locked.is_(False) | (users.c.unlock_at <= bindparam("now")),
    )
    .values(
        locked=True, locked_reason=bindparam("reason"), unlock_at=bindparam("until"), lockouts=users.c.lockouts + 1,
    )
    .returning(users.c.lockouts)
)  # fmt: skip
_END_LOCK = Statement(
    update(users)
    .where(_MINE, users.c.id == bindparam("user_id"), users.c.locked.is_(True), users.c.unlock_at <= bindparam("now"))
    .values(locked=False, locked_reason=None, unlock_at=None)
)


@cache
def _setting(*names: str) -> Statement:
    """Return what gives columns of a user new values."""
    fresh: dict[str, Any] = {name: bindparam(f"new_{name}") for name in names}
    return Statement(update(users).where(_MINE, users.c.id == bindparam("user_id")).values(fresh))


@dataclass(frozen=True, slots=True)
class Users:
    """The users of the Work's tenant."""

    work: Work

    def add(self, user: User, folded: Mapping[str, str]) -> None:
        """Store a user with claims and roles; *folded* holds the compared form of claims that have one.

        Raises:
            UserExists: somebody else was quicker to take the name; the transaction can only be released.
        """
        name = user.name
        try:
            self.work.rows(
                _ADD, id=user.id, realm=name.realm, name=name.typed, canonical=name.canonical, skeleton=name.skeleton,
                password_hash=user.password_hash, locked=user.locked, disabled=user.disabled, state=user.state,
                locked_reason=user.locked_reason, created_at=user.created_at, confirmed_at=user.confirmed_at,
                reserved_until=user.reserved_until, lockouts=user.lockouts, password_set_at=user.password_set_at,
                must_change_password=user.must_change_password,
            )  # fmt: skip
        except IntegrityError as problem:
            raise UserExists(name=name.typed) from problem
        self._put_claims(_ADD_CLAIM, user.id, user.claims, folded)
        for role in user.roles:
            self.work.write(_ADD_ROLE, user_id=user.id, role=role)

    def find(self, realm: str, canonical: str) -> User | None:
        """Return the user of that name."""
        return _user_or_nobody(self.work.row(_FIND, realm=realm, canonical=canonical))

    def find_anywhere(self, canonical: str) -> User | None:
        """Return the user of that name: of PRIMARY, else of the store that was made first."""
        return _user_or_nobody(self.work.row(_FIND_ANYWHERE, canonical=canonical))

    def owners_of(self, uri: str, folded: str) -> list[User]:
        """Return who has this value of a claim; of very many not all."""
        return [user for row in self.work.rows(_OWNERS_OF, uri=uri, folded=folded) if (user := _user(row))]

    def get(self, user_id: str) -> User | None:
        """Return the user of that id."""
        return _user_or_nobody(self.work.row(_GET, user_id=user_id))

    def page(self, after: UserName | None = None, count: int = 1000) -> Sequence[User]:
        """Return users in the order of their names and realms, those after *after*."""
        canonical, realm = (after.canonical, after.realm) if after is not None else ("", "")
        rows = self.work.rows(_PAGE, canonical=canonical, realm=realm, count=count)
        return [user for row in rows if (user := _user(row))]

    def who_has_address(self, folded: str) -> str | None:
        """Return the id of an account whose number or mailbox this is."""
        owner = self.work.row(_WHO_HAS_ADDRESS, folded=folded)
        return None if owner is None else owner.user_id

    def who_has_claim(self, uri: str, folded: str) -> list[str]:
        """Return the ids of the accounts that have this value."""
        return [row.user_id for row in self.work.rows(_WHO_HAS_CLAIM, uri=uri, folded=folded)]

    def has_skeleton(self, skeleton: str) -> bool:
        """Tell whether a name that looks the same is taken, in any realm."""
        return self.work.row(_HAS_SKELETON, skeleton=skeleton) is not None

    def confirm(self, user_id: str, *, stays_locked: bool = False) -> None:
        """Open an account whose person has proven to hold its address, unless it *stays_locked* for another reason."""
        opened = {} if stays_locked else {"locked": False, "locked_reason": None}
        self._set(user_id, state=AccountState.UNLOCKED, confirmed_at=self.work.now, reserved_until=None, **opened)

    def lock(self, user_id: str, reason: LockedReason) -> None:
        """Let the user no longer log in, and end the sessions."""
        self._set(user_id, locked=True, locked_reason=reason, unlock_at=None, sessions_from=self.work.now)

    def lock_for_a_while(self, user_id: str, reason: LockedReason, until: datetime | None) -> int | None:
        """Lock an account after failures, unless it is locked already; return the locks since the last whole login."""
        row = self.work.row(_LOCK_FOR_A_WHILE, user_id=user_id, reason=reason, until=until, now=self.work.now)
        return None if row is None else row.lockouts

    def end_lock(self, user_id: str) -> None:
        """Take a lock away that has ended by itself."""
        self.work.write(_END_LOCK, user_id=user_id, now=self.work.now)

    def unlock(self, user_id: str) -> None:
        """Let the user log in."""
        self._set(
            user_id, locked=False, locked_reason=None, unlock_at=None, lockouts=0, state=AccountState.UNLOCKED,
            reserved_until=None,
        )  # fmt: skip

    def set_disabled(self, user_id: str, *, disabled: bool) -> None:
        """Switch an account off and end its sessions, or switch it on again."""
        self._set(user_id, disabled=disabled, **({"sessions_from": self.work.now} if disabled else {}))

    def reserve_until(self, user_id: str, instant: datetime) -> None:
        """Keep the name of a pending account at least until *instant*."""
        self._set(user_id, reserved_until=instant)

    def set_claims(
        self, user_id: str, claims: Mapping[str, str], folded: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        """Give claims new values; an empty one removes the claim."""
        self.remove_claims(user_id, [uri for uri, value in claims.items() if not value])
        self._put_claims(_SET_CLAIM, user_id, {uri: value for uri, value in claims.items() if value}, folded)

    def remove_claims(self, user_id: str, uris: Iterable[str]) -> None:
        """Take claims away."""
        for uri in uris:
            self.work.write(_REMOVE_CLAIM, user_id=user_id, uri=uri)

    def verify(self, user_id: str, verification: Verification) -> None:
        """Note that an address was proven, by whom and how."""
        self.work.write(
            _VERIFY, user_id=user_id, channel=verification.channel, how=verification.how, by=verification.by,
            at=verification.at, value_digest=verification.value_digest,
        )  # fmt: skip
        self.set_claims(user_id, {verification.channel.verified_claim: "true"})

    def forget_verification(self, user_id: str, channel: Channel) -> None:
        """Take the proof of an address away, since the address changes."""
        self.work.write(_FORGET_VERIFICATION, user_id=user_id, channel=channel)
        self.remove_claims(user_id, [channel.verified_claim])

    def verifications(self, user_id: str) -> list[Verification]:
        """Return what is known to be proven, and how."""
        rows = self.work.rows(_VERIFICATIONS, user_id=user_id)
        return [Verification(Channel(row.channel), Proof(row.how), row.by, row.at, row.value_digest) for row in rows]

    def keep_consent(self, user_id: str, receipt: str) -> None:
        """Store the consent receipt that came with a registration."""
        self._run(insert(consents), {**self._key(user_id), "receipt": receipt, "at": self.work.now})

    def set_password(self, user_id: str, password_hash: str) -> None:
        """Give a user another password, and end the sessions."""
        self._set(
            user_id, password_hash=password_hash, password_set_at=self.work.now, must_change_password=False,
            sessions_from=self.work.now,
        )  # fmt: skip

    def require_password_change(self, user_id: str, *, required: bool) -> None:
        """Say whether the password must be changed at the next log-in."""
        self._set(user_id, must_change_password=required)

    def give_role(self, user_id: str, role: str) -> None:
        """Put a user into a role."""
        self.work.write(_GIVE_ROLE, user_id=user_id, role=role)

    def rename_role(self, role: str, fresh: str) -> None:
        """Give a role another name, at everybody who is in it."""
        self.work.write(_RENAME_ROLE, old_role=role, new_role=fresh)

    def remove_role(self, role: str) -> None:
        """Take a role away from everybody."""
        self.work.write(_REMOVE_ROLE, old_role=role)

    def note_login(self, user_id: str) -> None:
        """Remember that the user has logged in, with every step of it."""
        self._set(user_id, last_login_at=self.work.now, lockouts=0)

    def delete(self, user_id: str) -> bool:
        """Remove a user with everything of theirs; return whether there was one."""
        result = self._run(delete(users).where(users.c.tenant == self.work.tenant, users.c.id == user_id))
        return bool(result.rowcount)

    def find_expired_pending(self, count: int) -> list[tuple[str, str]]:
        """Return tenants and ids of pending accounts whose reservation has ended, in all tenants."""
        query = select(users.c.tenant, users.c.id).where(self._is_over()).order_by(users.c.tenant, users.c.id)
        return [(row.tenant, row.id) for row in self._run(query.limit(count))]

    def delete_expired_pending(self, user_id: str) -> bool:
        """Remove a pending account whose reservation has ended, unless somebody has confirmed it meanwhile."""
        mine = (users.c.tenant == self.work.tenant) & (users.c.id == user_id)
        return bool(self._run(delete(users).where(mine, self._is_over())).rowcount)

    def _is_over(self) -> ColumnElement[bool]:
        return (users.c.reserved_until < self.work.now) & users.c.last_login_at.is_(None)

    def has_administrator(self) -> bool:
        """Tell whether anybody holds the role of the administrator."""
        mine = (user_roles.c.tenant == self.work.tenant) & (user_roles.c.role == "admin")
        return bool(self._run(select(exists().where(mine))).scalar())

    def administrators(self) -> Sequence[User]:
        """Return the administrators of the tenant, the first first."""
        return [user for row in self.work.rows(_ADMINISTRATORS) if (user := _user(row))]

    def end_sessions(self) -> None:
        """Let every session end that a user of the tenant has, here or in another tenant."""
        self.work.write(_END_SESSIONS, now=self.work.now)

    def end_sessions_of(self, user_id: str) -> None:
        """Let every session of one user end, and every login that is under way."""
        self._set(user_id, sessions_from=self.work.now)

    def has_realm(self, realm: str) -> bool:
        """Tell whether there is a secondary store of that name."""
        mine = (user_stores.c.tenant == self.work.tenant) & (user_stores.c.realm == realm)
        return bool(self._run(select(exists().where(mine))).scalar())

    def realms(self) -> Sequence[str]:
        """Return the names of the secondary stores."""
        query = select(user_stores.c.realm).where(user_stores.c.tenant == self.work.tenant)
        realms: Sequence[str] = self._run(query.order_by(user_stores.c.realm)).scalars().all()
        return realms

    def _key(self, user_id: str) -> dict[str, str]:
        return {"tenant": self.work.tenant, "user_id": user_id}

    def _set(self, user_id: str, **values: object) -> None:
        fresh = {f"new_{name}": value for name, value in values.items()}
        self.work.write(_setting(*values), user_id=user_id, **fresh)

    def _put_claims(
        self, statement: Statement, user_id: str, claims: Mapping[str, str], folded: Mapping[str, str]
    ) -> None:
        for uri, value in claims.items():
            self.work.write(
                statement, user_id=user_id, uri=uri, value=value, folded=folded.get(uri) or value.casefold()
            )

    def _run(self, statement: Any, values: Any = None) -> Any:  # noqa: ANN401  # SQLAlchemy's own types are as wide
        return self.work.connection.execute(statement, values)


def _user_or_nobody(row: Any) -> User | None:  # noqa: ANN401  # as below
    """Return the user of a row; that nobody has a name takes as long to find out (ENUM-02)."""
    found = _user(_NOBODY if row is None else row)
    return None if row is None else found


def _user(row: Any) -> User | None:  # noqa: ANN401  # a row of users with claims and roles
    return row and User(
        row.id, UserName(row.realm, row.name, row.canonical, row.skeleton), row.password_hash, row.created_at,
        row.locked, row.disabled, row.state and AccountState(row.state),
        row.locked_reason and LockedReason(row.locked_reason), row.confirmed_at, row.reserved_until,
        row.last_login_at, row.unlock_at, row.lockouts, row.password_set_at, row.must_change_password,
        row.sessions_from, dict(json.loads(row.claims)), tuple(sorted(role for (role,) in json.loads(row.roles))),
    )  # fmt: skip


_NOBODY = SimpleNamespace(
    **dict.fromkeys(users.c.keys()),
    claims=json.dumps([[f"http://wso2.org/claims/{number}", ""] for number in range(6)]),
    roles='[["Internal/selfsignup"], ["Internal/everyone"]]',
)  # fmt: skip
"""What a row of somebody looks like, for names that nobody has."""
