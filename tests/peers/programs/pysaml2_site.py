"""A site on pysaml2."""

from typing import Any

from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT
from saml2.client import Saml2Client
from saml2.config import SPConfig
from saml2.metadata import create_metadata_string
from saml2.xmldsig import DIGEST_SHA256, SIG_RSA_SHA256
from stand import MOBILE, Answer, Asked, Stand, settings, whoami

TOLD = settings()
KEYS = {"key_file": TOLD["key"], "cert_file": TOLD["certificate"]}
CONFIG = SPConfig().load(
    {
        "entityid": TOLD["entity_id"],
        "xmlsec_binary": "/usr/bin/xmlsec1",
        "metadata": {"local": [TOLD["idp_metadata"]]},
        "allow_unknown_attributes": True,
        **KEYS,
        "encryption_keypairs": [KEYS],
        "service": {
            "sp": {
                "endpoints": {
                    "assertion_consumer_service": [(TOLD["base_url"] + "/acs", BINDING_HTTP_POST)],
                    "single_logout_service": [
                        (TOLD["base_url"] + "/slo-post", BINDING_HTTP_POST),
                        (TOLD["base_url"] + "/slo", BINDING_HTTP_REDIRECT),
                    ],
                },
                "allow_unsolicited": False,
                "authn_requests_signed": True,
                # Its own choice would be SHA-1, which we take only where an administrator says so.
                "signing_algorithm": SIG_RSA_SHA256,
                "digest_algorithm": DIGEST_SHA256,
                "logout_requests_signed": True,
                "want_assertions_signed": True,
                "want_response_signed": False,
            }
        },
    }
)
CLIENT = Saml2Client(config=CONFIG)
IDP = next(iter(CLIENT.metadata.keys()))


def sent(binding: str, info: dict[str, Any]) -> Answer:
    """Return the answer that carries a message."""
    if binding == BINDING_HTTP_REDIRECT:
        return Answer(status=302, location=dict(info["headers"])["Location"])
    return Answer(str(info["data"]))


def login(asked: Asked) -> Answer:
    request_id, binding, info = CLIENT.prepare_for_negotiated_authenticate(IDP, relay_state="/whoami")
    asked.session["asked"] = {request_id: "/whoami"}
    return sent(binding, info)


def consume(asked: Asked) -> Answer:
    response = CLIENT.parse_authn_request_response(
        asked.fields["SAMLResponse"], BINDING_HTTP_POST, asked.session.pop("asked", {})
    )
    if response is None:
        return Answer("refused", 403)
    asked.session.update(
        name_id=response.name_id, name=response.name_id.text, mobile=response.ava.get(MOBILE, [None])[0]
    )
    return Answer(status=302, location="/whoami")


def logout(asked: Asked) -> Answer:
    ((binding, info),) = CLIENT.global_logout(asked.session["name_id"]).values()
    return sent(binding, info)


def logged_out(asked: Asked) -> Answer:
    """Take a LogoutRequest or a LogoutResponse."""
    binding = BINDING_HTTP_POST if asked.posted else BINDING_HTTP_REDIRECT
    if "SAMLResponse" in asked.fields:
        CLIENT.parse_logout_request_response(asked.fields["SAMLResponse"], binding)
        asked.session.clear()
        return Answer(status=302, location="/bye")
    info = CLIENT.handle_logout_request(
        asked.fields["SAMLRequest"], asked.session["name_id"], binding, relay_state=asked.fields.get("RelayState", "")
    )
    asked.session.clear()
    return sent(BINDING_HTTP_REDIRECT if info.get("status") in {302, 303} else BINDING_HTTP_POST, info)


def metadata(_: Asked) -> Answer:
    return Answer(create_metadata_string(None, config=CONFIG).decode(), kind="application/xml")


Stand(
    {
        "/login": login,
        "/acs": consume,
        "/logout": logout,
        "/slo": logged_out,
        "/slo-post": logged_out,
        "/metadata": metadata,
        "/whoami": whoami,
        "/bye": lambda _: Answer("bye"),
    }
).serve(TOLD["port"])
