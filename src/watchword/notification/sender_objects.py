"""A tenant's own sender as an object: its fields, the call that they mean, and what of it is shown (sms-otp.md 5.7)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from watchword.base.masking import MASK, mask_named
from watchword.base.problems import (
    SenderAuthenticationMissing,
    SenderAuthenticationUnknown,
    SenderBodyMissing,
    SenderPropertyBlank,
    SenderPropertyMissing,
    SenderProviderMissing,
    SenderRefused,
    SenderUrlMissing,
)
from watchword.notification.filling import Blank, Blanks, Syntax, cut, is_json
from watchword.notification.recipe import RecipeInvalid, recipes
from watchword.notification.senders.addresses import Forbidden, read_url
from watchword.notification.senders.provider_call import (
    Authentication,
    Basic,
    ClientCredential,
    HeaderKey,
    ProviderCall,
    check_call,
    read_headers,
)
from watchword.notification.senders.reply_rules import Condition, JsonPath, ReplyRules

SMS_SENDER: Final = "SMSPublisher"
"""A tenant has one sender for SMS, of this name."""
BODY: Final = "body"
HEADERS: Final = "http.headers"
_METHODS: Final = ("http.client.method", "http.method")
_SYNTAXES: Final = {"": Syntax.JSON, "JSON": Syntax.JSON, "FORM": Syntax.FORM}
_SETTINGS: Final = {"twilio": ("account", "token", "from"), "vonage": ("key", "secret", "from")}
"""What the recipes of the companies that a sender names call key, secret and sender."""
_CLIENT: Final = ("clientId", "clientSecret", "tokenEndpoint")
_NEEDED: Final[Mapping[str, tuple[str, ...]]] = {
    "NONE": (),
    "BASIC": ("username", "password"),
    "BEARER": ("accessToken",),
    "CLIENT_CREDENTIAL": _CLIENT,
    "PASSWORD_CREDENTIAL": (*_CLIENT, "username", "password"),
    "API_KEY": ("header", "value"),
}
_SECRETS: Final = frozenset({"password", "accessToken", "clientSecret", "value"})
_NOT_IN_A_HEADER: Final = re.compile(r"[\x00-\x1f\x7f]")
_HEADER_NAME: Final = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Proof:
    """How a sender proves to the company who it is."""

    type: str
    properties: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class SenderObject:
    """A tenant's own sender as it was given."""

    provider: str
    url: str = field(default="", repr=False)
    key: str = field(default="", repr=False)
    secret: str = field(default="", repr=False)
    sender: str = ""
    content_type: str = ""
    properties: Mapping[str, str] = field(default_factory=dict, repr=False)
    proof: Proof | None = None


def normal_proof(type_: str, properties: Mapping[str, str]) -> Proof:
    """Return a proof with its type and properties under the names that they have here (D-25: ``token``)."""
    known = {"accessToken" if name == "token" else name: value for name, value in properties.items()}
    return Proof(type_.strip().upper(), known)


def call_of(sender: SenderObject) -> ProviderCall:
    """Return the call that a sender means; where it goes is never trusted.

    Raises:
        SenderRefused: it can mean none.
    """
    if not sender.provider.strip():
        raise SenderProviderMissing("provider: it is missing")
    settings = _SETTINGS.get(sender.provider.strip().lower())
    return _own_call(sender) if settings is None else _known_call(sender, settings)


def shown(sender: SenderObject) -> SenderObject:
    """Return a sender as it may be shown: without its secrets, or with a mask in their place."""
    properties = {
        key: (MASK if value else "") if key == HEADERS else mask_named(value)
        for key, value in sender.properties.items()
    }
    proof = sender.proof and Proof(
        sender.proof.type, {key: value for key, value in sender.proof.properties.items() if key not in _SECRETS}
    )
    return replace(sender, url=mask_named(sender.url), secret="", properties=properties, proof=proof)


def with_secrets_of(before: SenderObject, wanted: SenderObject) -> SenderObject:
    """Return what is *wanted* with the secrets of *before* where it says nothing of them, or holds their masks.

    Secrets stay where they were given for: with another company or address they must be given again.
    """
    masked = shown(before)
    url = before.url if wanted.url == masked.url else wanted.url
    if (wanted.provider, url) != (before.provider, before.url):
        return wanted
    properties = {
        key: before.properties[key] if value == masked.properties.get(key) else value
        for key, value in wanted.properties.items()
    }
    proof = _proof_with_secrets_of(before.proof, wanted.proof)
    return replace(wanted, url=url, secret=wanted.secret or before.secret, properties=properties, proof=proof)


def _proof_with_secrets_of(before: Proof | None, wanted: Proof | None) -> Proof | None:
    if before is None or wanted is None or before.type != wanted.type:
        return wanted
    if before.properties.get("tokenEndpoint") != wanted.properties.get("tokenEndpoint"):
        return wanted
    kept = {key: value for key, value in before.properties.items() if key in _SECRETS}
    return Proof(wanted.type, {**kept, **wanted.properties})


def _known_call(sender: SenderObject, settings: tuple[str, ...]) -> ProviderCall:
    given = {"key": sender.key, "secret": sender.secret, "sender": sender.sender}
    missing = [name for name, value in given.items() if not value]
    if missing:
        raise SenderRefused(f"{sender.provider} needs {', '.join(missing)}")
    try:
        recipe = recipes()[sender.provider.strip().lower()]
        return recipe.with_settings(dict(zip(settings, given.values(), strict=True)))
    except RecipeInvalid as problem:
        raise SenderRefused(str(problem)) from problem


def _own_call(sender: SenderObject) -> ProviderCall:
    method, body = _method(sender), sender.properties.get(BODY, "")
    if not body.strip() and method != "GET":
        raise SenderBodyMissing(f"properties: {sender.provider} is no company that is known, and there is no body")
    if not sender.url.strip():
        raise SenderUrlMissing("providerURL: it is missing")
    if MASK in "".join((sender.url, *sender.properties.values())):
        raise SenderRefused("a mask stands where no secret is known; give the secret")
    syntax = _syntax(sender)
    filled = _cut(body)
    if syntax is Syntax.JSON and method != "GET" and not is_json(filled):
        raise SenderRefused("properties: the body is no JSON once its blanks are filled")
    try:
        call = ProviderCall(
            name=sender.provider,
            url=_cut(sender.url.strip()),
            method=method,
            headers=read_headers(sender.properties.get(HEADERS, "")),
            body=filled,
            syntax=syntax,
            authentication=_authentication(sender.proof),
            reply=_reply(sender.properties),
        )
        check_call(call)
    except ValueError as problem:
        raise SenderRefused(str(problem)) from problem
    return call


def _method(sender: SenderObject) -> str:
    said = next((sender.properties[name] for name in _METHODS if sender.properties.get(name)), "POST")
    return said.strip().lower().removeprefix("http").upper()


def _syntax(sender: SenderObject) -> Syntax:
    found = _SYNTAXES.get(sender.content_type.strip().upper())
    if found is None:
        raise SenderRefused("contentType: it must be JSON or FORM")
    return found


def _cut(text: str) -> Blanks:
    """Cut a text at its blanks; the number is that to which the message goes, whatever else the event knows."""
    return tuple(Blank("send-to") if piece == Blank("mobile") else piece for piece in cut(text))


def _reply(properties: Mapping[str, str]) -> ReplyRules:
    rule, place = properties.get("success_rule", "").strip(), properties.get("message_id_rule", "").strip()
    return ReplyRules(
        accepted=Condition.read(rule) if rule not in {"", "status"} else None,
        receipt=JsonPath.read(place.removeprefix("json:")) if place else None,
    )


def _authentication(proof: Proof | None) -> Authentication:
    if proof is None or proof.type == "NONE":
        return None
    _check_proof(proof)
    said = proof.properties
    match proof.type:
        case "BASIC":
            return Basic((said["username"],), (said["password"],))
        case "BEARER":
            return HeaderKey("Authorization", (f"Bearer {said['accessToken']}",))
        case "API_KEY":
            return HeaderKey(said["header"], (said["value"],))
        case _:
            return ClientCredential(
                said["tokenEndpoint"], said["clientId"], said["clientSecret"], said.get("scopes", ""),
                *([said["username"], said["password"]] if proof.type == "PASSWORD_CREDENTIAL" else []),
            )  # fmt: skip


def _check_proof(proof: Proof) -> None:
    if not proof.type:
        raise SenderAuthenticationMissing("authentication: its type is missing")
    if proof.type not in _NEEDED:
        raise SenderAuthenticationUnknown(f"authentication: its type must be one of {', '.join(_NEEDED)}")
    for name in _NEEDED[proof.type]:
        if name not in proof.properties:
            raise SenderPropertyMissing(f"authentication: {proof.type} needs the property {name}")
        if not proof.properties[name].strip():
            raise SenderPropertyBlank(f"authentication: the property {name} is empty")
    _check_values(proof)


def _check_values(proof: Proof) -> None:
    for name, value in proof.properties.items():
        if _NOT_IN_A_HEADER.search(value):
            raise SenderRefused(f"authentication: a control character in the property {name}")
    if proof.type == "API_KEY" and not _HEADER_NAME.fullmatch(proof.properties["header"]):
        raise SenderRefused("authentication: the property header is no name of a header")
    if "tokenEndpoint" in _NEEDED[proof.type]:
        try:
            read_url(proof.properties["tokenEndpoint"])
        except Forbidden as refused:
            raise SenderRefused(f"authentication: tokenEndpoint: {refused}") from refused
