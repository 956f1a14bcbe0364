"""A code by mail: ``email-otp-authenticator``."""

from watchword.accounts.claims import Channel
from watchword.accounts.model import Factor
from watchword.applications.authenticators import EMAIL_OTP
from watchword.login.authenticators.code_pages import LIKE_LOGIN
from watchword.login.authenticators.later_code import CodePolicy, Kind
from watchword.storage.work import Work
from watchword.tenants.policies import EmailCodes
from watchword.tenants.usecases import read_policy


def _policy(work: Work) -> CodePolicy:
    said = read_policy(work, EmailCodes)
    return CodePolicy(
        expiry_seconds=said.expiry_seconds, length=said.length, alphanumeric=said.alphanumeric, resends=said.resends,
        block_minutes=said.block_minutes, tells_of_failures=said.tells_of_failures,
    )  # fmt: skip


BY_MAIL = Kind(
    name=EMAIL_OTP, channel=Channel.EMAIL, factor=Factor.EMAIL, code_page=f"{LIKE_LOGIN}/email-otp.jsp",
    error_page=f"{LIKE_LOGIN}/email-otp-error.jsp", template="EmailOTP", event="", no_address="user.email.not.found",
    unsent="EP-65001", policy=_policy,
)  # fmt: skip
