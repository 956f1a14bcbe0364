"""A tenant's own texts and its own sender come and go on SQLite and on PostgreSQL alike."""

from collections.abc import Mapping
from functools import partial

from tests.world import OTHER_TENANT, World

TYPES = "/api/server/v1/notification/sms/template-types"
TEXTS = f"{TYPES}/YWNjb3VudGNvbmZpcm1hdGlvbg/org-templates"
SENDERS = "/api/server/v1/notification-senders/sms"
TEXT = {"locale": "en_US", "body": "Acme says {{confirmation-code}}."}
SENDER = {
    "provider": "Custom", "providerURL": "https://sms.example/", "properties": [{"key": "body", "value": "[{{body}}]"}],
}  # fmt: skip


def made(world: World, path: str, body: Mapping[str, object]) -> list[int]:
    """Return what three are told who make the same at the same moment."""

    def make(path: str) -> int:
        return world.request("POST", path, body).status

    return sorted(world.together(*[partial(make, path)] * 3))


def test_texts_and_types_are_made_by_one(world: World) -> None:
    assert made(world, TEXTS, TEXT) == [201, 409, 409]
    assert made(world, TYPES, {"displayName": "Winter Sale"}) == [201, 409, 409]
    world.register("kim")
    world.register("kim", tenant=OTHER_TENANT)
    own, foreign = world.letters
    assert own.body.startswith("Acme says ")
    assert not foreign.body.startswith("Acme says ")
    fresh = {**TEXT, "body": "{{confirmation-code}} again"}
    assert world.request("PUT", f"{TEXTS}/en_US", fresh).json == fresh
    assert world.request("DELETE", f"{TEXTS}/en_US").status == 204
    assert world.request("GET", TEXTS).json == []


def test_a_sender_is_made_by_one_and_replaced(world: World) -> None:
    assert made(world, SENDERS, SENDER) == [201, 409, 409]
    fresh = {**SENDER, "providerURL": "http://other.example/"}
    assert world.request("PUT", f"{SENDERS}/SMSPublisher", fresh).json["providerURL"] == fresh["providerURL"]
    world.register("kim")
    assert world.letters == []
    [entry] = world.messages()
    assert entry.state == "failed"
    assert "only https leaves the house" in str(entry.reason)
    assert world.request("DELETE", f"{SENDERS}/SMSPublisher").status == 204
    assert world.request("GET", SENDERS).json == []
