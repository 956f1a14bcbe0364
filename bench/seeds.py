"""Rows that are there before anything is measured: people who have yet to confirm, each with a code that we know."""

import asyncio
import json
import sqlite3
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

import asyncpg
from sqlalchemy import Table

from bench.servers import Home
from watchword.accounts.claims import MOBILE, PREFERRED_CHANNEL, Channel
from watchword.installation import Installation
from watchword.notification.outbox import Notice
from watchword.storage.schema import codes, user_claims, user_roles, users
from watchword.storage.work import Work
from watchword.web.model import SUPER_TENANT

COLUMNS: dict[Table, tuple[str, ...]] = {
    users: (
        "tenant", "id", "realm", "name", "canonical", "password_hash", "locked", "disabled", "state", "locked_reason",
        "created_at", "reserved_until", "lockouts", "must_change_password",
    ),
    user_claims: ("tenant", "user_id", "uri", "value", "folded"),
    user_roles: ("tenant", "user_id", "role"),
    codes: (
        "tenant", "id", "user_id", "digest", "scenario", "step", "channel", "attempts", "created_at", "last_sent_at",
        "expired", "facts",
    ),
}  # fmt: skip
AT_ONCE = 20_000
ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
NOBODYS_HASH = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$" + "A" * 43
SECRET = "correct-Horse-battery-7"


def user_name(number: int) -> str:
    """Return the name of a seeded person."""
    return f"seeded-{number:08d}"


def code_of(number: int) -> str:
    """Return the code of a seeded person: as long as a real one, and no two alike."""
    drawn, letters = (number * 2_654_435_761 + 12_345) % 2**40, ""
    for _ in range(8):
        drawn, digit = divmod(drawn, 32)
        letters += ALPHABET[digit]
    return letters


def seed(home: Home, first: int, count: int, *, confirmed: bool = False) -> None:
    """Store so many accounts, as rows, since signing them up would take hours.

    Those who have *confirmed* may log in with ``SECRET``; the others have yet to type their code.
    """
    with home.installation() as installation:
        password_hash = installation.works.surroundings.hasher.hash(SECRET) if confirmed else NOBODYS_HASH
        numbers = iter(range(first, first + count))
        while some := list(islice(numbers, AT_ONCE)):
            _store(home, _rows(installation, some, password_hash, confirmed=confirmed))


def number_of(person: int) -> str:
    """Return the phone of a seeded person."""
    return f"+9471{person:07d}"


def _rows(
    installation: Installation, numbers: Sequence[int], password_hash: str, *, confirmed: bool
) -> dict[Table, list[tuple[Any, ...]]]:
    digest = installation.works.surroundings.keys.digest
    now = int(time.time() * 1_000_000)
    found: dict[Table, list[tuple[Any, ...]]] = {table: [] for table in COLUMNS}
    for number in numbers:
        name, mobile, user_id = user_name(number), number_of(number), _id(number, "7")
        state = (None, None) if confirmed else ("PENDING_SR", "PENDING_SELF_REGISTRATION")
        found[users].append((
            SUPER_TENANT, user_id, "PRIMARY", name, name, password_hash, not confirmed, False, *state, now,
            None if confirmed else now + 86_400_000_000, 0, False,
        ))  # fmt: skip
        claims = ((MOBILE, mobile), (PREFERRED_CHANNEL, "SMS"))
        found[user_claims] += [(SUPER_TENANT, user_id, uri, value, value.casefold()) for uri, value in claims]
        found[user_roles].append((SUPER_TENANT, user_id, "Internal/selfsignup"))
        if confirmed:
            continue
        found[codes].append((
            SUPER_TENANT, _id(number, "8"), user_id, digest("code", SUPER_TENANT, code_of(number)), "SELF_SIGN_UP",
            "CONFIRM_SIGN_UP", "SMS", 0, now, now - 3_600_000_000, False, json.dumps({}),
        ))  # fmt: skip
    return found


def _id(number: int, kind: str) -> str:
    return f"0190{kind}000-0000-7000-8000-{number:012d}"


def _store(home: Home, rows: dict[Table, list[tuple[Any, ...]]]) -> None:
    if home.database_url:
        asyncio.run(_copy(home.database_url, rows))
        return
    connection = sqlite3.connect(home.folder / "watchword" / "watchword.db", isolation_level=None)
    connection.execute("PRAGMA synchronous=OFF")
    connection.execute("BEGIN")
    for table, values in rows.items():
        names = COLUMNS[table]
        blanks = ", ".join("?" * len(names))
        statement = f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({blanks})"  # noqa: S608  # our own table
        connection.executemany(statement, values)
    connection.execute("COMMIT")
    connection.close()


async def _copy(url: str, rows: dict[Table, list[tuple[Any, ...]]]) -> None:
    connection = await asyncpg.connect(url)
    for table, values in rows.items():
        await connection.copy_records_to_table(table.name, records=values, columns=COLUMNS[table])
    await connection.close()


def numbers_from(first: int, count: int) -> Iterator[int]:
    """Return the numbers of the seeded people, each once."""
    return iter(range(first, first + count))


def leave_messages(home: Home, count: int) -> None:
    """Leave so many messages in the outbox, through the server's own code."""
    with home.installation() as installation:
        notice = Notice("accountconfirmation", Channel.SMS, None, {"confirmation-code": "ABCD2345", "user-name": "kim"})

        def leave(work: Work) -> None:
            for number in range(count):
                fresh = time.perf_counter_ns() % 10_000_000
                to = f"+9476{(fresh + number) % 10_000_000:07d}"
                installation.notifier.notify(work, replace(notice, to=to))
            work.commit()

        installation.works.do(SUPER_TENANT, leave)
