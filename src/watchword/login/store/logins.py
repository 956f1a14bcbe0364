"""Logins that are under way, as sealed rows of the Work's tenant."""

from dataclasses import dataclass, replace

import msgspec
from sqlalchemy import bindparam, delete, insert, select, update

from watchword.base.seal import SealBroken
from watchword.login.model import Login
from watchword.storage.schema import logins
from watchword.storage.statements import Statement
from watchword.storage.work import Work

_IT = (logins.c.tenant == bindparam("tenant")) & (logins.c.digest == bindparam("of_digest"))
_ADD = Statement(insert(logins))
_FIND = Statement(
    select(logins).where(_IT, logins.c.nonce == bindparam("of_nonce"), logins.c.expires_at > bindparam("now"))
)
_SAVE = Statement(
    update(logins)
    .where(_IT, logins.c.version == bindparam("known_version"))
    .values(sealed=bindparam("new_sealed"), version=logins.c.version + 1)
    .returning(logins.c.version)
)
_REMOVE = Statement(
    delete(logins).where(_IT, logins.c.version == bindparam("known_version")).returning(logins.c.digest)
)


class LoginMoved(Exception):  # what happened, not an error of anybody
    """Another request of the same browser has moved the login meanwhile; nothing was stored."""


@dataclass(frozen=True, slots=True)
class Logins:
    """The logins of the Work's tenant."""

    work: Work

    def add(self, login: Login, nonce: str) -> None:
        """Store a login that begins, bound to a browser by its *nonce*."""
        digest = self.digest(login.key)
        self.work.write(
            _ADD, digest=digest, nonce=self._nonce(nonce), version=login.version, sealed=self._sealed(login, digest),
            created_at=login.created_at, expires_at=login.expires_at,
        )  # fmt: skip

    def find(self, key: str, nonce: str) -> Login | None:
        """Return a login that this browser has under way; ``None`` if it is another's, too old, or none."""
        digest = self.digest(key)
        row = self.work.row(_FIND, of_digest=digest, of_nonce=self._nonce(nonce), now=self.work.now)
        if row is None:
            return None
        try:
            document = self.work.keys.unseal(row.sealed, self._about(digest))
        except SealBroken:
            return None
        return replace(msgspec.json.decode(document, type=Login), version=row.version)

    def save(self, login: Login) -> None:
        """Store how far a login has come.

        Raises:
            LoginMoved
        """
        digest = self.digest(login.key)
        if not self.work.row(
            _SAVE, of_digest=digest, known_version=login.version, new_sealed=self._sealed(login, digest)
        ):
            raise LoginMoved

    def remove(self, login: Login) -> None:
        """Take a login away, since its result is read.

        Raises:
            LoginMoved: somebody else has read it already.
        """
        if not self.work.row(_REMOVE, of_digest=self.digest(login.key), known_version=login.version):
            raise LoginMoved

    def digest(self, key: str) -> str:
        """Return what stands in a row for a key."""
        return self.work.keys.digest("login", self.work.tenant, key)

    def sweep(self) -> None:
        """Remove the logins that nobody has ended in time, in all tenants."""
        self.work.connection.execute(delete(logins).where(logins.c.expires_at < self.work.now))

    def _nonce(self, nonce: str) -> str:
        return self.work.keys.digest("login nonce", self.work.tenant, nonce)

    def _sealed(self, login: Login, digest: str) -> bytes:
        return self.work.keys.seal(self.work.entropy, msgspec.json.encode(login), self._about(digest))

    def _about(self, digest: str) -> str:
        return f"login {self.work.tenant} {digest}"
