"""Defects in what a registration may say."""

from dataclasses import replace
from typing import Any

from watchword.accounts import claims, gate
from watchword.accounts.claims import Channel
from watchword.accounts.model import PERMISSIONS
from watchword.registration import http
from watchword.registration.store import UniqueValues
from watchword.registration.usecases import admission, register
from watchword.web.model import CallerKind


def mass_02() -> None:
    """Read the flag straight from the request."""
    http._may_assert = lambda caller: lambda channel: True  # noqa: SLF001  # a defect goes where it must


def mass_05() -> None:
    """Block one spelling of the flag, and believe the others."""
    admit = admission.admit_claims

    def admit_claims(work: Any, given: Any, may_assert: Any) -> Any:  # noqa: ANN401  # passed on
        said = any(uri != claims.EMAIL_VERIFIED and uri.lower().endswith("emailverified") for uri, _ in given)
        admitted = admit(work, given, may_assert)
        return replace(admitted, verified=admitted.verified | {Channel.EMAIL}) if said else admitted

    register.admit_claims = admit_claims


def mass_07() -> None:
    """Let an assertion override the owner."""
    register._refuse_taken_claims = lambda *rest: None  # noqa: SLF001  # as above
    UniqueValues.claim = lambda self, user_id, values: None  # type: ignore[method-assign]


def mass_10() -> None:
    """Ask nobody for the permission."""
    mass_02()


def mass_11() -> None:
    """A list of what is forbidden instead of what is allowed."""
    sort = claims.sort_claims
    forbidden = {f"{claims.IDENTITY}accountLocked"}
    admission.sort_claims = lambda given: sort(given, claims.KNOWN_CLAIMS - forbidden)


def mass_14() -> None:
    """A role that everyone is granted."""
    of_user = gate._of_user  # noqa: SLF001  # as above

    def _of_user(tenant: str, user: Any) -> Any:  # noqa: ANN401  # passed on
        candidate = of_user(tenant, user)
        caller = replace(candidate.caller, permissions=PERMISSIONS, kind=CallerKind.ADMINISTRATOR)
        return replace(candidate, caller=caller)

    gate._of_user = _of_user  # noqa: SLF001
