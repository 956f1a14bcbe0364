"""The provider that an administrator describes in the fields of the identity provider (SMS 5.1 to 5.5)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from watchword.notification.filling import Blank, Blanks, Syntax, cut_at, cut_context
from watchword.notification.senders.provider_call import ProviderCall, check_call, header_items, read_headers
from watchword.notification.senders.reply_rules import OK_STATUSES, Condition, ReplyRules

# D-20: the tokens of seed 004; followed by the end of a word, in a URL preceded by "=".
_LEGACY: Final = re.compile(r"&(num|msg)(?!\w)")
_LEGACY_IN_URL: Final = re.compile(r"(?<==)&(num|msg)(?!\w)")
_LEGACY_NAMES: Final = {"num": "send-to", "msg": "body"}
_CURLY_QUOTES: Final = str.maketrans(dict.fromkeys("“”„‟", '"'))
_WITHOUT: Final = {
    "num": "the provider is not told whom the message is for",
    "msg": "the message goes out without its code",
}
_JSON: Final = "application/json"


@dataclass(frozen=True, slots=True)
class ProviderFields:
    """What stands in the fields, as it was typed. *encoded* is ``enable_payload_encoding_for_sms_otp``."""

    sms_url: str
    http_method: str = ""
    headers: str = ""
    payload: str = ""
    http_response: str = ""
    success_rule: str = ""
    encoded: bool = True

    @classmethod
    def read(cls, properties: Mapping[str, str], *, encoded: bool = True) -> "ProviderFields":
        """Return the fields among an identity provider's properties."""
        names = ("sms_url", "http_method", "headers", "payload", "http_response", "success_rule")
        return cls(**{name: properties.get(name) or "" for name in names}, encoded=encoded)

    def warnings(self) -> list[str]:
        """Return what to tell the administrator who saves this."""
        found = []
        if self._is_legacy() and any(_LEGACY.search(text) for text in self._texts()):
            found.append("&num and &msg are an old spelling; write $ctx.num and $ctx.msg")
        if self._payload() != self.payload:
            found.append('the payload has typographic quotes; they are read as "')
        if any(":" not in item for item in header_items(self.headers)):
            found.append("a header has no colon, and is left out")
        if self.sms_url.strip():
            found += [f"no $ctx.{name} stands in sms_url, headers or payload: {why}"
                      for name, why in _WITHOUT.items() if not self._names(name)]  # fmt: skip
        return found

    def call(self, name: str = "SMS provider", *, trusted: bool = False) -> ProviderCall:
        """Return the call that the fields mean.

        Raises:
            ValueError: a field cannot be used; the text says which and why.
        """
        read = read_headers("\n".join(item for item in header_items(self.headers) if ":" in item))
        headers = tuple((header, self._cut(_as_typed(value))) for header, value in read)
        typed = next((_as_typed(value) for header, value in read if header == "Content-Type"), "")
        syntax = _syntax(typed)
        body = self._cut(self._payload())
        if not self.encoded:
            syntax, body = Syntax.TEXT, self._with_number_of_old(body, typed)
            if not typed:
                headers = (*headers, ("Content-Type", ("application/x-www-form-urlencoded",)))
        call = ProviderCall(
            name=name,
            url=self._cut(self.sms_url.strip(), in_url=True),
            method=self._method(),
            headers=headers,
            body=body,
            syntax=syntax,
            reply=self._reply(),
            trusted=trusted,
        )
        check_call(call)
        return call

    def _texts(self) -> tuple[str, str, str]:
        return (self.sms_url, self.headers, self.payload)

    def _names(self, name: str) -> bool:
        old = self._is_legacy()
        return any(
            f"$ctx.{name}" in text or (name == "msg" and "$ctx.otp" in text) or (old and f"&{name}" in text)
            for text in self._texts()
        )

    def _is_legacy(self) -> bool:
        return not any("$ctx." in text for text in self._texts())

    def _method(self) -> str:
        method = self.http_method.strip().upper() or "GET"
        if method not in {"GET", "POST", "PUT"}:
            raise ValueError(f"the HTTP method must be GET, POST or PUT, not {self.http_method!r}")
        return method

    def _payload(self) -> str:
        """Return the payload with the quotes of seed 004, which a word processor had bent, made straight."""
        looks_like_json = self.payload.lstrip().startswith(("{", "["))
        return self.payload.translate(_CURLY_QUOTES) if looks_like_json and '"' not in self.payload else self.payload

    def _cut(self, text: str, *, in_url: bool = False) -> Blanks:
        if not self._is_legacy():
            return cut_context(text)
        return tuple(cut_at(_LEGACY_IN_URL if in_url else _LEGACY, text, lambda found: _LEGACY_NAMES[found.group(1)]))

    def _with_number_of_old(self, body: Blanks, content_type: str) -> Blanks:
        """Return the payload as upstream fills it without encoding: the number alone is encoded, and not always."""
        if content_type == _JSON and self.http_method == "POST":
            return body
        return tuple(Blank("url:send-to") if piece == Blank("send-to") else piece for piece in body)

    def _reply(self) -> ReplyRules:
        try:
            statuses = frozenset(int(part) for part in self.http_response.split(",") if part.strip())
        except ValueError:
            raise ValueError(f"the HTTP response code must be a number, not {self.http_response!r}") from None
        rule = self.success_rule.strip()
        accepted = Condition.read(rule) if rule not in {"", "status"} else None
        return ReplyRules(success=statuses or OK_STATUSES, accepted=accepted)


def _as_typed(value: Blanks) -> str:
    return "".join(piece if isinstance(piece, str) else f"{{{{{piece.name}}}}}" for piece in value)


def _syntax(content_type: str) -> Syntax:
    """Return how values are encoded for a content type; parameters and case do not matter (D-21)."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind == _JSON or kind.endswith("+json"):
        return Syntax.JSON
    if kind.endswith(("/xml", "+xml")):
        return Syntax.XML
    return Syntax.TEXT if kind == "text/plain" else Syntax.FORM
