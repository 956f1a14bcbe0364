"""Compile the catalogues of the pages; with ``--check``, only say which are stale."""

import sys
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

FOLDER = Path(__file__).parent.parent / "src/watchword/web/locale"

NO_DATE = datetime(2000, 1, 1, tzinfo=UTC)
"""Else the moment of compiling would stand in the result."""


def compiled(source: Path) -> bytes:
    """Return what the server reads of a catalogue."""
    with source.open("rb") as stream:
        catalogue = read_po(stream, abort_invalid=True)
    catalogue.creation_date = catalogue.revision_date = NO_DATE
    target = BytesIO()
    write_mo(target, catalogue)
    return target.getvalue()


def stale() -> list[Path]:
    """Return the catalogues that have changed since they were compiled."""
    pairs = ((source, source.with_suffix(".mo")) for source in sorted(FOLDER.glob("*/LC_MESSAGES/*.po")))
    return [
        source for source, target in pairs if not target.exists() or target.read_bytes() != compiled(source)
    ]  # fmt: skip


def main() -> int:
    """Compile what is stale, or complain of it."""
    found = stale()
    for source in found:
        print(source.relative_to(FOLDER))
        if "--check" not in sys.argv:
            source.with_suffix(".mo").write_bytes(compiled(source))
    return int(bool(found) and "--check" in sys.argv)


if __name__ == "__main__":
    sys.exit(main())
