"""A code by mail: ``email-otp-authenticator``."""

from dataclasses import dataclass

from watchword.accounts.claims import Channel
from watchword.accounts.model import Factor
from watchword.applications.authenticators import EMAIL_OTP
from watchword.login.authenticators.code_pages import LIKE_LOGIN
from watchword.login.authenticators.later_code import CodePolicy
from watchword.storage.work import Work
from watchword.tenants.policies import EmailCodes
from watchword.tenants.usecases import read_policy


@dataclass(slots=True)
class ByMail:
    """Codes to the mailbox."""

    name: str = EMAIL_OTP
    channel: Channel = Channel.EMAIL
    factor: Factor = Factor.EMAIL
    code_page: str = f"{LIKE_LOGIN}/email-otp.jsp"
    error_page: str = f"{LIKE_LOGIN}/email-otp-error.jsp"
    template: str = "EmailOTP"
    event: str = ""
    no_address: str = "user.email.not.found"
    unsent: str = "EP-65001"

    def policy(self, work: Work) -> CodePolicy:
        """Return what the tenant has decided."""
        said = read_policy(work, EmailCodes)
        return CodePolicy(
            expiry_seconds=said.expiry_seconds, length=said.length, alphanumeric=said.alphanumeric,
            resends=said.resends, block_minutes=said.block_minutes, tells_of_failures=said.tells_of_failures,
        )  # fmt: skip
