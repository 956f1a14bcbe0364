"""What a tenant's own text may be, and how a type of texts is named on the wire (sms-otp.md 7.6, 7.7)."""

import base64
import binascii
import re
from collections.abc import Iterator
from typing import Final

from watchword.base.problems import TemplateRefused
from watchword.notification.filling import BRACES
from watchword.notification.model import Channel
from watchword.notification.template_files import CONTENT_TYPES, LOCALE, Template

LONGEST_NAME: Final = 100
_LONGEST: Final = {Channel.SMS: 1600, Channel.EMAIL: 50_000}
"""An SMS of ten parts; a mail that a request can carry."""
_LONGEST_SUBJECT: Final = 250
_NAME: Final = re.compile(r"[^\W_][\w .-]*")
_STRAY: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_PAIRS: Final = re.compile(r"\{\{[^{}]*\}\}")
_CODES: Final = frozenset({"confirmation-code", "OTPCode", "otpToken", "otp-password"})


def id_of_type(name: str) -> str:
    """Return the id of a type: its name in base64url, without padding."""
    return base64.urlsafe_b64encode(name.encode()).decode("ascii").rstrip("=")


def type_of_id(type_id: str) -> str:
    """Return the name that an id stands for; empty where it stands for none."""
    padded = type_id + "=" * (-len(type_id) % 4)
    try:
        return base64.b64decode(padded.encode("ascii"), altchars=b"-_", validate=True).decode("utf-8")
    except (binascii.Error, UnicodeError, ValueError):
        return ""


def check_type_name(name: str) -> None:
    """Refuse a name that no type can have.

    Raises:
        TemplateRefused
    """
    if len(name) > LONGEST_NAME or not _NAME.fullmatch(name):
        raise TemplateRefused(
            f"displayName: at most {LONGEST_NAME} letters, digits, blanks and the marks . - _, the first no mark"
        )


def check_template(template: Template, channel: Channel) -> None:
    """Refuse a text that cannot be sent by a channel.

    Raises:
        TemplateRefused
    """
    for reason in _faults(template, channel):
        raise TemplateRefused(reason)


def warnings_about(template: Template, system: Template | None) -> list[str]:
    """Return what an administrator should be told of a text; *system* is what the server says of itself."""
    said = []
    codes = _CODES & _names(system) if system is not None else frozenset()
    if codes and not codes & _names(template):
        said.append(f"the text has no code: it lacks the blank {' or '.join(sorted(codes))}")
    strays = [each for each in _PAIRS.findall(_whole(template)) if not BRACES.fullmatch(each)]
    if strays:
        said.append(f"{len(strays)} pairs of braces hold no name, and stay as typed")
    return said


def _faults(template: Template, channel: Channel) -> Iterator[str]:
    if not LOCALE.fullmatch(template.locale):
        yield "locale: it must look like en_US"
    if not template.body.strip():
        yield "body: it is empty"
    if len(template.body) + len(template.footer) > _LONGEST[channel]:
        yield f"body: at most {_LONGEST[channel]} characters"
    if _STRAY.search(_whole(template)):
        yield "body: a control character"
    if channel is Channel.SMS and (template.subject or template.footer or template.content_type != "text/plain"):
        yield "an SMS has a body, and neither subject nor footer nor contentType"
    if channel is Channel.EMAIL:
        yield from _faults_of_mail(template)


def _faults_of_mail(template: Template) -> Iterator[str]:
    if not template.subject.strip() or len(template.subject) > _LONGEST_SUBJECT or "\n" in template.subject:
        yield f"subject: one line of at most {_LONGEST_SUBJECT} characters"
    if template.content_type not in CONTENT_TYPES:
        yield "contentType: it must be text/html or text/plain"


def _whole(template: Template) -> str:
    return f"{template.subject}\n{template.body}\n{template.footer}"


def _names(template: Template) -> frozenset[str]:
    return frozenset(BRACES.findall(_whole(template)))
