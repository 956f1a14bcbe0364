"""Defects in what is kept."""

import ast

from tests.mutants.planting import plant
from watchword import installation
from watchword.base.seal import Keys
from watchword.notification import outbox


def rest_01() -> None:
    """Keep messages as they are."""
    plant(outbox, "seal_message", lambda _: lambda work, message_id, rendered: repr(dict(rendered)).encode())
    plant(outbox, "unseal_message", lambda _: lambda work, entry: ast.literal_eval(entry.sealed.decode()))


def rest_03() -> None:
    """Fall back to a key that everybody knows."""
    plant(installation, "read_keys", lambda _: lambda folder: Keys.of(b"0" * 32))
    plant(installation, "recognises_keys", lambda _: lambda work: True)
