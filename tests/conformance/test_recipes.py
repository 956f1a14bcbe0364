"""Every recipe is played with its own example, against a real HTTP server."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from tests.notification.gateway import Gateway, message, reply
from watchword.notification.filling import Blanks
from watchword.notification.model import Channel, Receipt, Refused
from watchword.notification.recipe import Recipe, recipes
from watchword.notification.senders.addresses import OutgoingRules
from watchword.notification.senders.fetcher import Fetcher
from watchword.notification.senders.http_sender import HttpSender
from watchword.notification.senders.tokens import Tokens

Table = Mapping[str, Any]


@pytest.mark.parametrize("recipe", recipes().values(), ids=recipes().keys())
def test_the_example_of_a_recipe_comes_true(recipe: Recipe) -> None:
    example: Table = recipe.example
    with Gateway([_reply(example["reply"])]) as gateway:
        receipt = _send(recipe, gateway)
    assert _as_written(gateway) == example["request"].lstrip("\n")
    assert receipt.reference == example["receipt"]


@pytest.mark.parametrize("recipe", recipes().values(), ids=recipes().keys())
def test_the_refusal_of_a_recipe_is_understood(recipe: Recipe) -> None:
    example: Table = recipe.example
    with Gateway([_reply(example["refusal"])]) as gateway, pytest.raises(Refused) as refused:
        _send(recipe, gateway)
    assert "123456" not in refused.value.reason
    assert example["message"]["to"] not in refused.value.reason


@pytest.mark.parametrize("recipe", recipes().values(), ids=recipes().keys())
def test_a_recipe_names_its_source(recipe: Recipe) -> None:
    assert recipe.source.startswith("https://")
    assert recipe.read_on is not None


@pytest.mark.parametrize("recipe", recipes().values(), ids=recipes().keys())
def test_a_recipe_keeps_its_settings_out_of_sight(recipe: Recipe) -> None:
    marked = dict.fromkeys(recipe.required, "hunter2")
    marked |= {"host": "hunter2.test"} if "host" in marked else {}
    assert "hunter2" not in repr(recipe.with_settings(marked))


def _send(recipe: Recipe, gateway: Gateway) -> Receipt:
    example: Table = recipe.example
    call = recipe.with_settings(example["settings"])
    here = replace(call, url=(gateway.url, *_without_origin(call.url)))
    with Fetcher(OutgoingRules(loopback_only=True)) as fetcher:
        return HttpSender(here, fetcher, Tokens(fetcher)).send(_message(example["message"]), 5.0)


def _without_origin(url: Blanks) -> Blanks:
    """Return what follows ``https://host``: the provider stands on the loopback for once."""
    first, *rest = url
    assert isinstance(first, str)
    after_scheme = first.removeprefix("https://")
    if "/" in after_scheme:
        return (after_scheme[after_scheme.index("/") :], *rest)
    at, piece = next((at, piece) for at, piece in enumerate(rest) if isinstance(piece, str) and "/" in piece)
    return (piece[piece.index("/") :], *rest[at + 1 :])


def _message(table: Table) -> Any:  # noqa: ANN401 - the model's own type, by way of the kit
    return replace(message(Channel.SMS, table["to"], table["text"], {}), id=table.get("id", "m-1"))


def _reply(table: Table) -> bytes:
    return reply(table["status"], table["json"])


def _as_written(gateway: Gateway) -> str:
    (asked,) = gateway.asked
    return f"{asked.method} {asked.path}\n\n{asked.body.decode()}"
