"""A tenant's own sender: make, read, change and remove it. It wins over the operator's at once."""

from watchword.base.problems import SenderExists, SenderNameUnknown, SenderUnknown
from watchword.notification.own_senders import forget_sender, open_sender, seal_sender
from watchword.notification.sender_objects import SMS_SENDER, SenderObject, call_of, shown, with_secrets_of
from watchword.notification.store import SavedSenders
from watchword.storage.audit import note
from watchword.storage.work import Work


def create_sender(work: Work, name: str, sender: SenderObject) -> SenderObject:
    """Store the tenant's sender, and return it as it may be shown.

    Raises:
        SenderNameUnknown
        SenderRefused: a field cannot be what it is.
        SenderExists
    """
    if name != SMS_SENDER:
        raise SenderNameUnknown(name=name)
    call_of(sender)
    if SavedSenders(work).find(name) is not None:
        raise SenderExists(name=name)
    SavedSenders(work).add(name, seal_sender(work, name, sender))
    _finish(work, "create_sender", name, sender.provider)
    return shown(sender)


def read_sender(work: Work, name: str) -> SenderObject:
    """Return the tenant's sender as it may be shown.

    Raises:
        SenderUnknown
    """
    return shown(_found(work, name))


def list_senders(work: Work) -> dict[str, SenderObject]:
    """Return the tenant's senders as they may be shown, by name."""
    found = open_sender(work, SMS_SENDER)
    return {} if found is None else {SMS_SENDER: shown(found)}


def replace_sender(work: Work, name: str, wanted: SenderObject) -> SenderObject:
    """Write the tenant's sender anew; the secrets that are not said stay, while it calls the same address.

    Raises:
        SenderUnknown
        SenderRefused: a field cannot be what it is.
    """
    sender = with_secrets_of(_found(work, name), wanted)
    call_of(sender)
    SavedSenders(work).replace(name, seal_sender(work, name, sender))
    _finish(work, "change_sender", name, sender.provider)
    return shown(sender)


def delete_sender(work: Work, name: str) -> None:
    """Remove the tenant's sender; the operator's takes its place.

    Raises:
        SenderUnknown
    """
    if SavedSenders(work).find(name) is None:
        raise SenderUnknown(name=name)
    SavedSenders(work).remove(name)
    _finish(work, "delete_sender", name, "")


def _found(work: Work, name: str) -> SenderObject:
    found = open_sender(work, name)
    if found is None:
        raise SenderUnknown(name=name)
    return found


def _finish(work: Work, action: str, name: str, provider: str) -> None:
    note(work, action, name, reason=provider)
    work.commit()
    forget_sender(work)
