"""The later code by SMS: ``sms-otp-authenticator``."""

from watchword.accounts.claims import Channel
from watchword.accounts.model import Factor
from watchword.applications.authenticators import LOCAL_SMS_OTP
from watchword.login.authenticators.code_pages import LIKE_LOGIN, NO_NUMBER
from watchword.login.authenticators.later_code import CodePolicy, Kind
from watchword.storage.work import Work
from watchword.tenants.policies import SmsCodes
from watchword.tenants.usecases import read_policy


def _policy(work: Work) -> CodePolicy:
    said = read_policy(work, SmsCodes)
    return CodePolicy(
        expiry_seconds=said.expiry_seconds, length=said.length, alphanumeric=not said.numeric, resends=said.resends,
        block_minutes=said.block_minutes, tells_of_failures=said.tells_of_failures,
    )  # fmt: skip


BY_SMS = Kind(
    name=LOCAL_SMS_OTP, channel=Channel.SMS, factor=Factor.SMS, code_page=f"{LIKE_LOGIN}/smsOtp.jsp",
    error_page=f"{LIKE_LOGIN}/smsOtpError.jsp", template="SMSOTP", event="TRIGGER_SMS_NOTIFICATION_LOCAL",
    no_address=NO_NUMBER, unsent="SP-65001", policy=_policy,
)  # fmt: skip
