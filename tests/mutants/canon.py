"""Defects in the comparison of names."""

from tests.mutants.planting import plant
from watchword.accounts.usecases import names


def canon_01() -> None:
    """Compare what was typed."""
    plant(names, "canonical_name", lambda _: lambda name: name)


def canon_02() -> None:
    """Strip and lower only."""
    plant(names, "canonical_name", lambda _: lambda name: name.strip().lower())


def canon_03() -> None:
    """Compare no looks."""
    plant(names, "skeleton", lambda _: lambda name: None)
    plant(names, "look_alike_key", lambda _: lambda name: None)


def canon_06() -> None:
    """Split at the last @."""

    def split(typed: str) -> tuple[None, str]:
        return None, typed.rpartition("@")[0] or f"x{typed.strip('@ ')}x"

    plant(names, "split_qualified", lambda _: split)
