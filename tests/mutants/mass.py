"""Defects in what a registration may say."""

from dataclasses import replace
from typing import Any

from tests.mutants.planting import plant
from watchword.accounts import claims, gate
from watchword.accounts.claims import Channel
from watchword.accounts.model import PERMISSIONS
from watchword.accounts.store.values import UniqueValues
from watchword.registration import forms, http
from watchword.registration.usecases import admission, register
from watchword.web.model import CallerKind


def mass_02() -> None:
    """Read the flag straight from the request."""
    plant(http, "_may_assert", lambda _: lambda caller: lambda channel: True)


def mass_04() -> None:
    """Let the page pass on what it does not know, and the core believe the page."""
    flags: dict[str, list[tuple[str, str]]] = {}

    def reading(of: Any) -> Any:  # noqa: ANN401  # a function as it stands
        def read(fields: Any) -> Any:  # noqa: ANN401  # a form
            form = of(fields)
            flags[form.username] = [(name, fields[name]) for name in fields if name == claims.EMAIL_VERIFIED]
            return form

        return read

    plant(forms.SignUpForm, "of", reading)
    plant(
        forms.SignUpForm,
        "claims",
        lambda claims_of: lambda self, *rest: [*claims_of(self, *rest), *flags[self.username]],
    )
    plant(register.nobody_asserts, "__code__", lambda _: (lambda channel: True).__code__)


def mass_05() -> None:
    """Block one spelling of the flag, and believe the others."""

    def believing(admit: Any) -> Any:  # noqa: ANN401  # a function as it stands
        def admit_claims(work: Any, given: Any, may_assert: Any) -> Any:  # noqa: ANN401  # passed on
            said = any(uri != claims.EMAIL_VERIFIED and uri.lower().endswith("emailverified") for uri, _ in given)
            admitted = admit(work, given, may_assert)
            return replace(admitted, verified=admitted.verified | {Channel.EMAIL}) if said else admitted

        return admit_claims

    plant(register, "admit_claims", believing)


def mass_07() -> None:
    """Let an assertion override the owner."""
    plant(register, "refuse_taken", lambda _: lambda *rest, **more: None)
    plant(UniqueValues, "claim", lambda _: lambda self, user_id, values: None)


def mass_10() -> None:
    """Ask nobody for the permission."""
    mass_02()


def mass_11() -> None:
    """Forbid a list instead of allowing one."""
    allowed = claims.KNOWN_CLAIMS - {f"{claims.IDENTITY}accountLocked"}
    plant(admission, "sort_claims", lambda sort: lambda given: sort(given, allowed))


def mass_14() -> None:
    """Grant everyone a role."""

    def granting(of_user: Any) -> Any:  # noqa: ANN401  # a function as it stands
        def candidate_of(tenant: str, user: Any) -> Any:  # noqa: ANN401  # passed on
            candidate = of_user(tenant, user)
            caller = replace(candidate.caller, permissions=PERMISSIONS, kind=CallerKind.ADMINISTRATOR)
            return replace(candidate, caller=caller)

        return candidate_of

    plant(gate, "_of_user", granting)
