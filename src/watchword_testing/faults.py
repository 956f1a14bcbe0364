"""Break a server on purpose: places where a step fails, or where the process dies as if its power were cut.

A place is a name that the code reaches: a step of a use case before it is done (``add_user``), the same with
``after_`` once it is done; ``after_sign_up`` and ``after_confirmation`` once they are kept; ``before_login_moves`` and
``after_login_moves``, when an answer of a login is judged and when that is kept; ``before_commit``, ``after_commit``,
``before_send``, ``after_2xx``. ``place`` and ``place:raise`` let it fail, ``place:kill9`` ends the process. What is
asked for stands in a file, line by line, which is read again when it changes; or in the variable ``FAULTS``, separated
by commas, for the life of the process.
"""

import os
import signal
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from watchword.storage.work import StepFailed

KILL = "kill9"
RAISE = "raise"


def read_faults(lines: Iterable[str]) -> dict[str, str]:
    """Return what is to happen, by place; a colon may belong to a place, as in ``template:SMS:accountconfirmation``."""
    asked: dict[str, str] = {}
    for line in lines:
        place, _, effect = line.strip().rpartition(":")
        if place and effect in {KILL, RAISE}:
            asked[place] = effect
        elif line.strip():
            asked[line.strip()] = RAISE
    return asked


@dataclass(slots=True)
class FileFaults:
    """The faults of a server: those of its *file*, as it stands now, and those *named* in its environment."""

    file: Path | None = None
    named: str = ""
    _seen: tuple[int, int, int] = field(default=(0, 0, 0), init=False)
    _written: Mapping[str, str] = field(default_factory=dict, init=False)
    _always: Mapping[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self._always = read_faults(self.named.split(","))

    def reach(self, place: str) -> None:
        """Do what was asked for at *place*.

        Raises:
            StepFailed: that was asked for.
        """
        effect = self._asked(place)
        if effect == KILL:
            os.kill(os.getpid(), signal.SIGKILL)
        elif effect == RAISE:
            raise StepFailed(place)

    def is_set(self, place: str) -> bool:
        """Tell whether something was asked for at *place*."""
        return self._asked(place) is not None

    def _asked(self, place: str) -> str | None:
        return self._always.get(place) or self._of_file().get(place)

    def _of_file(self) -> Mapping[str, str]:
        """Return the faults of the file; none while there is no file."""
        if self.file is None:
            return {}
        try:
            status = self.file.stat()
        except FileNotFoundError:
            return {}
        seen = (status.st_ino, status.st_mtime_ns, status.st_size)
        if seen != self._seen:
            self._written = read_faults(self.file.read_text(encoding="utf-8").splitlines())
            self._seen = seen
        return self._written
