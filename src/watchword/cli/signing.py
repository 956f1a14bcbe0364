"""`watchword keys list`, `next`, `promote` and `retire`: the keys with which a tenant signs SAML."""

import click

from watchword.cli.answers import Answer, clock_time, instant
from watchword.cli.desk import Desk, command
from watchword.saml.keys import TenantKey
from watchword.saml.usecases.keys import add_next_key, promote_key, published_keys, retire_key

keys = click.Group("keys")


@command(keys, "list", example="watchword keys list")
def list_keys(desk: Desk) -> Answer:
    """List the keys with which a tenant signs SAML; the first is made here, if nobody needed it before."""
    listed = desk.do(published_keys)
    lines = [f"{each.id} {each.state}: {each.fingerprint}, until {clock_time(each.ends_at)}" for each in listed]
    return Answer({"keys": [_document(each) for each in listed]}, lines)


@command(keys, "next", example="watchword keys next")
def next_key(desk: Desk) -> Answer:
    """Make the next key, and publish it in the metadata beside the one that signs."""
    made = desk.do(add_next_key)
    told = "It is published. Promote it when every service provider has read the metadata again."
    return Answer(_document(made), [f"Key {made.id} was made: {made.fingerprint}.", told])


@command(keys, "promote", example="watchword keys promote")
def promote(desk: Desk) -> Answer:
    """Sign with the next key from now on; the one before stays published until it is retired."""
    changed = desk.do(promote_key)
    return Answer({**_document(changed), "state": "active"}, [f"Key {changed.id} signs from now on."])


@command(keys, "retire", example="watchword keys retire 1")
@click.argument("key")
def retire(desk: Desk, key: str) -> Answer:
    """Publish a key no longer, and forget it."""
    gone = desk.do(lambda work: retire_key(work, key))
    return Answer({"id": gone.id, "deleted": True}, [f"Key {gone.id} is forgotten."])


def _document(key: TenantKey) -> dict[str, object]:
    return {
        "id": key.id, "state": key.state.value, "fingerprint": key.fingerprint, "certificate": key.certificate,
        "created_at": instant(key.created_at), "ends_at": instant(key.ends_at),
    }  # fmt: skip
