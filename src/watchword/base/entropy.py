"""The one place that asks for chance, and the shapes made of it."""

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID


class Entropy(Protocol):
    """A source of bytes that nobody can guess."""

    def octets(self, count: int) -> bytes:
        """Return *count* fresh bytes."""


class SystemEntropy:
    """The operating system's generator."""

    def octets(self, count: int) -> bytes:
        """Return *count* fresh bytes."""
        return secrets.token_bytes(count)


def random_uuid(entropy: Entropy) -> str:
    """Return a random UUID, version 4, in lower case (122 random bits)."""
    return str(UUID(bytes=entropy.octets(16), version=4))


def new_id(entropy: Entropy, now: datetime) -> str:
    """Return a UUID, version 7: it sorts by time, so that fresh rows stand together in an index (RFC 9562, 5.7)."""
    milliseconds = int(now.timestamp() * 1000)
    number = int.from_bytes(milliseconds.to_bytes(6, "big") + entropy.octets(10), "big")
    number = number & ~(0xF000 << 64) | (0x7000 << 64)
    number = number & ~(0xC000 << 48) | (0x8000 << 48)
    return str(UUID(int=number))


def draw(entropy: Entropy, alphabet: Sequence[str], count: int) -> str:
    """Return *count* characters of *alphabet*, each equally likely.

    Bytes past the last whole multiple of the alphabet's size are thrown away, since a plain remainder favours its
    beginning.
    """
    bound = 256 - 256 % len(alphabet)
    drawn: list[str] = []
    while len(drawn) < count:
        fresh = entropy.octets(2 * count)
        drawn.extend(alphabet[octet % len(alphabet)] for octet in fresh if octet < bound)
    return "".join(drawn[:count])
