"""The peers: how each is configured and started, and where it lets people in, says who they are, and lets them out."""

import json
import os
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.peers.identity_server import answers, end, wait_until
from watchword.sample.keys import make_keys

PROGRAMS = Path(__file__).parent / "programs"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "watchword" / "peers"


@dataclass
class Peer(ABC):
    """A service provider of somebody else."""

    folder: Path
    port: int
    login_path = "/login"
    whoami_path = "/whoami"
    logout_path = "/logout"
    metadata_path = "/metadata"
    needs_both_signatures = False
    takes_what_others_asked_for = False
    """Whether a Response lets in any browser that brings it, and more than once."""
    asks_for_passing_names = False
    """Whether it asks for a NameID that is another one each time."""
    _running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def base_url(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def login_url(self) -> str:
        return self.base_url + self.login_path

    @property
    def whoami_url(self) -> str:
        return self.base_url + self.whoami_path

    @property
    def logout_url(self) -> str:
        return self.base_url + self.logout_path

    def start(self, idp_metadata: str) -> None:
        """Configure and start, for an identity provider that describes itself so."""
        self.folder.mkdir(parents=True)
        self.folder.chmod(0o755)
        self.write("idp.xml", idp_metadata)
        keys = make_keys(f"peer {self.port}")
        self.write("sp.key", keys.key)
        self.write("sp.crt", keys.certificate)
        self.configure()

    @abstractmethod
    def configure(self) -> None:
        """Write what the program reads, and start it."""

    def stop(self) -> None:
        """End everything that was started."""
        for each in reversed(self._running):
            end(each)

    def write(self, name: str, text: str) -> Path:
        """Write a file into the folder."""
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    def fill(self, template: str, name: str) -> Path:
        """Write a file of ours with what is this peer's own."""
        text = (PROGRAMS / template).read_text()
        for key, value in {"folder": self.folder, "base_url": self.base_url, "port": self.port}.items():
            text = text.replace(f"@{key}@", str(value))
        return self.write(name, text)

    def run(
        self,
        *words: str | Path,
        variables: Mapping[str, str] | None = None,
        waits_for: Callable[[], bool] | None = None,
    ) -> None:
        """Start a program, and wait until it answers."""
        log = self.folder / "log.txt"
        with log.open("a") as written:
            running = subprocess.Popen(
                words, stdout=written, stderr=written, cwd=self.folder, env={**os.environ, **(variables or {})}
            )
        self._running.append(running)
        wait_until(waits_for or (lambda: answers(self.port)), running, log)


class Site(Peer):
    """A small site of ours around a library."""

    def facts(self) -> Path:
        """Write what the site must know."""
        told = {
            "port": self.port,
            "base_url": self.base_url,
            "entity_id": f"{self.base_url}/metadata",
            "key": str(self.folder / "sp.key"),
            "certificate": str(self.folder / "sp.crt"),
            "idp_metadata": str(self.folder / "idp.xml"),
            "modules": str(CACHE / "node" / "package.json"),
        }
        return self.write("site.json", json.dumps(told))


class Python3Saml(Site):
    def configure(self) -> None:
        self.run(sys.executable, PROGRAMS / "python3_saml_site.py", self.facts())


class PySaml2(Site):
    def configure(self) -> None:
        self.run(CACHE / "python" / "bin" / "python", PROGRAMS / "pysaml2_site.py", self.facts())


class NodeSaml(Site):
    needs_both_signatures = True

    def configure(self) -> None:
        self.run("node", PROGRAMS / "node_saml_site.mjs", self.facts())


class OmniAuthSaml(Site):
    takes_what_others_asked_for = True  # of 2.1: it does not remember what it has asked
    login_path = "/auth/saml"
    metadata_path = "/auth/saml/metadata"
    logout_path = "/auth/saml/spslo"

    def configure(self) -> None:
        site = PROGRAMS / "omniauth_saml.ru"
        self.run("puma", "-b", f"tcp://127.0.0.1:{self.port}", site, variables={"SITE": str(self.facts())})


class SimpleSamlPhp(Peer):
    takes_what_others_asked_for = True  # of 1.19: what it did not ask for counts as sent unasked, which it takes
    metadata_path = "/module.php/saml/sp/metadata.php/default-sp"

    def configure(self) -> None:
        config = {"SIMPLESAMLPHP_CONFIG_DIR": str(self.folder / "config")}
        (self.folder / "tmp").mkdir()
        for name in ("config.php", "authsources.php"):
            self.fill(f"simplesamlphp/{name}", f"config/{name}")
        parsed = subprocess.run(
            ["php", PROGRAMS / "simplesamlphp" / "parse.php", self.folder / "idp.xml"],
            env={**os.environ, **config}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert parsed.returncode == 0, parsed.stdout + parsed.stderr
        self.write("metadata/saml20-idp-remote.php", parsed.stdout)
        site = "/usr/share/simplesamlphp/www"
        router = PROGRAMS / "simplesamlphp" / "router.php"
        self.run("php", "-S", f"127.0.0.1:{self.port}", "-t", site, router, variables=config)


class Apache(Peer):
    """An Apache with a configuration of its own, in front of a program that says who it says that somebody is."""

    login_path = "/whoami"

    def serve(self, configuration: str) -> None:
        """Start Apache with what a module needs."""
        self.fill("apache/whoami.cgi", "whoami.cgi").chmod(0o755)
        self.fill(f"apache/{configuration}", "peer.conf")
        self.run("apache2", "-D", "FOREGROUND", "-f", self.fill("apache/httpd.conf", "httpd.conf"))


class Mellon(Apache):
    asks_for_passing_names = True
    metadata_path = "/mellon/metadata"
    logout_path = "/mellon/logout?ReturnTo=/"

    def configure(self) -> None:
        words = ["mellon_create_metadata", f"{self.base_url}/mellon/metadata", f"{self.base_url}/mellon"]
        subprocess.run(words, cwd=self.folder, check=True, capture_output=True)
        for kind in ("key", "cert", "xml"):
            (made,) = (each for each in self.folder.glob(f"http*.{kind}"))
            made.rename(self.folder / f"mellon.{kind}")
        self.serve("mellon.conf")


class Shibboleth(Apache):
    metadata_path = "/Shibboleth.sso/Metadata"
    logout_path = "/Shibboleth.sso/Logout?return=/"

    def configure(self) -> None:
        for name in ("attribute-map.xml", "attribute-policy.xml", "console.logger"):
            self.fill(f"apache/{name}", name)
        configuration = self.fill("apache/shibboleth2.xml", "shibboleth2.xml")
        pid, socket = self.folder / "shibd.pid", self.folder / "shibd.sock"
        self.run("shibd", "-f", "-F", "-c", configuration, "-p", pid, waits_for=socket.exists)
        socket.chmod(0o777)  # Apache's children are somebody else than its keeper
        self.serve("shibboleth.conf")


PEERS: dict[str, type[Peer]] = {
    "mod_auth_mellon": Mellon,
    "mod_shib": Shibboleth,
    "simplesamlphp": SimpleSamlPhp,
    "python3-saml": Python3Saml,
    "node-saml": NodeSaml,
    "pysaml2": PySaml2,
    "omniauth-saml": OmniAuthSaml,
}
