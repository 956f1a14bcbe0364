"""What logging in says to a person, outside its pages."""

from math import ceil

from watchword.accounts.claims import Channel
from watchword.accounts.guessing import Lock
from watchword.accounts.model import User
from watchword.notification.letters import Letter, leave_letter
from watchword.notification.outbox import Notifier
from watchword.storage.work import Work

LOCKED_FOR_A_TIME = "accountLockFailedAttempt"
LOCKED = "accountLockFailedAttemptUntilAdminUnlock"


def tell_of_lock(work: Work, notifier: Notifier, user: User, lock: Lock) -> None:
    """Leave a mail that says that wrong entries have locked the account, where the policy wants it."""
    if not lock.is_told or user.address(Channel.EMAIL) is None:
        return
    if lock.until is None:
        leave_letter(work, notifier, user, Letter(LOCKED, Channel.EMAIL))
        return
    minutes = ceil((lock.until - work.now).total_seconds() / 60)
    leave_letter(work, notifier, user, Letter(LOCKED_FOR_A_TIME, Channel.EMAIL, {"lock-duration": str(minutes)}))
