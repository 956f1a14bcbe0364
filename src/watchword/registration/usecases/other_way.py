"""Send a code by the person's other channel, where the first one brings nothing."""

from dataclasses import replace
from functools import partial

from watchword.accounts.claims import EXTERNAL, Channel
from watchword.accounts.store.users import Users
from watchword.base.problems import NothingPending
from watchword.codes.model import SIGN_UP_SCENARIOS, CodeOrder
from watchword.codes.store import Codes
from watchword.codes.usecases import issue_code
from watchword.notification.model import MessageState
from watchword.notification.outbox import Notifier
from watchword.notification.store import Messages
from watchword.registration.model import code_form
from watchword.registration.notices import SentCode, send_code
from watchword.registration.usecases.confirm import lifetime_of_code
from watchword.registration.usecases.register import tolerance
from watchword.registration.usecases.resend import Resent, cool_down_ends, leave_or_keep
from watchword.storage.audit import note
from watchword.storage.work import Work
from watchword.tenants.policies import SelfRegistration
from watchword.tenants.usecases import read_policy

NOTHING_WENT_OUT = frozenset({MessageState.FAILED, MessageState.HELD})


def send_other_way(work: Work, user_id: str, notifier: Notifier) -> Resent:
    """Replace the code of a sign-up by one that goes to the person's other address.

    The cool-down holds unless nothing went out at all; the limits of the other address hold in any case.

    Raises:
        NothingPending: no sign-up waits, or there is no other address.
    """
    user = Users(work).get(user_id)
    code = Codes(work).of_user(user_id, SIGN_UP_SCENARIOS)
    if user is None or code is None or code.channel == EXTERNAL or not user.address(Channel(code.channel).other):
        raise NothingPending
    last = Messages(work).last_of(user_id)
    waits = cool_down_ends(work, code)
    if waits is not None and not (last is not None and last.state in NOTHING_WENT_OUT):
        return Resent(wait_until=waits)
    other, policy = Channel(code.channel).other, read_policy(work, SelfRegistration)
    form = code_form(policy, other, recommended=work.settings.security_profile == "recommended")
    repeatable = bool(tolerance(policy, other))
    text = issue_code(work, CodeOrder(user.id, code.scenario, other, form, code.facts, repeatable=repeatable))
    Messages(work).cancel_of(user.id, code.scenario)
    note(work, "resend_code", user.id, reason=f"{other} instead of {code.channel}")
    lifetime = lifetime_of_code(work, replace(code, channel=other))
    sent = SentCode(code.scenario, other, text, lifetime, code.facts, again=True)
    return Resent(notified=leave_or_keep(work, partial(send_code, work, notifier, user, sent)))
