"""Every refusal of the product, each with the code that it has on the wire (self-registration.md 2.2 to 2.12).

The family gives status and ``message``, the class gives ``code`` and the wire's ``description``. Facts that come from a
caller are cut and cleaned before they are put into a text.
"""

from typing import ClassVar

GENERIC_TEXT = "The server encountered an internal error. Please contact administrator."
ECHO_LIMIT = 64


class Problem(Exception):
    """A refusal that a caller is told about."""

    status: ClassVar[int] = 500
    message: ClassVar[str | None] = "Internal server error"
    code: ClassVar[str | None] = "18013"
    text: ClassVar[str | None] = GENERIC_TEXT
    is_5_10_text: ClassVar[str | None] = None
    """The text of IS 5.10 and 5.11, where it differs."""

    def __init__(self, **facts: object) -> None:
        """Keep the *facts* that the text names."""
        super().__init__(type(self).__name__)
        self.facts = {name: _echo(str(value)) for name, value in facts.items()}

    @property
    def description(self) -> str | None:
        """Return the text with its facts filled in."""
        return None if self.text is None else self.text.format_map(self.facts)

    @property
    def is_5_10_description(self) -> str | None:
        """Return the description in the words of IS 5.10."""
        return self.description if self.is_5_10_text is None else self.is_5_10_text.format_map(self.facts)

    @property
    def headers(self) -> dict[str, str]:
        """Return what the reply says in its headers."""
        return {}


def _echo(value: str, limit: int = ECHO_LIMIT) -> str:
    """Return what may be echoed of a caller's text: cut, and without control characters."""
    return "".join(character for character in value if character.isprintable())[:limit]


# --- families -------------------------------------------------------------------------------------------------------


class BadRequest(Problem):
    """The caller asks for something that cannot be done as asked."""

    status, message = 400, "Bad Request"


class Unauthorized(Problem):
    """Nobody of that name, the wrong secret, or an account that is not open."""

    status, message, code, text = 401, "Unauthorized", None, None

    @property
    def headers(self) -> dict[str, str]:
        return {"WWW-Authenticate": 'Basic realm="watchword", charset="UTF-8"'}


class Forbidden(Problem):
    """The caller is known, and may not do this."""

    status, message, code = 403, "Forbidden", "403-0"
    text = "The permission {permission} is needed."


class NotFound(Problem):
    """The address or the thing does not exist."""

    status, message, code, text = 404, "Not Found", "404-0", "There is nothing at this address."


class MethodNotAllowed(Problem):
    """The address exists, with other methods."""

    status, message, code, text = 405, "Method Not Allowed", "405-0", "This address does not know the method."


class Conflict(Problem):
    """Somebody has it already."""

    status, message = 409, "Conflict"


class TooLarge(Problem):
    """The body is over its limit."""

    status, message, code = 413, "Payload Too Large", "413-0"
    text = "The request is larger than {limit}."


class WrongContentType(Problem):
    """The body is not announced as what it must be."""

    status, message, code = 415, "Unsupported Media Type", "415-0"
    text = "The body must be sent as {expected}."


class Unprocessable(Problem):
    """The body can be read and makes no sense here."""

    status, message, code = 422, "Unprocessable Entity", "422-0"


class ServerFault(Problem):
    """Something of ours failed: the specific code, and a text that says nothing more."""


class NotImplementedYet(Problem):
    """The reference has this, and answers nothing either."""

    status, message, code, text = 501, "Not Implemented", "501-0", "This service is not yet implemented."


class _Later(Problem):
    @property
    def headers(self) -> dict[str, str]:
        return {"Retry-After": self.facts.get("seconds", "1")}


class TooMany(_Later):
    """A limit is reached; the header says when there is room again."""

    status, message, code = 429, "Too Many Requests", "429-0"
    text = "Too many attempts. Try again in {seconds} seconds."


class Unavailable(_Later):
    """Too many wait, or the database cannot be had; nothing was done."""

    status, message, code = 503, "Service Unavailable", "503-0"
    text = "The server is busy. Try again in {seconds} seconds."


# --- requests -------------------------------------------------------------------------------------------------------


class Malformed(BadRequest):
    """The body cannot be read, or is not of the documented shape."""

    code, text = "USR-10003", "Invalid data for self-registration.{position}"

    def __init__(self, position: str = "") -> None:
        """*position* says what is wrong and where; it stands at the end of the description."""
        super().__init__()
        self.position = _echo(position, 3 * ECHO_LIMIT)
        self.facts["position"] = f" {self.position}" if position else ""


class TenantUnknown(NotFound):
    """The address names a tenant that is not there, or is switched off."""

    code, text = "18016", "Invalid tenant '{tenant}'."
    is_5_10_text = "Invalid tenant'{tenant}'."


class IdempotencyKeyReused(Unprocessable):
    """The key was used for another registration within a day."""

    text = "The Idempotency-Key was used with another body."


class CaptchaRefused(Malformed):
    """The captcha answer is missing or wrong; the reply carries what a page needs to show it."""

    def __init__(self, site_key: str) -> None:
        super().__init__("The captcha was not solved.")
        self._site_key = site_key

    @property
    def headers(self) -> dict[str, str]:
        return {"reCaptcha": "true", "reCaptchaKey": self._site_key, "reCaptchaAPI": "/"}


class CaptchaRedirect(CaptchaRefused):
    """The same, as the reference answers its own pages."""

    status = 302

    @property
    def headers(self) -> dict[str, str]:
        return {**super().headers, "Location": "/authenticationendpoint/register.do"}


# --- registration ---------------------------------------------------------------------------------------------------


class SelfRegistrationDisabled(BadRequest):
    """The tenant's policy is off."""

    code, text = "20021", "Self sign up feature is disabled"


class LiteRegistrationDisabled(BadRequest):
    """The tenant's policy for lite sign-up is off."""

    code, text = "20060", "Lite sign up feature is disabled"


class UserExists(Conflict):
    """The name is taken, reserved, or looks like one that is taken."""

    code, text = "20030", "User {name} already exists in the system. Please use a different username."


class ChannelUnknown(BadRequest):
    """A channel that is neither `EMAIL` nor `SMS`, in this very spelling."""

    code, text = "USR-10001", "User specified communication channel is not supported by the server"


class ChannelWithoutValue(BadRequest):
    """The channel in use has no address, or one that cannot be used."""

    code, text = "USR-10002", "User specified communication channel does not have any value"


class AddressMissing(BadRequest):
    """A lite sign-up without any address."""

    code, text = "USR-10004", "Either email or mobile should be submitted."


class EmailDomainRefused(BadRequest):
    """The mailbox is of a domain that may not register."""

    code, text = "USR-10009", "The email domain does not match the organization's email domain."


class CallbackRefused(BadRequest):
    """The callback is not where the tenant allows, or no address."""

    code = "20044"
    text = "Configured callback URL does not match with the provided callback URL: {url} in the request."


class UserNameRefused(BadRequest):
    """The name breaks a rule, or belongs to another realm or tenant."""

    code, text = "20045", "Provided username {name} violates the policy."


class PasswordRefused(BadRequest):
    """The password breaks the store's pattern or the tenant's policy; the text names every broken rule."""

    code, text = "20035", "{broken}"

    def __init__(self, broken: str) -> None:
        super().__init__()
        self.facts["broken"] = broken


class PasswordInvalid(BadRequest):
    """The user store refuses the password."""

    code, text = "20046", "Provided password violates the policy."


class PasswordActionDenied(BadRequest):
    """An action before the password refuses it."""

    code, text = "20067", "The password was refused by the password action."


class RealmUnknown(BadRequest):
    """There is no such user store."""

    code, text = "20047", "Invalid domain {realm} provided."


class StoreRefused(BadRequest):
    """The name is no name for a user store, or is taken."""

    code, text = "UST-60001", "The user store {realm} cannot be made: {reason}."


class ClaimTaken(BadRequest):
    """A claim that must be unique has the value already; 7.1 and later say so with a code of its own."""

    code, text = "20035", "The value of the claim {uri} is already used by another account."


class ClaimTakenIs7(ClaimTaken):
    """The same, in the words of 7.1 and later."""

    code = "60007"


class AssertionForbidden(Forbidden):
    """A verified flag from a caller that may not set it, where that is to be refused."""

    text = "Asserting {claim} needs a permission that the caller does not hold."


# --- codes ----------------------------------------------------------------------------------------------------------


class CodeInvalid(BadRequest):
    """No such code, or used, replaced, or its tries are spent."""

    code, text = "18001", "Invalid Code '{code}'."
    is_5_10_text = "Invalid Code '{code}.'"


class CodeExpired(CodeInvalid):
    """The code is too old; ask for another."""

    code, text = "18002", "Expired Code '{code}'."
    is_5_10_text = "Expired Code '{code}.'"


class CodeOfSomeoneElse(BadRequest):
    """The code is another person's."""

    code, text = "18003", "Invalid User '{name}'."


class CodeOutdated(BadRequest):
    """The address changed again after this code was sent."""

    code, text = "18023", "The link is no longer valid. Please initiate the verification again."


class MobileVerificationNotPrivileged(BadRequest):
    """The code proves a number, and only its person may redeem it."""

    code, text = "17007", "Mobile number verification by privileged users is not enabled."


class ChannelNotVerifiable(BadRequest):
    """The channel does not fit its claim, or is not the one that carried the code."""

    code, text = "UAV-10001", "Unsupported verification channel"


class NothingPending(BadRequest):
    """Already confirmed, never registered, or nobody of that name."""

    code, text = "20024", "Old confirmation code not found"


class RecoveryNotFound(BadRequest):
    """What 7.0 and later say when a named scenario has nothing pending: no code at all."""

    code, text = None, None
    message = "User recovery data is not found. Please re-initiate the recovery flow."


class ScenarioUnknown(BadRequest):
    """No scenario, or one of another name."""

    code, text = "UAR-10011", "Invalid recovery scenario: '{scenario}'"


class UserMissing(BadRequest):
    """The request names no user."""

    code, text = "PWR-60001", "User object not found in the request"


# --- names ----------------------------------------------------------------------------------------------------------


class NameBlank(BadRequest):
    """A question about no name."""

    code, message, text = None, "Username cannot be empty.", None


class NameUnusable(BadRequest):
    """A name cannot be had; the answers of 6.0 and later to validate-username."""

    text = None

    def __init__(self, status_code: int, reason: str | None) -> None:
        super().__init__()
        self._status_code, self._reason = status_code, reason

    @property
    def code(self) -> str:  # type: ignore[override]  # the code is the outcome, not the class
        return str(self._status_code)

    @property
    def message(self) -> str | None:  # type: ignore[override]  # so is its text
        return self._reason


# --- our own failures -----------------------------------------------------------------------------------------------


class SettingsUnreadable(ServerFault):
    """The tenant's settings cannot be read."""

    code = "20033"


class ConsentNotStored(ServerFault):
    """The consent receipt cannot be stored."""

    code = "20042"


class UserNotStored(ServerFault):
    """The account cannot be stored."""

    code = "20019"


class UserNotLocked(ServerFault):
    """The account cannot be locked."""

    code = "20022"


class UserNotUnlocked(ServerFault):
    """The account cannot be opened."""

    code = "20023"


class RecordNotStored(ServerFault):
    """The code cannot be stored."""

    code = "20009"


class EventNotPublished(ServerFault):
    """The message cannot be left."""

    code = "20043"


class MessageNotSent(ServerFault):
    """The message could not be handed over; the account waits, and a resend may succeed."""

    code = "20011"


class CodePatternUnsupported(ServerFault):
    """The pattern of codes is not of the form that is read."""

    code = "PWR-15008"


# --- logging in -----------------------------------------------------------------------------------------------------


class LoginRefused(Problem):
    """A password log-in did not succeed; the code says why to whoever knew the password."""

    status, message = 401, "Unauthorized"


class CredentialsInvalid(LoginRefused):
    """Nobody of that name, or the wrong password."""

    code, text = "17002", "Invalid Credentials"


class AccountLocked(LoginRefused):
    """The right password of a locked account."""

    code, text = "17003", "User account is locked - '{name}'."


class AccountDisabled(LoginRefused):
    """The right password of an account that is switched off."""

    code, text = "17004", "user account is disabled '{name}'."


class AccountPending(LoginRefused):
    """The right password of an account that has yet to be confirmed."""

    code, text = "17005", "User account not yet verified - '{name}.'"


# --- governance -----------------------------------------------------------------------------------------------------


class PropertyRefused(BadRequest):
    """No such property, or a value that it cannot have."""

    code, text = "IDG-60001", "{reason}"

    def __init__(self, reason: str) -> None:
        super().__init__()
        self.facts["reason"] = reason


class ConnectorUnknown(NotFound):
    """No such category or connector."""

    code, text = "IDG-60002", "There is no such category or connector: {name}."


class TenantRefused(BadRequest):
    """The domain is no name for a tenant."""

    code, text = "TM-60001", "The tenant domain {domain} cannot be used: {reason}."


class TenantExists(Conflict):
    """The domain is taken."""

    code, text = "TM-60002", "The tenant {domain} exists already."


class OwnerRefused(BadRequest):
    """A field of a tenant's owner cannot be what it is given; the text names the field and says why."""

    code, text = "TM-60003", "{reason}"

    def __init__(self, reason: str) -> None:
        super().__init__()
        self.facts["reason"] = reason


class OwnerUnknown(NotFound):
    """Nobody of that id is an administrator of the tenant."""

    code, text = "TM-60004", "The tenant {domain} has no owner {name}."


class SuperTenantStays(BadRequest):
    """The super tenant is where the server is administered from."""

    code, text = "TM-60005", "The super tenant can be neither switched off nor removed."


# --- user stores and claims -----------------------------------------------------------------------------------------


class StoreExists(Conflict):
    """The name is a user store's already."""

    code, text = "UST-60002", "The user store {name} exists already."


class StoreUnknown(NotFound):
    """No user store, or no type of user stores, has this id."""

    code, text = "UST-60003", "There is no user store or type {name}."


class StoreInUse(Conflict):
    """A user store is removed with its users only if the caller says so."""

    code = "UST-60004"
    text = "The user store {name} has {users}. With ?force=true it is removed together with them."


class StoreFieldRefused(BadRequest):
    """A field of a user store cannot be what it is given; the text names the field and says why."""

    code, text = "UST-60005", "{reason}"

    def __init__(self, reason: str) -> None:
        super().__init__()
        self.facts["reason"] = reason


class NoSuchClaim(NotFound):
    """No claim, or no claim dialect, has this id."""

    code, text = "CMT-60001", "There is no claim or claim dialect {name}."


class ClaimStays(BadRequest):
    """A claim that is built in can be neither changed nor removed; the text names what uses it."""

    code, text = "CMT-60002", "{reason}"

    def __init__(self, reason: str) -> None:
        super().__init__()
        self.facts["reason"] = reason


class DialectsAreFixed(Forbidden):
    """The claim dialects are built in."""

    code = "CMT-60003"
    text = "The claim dialects are built in; an application's own names of claims belong to its claimConfiguration."


# --- message templates and senders ----------------------------------------------------------------------------------


class TemplateTypeExists(Conflict):
    """A type has the name, compared without case and blanks."""

    code, text = "NTM-65001", "There is a template type {name} already."


class TemplateTypeUnknown(NotFound):
    """The id is that of no type."""

    code, text = "NTM-65002", "There is no template type {name}."


class TemplateExists(Conflict):
    """The tenant has saved a text of this type in this locale."""

    code, text = "NTM-65003", "There is a template {name} in {locale} already; replace it with PUT."


class TemplateUnknown(NotFound):
    """There is no text of this type in this locale."""

    code, text = "NTM-65004", "There is no template {name} in {locale}."


class TemplateRefused(BadRequest):
    """A field of a template cannot be what it is given; the text names the field and says why."""

    code, text = "NTM-60011", "{reason}"

    def __init__(self, reason: str) -> None:
        super().__init__()
        self.facts["reason"] = _echo(reason, 8 * ECHO_LIMIT)


class TemplateChannelUnknown(BadRequest):
    """A channel is SMS or EMAIL."""

    code, text = "NTM-60015", "There is no channel {name}: it must be SMS or EMAIL."


class TemplateTypeStays(Forbidden):
    """The type comes with the server."""

    code, text = "NTM-60016", "The template type {name} comes with the server and cannot be removed."


class ApplicationTemplatesAbsent(NotImplementedYet):
    """The texts of a tenant hold for all its applications."""

    text = "An application has no texts of its own; save one for the organisation."


class SenderNameUnknown(NotFound):
    """A tenant has one sender for SMS, which has a fixed name."""

    code, text = "NSM-60001", "There can be no sender of the name {name}; it is SMSPublisher."


class SenderExists(Conflict):
    """The tenant has its sender already."""

    code, text = "NSM-60002", "There is a sender {name} already; replace it with PUT."


class SenderUnknown(NotFound):
    """The tenant has no sender of its own."""

    code, text = "NSM-60006", "There is no sender {name}."


class SenderRefused(BadRequest):
    """A field of a sender cannot be what it is given; the text names the field and says why."""

    code, text = "NSM-60014", "{reason}"

    def __init__(self, reason: str) -> None:
        super().__init__()
        self.facts["reason"] = _echo(reason, 8 * ECHO_LIMIT)


class SenderProviderMissing(SenderRefused):
    """It does not say which company sends."""

    code = "NSM-60003"


class SenderBodyMissing(SenderRefused):
    """The company is none that we know, and nothing says how it is spoken to."""

    code = "NSM-60004"


class SenderUrlMissing(SenderRefused):
    """It does not say where the company is asked."""

    code = "NSM-60005"


class SenderAuthenticationMissing(SenderRefused):
    """An authentication has no type."""

    code = "NSM-60009"


class SenderAuthenticationUnknown(SenderRefused):
    """An authentication has a type that does not exist."""

    code = "NSM-60010"


class SenderPropertyBlank(SenderRefused):
    """A property of an authentication is empty."""

    code = "NSM-60011"


class SenderPropertyMissing(SenderRefused):
    """A property of an authentication is not there."""

    code = "NSM-60012"


class MailSenderOfFiles(MethodNotAllowed):
    """Mail of the super tenant is configured in files alone."""

    text = "The mail server of the super tenant is configured in deployment.toml alone."


class MailSenderAbsent(NotImplementedYet):
    """Mail goes out by the mail server of the installation."""

    text = "A tenant has no mail server of its own; mail goes out by that of the installation."


# --- applications and identity providers ----------------------------------------------------------------------------


class ApplicationRefused(BadRequest):
    """A field of an application cannot be what it is given; the text names the field and says why."""

    code, text = "APP-60001", "{reason}"

    def __init__(self, reason: str) -> None:
        super().__init__()
        self.facts["reason"] = _echo(reason, 8 * ECHO_LIMIT)


class ApplicationUnknown(NotFound):
    """No application has this id or name, or it has no such inbound protocol."""

    code, text = "APP-60006", "There is no application {name}."


class InboundUnknown(NotFound):
    """The application does not speak this protocol."""

    code, text = "APP-60008", "The application has no inbound protocol {name}."


class ApplicationExists(Conflict):
    """An application has the name, or a service provider the issuer."""

    code, text = "APP-60007", "An application of this name or issuer exists already: {name}."


class IssuerTaken(Conflict):
    """Another application's service provider has the issuer."""

    code, text = "APP-60007", "The issuer {issuer} belongs to the application {name} already."


class ChangedMeanwhile(Conflict):
    """Somebody else has changed the object between reading and writing; read it again."""

    code, text = "APP-60009", "{name} was changed by somebody else meanwhile."


class ProviderRefused(BadRequest):
    """A field of an identity provider cannot be what it is given; the text names the field and says why."""

    code, text = "IDP-60025", "{reason}"

    def __init__(self, reason: str) -> None:
        super().__init__()
        self.facts["reason"] = _echo(reason, 8 * ECHO_LIMIT)


class ProviderClaimRefused(ProviderRefused):
    """A claim of an identity provider is none of ours, or stands twice."""

    code = "IDP-60024"


class ProviderDefaultRefused(ProviderRefused):
    """The default authenticator is not among those that are configured and enabled."""

    code = "IDP-60027"


class ProviderCertificateRefused(ProviderRefused):
    """A certificate of an identity provider cannot be read."""

    code = "IDP-60036"


class ProviderUnknown(NotFound):
    """No identity provider has this id or name, or the authenticator is none."""

    code, text = "IDP-60002", "There is no identity provider or authenticator {name}."


class ProviderExists(Conflict):
    """An identity provider has the name."""

    code, text = "IDP-60001", "An identity provider of this name exists already: {name}."


class ProviderInUse(Conflict):
    """Applications log people in by it; they are named, and `force=true` takes it out of their steps."""

    code, text = "IDP-60005", "The identity provider {name} is used by: {reason}."

    def __init__(self, name: str, users: str) -> None:
        super().__init__(name=name)
        self.facts["reason"] = _echo(users, 8 * ECHO_LIMIT)


class MetadataRefused(BadRequest):
    """The metadata cannot be used; the text says why."""

    code, text = "APP-60002", "{reason}"

    def __init__(self, reason: str) -> None:
        super().__init__()
        self.facts["reason"] = _echo(reason, 8 * ECHO_LIMIT)


# --- logging in -----------------------------------------------------------------------------------------------------


class LoginStale(BadRequest):
    """A login is over, too old, of another browser, or never was."""

    code, text = "LOG-10001", "This login is over, or was begun in another browser."


class ApplicationDisabled(BadRequest):
    """The application is switched off."""

    code, text = "LOG-10002", "The application is disabled."


class ApplicationGone(BadRequest):
    """The application was removed or switched off while somebody logged in to it."""

    code, text = "LOG-10003", "The application was removed or switched off during the login."


# --- SAML -----------------------------------------------------------------------------------------------------------


class SamlRefused(BadRequest):
    """A SAML message that nobody is answered for: its sender is not proven, so that nothing of it is repeated."""

    code, text = "SAML-60001", "The SAML message was refused."


class SigningKeyRefused(Conflict):
    """A signing key cannot be changed so; the text says why."""

    code, text = "SAML-60002", "{reason}"
