"""Defects in the comparison of names."""

from tests.mutants.planting import plant
from watchword.accounts import usecases


def canon_01() -> None:
    """Compare what was typed."""
    plant(usecases, "canonical_name", lambda _: lambda name: name)


def canon_02() -> None:
    """Strip and lower only."""
    plant(usecases, "canonical_name", lambda _: lambda name: name.strip().lower())


def canon_03() -> None:
    """Compare no looks."""
    plant(usecases, "skeleton", lambda _: lambda name: None)
    plant(usecases, "look_alike_key", lambda _: lambda name: None)


def canon_06() -> None:
    """Split at the last @."""

    def split(typed: str) -> tuple[None, str]:
        return None, typed.rpartition("@")[0] or f"x{typed.strip('@ ')}x"

    plant(usecases, "split_qualified", lambda _: split)
