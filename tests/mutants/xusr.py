"""Defects in telling users apart."""

from typing import Any

from tests.mutants.planting import plant
from watchword.accounts.store.users import Users
from watchword.registration import http
from watchword.registration.usecases import register


def xusr_01() -> None:
    """Believe the id that a request names."""
    named: list[str | None] = [None]

    def noting(export_me: Any) -> Any:  # noqa: ANN401  # a function as it stands
        def export(self: Any, work: Any, ask: Any) -> Any:  # noqa: ANN401  # passed on
            named[0] = ask.query.get("userId")
            return export_me(self, work, ask)

        return export

    plant(http.RegistrationApi, "export_me", noting)
    plant(http, "export_person", lambda export: lambda work, own_id: export(work, named[0] or own_id))


def xusr_03() -> None:
    """Compare names with names only."""
    plant(Users, "who_has_address", lambda _: lambda self, folded: None)


def xusr_04() -> None:
    """Let the name decide the id."""
    plant(register, "new_id", lambda _: lambda entropy, now: "whoever has the name")
