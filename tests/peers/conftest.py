"""One server and all peers, for the whole run."""

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.peers.identity_server import PASSWORD, IdentityServer, identity_server
from tests.peers.peers import PEERS, Peer
from tests.traveller import Change, Page, Traveller

HERE = Path(__file__).parent
FIRST_PORT = 9600
SERVER_PORT = 9593


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave this to ``make peers``."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.long)


@dataclass(slots=True)
class Neighbourhood:
    """A server, and the peers that have moved in."""

    server: IdentityServer
    folder: Path
    peers: dict[str, Peer] = field(default_factory=dict)
    applications: dict[str, str] = field(default_factory=dict)

    def peer(self, name: str) -> Peer:
        """Return a peer that runs, and is registered by its own metadata."""
        if name not in self.peers:
            peer = PEERS[name](self.folder / name, FIRST_PORT + list(PEERS).index(name))
            self.peers[name] = peer
            peer.start(self.server.metadata())
            metadata = Traveller(self.server.certificate).ask(peer.base_url + peer.metadata_path).text
            peer.write("metadata.xml", metadata)
            self.applications[name] = self.server.add_application(name, metadata)
        return self.peers[name]

    def traveller(self, change: Change | None = None) -> Traveller:
        return Traveller(self.server.certificate, change)

    def log_in(self, traveller: Traveller, peer: Peer) -> Page:
        """Log alice in by password and code, as far as she is asked, and return where that led."""
        self.server.phone.take()
        page = traveller.open(peer.login_url)
        if "password" in page.fields():
            page = traveller.open(page.action(), page.fields() | {"username": "alice", "password": PASSWORD})
        return self.give_code(traveller, page)

    def give_code(self, traveller: Traveller, page: Page) -> Page:
        code_field = next((name for name in page.fields() if name.lower() in {"otpcode", "code"}), None)
        if code_field is None:
            return page
        (message,) = self.server.phone.take()
        assert message.code is not None
        return traveller.open(page.action(), page.fields() | {code_field: message.code})


@pytest.fixture(scope="session")
def neighbourhood() -> Iterator[Neighbourhood]:
    # Not where pytest keeps its folders: nobody else may read those, and Apache runs as somebody else.
    folder = Path(tempfile.mkdtemp(prefix="watchword-peers-"))
    folder.chmod(0o755)
    try:
        with identity_server(folder, SERVER_PORT) as server:
            made = Neighbourhood(server, folder)
            yield made
            for each in made.peers.values():
                each.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=list(PEERS))
def peer(request: pytest.FixtureRequest, neighbourhood: Neighbourhood) -> Peer:
    return neighbourhood.peer(request.param)
