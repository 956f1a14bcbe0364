"""Sessions, as rows; a cookie's secret stands there only as a digest."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import bindparam, delete, exists, insert, select, update

from watchword.login.model import Person, Proof, Session, SessionApplication
from watchword.storage.schema import session_applications, sessions, users
from watchword.storage.statements import Statement, Upsert
from watchword.storage.work import Work

_MINE = sessions.c.tenant == bindparam("tenant")
_IT = _MINE & (sessions.c.id == bindparam("of_id"))
_LIVE = (sessions.c.idle_at > bindparam("now")) & (sessions.c.ends_at > bindparam("now"))
_ADD = Statement(insert(sessions))
_FIND = Statement(select(sessions).where(_MINE, sessions.c.digest == bindparam("of_digest"), _LIVE))
_GET = Statement(select(sessions).where(_IT, _LIVE))
_OF_USER = Statement(
    select(sessions).where(_MINE, sessions.c.user_id == bindparam("of_user"), _LIVE).order_by(sessions.c.created_at)
)
_SAVE = Statement(
    update(sessions)
    .where(_IT)
    .values(
        digest=bindparam("new_digest"), document=bindparam("new_document"), used_at=bindparam("new_used_at"),
        idle_at=bindparam("new_idle_at"), ends_at=bindparam("new_ends_at"), remembered=bindparam("new_remembered"),
        created_at=bindparam("new_created_at"),
    )
)  # fmt: skip
_TOUCH = Statement(
    update(sessions).where(_IT).values(used_at=bindparam("new_used_at"), idle_at=bindparam("new_idle_at"))
)
_END = Statement(delete(sessions).where(_IT).returning(sessions.c.id))
_TELL = Statement(
    update(session_applications)
    .where(
        session_applications.c.tenant == bindparam("tenant"),
        session_applications.c.session_id == bindparam("of_id"),
    )
    .values(ended_at=bindparam("new_ended_at"))
)
_END_ALL = Statement(delete(sessions).where(_MINE))
_TELL_ALL = Statement(
    update(session_applications)
    .where(session_applications.c.tenant == bindparam("tenant"), session_applications.c.ended_at.is_(None))
    .values(ended_at=bindparam("new_ended_at"))
)
_PUT_APPLICATION = Upsert.into(session_applications, "protocol", "subject", "document", "at")
_FORGET = Statement(
    delete(session_applications)
    .where(
        session_applications.c.tenant == bindparam("tenant"),
        session_applications.c.session_id == bindparam("of_id"),
        session_applications.c.application_id == bindparam("of_application"),
    )
    .returning(session_applications.c.session_id)
)
_APPLICATIONS = Statement(
    select(session_applications)
    .where(
        session_applications.c.tenant == bindparam("tenant"),
        session_applications.c.session_id == bindparam("of_id"),
    )
    .order_by(session_applications.c.at)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Document:
    """What a row holds of a session that no query asks for."""

    person: Person
    proofs: tuple[Proof, ...]


@dataclass(frozen=True, slots=True)
class Sessions:
    """The sessions of the Work's tenant."""

    work: Work

    def add(self, session: Session, secret: str) -> None:
        """Store a session under the secret of its cookie."""
        self.work.write(
            _ADD, id=session.id, digest=self._digest(secret), user_id=session.person.user_id,
            document=_document(session), remembered=session.remembered, user_agent=session.user_agent,
            address=session.address, created_at=session.created_at, used_at=session.used_at, idle_at=session.idle_at,
            ends_at=session.ends_at,
        )  # fmt: skip

    def find(self, secret: str) -> Session | None:
        """Return the live session of a cookie."""
        return _session(self.work.row(_FIND, of_digest=self._digest(secret), now=self.work.now)) if secret else None

    def get(self, session_id: str) -> Session | None:
        """Return a live session."""
        return _session(self.work.row(_GET, of_id=session_id, now=self.work.now))

    def of_user(self, user_id: str) -> Sequence[Session]:
        """Return the live sessions of a user, the oldest first."""
        rows = self.work.rows(_OF_USER, of_user=user_id, now=self.work.now)
        return [found for row in rows if (found := _session(row))]

    def save(self, session: Session, secret: str) -> None:
        """Store what has become of a session; its cookie has a new *secret*, and the old one is dead."""
        self.work.write(
            _SAVE, of_id=session.id, new_digest=self._digest(secret), new_document=_document(session),
            new_used_at=session.used_at, new_idle_at=session.idle_at, new_ends_at=session.ends_at,
            new_remembered=session.remembered, new_created_at=session.created_at,
        )  # fmt: skip

    def touch(self, session: Session) -> None:
        """Store that a session was used; its cookie stays."""
        self.work.write(_TOUCH, of_id=session.id, new_used_at=session.used_at, new_idle_at=session.idle_at)

    def end(self, session_id: str) -> bool:
        """End a session; return whether it was there.

        Its applications stay noted, as ended, until whoever speaks their protocol has told them.
        """
        if self.work.row(_END, of_id=session_id) is None:
            return False
        self.work.write(_TELL, of_id=session_id, new_ended_at=self.work.now)
        return True

    def end_all(self) -> None:
        """End every session; the applications of each stay noted, as those of one do."""
        self.work.write(_END_ALL)
        self.work.write(_TELL_ALL, new_ended_at=self.work.now)

    def add_application(self, entry: SessionApplication) -> None:
        """Remember that somebody has logged in to an application with a session, and how it was told."""
        self.work.write(
            _PUT_APPLICATION, session_id=entry.session_id, application_id=entry.application_id,
            protocol=entry.protocol, subject=entry.subject, document=json.dumps(dict(entry.document)), at=entry.at,
        )  # fmt: skip

    def applications(self, session_id: str) -> Sequence[SessionApplication]:
        """Return the applications of a session, the first first."""
        return [_application(row) for row in self.work.rows(_APPLICATIONS, of_id=session_id)]

    def find_ended(self, protocol: str, count: int) -> Sequence[tuple[str, SessionApplication]]:
        """Return applications, with their tenants, whose session has ended and which were not told, in all tenants.

        Whoever speaks the *protocol* tells them, and forgets them in the same work in which it takes the telling over.
        """
        table = session_applications
        mine = (table.c.protocol == protocol) & table.c.ended_at.is_not(None)
        rows = self.work.connection.execute(select(table).where(mine).order_by(table.c.ended_at).limit(count))
        return [(row.tenant, _application(row)) for row in rows]

    def forget_application(self, session_id: str, application_id: str) -> bool:
        """Take away that an application was logged in to; return whether it was there, so that one taker has it."""
        return self.work.row(_FORGET, of_id=session_id, of_application=application_id) is not None

    def find_over(self, count: int) -> Sequence[tuple[str, str]]:
        """Return tenants and ids of sessions that are over though nobody has ended them, in all tenants."""
        late = (sessions.c.idle_at <= self.work.now) | (sessions.c.ends_at <= self.work.now)
        his = (users.c.tenant == sessions.c.tenant) & (users.c.id == sessions.c.user_id)
        revoked = exists().where(his, users.c.sessions_from > sessions.c.created_at)
        query = select(sessions.c.tenant, sessions.c.id).where(late | revoked).order_by(sessions.c.tenant).limit(count)
        return [(row.tenant, row.id) for row in self.work.connection.execute(query)]

    def _digest(self, secret: str) -> str:
        return self.work.keys.digest("session", self.work.tenant, secret)


def _document(session: Session) -> str:
    return msgspec.json.encode(_Document(person=session.person, proofs=session.proofs)).decode()


def _session(row: Any) -> Session | None:  # noqa: ANN401  # a row of sessions
    if row is None:
        return None
    document = msgspec.json.decode(row.document, type=_Document)
    return Session(
        id=row.id, person=document.person, proofs=document.proofs, created_at=row.created_at, used_at=row.used_at,
        idle_at=row.idle_at, ends_at=row.ends_at, remembered=row.remembered, user_agent=row.user_agent,
        address=row.address,
    )  # fmt: skip


def _application(row: Any) -> SessionApplication:  # noqa: ANN401  # a row of session_applications
    document: Mapping[str, Any] = json.loads(row.document)
    return SessionApplication(
        session_id=row.session_id, application_id=row.application_id, protocol=row.protocol, subject=row.subject,
        document=document, at=row.at,
    )  # fmt: skip
