"""Keys of the installation: text sealed at rest, and keyed digests of what is only ever compared."""

import hmac
import os
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from watchword.base.entropy import Entropy

KEY_BYTES = 32
NONCE_BYTES = 12


class SealBroken(Exception):
    """The sealed text was changed, moved to another row, or sealed with another key."""


class KeysMissing(Exception):
    """There is no key file, or it cannot be read; the text says what to run."""


@dataclass(frozen=True, slots=True)
class Keys:
    """Everything derived from the one secret of an installation (HKDF-SHA256, RFC 5869)."""

    digest_key: bytes = field(repr=False)
    seal_key: bytes = field(repr=False)

    @classmethod
    def of(cls, secret: bytes) -> "Keys":
        """Derive the keys of each purpose from the installation's secret of 32 bytes."""
        return cls(_derive(secret, b"watchword digest"), _derive(secret, b"watchword seal"))

    def digest(self, *parts: str) -> str:
        """Return a keyed digest of *parts* (HMAC-SHA256, 64 hex digits); no two lists of parts share one."""
        message = b"".join(len(octets).to_bytes(4, "big") + octets for octets in (part.encode() for part in parts))
        return hmac.digest(self.digest_key, message, "sha256").hex()

    def seal(self, entropy: Entropy, text: bytes, about: str) -> bytes:
        """Encrypt *text* for storage (AES-256-GCM); *about* names the row, so that it cannot be moved to another."""
        nonce = entropy.octets(NONCE_BYTES)
        return nonce + AESGCM(self.seal_key).encrypt(nonce, text, about.encode())

    def unseal(self, sealed: bytes, about: str) -> bytes:
        """Return the text that :meth:`seal` was given.

        Raises:
            SealBroken: the bytes, the key or the row is another.
        """
        try:
            return AESGCM(self.seal_key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], about.encode())
        except InvalidTag as problem:
            raise SealBroken(about) from problem


def read_keys(folder: Path) -> Keys:
    """Read the installation's secret from its key file.

    Raises:
        KeysMissing: the file is not there, or does not hold 32 bytes in hex.
    """
    file = folder / "secret.key"
    try:
        secret = bytes.fromhex(file.read_text(encoding="ascii").strip())
    except FileNotFoundError as problem:
        message = f"no key file {file}: make it once with `watchword keys create`, and copy it to every node"
        raise KeysMissing(message) from problem
    except (OSError, ValueError) as problem:
        message = f"the key file {file} cannot be read: {type(problem).__name__}"
        raise KeysMissing(message) from problem
    if len(secret) != KEY_BYTES:
        message = f"the key file {file} does not hold {KEY_BYTES} bytes in hex"
        raise KeysMissing(message)
    return Keys.of(secret)


def create_keys(folder: Path, entropy: Entropy) -> bool:
    """Make the key file unless there is one, readable by its owner alone; return whether it was made."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = folder / f"secret.key.{os.getpid()}"
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as stream:
        stream.write(entropy.octets(KEY_BYTES).hex() + "\n")
    try:
        (folder / "secret.key").hardlink_to(fresh)
    except FileExistsError:
        return False
    finally:
        fresh.unlink()
    return True


def _derive(secret: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=purpose).derive(secret)
