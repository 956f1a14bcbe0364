"""Read phone numbers and mailboxes as people type them (decisions 5.3), and show them without giving them away."""

import unicodedata
from dataclasses import dataclass
from functools import lru_cache

import idna
import phonenumbers
import regex
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat, PhoneNumberType

MAX_PHONE_CHARACTERS = 64
MAX_MAILBOX_OCTETS = 254
MAX_LOCAL_OCTETS = 64

_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_NUMBER = regex.compile(r"\+?[0-9]{6,15}")
_TRUNK_ZERO = regex.compile(r"^(\+[0-9]{1,3})\(0\)")
_UNKNOWN_REGION = "ZZ"
_SATELLITE_CODES = frozenset({870, 881, 882, 883})
_CLOSED_RANGES = {
    PhoneNumberType.PREMIUM_RATE: "premium rate",
    PhoneNumberType.SHARED_COST: "shared cost",
    PhoneNumberType.PERSONAL_NUMBER: "personal number",
    PhoneNumberType.TOLL_FREE: "toll free",
    PhoneNumberType.FIXED_LINE: "fixed line",
    PhoneNumberType.PAGER: "pager",
    PhoneNumberType.UAN: "company number",
    PhoneNumberType.VOICEMAIL: "voice mail",
}
# A number that libphonenumber shortens is read again, since it takes off one trunk digit at a time.
_MAX_READINGS = 16

_ATOM = r"[\p{L}\p{M}\p{Nd}!#$%&'*+/=?^_`{|}~-]+"
_LOCAL_PART = regex.compile(rf"{_ATOM}(?:\.{_ATOM})*")
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = regex.compile(rf"(?:{_LABEL}\.)*(?![0-9]+$){_LABEL}")

_BULLETS = "•••••"
_SHOWN_DIGITS = 3
_MIN_DIGITS_TO_SHOW = 7
_MIN_LETTERS_TO_SHOW = 3


class AddressRefused(ValueError):
    """Something that is no phone number, or no mailbox.

    *reason* is ``characters`` for control and format characters, else ``syntax``; *text* is for people.
    """

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(text)
        self.reason = reason
        self.text = text


@dataclass(frozen=True, slots=True)
class Phone:
    """A phone number: as typed, as it is sent to a provider, and as it is compared and counted."""

    typed: str
    normalised: str
    e164_key: str


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A mailbox: as typed, as it is sent to, and as it is compared and counted."""

    typed: str
    address: str
    key: str


@lru_cache(maxsize=256)
def parse_phone(typed: str, *, strict: bool, default_country: str | None) -> Phone:
    """Read a phone number.

    *strict* wants a number that libphonenumber knows as valid, and sends it as E.164. Otherwise the form is enough
    (self-registration.md 3.3, R17): separators are taken off, ``00`` becomes ``+``, and a number without ``+`` belongs
    to *default_country*, two letters or digits such as ``94``. Without that it stays as it is, and a provider must
    guess where it belongs. What was read lately is remembered: a registration asks five times for the same number.

    Raises:
        AddressRefused: this is no number.
    """
    number = _without_separators(_visible(typed, MAX_PHONE_CHARACTERS))
    if not number.startswith("+") and default_country:
        number = _international(number, default_country)
    if not _NUMBER.fullmatch(number):
        raise _no_number()
    if not strict:
        return Phone(typed, number, _compared(number))
    read = _read(number)
    if read is None or not phonenumbers.is_valid_number(read):
        raise _no_number()
    e164 = phonenumbers.format_number(read, PhoneNumberFormat.E164)
    return Phone(typed, e164, e164)


def closed_range(number: str) -> str | None:
    """Return why no code goes to a number, in a word for the operator; ``None`` for an ordinary one.

    Calls and texts to these ranges are paid to whoever rents them, so that sending to them is what toll fraud lives of
    (security-reliability.md 6.2). A number that the numbering plan does not know is not judged.
    """
    read = _read(number)
    if read is None:
        return None
    if read.country_code in _SATELLITE_CODES:
        return "satellite"
    return _CLOSED_RANGES.get(phonenumbers.number_type(read))


def parse_mailbox(typed: str) -> Mailbox:
    """Read one plain mailbox: no list, no comment, no quotes, no address literal.

    The domain is sent to in its ASCII form (IDNA 2008). Two spellings of a mailbox that differ in case have one key,
    since no provider gives them to two people.

    Raises:
        AddressRefused: this is no mailbox, or more than one.
    """
    local, at, domain = _visible(typed, MAX_MAILBOX_OCTETS).partition("@")
    local = unicodedata.normalize("NFC", local)
    domain = domain if domain.isascii() else _ascii_domain(domain)
    if not at or not _LOCAL_PART.fullmatch(local) or not _DOMAIN.fullmatch(domain.lower()):
        raise _no_mailbox()
    address = f"{local}@{domain}"
    if len(local.encode()) > MAX_LOCAL_OCTETS or len(address.encode()) > MAX_MAILBOX_OCTETS:
        raise _no_mailbox()
    return Mailbox(typed, address, f"{unicodedata.normalize('NFC', local.lower())}@{domain.lower()}")


def mask_phone(number: str) -> str:
    """Return a number for lists and pages: country and last digits, ``+94•••••567``, whatever its length."""
    digits = "".join(str(unicodedata.decimal(one)) for one in number if one.isdecimal())
    read = _read(number)
    code = str(read.country_code) if read else ""
    shown = digits[-_SHOWN_DIGITS:] if len(digits) - len(code) >= _MIN_DIGITS_TO_SHOW else ""
    return (f"+{code}" if code else "") + _BULLETS + shown


def mask_mailbox(address: str) -> str:
    """Return a mailbox for lists and pages: first letter and domain, ``k•••@gmail.com``."""
    local, at, domain = address.rpartition("@")
    shown = local[:1] if len(local) >= _MIN_LETTERS_TO_SHOW else ""
    return f"{shown}{_BULLETS[:3]}{at}{domain if at else ''}"


def _visible(typed: str, limit: int) -> str:
    """Refuse what cannot be seen: it would reach a header, or make two texts look the same."""
    if any(unicodedata.category(character) in _HIDDEN_CATEGORIES for character in typed):
        raise AddressRefused("characters", "The address has control or formatting characters.")
    if len(typed) > limit:
        raise AddressRefused("syntax", f"The address is longer than {limit} characters.")
    return typed


def _without_separators(typed: str) -> str:
    """Return the number in ASCII digits, as an Arabic or a wide keyboard need not type them."""
    plain = "".join(str(unicodedata.decimal(one)) if one.isdecimal() else one for one in typed)
    number = regex.sub(r"[\p{Zs}.-]", "", plain.replace("\N{FULLWIDTH PLUS SIGN}", "+"))
    # "+94 (0)72…" says: dial the zero only at home.
    return _dialled(regex.sub(r"[()]", "", _TRUNK_ZERO.sub(r"\1", _dialled(number))))


def _dialled(number: str) -> str:
    """Return ``+`` for the two zeros with which a number abroad is dialled."""
    return "+" + number[2:] if number.startswith("00") else number


def _international(number: str, country: str) -> str:
    code, region = _country(country)
    read = _read(number, region)
    return phonenumbers.format_number(read, PhoneNumberFormat.E164) if read else f"+{code}{number.lstrip('0')}"


def _country(country: str) -> tuple[int, str]:
    digits = country.removeprefix("+")
    if digits.isdecimal():
        return int(digits), phonenumbers.region_code_for_country_code(int(digits))
    return phonenumbers.country_code_for_region(country.upper()), country.upper()


def is_country(country: str) -> bool:
    """Tell whether *default_country* of :func:`parse_phone` may be this."""
    code, region = _country(country)
    return code > 0 and region != _UNKNOWN_REGION


def _read(number: str, region: str | None = None) -> PhoneNumber | None:
    try:
        return phonenumbers.parse(number, region)
    except NumberParseException:
        return None


def _compared(number: str) -> str:
    """Return E.164 where it can be told, else the digits behind a plus."""
    number = number if number.startswith("+") else f"+{number}"
    for _ in range(_MAX_READINGS):
        read = _read(number)
        again = phonenumbers.format_number(read, PhoneNumberFormat.E164) if read else number
        if again == number:
            break
        number = again
    return number


def _ascii_domain(domain: str) -> str:
    try:
        return idna.encode(domain, uts46=True).decode("ascii")
    except idna.IDNAError as refusal:
        raise _no_mailbox() from refusal


def _no_number() -> AddressRefused:
    return AddressRefused("syntax", "This is not a phone number.")


def _no_mailbox() -> AddressRefused:
    return AddressRefused("syntax", "This is not an e-mail address.")
