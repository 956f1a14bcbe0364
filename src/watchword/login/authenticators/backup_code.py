"""A backup code on a page of its own: ``backup-code-authenticator`` (sms-otp.md 3)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from watchword.accounts.backup_codes import count_backup_codes, spend_backup_code
from watchword.accounts.guessing import count_failure, note_success, spend_guess
from watchword.accounts.model import Factor, User
from watchword.applications.authenticators import BACKUP_CODE
from watchword.login.authenticator import Asked, GaveUp, Outcome, Proven, Turn
from watchword.login.authenticators.code_pages import LIKE_LOGIN, WRONG, CodePages, failure
from watchword.login.authenticators.holder import Holder, find_holder, home_of
from watchword.login.authenticators.one_time_code import MOST_ANSWERS
from watchword.login.model import Answer
from watchword.login.notices import tell_of_lock
from watchword.login.store.challenges import Challenge, Challenges
from watchword.notification.outbox import Notifier
from watchword.storage.audit import note

PAGES = CodePages(
    authenticator=BACKUP_CODE, code=f"{LIKE_LOGIN}/backup-code.jsp", error=f"{LIKE_LOGIN}/backup-code-error.jsp"
)
NO_CODES = "backup.codes.not.found"


@dataclass(frozen=True, slots=True)
class BackupCode:
    """Asks for one of the codes that the person keeps on paper."""

    notifier: Notifier
    name: str = BACKUP_CODE

    def wants(self, turn: Turn, answer: Answer) -> bool:
        """Take a backup code."""
        return bool(answer.get("BackupCode").strip())

    def begin(self, turn: Turn) -> Outcome:
        """Show the page, to whoever has codes."""
        holder = find_holder(turn)
        if holder is None or holder.is_hidden or holder.user is None:
            return GaveUp(message=NO_CODES)
        if not count_backup_codes(home_of(turn.work, holder.person), holder.user):
            return GaveUp(message=NO_CODES)
        self._open(turn)
        return self._ask(turn, {})

    def judge(self, turn: Turn, answer: Answer) -> Outcome:
        """Count the answer, and take the code if it is one."""
        holder, typed = find_holder(turn), answer.get("BackupCode")
        if holder is None or holder.is_hidden or holder.user is None:
            return GaveUp(message=NO_CODES)
        if not typed.strip():
            return self._ask(turn, failure(WRONG))
        if holder.is_closed(turn.work.now):
            return PAGES.ask(turn, PAGES.error, failure(WRONG))
        self._open(turn)
        spent = Challenges(turn.work).spend_attempt(turn.login.key, BACKUP_CODE, MOST_ANSWERS)
        if spent is None:
            turn.work.commit()
            return self._end(turn)
        return self._compare(turn, holder, holder.user, typed, MOST_ANSWERS - spent.attempts)

    def send_failed(self, turn: Turn, message_id: str, reason: str) -> Outcome | None:
        """Leave everything as it is: it sends nothing."""
        return None

    def _compare(self, turn: Turn, holder: Holder, user: User, typed: str, left: int) -> Outcome:
        work, home = turn.work, home_of(turn.work, holder.person)
        guess = spend_guess(home, user, Factor.BACKUP, device_known=user.id in turn.browser.known_users)
        work.commit()
        home = home_of(work, holder.person)
        work.surroundings.tally["code_comparisons"] += guess.is_open
        if guess.is_open and spend_backup_code(home, user, typed):
            note_success(home, guess)
            return Proven(person=holder.proven())
        if not guess.is_open:
            return PAGES.ask(turn, PAGES.error, failure(WRONG))
        lock = count_failure(home, guess).lock
        note(home, "check_backup_code", user.id, outcome="refused", reason="code-mismatch")
        if lock is not None:
            tell_of_lock(home, self.notifier, user, lock)
        work.commit()
        if lock is not None:
            return PAGES.ask(turn, PAGES.error, failure(WRONG))
        if not left:
            return self._end(turn)
        told = replace(turn, login=turn.login.noting(attempts_left=left))
        return self._ask(told, failure(WRONG), retrying=True)

    def _end(self, turn: Turn) -> Asked:
        """Show that nothing is compared any more in this login (D-12)."""
        spent = replace(turn, login=turn.login.noting(is_spent=True))
        return PAGES.ask(spent, PAGES.error, failure(WRONG))

    def _open(self, turn: Turn) -> None:
        """Make the row that counts the answers of this login, unless it is there."""
        challenges = Challenges(turn.work)
        if challenges.find(turn.login.key, BACKUP_CODE) is None:
            challenges.put(Challenge(login_key=turn.login.key, authenticator=BACKUP_CODE))

    def _ask(self, turn: Turn, query: Mapping[str, str], *, retrying: bool = False) -> Asked:
        return PAGES.ask(turn, PAGES.code, query, retrying=retrying)
