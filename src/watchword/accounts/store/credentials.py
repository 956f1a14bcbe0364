"""Backup codes, and passwords that may not come back, as rows."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import bindparam, delete, insert, select

from watchword.storage.schema import backup_codes, password_history, user_claims
from watchword.storage.statements import Statement
from watchword.storage.work import Work

_OF_USER = {
    table: (table.c.tenant == bindparam("tenant")) & (table.c.user_id == bindparam("user_id"))
    for table in (user_claims, backup_codes, password_history)
}
_ADD_BACKUP_CODE = Statement(insert(backup_codes))
_REMOVE_BACKUP_CODES = Statement(delete(backup_codes).where(_OF_USER[backup_codes]))
_BACKUP_CODES = Statement(select(backup_codes.c.digest).where(_OF_USER[backup_codes]))
_SPEND_BACKUP_CODE = Statement(
    delete(backup_codes)
    .where(_OF_USER[backup_codes], backup_codes.c.digest == bindparam("digest"))
    .returning(backup_codes.c.digest)
)
_TAKE_CLAIM = Statement(
    delete(user_claims)
    .where(_OF_USER[user_claims], user_claims.c.uri == bindparam("uri"), user_claims.c.value == bindparam("value"))
    .returning(user_claims.c.uri)
)
_ADD_OLD_PASSWORD = Statement(insert(password_history))
_OLD_PASSWORDS = Statement(
    select(password_history.c.password_hash, password_history.c.at)
    .where(_OF_USER[password_history])
    .order_by(password_history.c.at.desc())
)
_REMOVE_OLD_PASSWORDS = Statement(
    delete(password_history).where(_OF_USER[password_history], password_history.c.at <= bindparam("last"))
)


@dataclass(frozen=True, slots=True)
class BackupCodes:
    """The backup codes of the Work's tenant, as keyed digests; and the lists in clear that came with a user."""

    work: Work

    def add(self, user_id: str, digests: Iterable[str]) -> None:
        """Keep more codes of a user."""
        for digest in digests:
            self.work.write(_ADD_BACKUP_CODE, user_id=user_id, digest=digest, created_at=self.work.now)

    def remove_all(self, user_id: str) -> None:
        """Forget the codes of a user."""
        self.work.write(_REMOVE_BACKUP_CODES, user_id=user_id)

    def digests(self, user_id: str) -> frozenset[str]:
        """Return the digests of the codes that a user has left."""
        return frozenset(row.digest for row in self.work.rows(_BACKUP_CODES, user_id=user_id))

    def spend(self, user_id: str, digest: str) -> bool:
        """Remove a code, and return whether it was there: of two who try, one hears yes."""
        return self.work.row(_SPEND_BACKUP_CODE, user_id=user_id, digest=digest) is not None

    def take_list(self, user_id: str, uri: str, value: str) -> bool:
        """Remove a list from the claims, and return whether it was there, and still this one."""
        return self.work.row(_TAKE_CLAIM, user_id=user_id, uri=uri, value=value) is not None


@dataclass(frozen=True, slots=True)
class OldPasswords:
    """The hashes of passwords that may not come back."""

    work: Work

    def add(self, user_id: str, password_hash: str) -> None:
        """Remember a password."""
        self.work.write(_ADD_OLD_PASSWORD, user_id=user_id, at=self.work.now, password_hash=password_hash)

    def last(self, user_id: str, count: int) -> list[str]:
        """Return the hashes of the last ones, newest first, and forget those before."""
        rows = self.work.rows(_OLD_PASSWORDS, user_id=user_id)
        if len(rows) > count:
            self.work.write(_REMOVE_OLD_PASSWORDS, user_id=user_id, last=rows[count].at)
        return [row.password_hash for row in rows[:count]]
