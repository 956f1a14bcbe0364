"""What is tidied up about once a minute, in every tenant."""

from watchword.accounts.store import Users
from watchword.notification.store import Outbox
from watchword.registration.store import Answers
from watchword.storage.counters import sweep_counters
from watchword.storage.work import Work

SWEPT_AT_ONCE = 500


def sweep(work: Work) -> None:
    """End messages whose code has died, free names whose reservation has ended, forget limits and answers."""
    Outbox(work).expire()
    Users(work).delete_expired_pending(SWEPT_AT_ONCE)
    sweep_counters(work)
    Answers(work).sweep()
    work.commit()
