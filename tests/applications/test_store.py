"""What is kept of applications and identity providers, and how."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.world import OTHER_TENANT, World
from watchword.accounts.claims import MOBILE
from watchword.applications.model import (
    LOCAL,
    Application,
    ClaimConfiguration,
    IdentityProvider,
    Option,
    ProviderAuthenticator,
    RequestedClaim,
    Sequence,
    ServiceProvider,
    Step,
)
from watchword.applications.store import Applications, Associations, IdentityProviders
from watchword.applications.usecases.applications import change_application, create_application, read_application
from watchword.applications.usecases.providers import create_provider
from watchword.base.problems import ChangedMeanwhile
from watchword.storage.schema import identity_providers

SHOP = Application(
    id="",
    name="shop",
    claims=ClaimConfiguration(requested=(RequestedClaim(MOBILE, mandatory=True),)),
    sequence=Sequence(
        (Step((Option(LOCAL, "BasicAuthenticator"),)), Step((Option("SMSOTP", "SMSOTP"),))), is_default=False
    ),
    saml=ServiceProvider(issuer="shop", acs_urls=("http://localhost:8080/acs",), attribute_profile=True),
)
CARRIER = IdentityProvider(
    id="",
    name="SMSOTP",
    default_authenticator="SMSOTP",
    authenticators=(
        ProviderAuthenticator(
            name="SMSOTP",
            enabled=True,
            properties={"sms_url": "https://sms.example/send?key=k-1&to=$ctx.num", "headers": "Authorization: tok-2"},
        ),
    ),
)


@pytest.fixture
def carrier(world: World) -> IdentityProvider:
    return world.do(lambda work: create_provider(work, CARRIER))


@pytest.fixture
def shop(world: World, carrier: IdentityProvider) -> Application:
    del carrier
    return world.do(lambda work: create_application(work, SHOP))


def test_an_application_comes_back_whole(world: World, shop: Application, carrier: IdentityProvider) -> None:
    def kept(way: Callable[[Applications], Application | None]) -> Application | None:
        return world.do(lambda work: way(Applications(work)))

    assert kept(lambda them: them.get(shop.id)) == shop
    assert kept(lambda them: them.find("SHOP")) == shop
    assert kept(lambda them: them.of_issuer("shop")) == shop
    assert kept(lambda them: them.all()[0]) == shop
    assert shop.sequence.steps[1].options == (Option(carrier.id, "SMSOTP"),)
    assert shop.saml is not None
    assert shop.saml.attribute_index is not None


def test_an_application_is_not_seen_from_another_tenant(world: World, shop: Application) -> None:
    assert world.do(lambda work: Applications(work).get(shop.id), OTHER_TENANT) is None
    assert world.do(lambda work: Applications(work).of_issuer("shop"), OTHER_TENANT) is None
    assert world.do(lambda work: Applications(work).all(), OTHER_TENANT) == []


def test_of_two_who_change_what_they_read_one_is_told(world: World, shop: Application) -> None:
    world.do(lambda work: change_application(work, shop, replace(shop, description="first")))
    with pytest.raises(ChangedMeanwhile):
        world.do(lambda work: change_application(work, shop, replace(shop, description="second")))
    assert world.do(lambda work: read_application(work, shop.id)).description == "first"


def test_a_change_is_seen_at_once_where_it_was_made(world: World, shop: Application) -> None:
    assert world.do(lambda work: Applications(work).of_issuer("shop")) == shop
    changed = world.do(lambda work: change_application(work, shop, replace(shop, enabled=False)))
    assert world.do(lambda work: Applications(work).of_issuer("shop")) == changed
    assert not changed.enabled


def test_secrets_of_a_provider_stand_sealed_alone(world: World, carrier: IdentityProvider) -> None:
    (row,) = world.rows(identity_providers)
    assert "k-1" not in row["document"]
    assert "tok-2" not in row["document"]
    assert b"tok-2" not in row["sealed"]
    assert world.do(lambda work: IdentityProviders(work).get(carrier.id)) == carrier
    assert world.do(lambda work: IdentityProviders(work).find("smsotp")) == carrier


def test_a_link_is_of_one_subject_and_one_tenant(world: World, carrier: IdentityProvider) -> None:
    kim = world.add_person("kim")
    world.change(lambda work: Associations(work).link(carrier.id, "kim@far", kim.id))
    assert world.do(lambda work: Associations(work).linked(carrier.id, "kim@far")) == kim.id
    assert world.do(lambda work: Associations(work).linked(carrier.id, "kim@far"), OTHER_TENANT) is None
    (link,) = world.do(lambda work: Associations(work).of_user(kim.id))
    assert (link.provider_id, link.subject) == (carrier.id, "kim@far")
    world.change(lambda work: Associations(work).unlink(carrier.id, "kim@far"))
    assert world.do(lambda work: Associations(work).linked(carrier.id, "kim@far")) is None
