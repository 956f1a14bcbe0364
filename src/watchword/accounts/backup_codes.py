"""Backup codes: each works once, and none can be read again after it was printed (sms-otp.md 3, decisions 3.5).

Users who were imported may bring a list in clear, in one of two claims. The first use of one of its codes takes the
whole list out of the claims, and keeps what is left of it as keyed digests; docs/decisions/0011-backup-codes.md.
"""

from collections.abc import Iterable
from hmac import compare_digest

from watchword.accounts.claims import BACKUP_CODES, IDENTITY_BACKUP_CODES
from watchword.accounts.model import User
from watchword.accounts.store.credentials import BackupCodes
from watchword.accounts.store.users import Users
from watchword.base.entropy import draw
from watchword.storage.audit import note
from watchword.storage.work import Work

COUNT = 10
LENGTH = 8
LISTS = (IDENTITY_BACKUP_CODES, BACKUP_CODES)
"""The claims that may hold a list in clear, separated by commas."""
_DIGITS = "0123456789"
_DASHES = "-\N{EN DASH}"


def make_backup_codes(work: Work, user: User) -> tuple[str, ...]:
    """Give a user new codes in place of all old ones, and return them: the only time that they can be read."""
    drawn: set[str] = set()
    while len(drawn) < COUNT:
        drawn.add(draw(work.entropy, _DIGITS, LENGTH))
    codes = BackupCodes(work)
    codes.remove_all(user.id)
    Users(work).remove_claims(user.id, LISTS)
    codes.add(user.id, (_digest(work, user, code) for code in drawn))
    note(work, "make_backup_codes", user.id)
    work.commit()
    return tuple(sorted(drawn))


def count_backup_codes(work: Work, user: User) -> int:
    """Return how many codes a user has left."""
    listed = {code for uri in LISTS for code in _entries(user.claims.get(uri))}
    return len(BackupCodes(work).digests(user.id) | {_digest(work, user, code) for code in listed})


def spend_backup_code(work: Work, user: User, typed: str) -> bool:
    """Use a code up, and return whether it was one: of two who try the same at once, one hears yes.

    The caller has counted the guess before, and commits.
    """
    if not any(_spend(work, user, code) for code in dict.fromkeys((typed.strip(), without_breaks(typed)))):
        return False
    left = len(BackupCodes(work).digests(user.id))
    note(work, "spend_backup_code", user.id, reason=f"{left} left")
    if not left:
        note(work, "last_backup_code_spent", user.id)
    return True


def without_breaks(typed: str) -> str:
    """Return a code without the blanks and dashes that a person reads or types between its characters."""
    return "".join(letter for letter in typed if not letter.isspace() and letter not in _DASHES)


def _spend(work: Work, user: User, code: str) -> bool:
    digest = _digest(work, user, code)
    return bool(code) and (BackupCodes(work).spend(user.id, digest) or _spend_listed(work, user, code, digest))


def _spend_listed(work: Work, user: User, code: str, digest: str) -> bool:
    """Use a code up that came in a list in clear, which becomes digests at that."""
    codes = BackupCodes(work)
    for uri in LISTS:
        listed = user.claims.get(uri)
        if not _is_among(code, _entries(listed)) or listed is None:
            continue
        if not codes.take_list(user.id, uri, listed):  # somebody else has used one of them since the user was read
            return codes.spend(user.id, digest)
        others = {_digest(work, user, each) for each in _entries(listed)} - {digest}
        codes.add(user.id, sorted(others - codes.digests(user.id)))
        return True
    return False


def _entries(listed: str | None) -> list[str]:
    """Return the codes of a list; a trailing comma is legal, and nothing is no code."""
    return [entry for part in (listed or "").split(",") if (entry := part.strip())]


def _is_among(code: str, entries: Iterable[str]) -> bool:
    """Tell whether a code is one of a list's, without telling by the time it takes which."""
    found = False
    for entry in entries:
        found |= compare_digest(code.encode(), entry.encode())
    return found


def _digest(work: Work, user: User, code: str) -> str:
    return work.keys.digest("backup-code", work.tenant, user.id, code)
