"""Plays the cases of sms-otp.yaml whose sentences it understands; the others are written out in tests of their own."""

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote_plus, urlsplit

import yaml

from tests.login.stage import (
    USUAL_RECIPE,
    Scene,
    Stage,
    answer,
    associate,
    fields_of,
    query_of,
)
from watchword.base.xml import parse_xml

HERE = Path(__file__).resolve().parent
CASES: dict[str, dict[str, Any]] = {
    case["id"]: case for case in yaml.safe_load((HERE / "cases.yaml").read_text(encoding="utf-8"))["cases"]
}
PUBLISHER = "repository/deployment/server/eventpublishers/SMSPublisher.xml"


def scene_of(case: Mapping[str, Any], **changes: Any) -> Scene:  # noqa: ANN401  # fields of a scene
    """Return the scene of a case."""
    config = case.get("config", {})
    profile, local = config.get("profile", "seed"), config.get("profile") == "local"
    parameters = {"enable_payload_encoding_for_sms_otp": "true"} if profile == "seed" else {}
    if profile == "product":
        parameters = {
            "SMSOTPAuthenticationEndpointURL": "authenticationendpoint/smsOtp.jsp",
            "SMSOTPAuthenticationEndpointErrorPage": "authenticationendpoint/smsOtpError.jsp",
            "MobileNumberRegPage": "authenticationendpoint/mobile.jsp",
            "SMSOTPEnableByUserClaim": "true",
        }
    idp = config.get("idp", {})
    files = dict(config.get("files", {}))
    policies = {**config.get("tenant_properties", {}), **config.get("governance", {})}
    if config.get("server", {}).get("NotifySendingFailure") == "false":
        policies["SmsOTP.NotifySmsSendingFailure"] = "false"
    toml = {name: str(value).lower() for name, value in config.get("toml", {}).items()}
    scene = {
        "local": local,
        "parameters": {**parameters, **config.get("params", {})},
        "idp": idp if "sms_url" in idp or files else {**USUAL_RECIPE, **idp},
        "files": files,
        "settings": toml,
        "policies": policies,
        "people": {name: _claims(facts) for name, facts in config.get("users", {}).items()},
        "answers": _answers(config.get("fake_provider", {})),
    }
    return Scene(**{**scene, **changes})


def _claims(facts: Mapping[str, str]) -> dict[str, str]:
    return {f"http://wso2.org/claims/{name}": value for name, value in facts.items()}


def _answers(provider: Mapping[str, Any]) -> list[Any]:
    if "script" in provider:
        return [answer(status) for status in provider["script"]]
    return [answer(provider.get("status", 200), provider.get("body", ""))]


@dataclass(slots=True)
class Player:
    """Plays one case."""

    stage: Stage
    case: Mapping[str, Any]
    before: int = 0
    """How many requests the provider had before the step."""
    html: str = ""
    codes: list[str] = field(default_factory=list)

    def play(self) -> None:
        """Do every step, and look at what it leads to."""
        for step in self.case["steps"]:
            self.before = self.stage.sent
            for sentence in _sentences(step["do"]):
                self._do(sentence)
                self._remember()
            Expectation(self, step["expect"]).check()

    def _remember(self) -> None:
        """Keep the code that went out, if one did and the provider was told it."""
        code = self.stage.last_code()
        if code is not None and code not in self.codes[-1:]:
            self.codes.append(code)

    def fill(self, text: str) -> str:
        """Return a text with the code, the key and so on in their places."""
        if "<otp>" in text:
            text = text.replace("<otp>", self.stage.code)
        return text.replace("<sdk>", self.stage.visitor.key) if "<sdk>" in text else text

    def _do(self, sentence: str) -> None:
        for pattern, act in SENTENCES.items():
            found = re.fullmatch(pattern, sentence)
            if found is not None:
                act(self, **found.groupdict())
                return
        raise AssertionError(f"nobody knows how to: {sentence}")

    # --- what sentences do

    def sign_in(self, app: str, name: str, like: str = "") -> None:
        stage = self.stage
        stage.visitor = type(stage.visitor)(stage.world)
        if like:
            name = f"fed-{like}"
            associate(stage, name, like)
        if name == "gina":
            associate(stage, "gina", "alice")
        stage.sign_in(app, name)

    def post(self, body: str) -> None:
        fields = dict(parse_qsl(self.fill(body).replace("+", "%2B"), keep_blank_values=True))
        self.stage.visitor.post("/commonauth", {"sessionDataKey": self.stage.visitor.key, **fields})

    def post_first(self, body: str) -> None:
        self.stage.enter("first")
        self.post(body)

    def authorize(self, app: str) -> None:
        self.stage.enter(app)

    def look(self) -> None:
        location = self.stage.visitor.location
        reply = self.stage.visitor.get(location)
        self.html = reply.text
        assert reply.status == 200
        self.stage.visitor.last = type(reply)(302, {**reply.headers, "location": location}, reply.octets)

    def advance(self, seconds: str) -> None:
        self.stage.clock.tick(seconds=float(seconds))

    def resend(self) -> None:
        self.stage.resend()

    def resend_twice(self) -> None:
        for _ in range(2):
            self.stage.clock.tick(seconds=30)
            self.stage.resend()

    def submit(self, which: str) -> None:
        self.stage.submit(self.codes[{"first": 0, "second": 1}[which]])

    def wrong(self, times: str) -> None:
        for _ in range({"two": 2, "three": 3}[times]):
            self.stage.submit(self.stage.other_code)

    def third_resend(self) -> None:
        self.stage.clock.tick(seconds=30)
        self.stage.resend()


_IN_APP = r"sign in to app (?P<app>\w+) (?:\(.*\) )?as "
SENTENCES: dict[str, Callable[..., None]] = {
    _IN_APP + r"a federated user associated with (?P<like>\w+)": lambda p, app, like: p.sign_in(app, "", like),
    _IN_APP + r"(?P<name>\w+)(?: with the right password \(step 1\)| through the federated IdP| \(associated.*\))?":
        Player.sign_in,
    r"(?:immediately )?POST /commonauth (?P<body>\S+)": Player.post,
    r"POST /commonauth (?P<body>\S+) after authorize for app first": Player.post_first,
    r"GET authorize for app (?P<app>\w+)": Player.authorize,
    r"GET (?:the code )?page": Player.look,
    r"advance clock (?P<seconds>[0-9.]+) s": Player.advance,
    r"wait (?P<seconds>[0-9]+) s": Player.advance,
    r"resend twice \(30 s apart\)": Player.resend_twice,
    r"third resend": Player.third_resend,
    r"submit the (?P<which>first|second) code": Player.submit,
    r"(?P<times>two|three) wrong codes": Player.wrong,
}  # fmt: skip
"""What the player understands."""


def _sentences(text: str) -> list[str]:
    return [each.strip() for each in text.split("; ")]


WRITTEN_OUT = frozenset({"ENC-12", "EVT-04", "EVT-17", "EVT-20", "OTP-08", "PERR-14", "REL-02", "REL-08"})
"""Cases whose sentences would be understood, but whose scene is beyond the player."""


def is_understood(case: Mapping[str, Any]) -> bool:
    """Tell whether every sentence of a case is one that the player knows."""
    return case["id"] not in WRITTEN_OUT and all(
        any(re.fullmatch(pattern, sentence) for pattern in SENTENCES)
        for step in case["steps"]
        for sentence in _sentences(step["do"])
    )


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a step must lead to."""

    player: Player
    expect: Mapping[str, Any]

    def check(self) -> None:
        for name, wanted in self.expect.items():
            if name not in {
                "note",
                "max_seconds",
                "log_contains",
            }:  # the clock stands still, and logs are looked at elsewhere
                getattr(self, f"_{name}")(wanted)

    def _status(self, wanted: int) -> None:
        last = self.player.stage.visitor.last
        assert last is not None
        assert (200 if self.player.html and wanted == 200 else last.status) == wanted

    def _page(self, wanted: str) -> None:
        stage = self.player.stage
        assert stage.page == ("login" if wanted == "multi-option list" else wanted), stage.visitor.location

    def _result(self, wanted: str) -> None:
        assert wanted.startswith("login fails"), wanted
        assert self.player.stage.page == "failed", self.player.stage.visitor.location

    def _query(self) -> str:
        return urlsplit(self.player.stage.visitor.location).query

    def _query_contains(self, wanted: list[str]) -> None:
        pairs = [unquote_plus(pair) for pair in self._query().split("&")]
        for each in wanted:
            assert any(pair.startswith(unquote_plus(each)) for pair in pairs), (each, pairs)

    def _query_absent(self, wanted: list[str]) -> None:
        for each in wanted:
            assert each not in unquote_plus(self._query())

    def _query_valid_utf8_percent_encoding(self, wanted: bool) -> None:  # noqa: FBT001  # as the case has it
        query = self._query()
        assert wanted
        assert query.isascii()
        assert re.fullmatch(r"(?:[A-Za-z0-9_.~*&=-]|%[0-9A-F]{2})*", query), query

    def _provider_requests(self, wanted: Any) -> None:  # noqa: ANN401  # a number, or what each was
        if isinstance(wanted, int):
            assert self.player.stage.sent == wanted
            return
        requests = self.player.stage.requests
        assert len(requests) == len(wanted), requests
        for request, each in zip(requests, wanted, strict=True):
            Request(self.player, request).check(each)

    def _provider_requests_added(self, wanted: int) -> None:
        assert self.player.stage.sent - self.player.before == wanted

    def _logged_in_as(self, wanted: str) -> None:
        told = self.player.stage.visitor.finish()
        assert (told["failure"], told["user"]) == (None, wanted)

    def _html_contains(self, wanted: list[str]) -> None:
        for each in wanted:
            assert each in self.player.html

    def _html_absent(self, wanted: list[str]) -> None:
        for each in wanted:
            assert each not in self.player.html

    def _claims(self, wanted: Mapping[str, str]) -> None:
        self._claims_of("alice", wanted)

    def _claims_of(self, name: str, wanted: Mapping[str, str]) -> None:
        claims = self.player.stage.claims(name)
        now = int(self.player.stage.clock.now().timestamp() * 1000)
        for uri, value in wanted.items():
            found = re.fullmatch(r"now \+ (\d+) ms", value)
            if uri == "http://wso2.org/claims/otpbackupcodes":
                continue  # the list is kept as digests: what is left of it the test asks itself
            assert claims.get(uri) == (str(now + int(found[1])) if found else value), uri

    def _claims_of_bob(self, wanted: Mapping[str, str]) -> None:
        self._claims_of("bob", wanted)

    def _claims_unchanged(self, wanted: list[str]) -> None:
        claims = self.player.stage.claims("alice")
        assert all(claims.get(uri, "0") in {"+94771234567", "0"} for uri in wanted)

    def _decoded_authFailureInfo_contains(self, wanted: list[str]) -> None:
        for each in wanted:
            assert each in self._told()

    def _decoded_authFailureInfo_absent(self, wanted: list[str]) -> None:
        for each in wanted:
            assert self.player.fill(each) not in self._told()

    def _told(self) -> str:
        return base64.b64decode(self.player.stage.visitor.query["authFailureInfo"]).decode()


@dataclass(frozen=True, slots=True)
class Request:
    """A request that the provider got."""

    player: Player
    request: Any

    def check(self, wanted: Mapping[str, Any]) -> None:
        for name, value in wanted.items():
            getattr(self, f"_{name}")(value)

    def _to(self, wanted: str) -> None:
        assert self.request.json["to"] == wanted

    def _method(self, wanted: str) -> None:
        assert self.request.method == wanted

    def _path(self, wanted: str) -> None:
        assert urlsplit(self.request.path).path == wanted

    def _headers(self, wanted: Mapping[str, str]) -> None:
        for name, value in wanted.items():
            assert self.request.headers[name.lower()].partition(";")[0] == value

    def _headers_absent(self, wanted: list[str]) -> None:
        for name in wanted:
            assert name.lower() not in self.request.headers

    def _form(self, wanted: Mapping[str, str]) -> None:
        filled = {name: self.player.fill(text) for name, text in wanted.items()}
        assert fields_of(self.request).items() >= filled.items()

    def _query(self, wanted: Mapping[str, str]) -> None:
        assert query_of(self.request).items() >= wanted.items()

    def _json(self, wanted: Mapping[str, Any]) -> None:
        filled = {name: self.player.fill(text) if isinstance(text, str) else text for name, text in wanted.items()}
        assert self.request.json.items() >= filled.items()

    def _raw_body(self, wanted: str) -> None:
        assert self.request.body.decode() == self.player.fill(wanted)

    def _body(self, wanted: str) -> None:
        assert self.request.body.decode() == wanted

    def _body_contains(self, wanted: list[str]) -> None:
        for each in wanted:
            assert self.player.fill(each) in self.request.body.decode()

    def _json_text_contains(self, wanted: str) -> None:
        assert self.player.fill(wanted) in self.request.body.decode()

    def _json_text_absent(self, wanted: list[str]) -> None:
        for each in wanted:
            assert each not in self.request.body.decode()

    def _well_formed_xml(self, wanted: bool) -> None:  # noqa: FBT001  # as the case has it
        assert wanted
        parse_xml(self.request.body, most_bytes=10_000)
