"""What the machine and the databases do by themselves: the denominators of the ratios."""

import asyncio
import itertools
import os
import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import asyncpg
from argon2 import PasswordHasher, Type
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from bench.servers import Home
from watchword.saml.keys import EXPONENT, RSA_BITS
from watchword.web.model import SUPER_TENANT

CLIENTS = 16
GROUP = 16

# What one `resend-code` writes, as plainly as it can be written: the old code goes, a new one comes, open messages
# are cancelled, two limits are counted, the message and the line of the audit log are added.
_DROP_CODE = "DELETE FROM codes WHERE tenant = {0} AND user_id = {1} AND scenario = 'SELF_SIGN_UP'"
_ADD_CODE = """INSERT INTO codes (tenant, id, user_id, digest, scenario, step, channel, attempts, created_at,
    last_sent_at, expired, facts)
    VALUES ({0}, {2}, {1}, {2}, 'SELF_SIGN_UP', 'CONFIRM_SIGN_UP', 'SMS', 0, {3}, {3}, false, '{{}}')"""
_CANCEL = """UPDATE messages SET state = 'cancelled', due_at = NULL, sealed = NULL, fence = fence + 1
    WHERE tenant = {0} AND user_id = {1} AND state IN ('waiting', 'sending')"""
_COUNT = """INSERT INTO counters (tenant, "limit", key, "window", count, started_at, ends_at)
    VALUES ({0}, 'sends_per_address', {1}, {window}, 1, {3}, {3})
    ON CONFLICT (tenant, "limit", key, "window") DO UPDATE SET count = counters.count + 1"""
_ADD_MESSAGE = """INSERT INTO messages (tenant, id, user_id, channel, masked_to, template, locale, event, state,
    attempts, created_at, due_at, fence, trace, sealed) VALUES ({0}, {2}, {1}, 'SMS', '+94*****12',
    'resendaccountconfirmation', 'en_US', 'TRIGGER_SMS_NOTIFICATION', 'waiting', 0, {3}, {3}, 0, {2}, {4})"""
_AUDIT = """INSERT INTO audit (tenant, id, at, actor, source, action, target, outcome, reason, trace)
    VALUES ({0}, {2}, {3}, 'carbon.super/bench', '127.0.0.1', 'resend_code', {1}, 'ok', 'SMS', {2})"""
_STATEMENTS = (_DROP_CODE, _ADD_CODE, _CANCEL, _COUNT, _COUNT, _ADD_MESSAGE, _AUDIT)
SEALED = os.urandom(600)


def hashes_per_second(seconds: float) -> float:
    """Return the bare rate of argon2id as the server has it set, on all cores."""
    hasher = PasswordHasher(2, 19456, 1, type=Type.ID)
    ends_at = time.perf_counter() + seconds

    def hash_until_then(_: int) -> int:
        done = 0
        while time.perf_counter() < ends_at:
            hasher.hash("correct-Horse-battery-7")
            done += 1
        return done

    threads = os.cpu_count() or 1
    began_at = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        done = sum(pool.map(hash_until_then, range(threads)))
    return done / (time.perf_counter() - began_at)


def signatures_per_second(seconds: float) -> float:
    """Return how often one core signs with a key of the size of a tenant's."""
    key = rsa.generate_private_key(EXPONENT, RSA_BITS)
    began_at, done = time.perf_counter(), 0
    while time.perf_counter() < began_at + seconds:
        key.sign(b"a response", PKCS1v15(), SHA256())
        done += 1
    return done / (time.perf_counter() - began_at)


def resends_per_second(home: Home, people: int, seconds: float, group: int = 1) -> float:
    """Return how often the database alone writes what a resend writes, in *home* with so many seeded people.

    On SQLite one writer, *group* resends to a commit; on PostgreSQL so many clients, each with one statement of several
    parts to a commit.
    """
    if home.database_url:
        return asyncio.run(_on_postgres(home.database_url, people, seconds))
    return _on_sqlite(home, people, seconds, group)


def _on_sqlite(home: Home, people: int, seconds: float, group: int) -> float:
    connection = sqlite3.connect(home.folder / "watchword" / "watchword.db", isolation_level=None)
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")
    windows = iter(itertools.cycle((600, 86400)))
    statements = [_numbered(each, "?", next(windows) if each is _COUNT else 0) for each in _STATEMENTS]
    began_at, done = time.perf_counter(), 0
    while time.perf_counter() < began_at + seconds:
        connection.execute("BEGIN IMMEDIATE")
        for number in range(done, done + group):
            values = _values(1 + number % people)
            for statement, given in statements:
                connection.execute(statement, values[:given])
        connection.execute("COMMIT")
        done += group
    connection.close()
    return done / (time.perf_counter() - began_at)


async def _on_postgres(url: str, people: int, seconds: float) -> float:
    windows = iter(itertools.cycle((600, 86400)))
    parts = [_numbered(each, "$", next(windows) if each is _COUNT else 0)[0] for each in _STATEMENTS]
    # The parts of one statement see the same snapshot, so that the old code must be changed in place, not replaced.
    parts[:2] = ["UPDATE codes SET id = $3, digest = $3, last_sent_at = $4 WHERE tenant = $1 AND user_id = $2"]
    whole = "WITH " + ", ".join(f"part{n} AS ({part} RETURNING 1)" for n, part in enumerate(parts)) + " SELECT 1"
    for number, kind in enumerate(("text", "text", "text", "bigint", "bytea"), start=1):
        whole = whole.replace(f"${number}", f"${number}::{kind}")
    numbers, done = itertools.cycle(range(1, 1 + people)), 0
    pool = await asyncpg.create_pool(url, min_size=CLIENTS, max_size=CLIENTS)
    ends_at = time.perf_counter() + seconds

    async def write() -> None:
        nonlocal done
        async with pool.acquire() as connection:
            statement = await connection.prepare(whole)
            while time.perf_counter() < ends_at:
                await statement.fetch(*_values(next(numbers)))
                done += 1

    began_at = time.perf_counter()
    await asyncio.gather(*(write() for _ in range(CLIENTS)))
    spent = time.perf_counter() - began_at
    await pool.close()
    return done / spent


def _numbered(statement: str, mark: str, window: int) -> tuple[str, int]:
    """Return a statement with its blanks numbered, and how many of the values it takes."""
    used = 1 + max(number for number in range(5) if f"{{{number}}}" in statement)
    return statement.format(*(f"{mark}{number}" for number in range(1, 6)), window=window), used


def _values(number: int) -> tuple[Any, ...]:
    user_id = f"01907000-0000-7000-8000-{number:012d}"
    fresh = f"{time.perf_counter_ns():020d}-{threading.get_ident()}-{number}"
    return SUPER_TENANT, user_id, fresh, int(time.time() * 1_000_000), SEALED
