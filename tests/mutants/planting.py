"""How a defect is planted: a piece of the program is replaced by another, while the program runs."""

from collections.abc import Callable
from typing import Any


def plant(owner: object, name: str, make: Callable[[Any], Any]) -> None:
    """Put in the place of a piece what *make* makes of it.

    Raises:
        AttributeError: the piece is not there any more; a defect that replaces nothing would prove nothing.
    """
    setattr(owner, name, make(getattr(owner, name)))
