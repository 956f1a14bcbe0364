"""What a provider may be told of a message: the names and values of the event (SMS 6.5)."""

from watchword.notification.model import Channel, Message

_LOGIN_CODES = frozenset({"smsotp", "sendotp"})


def event_map(message: Message) -> dict[str, str]:
    """Return the names and values that publishers and recipes put into their documents.

    What the message itself says beats a property of the same name that came with a request.
    """
    event = message.template.lower().replace(" ", "")
    own = {
        "message-id": message.id,
        "send-to": message.to,
        "notification-channel": message.channel.value,
        "TEMPLATE_TYPE": message.template,
        "notification-event": event,
        "locale": message.locale,
        "subject": message.subject or "",
        "body": message.body or "",
        "footer": message.footer or "",
        "content-type": message.content_type or "",
    }
    facts = {"send-from": "", **message.facts, **own}
    if message.channel is Channel.SMS and (event in _LOGIN_CODES or not facts.get("mobile")):
        facts["mobile"] = message.to  # D-28: the number that the code belongs to
    return _with_both_codes(facts)


def _with_both_codes(facts: dict[str, str]) -> dict[str, str]:
    """Old templates name the code one way and new ones the other (D-35)."""
    code = facts.get("confirmation-code") or facts.get("otpToken")
    return facts if code is None else {"confirmation-code": code, "otpToken": code, **facts}
