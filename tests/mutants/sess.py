"""Defects in sessions."""

from typing import Any

from tests.mutants.planting import plant
from watchword.accounts.usecases.passwords import change_password
from watchword.login import http
from watchword.login.store.sessions import Sessions
from watchword.login.usecases import finish, own_password


def sess_01() -> None:
    """Keep the id that the browser brought."""

    def keeping(begin: Any) -> Any:  # noqa: ANN401  # a function as it stands
        def begun(work: Any, login: Any, subject: Any, browser: Any) -> Any:  # noqa: ANN401  # passed on
            session, secret = begin(work, login, subject, browser)
            if browser.session_secret:
                secret = browser.session_secret
                Sessions(work).save(session, secret)
            return session, secret

        return begun

    plant(finish, "_session_for", keeping)


def sess_02() -> None:
    """Take the cookie away, and keep the row."""
    plant(http, "log_out", lambda _: lambda work, browser: None)


def sess_03() -> None:
    """Take a live session for proof enough."""

    def changed(work: Any, user: Any, form: Any) -> list[Any]:  # noqa: ANN401  # passed on
        change_password(work, user, form.get("newPassword", ""))
        return []

    plant(own_password, "change_by_form", lambda _: changed)
