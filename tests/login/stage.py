"""A stage for the cases of sms-otp.yaml: a server, a provider on the loopback, and the people of the fixtures."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote_plus, urlsplit

from tests.login.visitor import BASIC, Visitor, add_application, with_protocol
from tests.notification.gateway import Asked as Request
from tests.notification.gateway import Gateway
from tests.world import START, FrontDoor, MovableClock, World, open_database, open_world, settings_of
from watchword.accounts.claims import BACKUP_CODES, DIALECT, MOBILE, SMS_CODES_DISABLED
from watchword.accounts.guessing import with_failures
from watchword.accounts.model import NewAccount
from watchword.accounts.usecases.people import add_user
from watchword.applications.authenticators import EMAIL_OTP, LOCAL_SMS_OTP, SMS_OTP
from watchword.applications.model import IdentityProvider, Option, ProviderAuthenticator
from watchword.applications.store import Associations, IdentityProviders
from watchword.base.settings import AuthenticatorSettings, Settings
from watchword.login.authenticator import Asked, Outcome, Proven, Turn
from watchword.login.model import Answer, Person, Place
from watchword.login.store.challenges import Challenges
from watchword.notification.configured import ConfiguredSenders
from watchword.storage.work import Work
from watchword.tenants.usecases import change_policy, create_tenant
from watchword.web.model import SUPER_TENANT

PASSWORD = "right-Pass-1"
PROVIDER = "http://sms.fake.test:8090"
PAGES = {
    "code": {"/smsotpauthenticationendpoint/smsotp.jsp", "/authenticationendpoint/smsOtp.jsp"},
    "error": {"/smsotpauthenticationendpoint/smsotpError.jsp", "/authenticationendpoint/smsOtpError.jsp"},
    "mobile": {"/smsotpauthenticationendpoint/mobile.jsp", "/authenticationendpoint/mobile.jsp"},
    "login": {"/authenticationendpoint/login.do"},
    "multi-option list": {"/authenticationendpoint/login.do"},
    "app": {"/test-return"},
    "failed": {"/authenticationendpoint/retry.do"},
}
USUAL_RECIPE = {
    "sms_url": f"{PROVIDER}/sms", "http_method": "POST", "headers": "Content-Type: application/json",
    "payload": '{"to":"$ctx.num","content":"$ctx.msg"}',
}  # fmt: skip
PEOPLE: dict[str, dict[str, str]] = {
    "alice": {MOBILE: "+94771234567", DIALECT + "givenname": "Alice"},
    "bob": {},
    "carol": {MOBILE: "+94773333333", SMS_CODES_DISABLED: "true"},
    "dave": {MOBILE: "+94774444444", BACKUP_CODES: "482913,110257,"},
}


class StillClock(MovableClock):
    """A clock that stands still between its moves."""

    def now(self) -> Any:  # noqa: ANN401  # of the clock
        return START + self.shift()


@dataclass(frozen=True, slots=True)
class Federation:
    """Another identity provider: it believes whoever posts ``assert=NAME``."""

    name: str = "FakeFederation"

    def wants(self, turn: Turn, answer: Answer) -> bool:
        return bool(answer.get("assert"))

    def begin(self, turn: Turn) -> Outcome:
        return Asked(login=turn.login, place=Place(page="fake-federation"))

    def judge(self, turn: Turn, answer: Answer) -> Outcome:
        option = turn.login.option
        assert option is not None
        attributes = json.loads(answer.get("attributes") or "{}")
        tenant, user_id = answer.get("tenant") or turn.work.tenant, answer.get("user_id") or None
        provider = option.idp if user_id is None else "LOCAL"
        return Proven(
            person=Person(
                name=answer.get("assert"), tenant=tenant, provider_id=provider, attributes=attributes, user_id=user_id
            )
        )

    def send_failed(self, turn: Turn, message_id: str, reason: str) -> Outcome | None:
        return None


@dataclass(slots=True)
class Stage:
    """The server of a case, and whoever visits it."""

    world: World
    provider: Gateway
    clock: StillClock
    apps: Mapping[str, str]
    federation: str
    """The id of the identity provider of the federation."""
    sms: str | None
    """The id of the identity provider that describes the SMS provider."""
    visitor: Visitor = field(init=False)
    codes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.visitor = Visitor(self.world)

    # --- acting

    def enter(self, app: str, visitor: Visitor | None = None) -> Visitor:
        """Begin a login."""
        visitor = visitor or self.visitor
        visitor.begin(self.apps[app])
        return visitor

    def sign_in(self, app: str, name: str, visitor: Visitor | None = None, **attributes: str) -> Visitor:
        """Take the first step of a login."""
        visitor = self.enter(app, visitor)
        if app == "fed":
            visitor.answer({"assert": name, "attributes": json.dumps(attributes)})
        else:
            visitor.password(name, PASSWORD)
        return visitor

    def submit(self, code: str, visitor: Visitor | None = None) -> Visitor:
        """Answer with a code."""
        visitor = visitor or self.visitor
        visitor.answer({"OTPcode": code, "resendCode": "false"})
        return visitor

    def resend(self) -> Visitor:
        """Ask for another code."""
        self.visitor.answer({"OTPcode": "", "resendCode": "true"})
        return self.visitor

    # --- looking

    @property
    def requests(self) -> Sequence[Request]:
        """What the provider was asked."""
        return self.provider.asked

    @property
    def sent(self) -> int:
        """How many codes have gone out."""
        return len(self.requests) + len(self.world.post_office.taken)

    @property
    def code(self) -> str:
        """The code that went out last."""
        code = self.last_code()
        assert code is not None
        return code

    def last_code(self) -> str | None:
        """Return the code that went out last, if the provider was told it."""
        if self.world.post_office.taken:
            return self.world.post_office.taken[-1].facts["otpToken"]
        return code_in(self.requests[-1]) if self.requests else None

    @property
    def other_code(self) -> str:
        """A code that is wrong."""
        return "000000" if self.code != "000000" else "000001"

    @property
    def page(self) -> str:
        """The name of the page where the login stands."""
        return next((name for name, paths in PAGES.items() if self.visitor.page in paths), self.visitor.page)

    def claims(self, name: str) -> dict[str, str]:
        """Return the claims of somebody, with the counters."""
        user = self.world.known(name)
        return self.world.do(lambda work: with_failures(work, user).all_claims(work.now))

    def configure(self, **properties: str) -> None:
        """Change properties of the identity provider that describes the SMS provider."""

        def change(work: Work) -> None:
            providers = IdentityProviders(work)
            assert self.sms is not None
            before = providers.fresh(self.sms)
            assert before is not None
            fresh = replace(
                before.authenticators[0],
                properties={**before.authenticators[0].properties, **self.here(properties)},
            )
            providers.replace(before, replace(before, authenticators=(fresh,)))

        self.world.change(change)

    def here(self, properties: Mapping[str, str]) -> dict[str, str]:
        """Return properties with the provider's address as it really is."""
        return {name: value.replace(PROVIDER, self.provider.url) for name, value in properties.items()}


def force_code(stage: Stage, code: str, owner: str = "alice") -> None:
    """Make a code that of the login which is under way, for somebody, or for a name that nobody has."""
    user = stage.world.user(owner)
    key, name, owner = stage.visitor.key, SMS_OTP, user.id if user is not None else f"local {owner}"

    def change(work: Work) -> None:
        challenges = Challenges(work)
        waiting = challenges.find(key, name)
        assert waiting is not None
        challenges.put(replace(waiting, digest=challenges.digest(key, name, f"{owner} {code}")))

    stage.world.change(change)


def code_in(request: Request) -> str | None:
    """Return the code in a request."""
    for text in (request.body.decode(), request.path):
        found = re.findall(r"(?<![0-9])[0-9]{6}(?![0-9])", unquote_plus(text))
        if found:
            return str(found[-1])
    return None


def answer(status: int, body: str = "") -> bytes:
    """Return a provider's answer as it goes over the wire."""
    phrase = HTTPStatus(status).phrase
    return f"HTTP/1.1 {status} {phrase}\r\nContent-Length: {len(body.encode())}\r\n\r\n{body}".encode()


def fields_of(request: Request) -> dict[str, str]:
    """Return the form of a request."""
    return dict(parse_qsl(request.body.decode(), keep_blank_values=True))


def query_of(request: Request) -> dict[str, str]:
    """Return the query of a request."""
    return dict(parse_qsl(urlsplit(request.path).query, keep_blank_values=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What a case wants."""

    local: bool = False
    """Whether the second factor is the later authenticator."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    idp: Mapping[str, str] = field(default_factory=lambda: USUAL_RECIPE)
    files: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    policies: Mapping[str, str] = field(default_factory=dict)
    people: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    answers: Sequence[Any] = ()
    profile: str = "wso2"
    password: Mapping[str, str] = field(default_factory=dict)
    """Parameters of the first step."""


StageMaker = Callable[..., Stage]


def open_stage(opened: ExitStack, folder: Path, furnished: Path, door: FrontDoor, scene: Scene) -> Stage:
    """Put the stage of a scene together."""
    gateway = opened.enter_context(Gateway(answers=list(scene.answers) or [answer(200)]))
    place = folder / f"stage-{len(list(folder.iterdir()))}"
    place.mkdir()
    (place / furnished.name).write_bytes(furnished.read_bytes())
    for path, text in scene.files.items():
        (place / path).parent.mkdir(parents=True, exist_ok=True)
        (place / path).write_text(text.replace(PROVIDER, gateway.url))
    settings = _settings(scene, place, gateway)
    senders = opened.enter_context(_senders(settings)) if scene.files else None
    clock = StillClock()
    world = opened.enter_context(
        open_world(
            settings, open_database(place, None), door, running=True, additions=with_protocol(Federation()),
            senders=senders, clock=clock,
        )
    )  # fmt: skip
    return _furnish(world, gateway, clock, scene)


def _settings(scene: Scene, place: Path, gateway: Gateway) -> Settings:
    changes = {
        "watchword.delivery.answer": "first-attempt", "watchword.outgoing.allow": gateway.url,
        "watchword.sms.default_country": "94", **scene.settings,
    }  # fmt: skip
    settings = settings_of(scene.profile, place, changes)
    name = LOCAL_SMS_OTP if scene.local else SMS_OTP
    said = {name: scene.parameters, BASIC.authenticator: scene.password}
    known = {each: AuthenticatorSettings(parameters=parameters) for each, parameters in said.items()}
    return replace(settings, home=place, authenticators=known)


@contextmanager
def _senders(settings: Settings) -> Iterator[ConfiguredSenders]:
    senders = ConfiguredSenders.of_settings(settings)
    senders.refresh(0.0)
    yield senders
    senders.close()


def _furnish(world: World, gateway: Gateway, clock: StillClock, scene: Scene) -> Stage:
    for name, claims in PEOPLE.items():
        _add(world, name, {**claims, **scene.people.get(name, {})})
    world.do(lambda work: create_tenant(work, "abc.com"))
    _add(world, "tina", {MOBILE: "+94775555555"}, "abc.com")
    for name, value in scene.policies.items():
        _decide(world, name, value)
    federation = add_provider(world, "oidc", ProviderAuthenticator(name="FakeFederation", enabled=True))
    here = {name: value.replace(PROVIDER, gateway.url) for name, value in scene.idp.items()}
    sms = add_provider(world, "sms", ProviderAuthenticator(name=SMS_OTP, enabled=True, properties=here))
    code = Option("LOCAL", LOCAL_SMS_OTP) if scene.local else Option(sms, SMS_OTP)
    fed, mail = Option(federation, "FakeFederation"), Option("LOCAL", EMAIL_OTP)
    apps = {
        "demo": add_application(world, "demo", (BASIC,), (code,)),
        "fed": add_application(world, "fed", (fed,), (code,)),
        "first": add_application(world, "first", (code,)),
        "either": add_application(world, "either", (code, mail)),
        "multi": add_application(world, "multi", (BASIC,), (code, mail)),
    }
    return Stage(world, gateway, clock, apps, federation, sms)


def _add(world: World, name: str, claims: Mapping[str, str], tenant: str = SUPER_TENANT) -> None:
    world.change(lambda work: add_user(work, NewAccount(name, PASSWORD, claims)), tenant)


def _decide(world: World, name: str, value: str) -> None:
    connector = "sms-otp-authenticator" if name.startswith("SmsOTP.") else "account.lock.handler"
    world.do(lambda work: change_policy(work, connector, {name: value}))


def add_provider(world: World, name: str, authenticator: ProviderAuthenticator) -> str:
    """Store an identity provider as it is, whatever an administrator could not save, and return its id."""
    provider = IdentityProvider(
        id=f"idp-{name}", name=name, authenticators=(authenticator,), created_at=START, modified_at=START
    )
    world.change(lambda work: IdentityProviders(work).add(provider))
    return provider.id


def associate(stage: Stage, subject: str, name: str) -> None:
    """Link somebody of the federation to a user."""
    user = stage.world.known(name)
    stage.world.change(lambda work: Associations(work).link(stage.federation, subject, user.id))
