"""Notice that files have changed, and wait until whoever writes them has finished."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

_POLL_SECONDS: Final = 0.5
_SETTLED_SECONDS: Final = 1.0

Stamp = tuple[int, int, int]


@dataclass(slots=True)
class Watch:
    """What is known of some files: the stamp that was read last, and since when another one stands."""

    _read: dict[Path, Stamp] = field(default_factory=dict, init=False)
    _seen: dict[Path, tuple[Stamp, float]] = field(default_factory=dict, init=False)
    _polled_at: float | None = field(default=None, init=False)

    def is_due(self, now: float) -> bool:
        """Tell whether it is time to look again. *now* is the monotonic time in seconds."""
        if self._polled_at is not None and 0 <= now - self._polled_at < _POLL_SECONDS:
            return False
        self._polled_at = now
        return True

    def settled(self, paths: Iterable[Path], now: float, *, at_once: bool = False) -> list[Path]:
        """Return the new and changed files that have kept size and time for a second; *at_once* does not wait."""
        present = {path: stamp for path in paths if (stamp := _stamp(path)) is not None}
        changed = [path for path, stamp in present.items() if self._read.get(path) != stamp]
        self._seen = {path: self._since(path, present[path], now) for path in changed}
        ready = [path for path in changed if at_once or now - self._seen[path][1] >= _SETTLED_SECONDS]
        for path in ready:
            self._read[path] = present[path]
        self._read = {path: stamp for path, stamp in self._read.items() if path in present}
        return ready

    def _since(self, path: Path, stamp: Stamp, now: float) -> tuple[Stamp, float]:
        seen = self._seen.get(path)
        return seen if seen is not None and seen[0] == stamp else (stamp, now)


def _stamp(path: Path) -> Stamp | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return (status.st_mtime_ns, status.st_size, status.st_ino)
