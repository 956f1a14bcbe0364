"""The wire of ``/api/identity/user/v1.0`` (self-registration.md section 2)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec

from watchword.accounts.claims import Channel
from watchword.accounts.model import ASSERT_VERIFIED, CREATE, User
from watchword.base.problems import (
    CaptchaRedirect,
    CaptchaRefused,
    Forbidden,
    Malformed,
    MessageNotSent,
    NameUnusable,
    NotImplementedYet,
    UserMissing,
)
from watchword.notification.outbox import Notified, Notifier
from watchword.registration.model import PROFILES, Outcome, Profile, RequestedChannel
from watchword.registration.usecases.confirm import Given, Redeemer, confirm_user, introspect_code
from watchword.registration.usecases.lite import LiteDraft, register_lite_user
from watchword.registration.usecases.names import NameStatus, check_user_name
from watchword.registration.usecases.people import export_person, export_user, find_by_encoded_name, note_rename
from watchword.registration.usecases.register import Draft, Registered, register_user
from watchword.registration.usecases.repeats import RepeatKey
from watchword.registration.usecases.resend import resend_code, resend_own_code
from watchword.storage.work import Work
from watchword.tenants.policies import SelfRegistration
from watchword.tenants.usecases import read_policy
from watchword.web.model import Ask, Caller, Reply, Route, get, post

BASE = "/api/identity/user/v1.0"
MAX_PROPERTIES = 64
NAME_TEXT = "{name} is an invalid user name. Please pick a valid username."
NO_STORE = {"Cache-Control": "no-store, no-cache, must-revalidate, private"}


class Courier(Protocol):
    """What a handler needs of the courier."""

    def hurry(self, work: Work, notified: Notified) -> bool | None:
        """See to it that a message goes out now; return whether it did, or ``None`` while nobody knows."""


class Captcha(Protocol):
    """Knows whether a person has solved the captcha."""

    def accepts(self, answer: str) -> bool:
        """Ask the verifier."""


class Struct(msgspec.Struct, rename="camel"):
    """A body; members that nobody knows are ignored."""


class ClaimBody(Struct):
    """A claim, as it is written."""

    uri: str
    value: str | None = None


class PropertyBody(Struct):
    """A property of a request: a fact for templates, or a switch."""

    key: str | None = None
    value: str | None = None


class NamedUser(Struct):
    """A user whom a request names."""

    username: str | None = None
    realm: str | None = None
    tenant_domain: str | None = msgspec.field(name="tenant-domain", default=None)


class NewUser(NamedUser):
    """A user to be registered."""

    password: str | None = None
    claims: list[ClaimBody] | None = None


class RegisterBody(Struct):
    """The body of POST /me."""

    user: NewUser | None = None
    properties: list[PropertyBody] | None = None


class LiteBody(Struct):
    """The body of POST /lite."""

    email: str | None = None
    mobile: str | None = None
    realm: str | None = None
    preferred_channel: str | None = None
    claims: list[ClaimBody] | None = None
    properties: list[PropertyBody] | None = None


class ChannelBody(Struct):
    """The channel that is to become verified."""

    type: str | None = None
    claim: str | None = None


class CodeBody(Struct):
    """A code, and what is said with it."""

    code: str | None = None
    verified_channel: ChannelBody | None = None
    properties: list[PropertyBody] | None = None


class ResendBody(Struct):
    """Whose code is to be sent again."""

    user: NamedUser | None = None
    properties: list[PropertyBody] | None = None


class OwnResendBody(Struct):
    """Which of one's own codes is to be sent again."""

    properties: list[PropertyBody] | None = None


class NameBody(Struct):
    """A name that somebody would like."""

    username: str | None = None
    properties: list[PropertyBody] | None = None


class RenameBody(Struct):
    """A user that was renamed elsewhere."""

    realm: str | None = None
    existing_username: str | None = None
    new_username: str | None = None


@dataclass(frozen=True, slots=True)
class RegistrationApi:
    """The handlers, and what they need from outside."""

    notifier: Notifier
    courier: Courier
    captcha: Captcha | None = None

    def routes(self) -> list[Route]:
        """Return the slice's table of routes."""
        return [
            post(f"{BASE}/me", self.register_me, body=RegisterBody, status=201, permission=CREATE, hashes=True),
            get(f"{BASE}/me", self.export_me, people=True),
            post(f"{BASE}/validate-code", self.validate_code, body=CodeBody, status=202, permission=CREATE),
            post(f"{BASE}/introspect-code", self.introspect_code, body=CodeBody, status=202, permission=CREATE),
            post(f"{BASE}/resend-code", self.resend_code, body=ResendBody, status=201, permission=CREATE),
            post(f"{BASE}/validate-username", self.validate_username, body=NameBody, permission=CREATE),
            post(f"{BASE}/me/validate-code", self.validate_own_code, body=CodeBody, status=202, people=True),
            post(f"{BASE}/me/resend-code", self.resend_own_code, body=OwnResendBody, status=201, people=True),
            post(f"{BASE}/lite", self.register_lite, body=LiteBody, status=201, permission=CREATE),
            get(f"{BASE}/pi-info", self.find_pi_info, permission="usermgt:view"),
            get(f"{BASE}/pi-info/{{id}}", self.export_pi_info, permission="usermgt:view"),
            Route("PUT", f"{BASE}/update-username", self.update_username, body=RenameBody, permission="usermgt:edit"),
        ]

    def register_me(self, work: Work, ask: Ask[RegisterBody]) -> Reply:
        """Register a person, and send the code at once."""
        self._check_captcha(work, ask)
        registered = register_user(work, _draft(work, ask), self.notifier)
        self._hurry(work, registered.notified)
        return _registered_reply(work, registered)

    def register_lite(self, work: Work, ask: Ask[LiteBody]) -> Reply:
        """Register somebody by an address alone."""
        body = ask.body
        draft = LiteDraft(
            body.email, body.mobile, body.realm, body.preferred_channel,
            [(claim.uri, claim.value) for claim in body.claims or []], _properties(body.properties),
        )  # fmt: skip
        registered = register_lite_user(work, draft, self.notifier)
        self._hurry(work, registered.notified)
        return Reply(registered.confirmation_code, media_type="text/plain")

    def validate_code(self, work: Work, ask: Ask[CodeBody]) -> Reply:
        """Confirm an account by its code."""
        confirmed = confirm_user(work, _given(ask), _redeemer(ask.caller), self.notifier)
        if confirmed.notified is not None:
            self.courier.hurry(work, confirmed.notified)
        if not PROFILES[work.settings.compat_profile].confirmation_has_body:
            return Reply()
        return Reply(_user_of(work, confirmed.user))

    def introspect_code(self, work: Work, ask: Ask[CodeBody]) -> Reply:
        """Tell what a code is for, without using it."""
        user, code, is_expired = introspect_code(work, _given(ask), _redeemer(ask.caller))
        return Reply({
            "user": _user_of(work, user) | {"userId": None},
            "recoveryScenario": code.scenario, "recoveryStep": code.scenario.step, "isExpired": is_expired,
        })  # fmt: skip

    def resend_code(self, work: Work, ask: Ask[ResendBody]) -> Reply:
        """Send a new code to whoever has one pending."""
        user = ask.body.user
        if user is None or not (user.username or "").strip():
            raise UserMissing
        scenario = _properties(ask.body.properties).get("RecoveryScenario")
        resent = resend_code(work, user.username or "", user.realm, scenario, self.notifier)
        self._hurry(work, resent.notified)
        return Reply(resent.code, media_type="text/plain")

    def validate_own_code(self, work: Work, ask: Ask[CodeBody]) -> Reply:
        """Put the signed-in person's new address in its place."""
        confirm_user(work, _given(ask), _redeemer(ask.caller, own=True), self.notifier)
        return Reply()

    def resend_own_code(self, work: Work, ask: Ask[OwnResendBody]) -> Reply:
        """Send the signed-in person a new code for a new address."""
        scenario = _properties(ask.body.properties).get("RecoveryScenario")
        resent = resend_own_code(work, _own_id(ask.caller), scenario, self.notifier)
        self._hurry(work, resent.notified)
        return Reply(resent.code, media_type="text/plain")

    def validate_username(self, work: Work, ask: Ask[NameBody]) -> Reply:
        """Tell whether a name may be had."""
        name = ask.body.username or ""
        status = check_user_name(work, name, _properties(ask.body.properties), ask.caller.name)
        by_status = PROFILES[work.settings.compat_profile].name_check_by_status
        if status is NameStatus.USABLE or not by_status:
            return Reply({"statusCode": int(status)})
        text = work.settings.user_store.username_text
        told = text or NAME_TEXT.format(name=name)
        raise NameUnusable(status, told if status is NameStatus.BREAKS_PATTERN else None)

    def export_me(self, work: Work, ask: Ask[None]) -> Reply:
        """Give a person everything that is kept about them."""
        return Reply(export_person(work, _own_id(ask.caller)))

    def find_pi_info(self, work: Work, ask: Ask[None]) -> Reply:
        """Say that nobody is found by name, as the reference does."""
        raise NotImplementedYet

    def export_pi_info(self, work: Work, ask: Ask[None]) -> Reply:
        """Give an administrator what is kept about a person."""
        return Reply(export_user(work, find_by_encoded_name(work, ask.path["id"])))

    def update_username(self, work: Work, ask: Ask[RenameBody]) -> Reply:
        """Answer that nothing has to follow a new name."""
        note_rename(work, ask.body.existing_username, ask.body.new_username, ask.body.realm)
        return Reply()

    def _hurry(self, work: Work, notified: Notified | None) -> None:
        """Tell the truth about a message that could not be handed over."""
        if notified is not None and self.courier.hurry(work, notified) is False:
            raise MessageNotSent

    def _check_captcha(self, work: Work, ask: Ask[RegisterBody]) -> None:
        keys = work.settings.recaptcha
        if self.captcha is None or keys is None or not read_policy(work, SelfRegistration).recaptcha:
            return
        answer = ask.headers.get("g-recaptcha-response", "")
        work.release()  # the verifier is somebody else's server
        if not answer or not self.captcha.accepts(answer):
            redirects = work.settings.registration.captcha_quirk_redirect
            raise (CaptchaRedirect if redirects else CaptchaRefused)(keys.site_key)


def _draft(work: Work, ask: Ask[RegisterBody]) -> Draft:
    user = ask.body.user
    if user is None or user.username is None or user.password is None:
        missing = "user" if user is None else "user.username" if user.username is None else "user.password"
        raise Malformed("" if user is None else f"{missing} is missing.")
    if not user.username.strip() or not user.password:
        raise Malformed("user.username and user.password must not be empty.")
    key = ask.headers.get("idempotency-key")
    repeat = None
    if key:
        digest = work.keys.digest("body", msgspec.json.encode(ask.body).decode())
        repeat = RepeatKey(f"{ask.caller.tenant}/{ask.caller.name}", key[:255], digest)
    return Draft(
        user.username, user.password, user.realm, [(claim.uri, claim.value) for claim in user.claims or []],
        _properties(ask.body.properties), _may_assert(ask.caller), ask.caller.name, repeat,
        asked_by=ask.caller.name,
    )  # fmt: skip


def _may_assert(caller: Caller) -> Callable[[Channel], bool]:
    return lambda channel: caller.may(f"{ASSERT_VERIFIED}:{channel}")


def _properties(given: list[PropertyBody] | None) -> dict[str, str]:
    """Return the properties that have a key; of two with one key the later wins."""
    if given and len(given) > MAX_PROPERTIES:
        raise Malformed(f"More than {MAX_PROPERTIES} properties.")
    return {each.key: each.value or "" for each in given or [] if each.key and each.key.strip()}


def _given(ask: Ask[CodeBody]) -> Given:
    channel = ask.body.verified_channel
    requested = None if channel is None or channel.type is None else RequestedChannel(channel.type, channel.claim)
    properties = _properties(ask.body.properties)
    return Given(ask.body.code or "", requested, properties.get("username") or None, properties.get("realm"))


def _redeemer(caller: Caller, *, own: bool = False) -> Redeemer:
    user_id = _own_id(caller) if own else None
    return Redeemer(caller.name, _may_assert(caller), limit_key=f"{caller.tenant}/{caller.name}", user_id=user_id)


def _own_id(caller: Caller) -> str:
    if caller.user_id is None:
        raise Forbidden(permission="of a person")
    return caller.user_id


def _user_of(work: Work, user: User) -> dict[str, str | None]:
    return {
        "username": user.name.typed, "tenant-domain": work.tenant, "realm": user.name.realm, "userId": user.id
    }  # fmt: skip


def _registered_reply(work: Work, registered: Registered) -> Reply:
    """Return the body of the profile, or the legacy one: the bare code, or nothing (2.2)."""
    profile = PROFILES[work.settings.compat_profile]
    if not read_policy(work, SelfRegistration).detailed_response:
        return Reply(registered.confirmation_code, media_type="text/plain")
    return Reply(_registered_body(profile, registered, internal=read_policy(work, SelfRegistration).internally_managed))


def _registered_body(profile: Profile, registered: Registered, *, internal: bool) -> dict[str, Any]:
    code = registered.outcome.code
    text = profile.texts[code]
    if registered.outcome is Outcome.VERIFIED and not internal:
        text = profile.external_verified_text
    body: dict[str, Any] = {"code": code, "message": text, "notificationChannel": registered.channel}
    if profile.always_four_members or not internal:
        body["confirmationCode"] = registered.confirmation_code
    if profile.tells_user_id:
        body["userId"] = registered.user_id
    return body
