"""The later code by SMS: ``sms-otp-authenticator``."""

from dataclasses import dataclass

from watchword.accounts.claims import Channel
from watchword.accounts.model import Factor
from watchword.applications.authenticators import LOCAL_SMS_OTP
from watchword.login.authenticators.code_pages import LIKE_LOGIN, NO_NUMBER
from watchword.login.authenticators.later_code import CodePolicy
from watchword.storage.work import Work
from watchword.tenants.policies import SmsCodes
from watchword.tenants.usecases import read_policy


@dataclass(slots=True)
class BySms:
    """Codes to the phone."""

    name: str = LOCAL_SMS_OTP
    channel: Channel = Channel.SMS
    factor: Factor = Factor.SMS
    code_page: str = f"{LIKE_LOGIN}/smsOtp.jsp"
    error_page: str = f"{LIKE_LOGIN}/smsOtpError.jsp"
    template: str = "SMSOTP"
    event: str = "TRIGGER_SMS_NOTIFICATION_LOCAL"
    no_address: str = NO_NUMBER
    unsent: str = "SP-65001"

    def policy(self, work: Work) -> CodePolicy:
        """Return what the tenant has decided."""
        said = read_policy(work, SmsCodes)
        return CodePolicy(
            expiry_seconds=said.expiry_seconds, length=said.length, alphanumeric=not said.numeric, resends=said.resends,
            block_minutes=said.block_minutes, tells_of_failures=said.tells_of_failures,
        )  # fmt: skip
