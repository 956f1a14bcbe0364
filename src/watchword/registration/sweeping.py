"""What is tidied up about once a minute, in every tenant."""

from watchword.accounts.guessing import sweep_guesses
from watchword.accounts.store.users import Users
from watchword.codes.store import Codes
from watchword.notification.store import Outbox
from watchword.registration.store import Answers
from watchword.storage.counters import sweep_counters
from watchword.storage.work import Work

SWEPT_AT_ONCE = 500


def sweep(work: Work) -> None:
    """End messages whose code has died, free names whose reservation has ended, forget limits and answers."""
    Outbox(work).expire()
    for tenant, user_id in Users(work).find_expired_pending(SWEPT_AT_ONCE):
        there = work.within(tenant)
        Codes(there).hold_of(user_id)
        Users(there).delete_expired_pending(user_id)
    sweep_counters(work)
    sweep_guesses(work)
    Answers(work).sweep()
    work.commit()
