"""A site on python3-saml, strict, and otherwise as the library comes."""

from pathlib import Path
from typing import Any

from onelogin.saml2.auth import OneLogin_Saml2_Auth
from onelogin.saml2.idp_metadata_parser import OneLogin_Saml2_IdPMetadataParser
from onelogin.saml2.settings import OneLogin_Saml2_Settings
from stand import MOBILE, Answer, Asked, Stand, settings, whoami

TOLD = settings()
REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
SETTINGS = {
    "strict": True,
    "sp": {
        "entityId": TOLD["entity_id"],
        "assertionConsumerService": {"url": TOLD["base_url"] + "/acs"},
        "singleLogoutService": {"url": TOLD["base_url"] + "/slo", "binding": REDIRECT},
        "NameIDFormat": "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified",
        "x509cert": Path(TOLD["certificate"]).read_text(),
        "privateKey": Path(TOLD["key"]).read_text(),
    },
    "idp": OneLogin_Saml2_IdPMetadataParser.parse(Path(TOLD["idp_metadata"]).read_text())["idp"],
    "security": {
        "authnRequestsSigned": True,
        "logoutRequestSigned": True,
        "logoutResponseSigned": True,
        "wantAssertionsSigned": True,
        "rejectDeprecatedAlgorithm": True,
    },
}


def auth(asked: Asked) -> OneLogin_Saml2_Auth:
    request: dict[str, Any] = {
        "http_host": TOLD["base_url"].removeprefix("http://"), "script_name": asked.path, "query_string": asked.query,
        "get_data": {} if asked.posted else asked.fields, "post_data": asked.fields if asked.posted else {},
        "validate_signature_from_qs": True,
    }  # fmt: skip
    return OneLogin_Saml2_Auth(request, SETTINGS)


def login(asked: Asked) -> Answer:
    going = auth(asked)
    url = going.login(return_to="/whoami")
    asked.session["asked"] = going.get_last_request_id()
    return Answer(status=302, location=url)


def consume(asked: Asked) -> Answer:
    coming = auth(asked)
    coming.process_response(asked.session.pop("asked", "nothing"))
    if not coming.is_authenticated():
        return Answer(str(coming.get_last_error_reason()), 403)
    asked.session.update(
        name=coming.get_nameid(), mobile=coming.get_attributes().get(MOBILE, [None])[0],
        index=coming.get_session_index(), format=coming.get_nameid_format(),
    )  # fmt: skip
    return Answer(status=302, location="/whoami")


def logout(asked: Asked) -> Answer:
    session = asked.session
    url = auth(asked).logout(
        return_to="/bye", name_id=session["name"], session_index=session["index"], name_id_format=session["format"]
    )
    return Answer(status=302, location=url)


def logged_out(asked: Asked) -> Answer:
    """Take a LogoutRequest or a LogoutResponse."""
    coming = auth(asked)
    url = coming.process_slo(delete_session_cb=asked.session.clear)
    if coming.get_errors():
        return Answer(str(coming.get_last_error_reason()), 403)
    return Answer(status=302, location=url or "/bye")


def metadata(_: Asked) -> Answer:
    return Answer(OneLogin_Saml2_Settings(SETTINGS).get_sp_metadata().decode(), kind="application/xml")


Stand(
    {
        "/login": login,
        "/acs": consume,
        "/logout": logout,
        "/slo": logged_out,
        "/metadata": metadata,
        "/whoami": whoami,
        "/bye": lambda _: Answer("bye"),
    }
).serve(TOLD["port"])
