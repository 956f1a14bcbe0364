"""Defects that a crash brings to light."""

from typing import Any

from sqlalchemy import update

from tests.mutants.planting import plant
from watchword.accounts.store.users import Users
from watchword.codes.store import Codes
from watchword.login.authenticators import backup_code
from watchword.login.store.challenges import Challenges
from watchword.login.store.logins import Logins
from watchword.notification.store import Outbox
from watchword.registration.usecases import confirm, register
from watchword.storage.schema import messages


def fault_02() -> None:
    """Commit the user before the code and the message."""

    def committing(add: Any) -> Any:  # noqa: ANN401  # a function as it stands
        def add_and_commit(self: Users, user: Any, folded: Any) -> None:  # noqa: ANN401  # passed on
            add(self, user, folded)
            self.work.commit()

        return add_and_commit

    plant(Users, "add", committing)


def fault_04() -> None:
    """Commit the spent code before its effect."""

    def committing(spend_code: Any) -> Any:  # noqa: ANN401  # a function as it stands
        def spend_and_commit(work: Any, given: str, owner_id: str | None) -> Any:  # noqa: ANN401  # passed on
            code = spend_code(work, given, owner_id)
            Codes(work).delete_of(code.user_id, [code.scenario])
            work.commit()
            return code

        return spend_and_commit

    plant(confirm, "spend_code", committing)


def fault_07() -> None:
    """Keep no answer under an Idempotency-Key."""
    plant(register, "keep_answer", lambda _: lambda work, repeat, answer: None)


def fault_14() -> None:
    """Mark a message as sent before it is."""

    def marking(lease: Any) -> Any:  # noqa: ANN401  # a function as it stands
        def lease_and_mark(self: Outbox, *rest: Any) -> Any:  # noqa: ANN401  # passed on
            taken = lease(self, *rest)
            for entry in taken:
                mine = messages.c.id == entry.id
                self.work.connection.execute(update(messages).where(mine).values(due_at=None, state="sent"))
            return taken

        return lease_and_mark

    plant(Outbox, "lease_these", marking)
    plant(Outbox, "lease_due", marking)


def fault_15() -> None:
    """Mark a message whoever holds it by now."""

    def mark(self: Outbox, entry: Any, state: Any, **values: object) -> bool:  # noqa: ANN401  # passed on
        ended: dict[str, object] = {"due_at": None, "sealed": None, "leased_until": None}
        mine = (messages.c.tenant == entry.tenant) & (messages.c.id == entry.id)
        self.work.connection.execute(update(messages).where(mine).values(**{**ended, "state": state, **values}))
        return False

    plant(Outbox, "mark", lambda _: mark)


def fault_51() -> None:
    """Remember in the memory of a process which logins are under way."""
    begun: set[str] = set()

    def adding(add: Any) -> Any:  # noqa: ANN401  # a function as it stands
        def add_and_remember(self: Logins, login: Any, nonce: str) -> None:  # noqa: ANN401  # passed on
            begun.add(login.key)
            add(self, login, nonce)

        return add_and_remember

    plant(Logins, "add", adding)
    plant(Logins, "find", lambda find: lambda self, key, nonce: find(self, key, nonce) if key in begun else None)


def fault_52() -> None:
    """Commit the used code of a login before its effect."""

    def committing(redeem: Any) -> Any:  # noqa: ANN401  # a function as it stands
        def redeem_and_commit(self: Challenges, *rest: Any) -> bool:  # noqa: ANN401  # passed on
            was_right: bool = redeem(self, *rest)
            self.work.commit()
            return was_right

        return redeem_and_commit

    plant(Challenges, "redeem", committing)


def fault_53() -> None:
    """Commit the spent backup code before its effect."""

    def committing(spend: Any) -> Any:  # noqa: ANN401  # a function as it stands
        def spend_and_commit(work: Any, *rest: Any) -> bool:  # noqa: ANN401  # passed on
            was_one: bool = spend(work, *rest)
            work.commit()
            return was_one

        return spend_and_commit

    plant(backup_code, "spend_backup_code", committing)
