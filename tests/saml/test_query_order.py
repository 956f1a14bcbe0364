"""Where the signature stands in a query is nobody's rule."""

from dataclasses import replace

from tests.saml.kit import SEED, SSO, Person, add_provider, authn_request, pair, redirect, signed_redirect
from tests.world import World


def test_the_signature_may_stand_before_the_name_of_its_algorithm(world: World, alice: Person) -> None:
    """As python3-saml sends it."""
    add_provider(world, replace(SEED, verify_requests=True, certificates=(pair("sp").certificate,)))
    public_url = f"{world.installation.settings.public_url}{SSO}"
    message = authn_request(world, Destination=public_url)
    path, _, query = signed_redirect(redirect(message, relay_state="abc")).partition("?")
    request, relay, algorithm, signature = query.split("&")
    alice.get(f"{path}?{request}&{relay}&{signature}&{algorithm}")
    assert alice.log_in().fields["RelayState"] == "abc"
