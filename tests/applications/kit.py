"""What the tests of this slice ask for again and again."""

import base64
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from tests.world import Reply, World

APPLICATIONS = "/api/server/v1/applications"
PROVIDERS = "/api/server/v1/identity-providers"
SMS_OTP_ID = "U01TT1RQ"
ACS = "http://localhost:8080/travelocity.com/home.jsp"
MOBILE = "http://wso2.org/claims/mobile"
SECRET = "Authorization: bearer s3cret-of-provider,X-Version: 1"
SMS_URL = "https://sms.example/send?api_key=k3y-of-provider&to=$ctx.num&text=$ctx.msg"

SEED_SAML: dict[str, Any] = {
    "issuer": "travelocity.com",
    "assertionConsumerUrls": [ACS],
    "responseSigning": {"enabled": True},
    "requestValidation": {"enableSignatureValidation": False},
    "singleLogoutProfile": {"enabled": True},
    "attributeProfile": {"enabled": True, "alwaysIncludeAttributesInResponse": True},
}
SEED_APPLICATION: dict[str, Any] = {
    "name": "travelocity.com",
    "inboundProtocolConfiguration": {"saml": {"manualConfiguration": SEED_SAML}},
    "claimConfiguration": {"dialect": "LOCAL", "requestedClaims": [{"claim": {"uri": MOBILE}}]},
    "authenticationSequence": {
        "type": "USER_DEFINED",
        "steps": [
            {"id": 1, "options": [{"idp": "LOCAL", "authenticator": "BasicAuthenticator"}]},
            {"id": 2, "options": [{"idp": "SMSOTP", "authenticator": "SMSOTP"}]},
        ],
    },
}
"""The body of platform.md 5.1."""
PROVIDER: dict[str, Any] = {
    "name": "SMSOTP",
    "federatedAuthenticators": {
        "defaultAuthenticatorId": SMS_OTP_ID,
        "authenticators": [
            {
                "authenticatorId": SMS_OTP_ID,
                "isEnabled": True,
                "isDefault": True,
                "properties": [
                    {"key": "sms_url", "value": SMS_URL},
                    {"key": "http_method", "value": "POST"},
                    {"key": "headers", "value": SECRET},
                ],
            }
        ],
    },
}


def with_saml(**changes: Any) -> dict[str, Any]:  # noqa: ANN401  # any member of the tree
    """Return the seeds' application with another service provider; what is ``None`` is left out."""
    saml = {name: value for name, value in {**SEED_SAML, **changes}.items() if value is not None}
    return {**SEED_APPLICATION, "inboundProtocolConfiguration": {"saml": {"manualConfiguration": saml}}}


def create(world: World, path: str, body: Mapping[str, Any], tenant: str | None = None) -> str:
    """Make something, and return its id."""
    reply = world.request("POST", path, body, tenant=tenant)
    assert reply.status == 201, reply.text
    return reply.headers["location"].rpartition("/")[2]


def add_provider(world: World, tenant: str | None = None) -> str:
    """Make the identity provider of the seeds, and return its id."""
    return create(world, PROVIDERS, PROVIDER, tenant)


def add_application(world: World) -> str:
    """Make the application of the seeds with its identity provider, and return its id."""
    add_provider(world)
    return create(world, APPLICATIONS, SEED_APPLICATION)


def reason(reply: Reply, status: int = 400) -> str:
    """Return why something was refused with a status."""
    assert reply.status == status, reply.text
    body = reply.json
    assert set(body) == {"code", "message", "description", "traceId"}
    return str(body["description"])


@cache
def certificate(name: str = "sp", days: int = 365, bits: int = 2048) -> str:
    """Return a self-signed certificate as PEM."""
    key = generate_private_key(65537, bits)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    begin = datetime(2029, 6, 1, tzinfo=UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(begin)
        .not_valid_after(begin + timedelta(days=days))
        .sign(key, SHA256())
    )
    return made.public_bytes(Encoding.PEM).decode()


def body_of(pem: str) -> str:
    """Return what stands between the lines of PEM."""
    return "".join(pem.splitlines()[1:-1])


def as_base64(text: str) -> str:
    """Return a text in base64."""
    return base64.b64encode(text.encode()).decode()
