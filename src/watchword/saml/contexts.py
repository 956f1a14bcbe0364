"""How strongly somebody was authenticated, in the words of SAML (core 3.3.2.2.1; platform.md 1.6)."""

from collections.abc import Callable
from typing import Final

from watchword.saml.model import Refused
from watchword.saml.names import (
    MOBILE_TWO_FACTOR,
    NO_AUTHN_CONTEXT,
    PASSWORD,
    PASSWORD_PROTECTED,
    RESPONDER,
    UNSPECIFIED_CLASS,
)

_STRENGTH: Final = {UNSPECIFIED_CLASS: 0, PASSWORD: 1, PASSWORD_PROTECTED: 2, MOBILE_TWO_FACTOR: 3}
_ONE_FACTOR: Final = _STRENGTH[PASSWORD_PROTECTED]
_TWO_FACTORS: Final = _STRENGTH[MOBILE_TWO_FACTOR]
_FITS: Final[dict[str, Callable[[int, list[int]], bool]]] = {
    "exact": lambda ours, asked: ours in asked,
    "minimum": lambda ours, asked: ours >= min(asked),
    "better": lambda ours, asked: ours > max(asked),
    "maximum": lambda ours, asked: ours <= max(asked),
}


def check_context(classes: tuple[str, ...], comparison: str) -> None:
    """Refuse a request for proofs that nobody can give here, before anybody is asked for them.

    Raises:
        Refused
    """
    _choose(classes, comparison, _TWO_FACTORS, "")


def context_for(classes: tuple[str, ...], comparison: str, *, two_factors: bool, tells_two: bool) -> str:
    """Return the class of a login: one that was asked for, else the service provider's usual one.

    Raises:
        Refused: what was proven is not what was asked for.
    """
    usual = MOBILE_TWO_FACTOR if two_factors and tells_two else PASSWORD
    return _choose(classes, comparison, _TWO_FACTORS if two_factors else _ONE_FACTOR, usual)


def _choose(classes: tuple[str, ...], comparison: str, reached: int, usual: str) -> str:
    if not classes:
        return usual
    asked = [_STRENGTH[each] for each in classes if each in _STRENGTH]
    fits = _FITS.get(comparison)
    if asked and fits is not None:
        fitting = {
            name: strength for name, strength in _STRENGTH.items() if strength <= reached and fits(strength, asked)
        }
        if usual in fitting:
            return usual
        if fitting:
            return next((each for each in classes if each in fitting), max(fitting, key=fitting.__getitem__))
    raise Refused("the wanted proof cannot be given", RESPONDER, NO_AUTHN_CONTEXT)
