"""Defects that a crash brings to light."""

from typing import Any

from sqlalchemy import update

from watchword.accounts.store import Users
from watchword.notification.store import Outbox
from watchword.registration.usecases import confirm, register
from watchword.storage.schema import messages


def fault_02() -> None:
    """Commit the user before the code and the message."""
    add = Users.add

    def add_and_commit(self: Users, user: Any, folded: Any) -> None:  # noqa: ANN401  # passed on
        add(self, user, folded)
        self.work.commit()

    Users.add = add_and_commit  # type: ignore[method-assign]


def fault_04() -> None:
    """Commit the spent code before its effect."""
    spend_code = confirm.spend_code

    def spend_and_commit(work: Any, given: str, owner_id: str | None) -> Any:  # noqa: ANN401  # passed on
        code = spend_code(work, given, owner_id)
        confirm.Codes(work).delete_of(code.user_id, [code.scenario])
        work.commit()
        return code

    confirm.spend_code = spend_and_commit


def fault_07() -> None:
    """Keep no answer under an Idempotency-Key."""
    register.keep_answer = lambda work, repeat, answer: None


def fault_14() -> None:
    """Mark a message as sent before it is."""
    lease = Outbox._lease  # noqa: SLF001  # a defect goes where it must

    def lease_and_mark(self: Outbox, chosen: Any, until: Any) -> Any:  # noqa: ANN401  # passed on
        taken = lease(self, chosen, until)
        for entry in taken:
            self.work.connection.execute(
                update(messages).where(messages.c.id == entry.id).values(due_at=None, state="sent")
            )
        return taken

    Outbox._lease = lease_and_mark  # type: ignore[method-assign]  # noqa: SLF001


def fault_15() -> None:
    """Mark a message whoever holds it by now."""

    def mark(self: Outbox, entry: Any, state: Any, **values: object) -> bool:  # noqa: ANN401  # passed on
        ended: dict[str, object] = {"due_at": None, "sealed": None, "leased_until": None}
        mine = (messages.c.tenant == entry.tenant) & (messages.c.id == entry.id)
        self.work.connection.execute(update(messages).where(mine).values(**{**ended, "state": state, **values}))
        return False

    Outbox.mark = mark  # type: ignore[method-assign]
