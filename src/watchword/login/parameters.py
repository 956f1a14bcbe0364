"""Every parameter of the authenticators, declared once: its name in the files, what it does, what changes it.

A value comes from the identity provider's property where one is named, else from the operator's files, else it is the
default: what seed 003 and the product's own configuration set, and where they are silent what the product's code does.
Reading, ``watchword check`` and the generated reference page all use these declarations.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

from watchword.base.settings import AuthenticatorSettings, Settings
from watchword.login.model import CODE_PAGES, FAILED_PAGES, PHONE_PAGES

T = TypeVar("T", bool, int, str)
P = TypeVar("P")

_DECLARATION: Final = "watchword.parameter"
_PAGES: Final = "smsotpauthenticationendpoint"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A parameter of an authenticator."""

    names: tuple[str, ...]
    """As the files have it; the first is the one to write."""
    default: bool | int | str
    effect: str
    interaction: str

    @property
    def name(self) -> str:
        """Return the name to write."""
        return self.names[0]

    def read(self, texts: Mapping[str, str]) -> bool | int | str:
        """Return the value among the texts of a file; what should be a number and is none is the default."""
        text = next((texts[name] for name in self.names if name in texts), None)
        if text is None:
            return self.default
        if isinstance(self.default, bool):
            return text.strip().lower() == "true"
        if isinstance(self.default, int):
            number = whole_number(text)
            return self.default if number is None else number
        return text.strip()


def parameter(
    name: str,
    default: T,
    effect: str,
    *,
    interaction: str = "",
    others: tuple[str, ...] = (),
) -> T:
    """Declare a field that the operator's files set."""
    declared = Parameter(names=(name, *others), default=default, effect=effect, interaction=interaction)
    return field(default=default, metadata={_DECLARATION: declared})


PAGE_PARAMETERS = frozenset(
    {"SMSOTPAuthenticationEndpointURL", "SMSOTPAuthenticationEndpointErrorPage", "MobileNumberRegPage"}
)
"""Those that name a page, which may stand on a host of the operator's own."""
_OWN_PAGES = frozenset({*CODE_PAGES, *FAILED_PAGES, *PHONE_PAGES})
_OF_TENANT = re.compile(r"^/t/[^/]+(?=/)")
_PLAIN_HOST = re.compile(r"[A-Za-z0-9.-]+(?::[0-9]{1,5})?|\[[0-9A-Fa-f:.]+\](?::[0-9]{1,5})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class SmsOtpParameters:
    """The classic authenticator, ``SMSOTP`` (sms-otp.md 2.2)."""

    code_page: str = parameter(
        "SMSOTPAuthenticationEndpointURL",
        f"{_PAGES}/smsotp.jsp",
        "The page that asks for the code.",
        interaction="A path of this server, with or without a slash before it, or a whole address, which is used as it"
        " is typed unless it names a page of this server, on `localhost` or under its own name: then it means that"
        " page, on whatever port the server is. Empty: the page beside the log-in page.",
    )
    error_page: str = parameter(
        "SMSOTPAuthenticationEndpointErrorPage",
        f"{_PAGES}/smsotpError.jsp",
        "The page that says why no code can be entered.",
        interaction="As above.",
    )
    mobile_page: str = parameter(
        "MobileNumberRegPage",
        f"{_PAGES}/mobile.jsp",
        "The page that asks for a number; it is no error page.",
        interaction="As above.",
    )
    retry: bool = parameter(
        "RetryEnable",
        True,
        "Whether a wrong code leads to the code page again, or to the error page.",
        interaction="Not to be confused with `enableRetryFromAuthenticator`. A lock leads to the error page anyhow.",
    )
    resend: bool = parameter(
        "ResendEnable",
        True,
        "Whether a person may ask for another code.",
        interaction="Limited by `MaximumResendAttempts` and `ResendMinIntervalSeconds`.",
    )
    backup_code: str = parameter(
        "BackupCode",
        "true",
        "Whether backup codes are taken in place of the code. Only the very text `true` is yes.",
        interaction="Users with an account here only, among them those whom `usecase` finds.",
    )
    opt_out: bool = parameter(
        "SMSOTPEnableByUserClaim",
        False,
        "Whether a person whose claim `http://wso2.org/claims/identity/smsotp_disabled` is `true` needs no code.",
        interaction="With `SMSOTPMandatory` such a person cannot log in at all.",
    )
    mandatory: bool = parameter(
        "SMSOTPMandatory",
        False,
        "Whether nobody passes without a code. Off, those pass who have no account here, or have opted out; everybody"
        " else is asked either way.",
        interaction="Whoever has no account here needs `SendOTPDirectlyToMobile` or `SendOtpToFederatedMobile` then.",
    )
    usecase: str = parameter(
        "usecase",
        "association",
        "How somebody whom another provider has proven is found among the users here: `association`,"
        " `local`, `userAttribute`, `subjectUri`; empty: not at all.",
        interaction="Of no effect where the first step was taken with an account of this"
        " server. Whoever is found has backup codes, locks, counters and a stored number like everybody else.",
    )
    realms: str = parameter(
        "secondaryUserstore",
        "primary",
        "The user stores in which `usecase` looks, separated by commas; empty: all.",
        interaction="Not used by `association`.",
    )
    capture: bool = parameter(
        "CaptureAndUpdateMobileNumber",
        True,
        "Whether a person without a number is asked for one; it is stored once the code sent there has come back.",
        interaction='Under `security_profile = "recommended"` a password alone does not suffice for'
        " that: an administrator enters the number.",
    )
    direct: bool = parameter(
        "SendOTPDirectlyToMobile",
        False,
        "Whether somebody without an account here is asked for a number; nothing is stored.",
        interaction="With `SMSOTPMandatory` only.",
    )
    federated: bool = parameter(
        "SendOtpToFederatedMobile",
        False,
        "Whether the code for somebody without an account here goes to the number that the other provider tells.",
        others=("sendOTPToFederatedMobileAttribute",),
        interaction="With `SMSOTPMandatory` only; `federatedMobileAttributeKey` names the attribute, and"
        " `SendOTPDirectlyToMobile` comes before it.",
    )
    federated_key: str = parameter(
        "federatedMobileAttributeKey",
        "",
        "The attribute that holds that number: a name, or the URI of a claim.",
        interaction="What stands under the authenticator of the step before wins over what stands here.",
    )
    expiry_seconds: int = parameter(
        "TokenExpiryTime",
        300,
        "Seconds that a code lives, from when the provider has taken it.",
        interaction="The property `SmsOtpExpiryTime` of the identity provider, in minutes, wins. 30 to 600 seconds"
        ' under `security_profile = "recommended"`.',
    )
    length: int = parameter(
        "TokenLength",
        6,
        "Characters of a code, 4 to 10; anything else is 6.",
        interaction="The property `SmsOtpLength` wins.",
    )
    alphanumeric: bool = parameter(
        "EnableAlphanumericToken",
        False,
        "Whether codes are of capital letters and digits.",
        interaction="The property `OnlyNumericCharactersForSmsOtp` wins.",
    )
    screen_claim: str = parameter(
        "screenUserAttribute",
        "",
        "The claim that is shown on the code page, masked; empty: nothing.",
        interaction="Masked by `noOfDigits` and `order`, or by `screenUserAttributeMaskRegex`.",
    )
    screen_digits: int = parameter("noOfDigits", 0, "How many characters of it stay readable.")
    screen_order: str = parameter(
        "order", "", "`backward`: the last characters stay readable; anything else: the first."
    )
    screen_mask: str = parameter(
        "screenUserAttributeMaskRegex",
        "",
        "A pattern: whatever matches it becomes one `*`.",
        interaction="Wins over `noOfDigits` and `order`.",
    )
    to_options: bool = parameter(
        "redirectToMultiOptionPageOnFailure",
        False,
        "Whether a wrong code leads back to the list of options, where the step has several.",
    )
    retry_in_script: bool = parameter(
        "enableRetryFromAuthenticator",
        True,
        "Whether a wrong code may be followed by another one.",
        interaction="A parameter of adaptive scripts in a WSO2 server; here it is a setting like any other. With"
        " `false` the first wrong code ends the log-in, or leads back to the options.",
    )
    tells_reasons: bool = parameter(
        "showAuthFailureReason", False, "Whether a person is told of a lock, and how many minutes it lasts."
    )
    locks: bool = parameter(
        "EnableAccountLockingForFailedAttempts",
        False,
        "Whether wrong codes lock the account.",
        interaction="Needs the policy `account.lock.handler`, which also says how many and how long.",
    )
    internal_codes: bool = parameter(
        "UseInternalErrorCodes",
        True,
        "Whether a provider's failure is told as `SMSOTP-6…`, or as its own status line.",
    )
    most_resends: str = parameter(
        "MaximumResendAttempts",
        "",
        "How often a code may be sent again; empty: without limit.",
        interaction="A text that is no number, or a negative one, is a mistake: nobody can ask for another code.",
    )
    resends_of_user: bool = parameter(
        "EnableUserBasedResendBlocking",
        False,
        "Whether sends are counted for the person, over all log-ins, and not in each log-in apart.",
        interaction="With `MaximumResendAttempts` only; the first code of a log-in counts then as well.",
    )
    block_minutes: int = parameter(
        "ResendBlockDuration", 5, "Minutes after the last send after which that counting begins anew."
    )
    encoded: bool = parameter(
        "enable_payload_encoding_for_sms_otp",
        True,
        "Whether values in the payload are encoded by its content type.",
        interaction="For providers that are described in the identity provider's fields.",
    )
    user_attribute: str = parameter(
        "userAttribute",
        "",
        "With `usecase = userAttribute`: the attribute that holds the name of the user here.",
        interaction="`SMSOTP-userAttribute` under the authenticator of the first step wins.",
    )
    template: str = parameter(
        "notificationTemplate",
        "",
        "The template of the message, instead of `SMSOTP`.",
        interaction="A parameter of adaptive scripts in a WSO2 server; here it is a setting like any other. With"
        " fields of a provider it stands before the text, unless the property `use_template` is `true`.",
    )
    reveals_unknown: bool = parameter(
        "RevealUnknownUser",
        False,
        "Ours: whether somebody whom nobody knows is told so.",
        interaction="Only where this is the first step; off, every code of such a person is wrong.",
    )
    resend_spacing: int = parameter(
        "ResendMinIntervalSeconds", 30, "Ours: seconds that must pass between two codes of a log-in."
    )
    most_answers: int = parameter(
        "MaxCodeAttemptsPerContext", 5, "Ours: answers that are compared in one log-in, 1 to 5, whatever is sent again."
    )
    failure_page: str = parameter(
        "ProviderFailurePage",
        "",
        "Ours: `error` or `code`: the page after a code could not be sent. Empty: the error page where the provider is"
        " described in the identity provider's fields, else the code page.",
        interaction="The code page says nothing of it where `SmsOTP.NotifySmsSendingFailure` is off.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class BasicParameters:
    """User name and password, ``BasicAuthenticator``."""

    tells_reasons: bool = parameter(
        "showAuthFailureReason",
        False,
        "Whether a person is told of a lock, and how many minutes it lasts.",
        interaction="Only after the right password, or with a browser that has logged in to the account before: nobody"
        " else learns that there is such an account. While wrong passwords have locked it, none is compared.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalOtpParameters:
    """The later authenticators, ``sms-otp-authenticator`` and ``email-otp-authenticator``.

    Lives, lengths and numbers of resends are policies of the tenant, under the same names.
    """

    to_options: bool = parameter(
        "redirectToMultiOptionPageOnFailure",
        False,
        "Whether a wrong code leads back to the list of options, where the step has several.",
    )
    retry_in_script: bool = parameter(
        "enableRetryFromAuthenticator",
        True,
        "Whether a wrong code may be followed by another one.",
        interaction="With `false` the first wrong code ends the log-in, or leads back to the options.",
    )
    tells_reasons: bool = parameter(
        "showAuthFailureReason",
        False,
        "Whether a person is told how many answers are left, of a lock, and how many minutes it lasts.",
    )
    locks: bool = parameter(
        "EnableAccountLockingForFailedAttempts",
        True,
        "Whether wrong codes lock the account.",
        interaction="Needs the policy `account.lock.handler`.",
    )
    resends_of_user: bool = parameter(
        "EnableUserBasedResendBlocking",
        True,
        "Whether sends are counted for the person, over all log-ins, and not in each log-in apart.",
        interaction="The first code of a log-in is then counted as well, beyond the number of resends.",
    )
    most_failures: int = parameter(
        "maximumAllowedFailureAttempts",
        5,
        "The wrong answer that ends the log-in, 1 to 5.",
        interaction="A parameter of adaptive scripts in a WSO2 server; here it is a setting like any other.",
    )
    most_resends: str = parameter(
        "maximumAllowedResendAttempts",
        "",
        "How often a code may be sent again in a log-in.",
        interaction="Wins over the tenant's policy, where it is set.",
    )
    ends_on_resends: bool = parameter(
        "terminateOnResendLimitExceeded",
        False,
        "Whether one resend too many ends the log-in. Off, the last code can still be entered.",
    )
    template: str = parameter("notificationTemplate", "", "The template of the message, instead of the usual one.")
    resend_spacing: int = parameter(
        "ResendMinIntervalSeconds", 0, "Ours: seconds that must pass between two codes of a log-in."
    )


GROUPS: Final[Mapping[str, type[Any]]] = {
    "BasicAuthenticator": BasicParameters,
    "SMSOTP": SmsOtpParameters,
    "sms-otp-authenticator": LocalOtpParameters,
    "email-otp-authenticator": LocalOtpParameters,
}
"""The parameters of each authenticator that has some."""


def parameters_of(group: type[Any]) -> Mapping[str, Parameter]:
    """Return what a group declares, by the name of the field."""
    return {each.name: each.metadata[_DECLARATION] for each in fields(group)}


def read_parameters(settings: Settings, name: str, group: type[P]) -> P:
    """Return the parameters of an authenticator, as the files and the defaults have them."""
    texts = texts_of(settings, name)
    return group(**{field_name: each.read(texts) for field_name, each in parameters_of(group).items()})


def texts_of(settings: Settings, name: str) -> Mapping[str, str]:
    """Return what the files say about an authenticator, as typed."""
    return settings.authenticators.get(name, AuthenticatorSettings()).parameters


def own_page(settings: Settings, configured: str) -> str | None:
    """Return the page of ours that a whole address names, whatever port it was written with; ``None`` if it is none.

    Files that come from another server name ``localhost``, or the host that this one has now, and the port of then.
    """
    parts = urlsplit(configured.strip())
    ours = {"localhost", "127.0.0.1", "::1", settings.server.hostname.lower(), urlsplit(settings.public_url).hostname}
    page = _OF_TENANT.sub("", parts.path).strip("/")
    if parts.scheme not in {"http", "https"} or parts.hostname not in ours or page not in _OWN_PAGES:
        return None
    return f"{page}?{parts.query}" if parts.query else page


def page_origins(settings: Settings) -> frozenset[str]:
    """Return the origins of other hosts on which the operator has put pages of logging in."""
    found = set()
    for said in settings.authenticators.values():
        for name in PAGE_PARAMETERS & said.parameters.keys():
            parts = urlsplit(said.parameters[name].strip())
            if own_page(settings, said.parameters[name]) is not None:
                continue
            if parts.scheme in {"http", "https"} and parts.netloc and _PLAIN_HOST.fullmatch(parts.netloc):
                found.add(f"{parts.scheme}://{parts.netloc}".lower())
    return frozenset(found - {settings.public_url.lower()})


def parameter_doubts(settings: Settings) -> Iterator[str]:
    """Yield what stands in the files and has no effect, or another than it seems, for ``watchword check``."""
    yield from page_doubts(settings)
    for name, said in settings.authenticators.items():
        group = GROUPS.get(name)
        if group is None:
            continue
        known = {each: declared for declared in parameters_of(group).values() for each in declared.names}
        for each, text in said.parameters.items():
            if each not in known and not each.endswith("-userAttribute"):
                yield f"{name}: {each} has no effect here"
            elif each in known and type(known[each].default) is int and whole_number(text) is None:
                yield f"{name}: {each} must be a whole number, not {text!r}; it counts as {known[each].default}"
        if name == "SMSOTP" and "MaximumResendAttempts" in said.parameters:
            text = said.parameters["MaximumResendAttempts"].strip()
            if text and whole_number(text) is None:
                yield f"{name}: MaximumResendAttempts must be a whole number, not {text!r}; no code is sent again"


def page_doubts(settings: Settings) -> Iterator[str]:
    """Yield what should be known of pages that stand in the files with a whole address."""
    for name, said in settings.authenticators.items():
        for each in sorted(PAGE_PARAMETERS & said.parameters.keys()):
            address, own = said.parameters[each].strip(), own_page(settings, said.parameters[each])
            parts = urlsplit(address)
            origin = f"{parts.scheme}://{parts.netloc}".lower()
            if not parts.netloc or origin == settings.public_url.lower():
                continue
            if own is None:
                yield f"{name}: {each} leads to {origin}, which is not this server: people answer to whoever is there"
            else:
                here = f"{settings.public_url}/{own}"
                yield f"{name}: {each} names a page of this server, so it means {here}, not {address}"


def whole_number(text: str) -> int | None:
    """Return a number that is not negative, or ``None`` if the text is none."""
    bare = text.strip()
    return int(bare) if bare.isascii() and bare.isdecimal() and len(bare) < 10 else None  # noqa: PLR2004  # no more digits than any of them needs
