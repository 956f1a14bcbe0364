"""What must hold after every fault, on both databases (security-reliability.md, section 4.3)."""

import contextlib
import sqlite3
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from tests.attacks.stage import CREATE_ONLY, PASSWORD, TRUSTED, Row, Stage

PENDING = "PENDING_SR"
MICROSECONDS = 1_000_000


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What only ever grows: counters by limit and key, fences by message."""

    counters: dict[tuple[str, ...], int] = field(default_factory=dict)
    fences: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, stage: Stage) -> "Snapshot":
        counted = stage.evidence.rows("counters")
        key = ("tenant", "limit", "key", "window")
        return cls(
            {tuple(str(row[name]) for name in key): row["count"] for row in counted},
            {row["id"]: row["fence"] for row in stage.evidence.rows("messages")},
        )


def broken(
    stage: Stage,
    acknowledged: Collection[str],
    *,
    crashes: int,
    before: Snapshot | None = None,
    shift_seconds: float = 0.0,
) -> list[str]:
    """Return every invariant that does not hold, with what broke it."""
    return list(_broken(stage, acknowledged, crashes, before or Snapshot(), shift_seconds))


def _broken(
    stage: Stage, acknowledged: Collection[str], crashes: int, before: Snapshot, shift_seconds: float
) -> Iterator[str]:
    tables = ("users", "codes", "messages", "verifications", "user_claims", "user_roles")
    users, codes, messages, proofs, claims, roles = (stage.evidence.rows(table) for table in tables)
    ids = {user["id"]: user for user in users}
    registered = {row["user_id"] for row in roles if row["role"] == "Internal/selfsignup"}
    yield from _half_made(ids, registered, codes, messages, claims)
    names = {user["name"] for user in users}
    yield from (f"I3 acknowledged and lost: {name}" for name in acknowledged if name not in names)
    proven = {row["user_id"] for row in proofs}
    for user in (ids[each] for each in registered if each in ids):
        if (user["state"] == PENDING) == (user["id"] in proven):
            yield f"I4 a code without its effect, or an effect without its code: {user['name']}"
    yield from _sent_wrongly(stage, messages, crashes, shift_seconds)
    after = Snapshot.of(stage)
    yield from (f"I8 {key} went back" for key, count in before.counters.items() if after.counters.get(key, 0) < count)
    yield from (
        f"I8 the fence of {each} went back" for each, fence in before.fences.items() if after.fences[each] < fence
    )
    if stage.evidence.url is None:
        with contextlib.closing(sqlite3.connect(stage.evidence.file)) as connection:
            found = connection.execute("PRAGMA integrity_check").fetchall()
        if found != [("ok",)]:
            yield f"I9 {found}"
    yield from (f"I10 {where} holds {secret!r}" for where, secret in leaks(stage))


def _half_made(
    users: dict[str, Row], registered: set[str], codes: list[Row], messages: list[Row], claims: list[Row]
) -> Iterator[str]:
    has_code = {row["user_id"] for row in codes}
    has_message = {row["user_id"] for row in messages}
    has_claims = {row["user_id"] for row in claims}
    for user in users.values():
        if user["state"] == PENDING and user["id"] not in has_code:
            yield f"I1 pending without a code: {user['name']}"
        if user["state"] == PENDING and not {user["id"]} <= has_claims & registered & has_message:
            yield f"I1 half made: {user['name']}"
    for row in codes:
        if row["user_id"] not in users or row["user_id"] not in has_message:
            yield f"I2 a code without user or message: {row['id']}"


def _sent_wrongly(stage: Stage, messages: list[Row], crashes: int, shift_seconds: float) -> Iterator[str]:
    rows = {row["id"]: row for row in messages}
    copies = Counter(delivery.message_id for delivery in stage.ledger.deliveries)
    yield from (
        f"I5 never arrived: {row['id']}" for row in messages if row["state"] == "sent" and not copies[row["id"]]
    )
    yield from (f"I6 {count} copies of {each}" for each, count in copies.items() if count > 1 + crashes)
    for at, delivery in stage.ledger.entries:
        row = rows.get(delivery.message_id or "")
        if row and row["expires_at"] and (at + shift_seconds) * MICROSECONDS > row["expires_at"]:
            yield f"I7 sent when its code was dead: {row['id']}"


def secrets_of(stage: Stage) -> list[str]:
    """Return every canary of a stage: passwords, secrets of clients, codes, whole numbers and mailboxes of messages."""
    found = {PASSWORD, stage.secrets[TRUSTED[0]], stage.secrets[CREATE_ONLY[0]]}
    for delivery in stage.ledger.deliveries:
        found |= {delivery.code or PASSWORD, *delivery.texts}
    return sorted(found)


def leaks(stage: Stage) -> Iterator[tuple[str, str]]:
    """Return each canary that stands in clear in the log or in the database, and where."""
    log = stage.log.read_text(encoding="utf-8", errors="replace")
    at_rest = _at_rest(stage)
    for secret in secrets_of(stage):
        if secret in log:
            yield "the log", secret
        if secret.encode() in at_rest:
            yield "the database", secret


def _at_rest(stage: Stage) -> bytes:
    """Return the octets of the SQLite files, or every row of PostgreSQL as a dump would write it."""
    if stage.evidence.url is None:
        return b"".join(path.read_bytes() for path in sorted(stage.evidence.file.parent.glob("watchword.db*")))
    return repr(stage.evidence.all_rows()).encode()
