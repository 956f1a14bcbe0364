"""What other people's service providers make of the hostile documents that we hold against the sample (PLAT-XSW-01).

They are the oracles: a document that one of them believes would be a finding, and so would one that all of them refuse
while the sample application believes it.
"""

import base64

import pytest
from lxml import etree

from tests.peers.conftest import Neighbourhood
from tests.peers.peers import Peer
from tests.peers.test_peers import WHO, who_is
from tests.traveller import Change
from tests.wrapping import FORGED_MOBILE, WRAPPINGS, Wrap


def wrapping(wrap: Wrap) -> Change:
    """Return what wraps a Response on its way through the browser."""

    def change(fields: dict[str, str]) -> dict[str, str]:
        wrapped = etree.tostring(wrap(etree.fromstring(base64.b64decode(fields["SAMLResponse"]))))
        assert FORGED_MOBILE.encode() in wrapped
        return fields | {"SAMLResponse": base64.b64encode(wrapped).decode()}

    return change


@pytest.mark.parametrize("name", list(WRAPPINGS))
def test_a_wrapped_response_is_refused_or_read_as_it_was_signed(
    neighbourhood: Neighbourhood, peer: Peer, name: str
) -> None:
    traveller = neighbourhood.traveller(wrapping(WRAPPINGS[name]))
    neighbourhood.log_in(traveller, peer)
    assert who_is(traveller, peer) in (None, WHO)


def test_a_response_counts_once(neighbourhood: Neighbourhood, peer: Peer) -> None:
    """In another browser, which has asked for a Response of its own."""
    seen: list[dict[str, str]] = []

    def keep(fields: dict[str, str]) -> dict[str, str]:
        seen.append(fields)
        return fields

    first = neighbourhood.traveller(keep)
    neighbourhood.log_in(first, peer)
    assert who_is(first, peer) == WHO
    victim = neighbourhood.traveller(lambda _: seen[0])
    neighbourhood.log_in(victim, peer)
    assert who_is(victim, peer) == (WHO if peer.takes_what_others_asked_for else None)
