"""What a person is told of a provider that did not take a code (sms-otp.md 5.6)."""

import base64
from collections.abc import Collection, Mapping
from http import HTTPStatus
from urllib.parse import quote

from watchword.base.patterns import star_matches
from watchword.notification.model import NO_SENDER, UNUSABLE, Answered, OutboxEntry

NOT_ACCEPTED = "unable.send.code"
BAD_ADDRESS = "SMSOTP-10001"
OTHERWISE = "SMSOTP-10002"
NO_ANSWER = "SMSOTP-65004"
LONGEST_DETAIL = 1024
_CODES: Mapping[int, str] = {
    400: "SMSOTP-60001", 401: "SMSOTP-60002", 402: "SMSOTP-60003", 403: "SMSOTP-60004", 404: "SMSOTP-60005",
    405: "SMSOTP-60006", 406: "SMSOTP-60007", 500: "SMSOTP-65001", 501: "SMSOTP-65002", 502: "SMSOTP-65003",
    503: "SMSOTP-65004", 504: "SMSOTP-65005",
}  # fmt: skip


def failure_code(entry: OutboxEntry, answered: Answered | None, *, expects_status: bool, internal_codes: bool) -> str:
    """Return the ``authFailureMsg`` of a message that could not be sent.

    *expects_status*: the administrator says which status means success.
    """
    if entry.reason == UNUSABLE:
        return BAD_ADDRESS
    if answered is None:
        return NO_ANSWER if entry.route is not None and entry.reason != NO_SENDER else OTHERWISE
    if expects_status or not answered.is_unexpected:
        return NOT_ACCEPTED
    if internal_codes or entry.route is None:
        return _CODES.get(answered.status, OTHERWISE)
    return f"{answered.status} : {_phrase(answered.status)}"


def details(answered: Answered | None, *, numbers: Collection[str], masked: str, patterns: str) -> str | None:
    """Return what the provider said as ``authFailureInfo`` has it: without the number and what is to be hidden."""
    if answered is None or not answered.body.strip():
        return None
    text = answered.body.decode("utf-8", "replace").replace("\r", "").replace("\n", "")
    spellings = {each for number in numbers for each in (number, quote(number, safe=""), number.lstrip("+"))}
    for spelling in sorted(spellings - {""}, key=len, reverse=True):
        text = text.replace(spelling, masked)
    for pattern in filter(None, (each.strip() for each in patterns.split(","))):
        text = star_matches(pattern, text, lambda found: "*" * len(found))
    octets = text.encode()[:LONGEST_DETAIL].decode("utf-8", "ignore").encode()
    return base64.b64encode(octets).decode()


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
