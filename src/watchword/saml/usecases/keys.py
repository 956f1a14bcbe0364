"""The tenant's signing keys: the one in use, those that are published, and changing them."""

from collections.abc import Sequence
from functools import lru_cache

from watchword.base.problems import SigningKeyRefused
from watchword.saml.keys import LIFETIME, SERIAL_BYTES, KeyState, TenantKey, make_pair
from watchword.saml.sealing import SigningKey
from watchword.saml.store import TenantKeys
from watchword.storage.audit import note
from watchword.storage.work import Work
from watchword.web.model import SUPER_TENANT

FIRST = "1"
_MEMORY = "saml keys"
_ORDER = {KeyState.ACTIVE: 0, KeyState.NEXT: 1, KeyState.RETIRED: 2}


def published_keys(work: Work) -> Sequence[TenantKey]:
    """Return the tenant's keys, the one that signs first; the first of all is made here, at first need.

    The work has nothing written yet: making a key takes long, and no transaction is open meanwhile.
    """
    keys = work.recall(_MEMORY, lambda: TenantKeys(work).all())
    if not keys:
        _make_key(work, FIRST, KeyState.ACTIVE)
        keys = TenantKeys(work).all()
    return sorted(keys, key=lambda each: _ORDER[each.state])


def signing_key(work: Work) -> SigningKey:
    """Return the key that signs now, ready for use."""
    active = published_keys(work)[0]
    return _ready(active.id, active.certificate, work.keys.unseal(active.sealed, _about(work, active.id)))


def add_next_key(work: Work) -> TenantKey:
    """Make the next key, and publish it beside the one that signs.

    Raises:
        SigningKeyRefused: there is one already.
    """
    keys = published_keys(work)
    number = str(max(int(each.id) for each in keys) + 1)
    if any(each.state is KeyState.NEXT for each in keys) or not _make_key(work, number, KeyState.NEXT):
        raise SigningKeyRefused(reason="There is a next key already.")
    return next(each for each in TenantKeys(work).all() if each.id == number)


def promote_key(work: Work) -> TenantKey:
    """Let the next key sign from now on; the one before stays published.

    Raises:
        SigningKeyRefused: there is no next key.
        ChangedMeanwhile: somebody else was quicker.
    """
    keys = {each.state: each for each in published_keys(work)}
    if KeyState.NEXT not in keys:
        raise SigningKeyRefused(reason="There is no next key to sign with.")
    store = TenantKeys(work)
    store.move(keys[KeyState.ACTIVE], KeyState.RETIRED)
    store.move(keys[KeyState.NEXT], KeyState.ACTIVE)
    return _changed(work, keys[KeyState.NEXT], "promote_key")


def retire_key(work: Work, key_id: str) -> TenantKey:
    """Publish a key no longer, and forget it; the one that signs cannot be retired.

    Raises:
        SigningKeyRefused: there is no such key, or it signs.
    """
    found = next((each for each in published_keys(work) if each.id == key_id), None)
    if found is None:
        raise SigningKeyRefused(reason=f"There is no key {key_id}.")
    if found.state is KeyState.ACTIVE:
        raise SigningKeyRefused(reason=f"Key {key_id} signs: promote the next one first.")
    TenantKeys(work).delete(found)
    return _changed(work, found, "retire_key")


def _changed(work: Work, key: TenantKey, action: str) -> TenantKey:
    note(work, action, key.fingerprint)
    work.commit()
    work.forget(_MEMORY)
    return key


def _make_key(work: Work, key_id: str, state: KeyState) -> bool:
    """Make a key, and store it; return whether nobody else was quicker to take its id."""
    now = work.now
    work.release()
    name = work.settings.server.hostname if work.tenant == SUPER_TENANT else work.tenant
    pair = make_pair(name, work.entropy.octets(SERIAL_BYTES), now)
    key = TenantKey(
        id=key_id, certificate=pair.certificate, state=state, created_at=now, ends_at=now + LIFETIME,
        sealed=work.keys.seal(work.entropy, pair.private, _about(work, key_id)),
    )  # fmt: skip
    added = TenantKeys(work).add(key)
    if added:
        note(work, "add_key", key.fingerprint)
        work.commit()
    else:
        work.release()
    work.forget(_MEMORY)
    return added


def _about(work: Work, key_id: str) -> str:
    return f"tenant_keys {work.tenant} {key_id}"


@lru_cache(maxsize=256)
def _ready(key_id: str, certificate: str, private: bytes) -> SigningKey:
    """Return a key that is read once per process."""
    return SigningKey.read(key_id, certificate, private)
