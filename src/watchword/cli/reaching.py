"""Why no code reaches somebody who needs one to log in, in a sentence each."""

from collections.abc import Iterator
from datetime import timedelta

from watchword.accounts.claims import Channel
from watchword.accounts.model import User
from watchword.applications.authenticators import EMAIL_OTP, LOCAL_SMS_OTP, SMS_OTP
from watchword.applications.store import Applications
from watchword.login.parameters import SmsOtpParameters, read_parameters
from watchword.notification.outbox import room_in
from watchword.storage.work import Work

_WANTED_BY = {Channel.SMS: {SMS_OTP, LOCAL_SMS_OTP}, Channel.EMAIL: {EMAIL_OTP}}
_WORDS = {Channel.SMS: ("by SMS", "mobile number", "mobile"), Channel.EMAIL: ("by mail", "mailbox", "emailaddress")}


def code_obstacles(work: Work, user: User) -> Iterator[str]:
    """Yield what keeps a code away that an application of the tenant wants; nothing, where none wants any."""
    options = {option.authenticator for each in Applications(work).all() for option in each.sequence.options()}
    for channel, authenticators in _WANTED_BY.items():
        wanted = options & authenticators
        by, thing, claim = _WORDS[channel]
        address = user.address(channel)
        if wanted and not address and not _is_asked_for(work, wanted):
            yield (
                f"has no {thing}, so an application that wants a code {by} lets nobody in;"
                f" `watchword user set {user.name.typed} --claim {claim}=…` enters one"
            )
        waits = room_in(work, channel, address, for_login=user.is_verified(channel)) if wanted and address else None
        if waits is not None:
            at = work.now + timedelta(seconds=waits)
            yield f"no code {by} goes out before {at:%H:%M:%S} UTC, since too many went to the {thing} lately"


def _is_asked_for(work: Work, wanted: set[str]) -> bool:
    """Tell whether the log-in itself asks whoever has no number for one."""
    asks = read_parameters(work.settings, SMS_OTP, SmsOtpParameters).capture
    return wanted == {SMS_OTP} and asks and work.settings.security_profile != "recommended"
