"""What is tidied up of logging in about once a minute, in every tenant."""

from watchword.login.store.logins import Logins
from watchword.login.store.sessions import Sessions
from watchword.login.usecases.sessions import end_session
from watchword.storage.work import Work

ENDED_AT_ONCE = 200


def sweep_logins(work: Work) -> None:
    """Forget logins that nobody has ended, and end sessions that are over, so that applications can be told."""
    Logins(work).sweep()
    for tenant, session_id in Sessions(work).find_over(ENDED_AT_ONCE):
        end_session(work.within(tenant), session_id, "over")
    work.commit()
