"""The page on speed: the table between two marks is written by the benchmark, the words around it by people."""

import importlib.metadata
import os
import platform
import sqlite3
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from bench.measuring import NO_TARGET, Figure, Pace

PAGE = Path(__file__).parent.parent / "docs" / "explanation" / "performance.md"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"


def told(figures: Sequence[Figure]) -> str:
    """Return the figures as a table."""
    lines = [
        "| # | figure | median (lowest-highest) | target | reached | beside it | failed requests |",
        "|---|---|---|---|---|---|---|",
    ]
    for figure in figures:
        is_reached = "yes" if figure.reached(figure.ratio.median) and not figure.failed else "no"
        lines.append(
            f"| {figure.number} | {figure.name} | {figure.ratio.told()} | {figure.target} "
            f"| {'' if figure.target == NO_TARGET else is_reached} | {figure.beside} | {figure.failed} |"
        )
    return "\n".join(lines)


def write(figures: Sequence[Figure], pace: Pace, postgres_version: str) -> None:
    """Write the table to its page, with what it was measured on."""
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    measured = f"{BEGIN}\n\n{told(figures)}\n\n{_where(pace, postgres_version)}\n\n{END}"
    PAGE.write_text(before + measured + after, encoding="utf-8")


def _where(pace: Pace, postgres_version: str) -> str:
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False, cwd=PAGE.parent
    ).stdout.strip()
    versions = ", ".join(
        f"{name} {importlib.metadata.version(name)}"
        for name in ("uvicorn", "starlette", "sqlalchemy", "asyncpg", "argon2-cffi-bindings", "xmlsec")
    )
    load = os.getloadavg()[0]
    return (
        f"Measured on {datetime.now(UTC):%Y-%m-%d} at commit {commit}: {os.cpu_count()} cores, {_processor()}, "
        f"load at the end {load:.1f}; Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, "
        f"PostgreSQL {postgres_version}, {versions}. {pace.rounds} rounds of {pace.seconds:g} s each, "
        f"{pace.people:,} people unless it says otherwise."
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.machine()
