"""Defects in the budget of sends."""

from watchword.notification import outbox


def rsnd_05() -> None:
    """A budget for each endpoint, which is none."""
    outbox._within_limits = lambda work, channel, key: True  # noqa: SLF001  # a defect goes where it must
