"""Defects in the comparison of names."""

from watchword.accounts import usecases


def canon_01() -> None:
    """Compare what was typed."""
    usecases.canonical_name = lambda name: name


def canon_02() -> None:
    """Strip and lower only."""
    usecases.canonical_name = lambda name: name.strip().lower()


def canon_03() -> None:
    """Compare no looks."""
    usecases.skeleton = lambda name: None
    usecases.look_alike_key = lambda name: None  # type: ignore[assignment,return-value]


def canon_06() -> None:
    """Split at the last @."""
    usecases.split_qualified = lambda typed: (None, typed.rpartition("@")[0] or f"x{typed.strip('@ ')}x")
