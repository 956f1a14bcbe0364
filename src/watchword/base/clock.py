"""The one place that reads the time of day."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol


class Clock(Protocol):
    """Tells what time it is."""

    def now(self) -> datetime:
        """Return the current instant, in UTC and aware."""

    def shift(self) -> timedelta:
        """Return how far this clock is moved from the machine's."""


@dataclass(slots=True)
class SystemClock:
    """The machine's clock, moved by the offset that a test wrote to a file.

    *offset_file* holds seconds as a decimal number; it is read again whenever it changes (decisions 6.2), and without
    it the clock is the machine's. ``None`` in production, where nothing moves the clock.
    """

    offset_file: Path | None = None
    _seen: tuple[int, int] = field(default=(0, 0), init=False)
    _shift: timedelta = field(default=timedelta(0), init=False)

    def now(self) -> datetime:
        """Return the current instant, in UTC and aware."""
        return datetime.now(UTC) + self.shift()

    def shift(self) -> timedelta:
        """Return the offset that the file holds now."""
        if self.offset_file is None:
            return timedelta(0)
        try:
            status = self.offset_file.stat()
        except FileNotFoundError:
            return timedelta(0)
        seen = (status.st_mtime_ns, status.st_size)
        if seen != self._seen:
            self._shift = timedelta(seconds=float(self.offset_file.read_text(encoding="ascii")))
            self._seen = seen
        return self._shift


def advance(offset_file: Path, span: timedelta) -> timedelta:
    """Move the clock of a test server forward, and return the whole offset.

    Raises:
        ValueError: *span* is negative; a clock goes back to the machine's, and nowhere else (:func:`reset`).
    """
    if span < timedelta(0):
        message = "give a positive duration; only `watchword clock reset` goes back"
        raise ValueError(message)
    shift = SystemClock(offset_file).shift() + span
    offset_file.parent.mkdir(parents=True, exist_ok=True)
    fresh = offset_file.with_suffix(".new")
    fresh.write_text(f"{shift.total_seconds():.6f}", encoding="ascii")
    fresh.replace(offset_file)
    return shift


def reset(offset_file: Path) -> timedelta:
    """Let the clock of a test server be the machine's again, and return how far it was moved."""
    shift = SystemClock(offset_file).shift()
    offset_file.unlink(missing_ok=True)
    return shift
