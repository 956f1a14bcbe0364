"""Rows of SAML: the tenant's keys, the requests that were answered, and the logouts that are under way."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from watchword.base.problems import ChangedMeanwhile
from watchword.saml.keys import KeyState, TenantKey
from watchword.saml.rounds import Participant, Round, Telling, TellingState
from watchword.storage.schema import logout_requests, logouts, replays, session_applications, tenant_keys
from watchword.storage.statements import Statement
from watchword.storage.work import Work

PURPOSE = "saml"

_MY_KEYS = (tenant_keys.c.tenant == bindparam("tenant")) & (tenant_keys.c.purpose == PURPOSE)
_KEYS = Statement(select(tenant_keys).where(_MY_KEYS).order_by(tenant_keys.c.created_at, tenant_keys.c.id))
_ADD_KEY = Statement(insert(tenant_keys))
_MOVE_KEY = Statement(
    update(tenant_keys)
    .where(_MY_KEYS, tenant_keys.c.id == bindparam("of_id"), tenant_keys.c.state == bindparam("old_state"))
    .values(state=bindparam("new_state"))
    .returning(tenant_keys.c.id)
)
_DELETE_KEY = Statement(delete(tenant_keys).where(_MY_KEYS, tenant_keys.c.id == bindparam("of_id")))

_ADD_REPLAY = Statement(insert(replays))
_REPLAY = Statement(
    select(replays.c.key).where(
        replays.c.tenant == bindparam("tenant"), replays.c.kind == bindparam("of_kind"),
        replays.c.key == bindparam("of_key"), replays.c.expires_at > bindparam("now"),
    )
)  # fmt: skip
_FORGET_REPLAY = Statement(
    delete(replays).where(
        replays.c.tenant == bindparam("tenant"), replays.c.kind == bindparam("of_kind"),
        replays.c.key == bindparam("of_key"), replays.c.expires_at <= bindparam("now"),
    )
)  # fmt: skip

_ADD_ROUND = Statement(insert(logouts))
_ROUND = Statement(
    select(logouts).where(
        logouts.c.tenant == bindparam("tenant"), logouts.c.id == bindparam("of_id"),
        logouts.c.expires_at > bindparam("now"),
    )
)  # fmt: skip
_MINE = logout_requests.c.tenant == bindparam("tenant")
_ADD_TELLING = Statement(insert(logout_requests))
_TELLING = Statement(select(logout_requests).where(_MINE, logout_requests.c.id == bindparam("of_id")))
_OF_ROUND = Statement(
    select(logout_requests).where(_MINE, logout_requests.c.logout_id == bindparam("of_round")).order_by("id")
)
_LEASE = Statement(
    update(logout_requests)
    .where(
        _MINE, logout_requests.c.id == bindparam("of_id"), logout_requests.c.state == TellingState.WAITING,
        logout_requests.c.due_at <= bindparam("now"),
    )
    .values(
        fence=logout_requests.c.fence + 1, attempts=logout_requests.c.attempts + 1, due_at=bindparam("new_due_at")
    )
    .returning(*logout_requests.c)
)  # fmt: skip
_SETTLE = Statement(
    update(logout_requests)
    .where(_MINE, logout_requests.c.id == bindparam("of_id"), logout_requests.c.fence == bindparam("of_fence"))
    .values(state=bindparam("new_state"), due_at=bindparam("new_due_at"), document=bindparam("new_document"))
    .returning(logout_requests.c.id)
)
_PARTING = Statement(
    delete(session_applications).where(
        session_applications.c.tenant == bindparam("tenant"),
        session_applications.c.session_id == bindparam("of_session"),
        session_applications.c.protocol == bindparam("of_protocol"),
    )
)


@dataclass(frozen=True, slots=True)
class TenantKeys:
    """The signing keys of the Work's tenant."""

    work: Work

    def all(self) -> Sequence[TenantKey]:
        """Return every key, the oldest first."""
        return [_key(row) for row in self.work.rows(_KEYS)]

    def add(self, key: TenantKey) -> bool:
        """Store a key; return whether nobody else was quicker to take its id. If not, the work can only be released."""
        try:
            self.work.rows(
                _ADD_KEY, id=key.id, purpose=PURPOSE, certificate=key.certificate, sealed=key.sealed, state=key.state,
                created_at=key.created_at, ends_at=key.ends_at,
            )  # fmt: skip
        except IntegrityError:
            return False
        return True

    def move(self, key: TenantKey, state: KeyState) -> None:
        """Give a key another state.

        Raises:
            ChangedMeanwhile: it is no longer in the state that it was read in.
        """
        if self.work.row(_MOVE_KEY, of_id=key.id, old_state=key.state, new_state=state) is None:
            raise ChangedMeanwhile(name=key.id)

    def delete(self, key: TenantKey) -> None:
        """Remove a key."""
        self.work.write(_DELETE_KEY, of_id=key.id)


@dataclass(frozen=True, slots=True)
class Replays:
    """The requests of the Work's tenant that were answered lately."""

    work: Work

    def has(self, kind: str, key: str) -> bool:
        """Tell whether a request was answered."""
        return self.work.row(_REPLAY, of_kind=kind, of_key=self._digest(kind, key), now=self.work.now) is not None

    def take(self, kind: str, key: str, expires_at: datetime) -> bool:
        """Note that a request is answered; return whether it was not before (if it was, only a release is left)."""
        digest = self._digest(kind, key)
        self.work.rows(_FORGET_REPLAY, of_kind=kind, of_key=digest, now=self.work.now)
        try:
            self.work.rows(_ADD_REPLAY, kind=kind, key=digest, expires_at=expires_at)
        except IntegrityError:
            return False
        return True

    def sweep(self) -> None:
        """Forget what is too old to be replayed, in all tenants."""
        self.work.connection.execute(delete(replays).where(replays.c.expires_at <= self.work.now))

    def _digest(self, kind: str, key: str) -> str:
        return self.work.keys.digest("replay", self.work.tenant, kind, key)


@dataclass(frozen=True, slots=True)
class Rounds:
    """The logouts of the Work's tenant that are under way."""

    work: Work

    def add(self, found: Round) -> None:
        """Store a round."""
        document = msgspec.json.encode(found).decode()
        self.work.write(_ADD_ROUND, id=found.id, version=1, document=document, expires_at=found.expires_at)

    def get(self, round_id: str) -> Round | None:
        """Return a round that is not too old."""
        row = self.work.row(_ROUND, of_id=round_id, now=self.work.now)
        return None if row is None else msgspec.json.decode(row.document, type=Round)

    def tell(self, telling: Telling) -> None:
        """Store what a service provider is to be told."""
        self.work.write(
            _ADD_TELLING, id=telling.id, logout_id=telling.round_id,
            application_id=telling.participant.application_id, document=_document(telling), state=telling.state,
            attempts=telling.attempts, due_at=telling.due_at, fence=telling.fence,
        )  # fmt: skip

    def tellings(self, round_id: str) -> Sequence[Telling]:
        """Return what each service provider of a round is told, in their order."""
        return [_telling(row) for row in self.work.rows(_OF_ROUND, of_round=round_id)]

    def telling(self, telling_id: str) -> Telling | None:
        """Return what a service provider is told by the LogoutRequest of that ID."""
        row = self.work.row(_TELLING, of_id=telling_id)
        return None if row is None else _telling(row)

    def lease(self, telling_id: str, until: datetime) -> Telling | None:
        """Take a telling that is due, and count the try; ``None`` if somebody else has it."""
        row = self.work.row(_LEASE, of_id=telling_id, now=self.work.now, new_due_at=until)
        return None if row is None else _telling(row)

    def settle(self, telling: Telling, state: TellingState, due_at: datetime | None = None) -> bool:
        """Note what has become of a telling, unless somebody has taken it since."""
        row = self.work.row(
            _SETTLE, of_id=telling.id, of_fence=telling.fence, new_state=state, new_due_at=due_at,
            new_document=_document(telling),
        )  # fmt: skip
        return row is not None

    def part(self, session_id: str, protocol: str) -> None:
        """Forget which applications a session was in, since they are being told."""
        self.work.write(_PARTING, of_session=session_id, of_protocol=protocol)

    def find_due(self, count: int) -> Sequence[tuple[str, str]]:
        """Return tenants and ids of tellings that are due, in all tenants."""
        query = (
            select(logout_requests.c.tenant, logout_requests.c.id)
            .where(logout_requests.c.state == TellingState.WAITING, logout_requests.c.due_at <= self.work.now)
            .order_by(logout_requests.c.due_at)
            .limit(count)
        )
        return [(row.tenant, row.id) for row in self.work.connection.execute(query)]

    def find_ended(self, protocol: str, count: int) -> Sequence[tuple[str, str]]:
        """Return tenants and ids of sessions that have ended without a word to their applications, in all tenants."""
        query = (
            select(session_applications.c.tenant, session_applications.c.session_id)
            .where(session_applications.c.ended_at.is_not(None), session_applications.c.protocol == protocol)
            .distinct()
            .limit(count)
        )
        return [(row.tenant, row.session_id) for row in self.work.connection.execute(query)]

    def sweep(self, span: timedelta) -> None:
        """Forget rounds that are over, and what was told in them, in all tenants."""
        over = select(logouts.c.id).where(logouts.c.expires_at <= self.work.now - span)
        settled = logout_requests.c.due_at.is_(None) | (logout_requests.c.due_at <= self.work.now - span)
        alone = (logout_requests.c.logout_id == "") & (logout_requests.c.state != TellingState.WAITING)
        of_old = logout_requests.c.logout_id.in_(over) & settled
        self.work.connection.execute(delete(logout_requests).where(of_old | alone))
        self.work.connection.execute(delete(logouts).where(logouts.c.expires_at <= self.work.now - span))


def _key(row: Any) -> TenantKey:  # noqa: ANN401  # a row of tenant_keys
    return TenantKey(
        id=row.id, certificate=row.certificate, sealed=row.sealed, state=KeyState(row.state),
        created_at=row.created_at, ends_at=row.ends_at,
    )  # fmt: skip


def _telling(row: Any) -> Telling:  # noqa: ANN401  # a row of logout_requests
    participant = msgspec.json.decode(row.document, type=Participant)
    return Telling(
        id=row.id, round_id=row.logout_id, participant=participant, state=TellingState(row.state),
        attempts=row.attempts, due_at=row.due_at, fence=row.fence,
    )  # fmt: skip


def _document(telling: Telling) -> str:
    return msgspec.json.encode(telling.participant).decode()
