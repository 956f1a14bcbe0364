"""Run a throw-away PostgreSQL for as long as another process lives.

Started by tests/provision.py as a process of its own, since the server outlives the worker that asked for it first, and
must not outlive the test run, however that ends. Usage: ``postgres_keeper.py PACKAGE OWNER``, where *PACKAGE* is the
folder that holds ``pginstall`` and *OWNER* the process to wait for. Prints the server's URL once it takes connections.
"""

import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

SETTINGS = {
    # Nothing in it is worth a write to the disk.
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    # A password keeps the other users of the machine out; deriving it slowly would only delay every connection.
    "scram_iterations": "1",
    "timezone": "UTC",
}


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster in a folder of its own, run by *user* (``None``: by us)."""

    folder: Path
    binaries: Path
    user: str | None

    def run(self, program: str, *arguments: str) -> None:
        """Run a program of PostgreSQL to its end; what it says stays in the folder."""
        with (self.folder / "output").open("a") as output:
            subprocess.run(
                [self.binaries / program, "-D", self.folder / "cluster", *arguments],
                check=True,
                user=self.user,
                cwd=self.folder,
                env={"LC_ALL": "C.UTF-8", "PATH": os.defpath},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )

    def start(self, password: str, given: Mapping[str, str] = SETTINGS) -> str:
        """Make the cluster, start its server, and return the URL of the maintenance database."""
        secret = self.folder / "password"
        secret.write_text(password)
        settings = [part for name, value in given.items() for part in ("-c", f"{name}={value}")]
        method = ["--auth=scram-sha-256", f"--pwfile={secret}", "--username=watchword"]
        self.run("initdb", "--no-sync", "--encoding=UTF8", "--locale=C.UTF-8", *method, *settings)
        port = free_port()
        self.run("pg_ctl", "-w", "-l", str(self.folder / "log"), "-o", f"-p {port}", "start")
        return f"postgresql://watchword:{password}@127.0.0.1:{port}/postgres"

    def stop(self) -> None:
        """Stop the server at once; there is nothing to save."""
        self.run("pg_ctl", "-w", "-m", "immediate", "stop")


def free_port() -> int:
    """Return a port of the loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def lay_out(package: Path, folder: Path) -> Cluster:
    """Prepare the folder. PostgreSQL refuses to run as root, so root lends it copies that ``nobody`` can reach."""
    if os.geteuid() != 0:
        return Cluster(folder, package / "pginstall" / "bin", None)
    # The libraries stand beside the package, where the binaries look for them.
    for source in (package, package.with_name(package.name + ".libs")):
        if source.exists():
            shutil.copytree(
                source, folder / source.name, ignore=shutil.ignore_patterns("include", "*.py", "__pycache__")
            )
    subprocess.run(["chown", "-R", "nobody", folder], check=True)
    return Cluster(folder, folder / package.name / "pginstall" / "bin", "nobody")


def main(package: Path, owner: int) -> None:
    """Start the server, say where it is, wait for the owner's end, and leave nothing behind."""
    folder = Path(tempfile.mkdtemp(prefix="watchword-postgres-"))
    folder.chmod(0o755)
    cluster = lay_out(package, folder)
    try:
        print(cluster.start(secrets.token_hex(16)), flush=True)
    except subprocess.CalledProcessError as failure:
        said = "".join(path.read_text() for path in (folder / "output", folder / "log") if path.exists())
        print(f"PostgreSQL did not start ({failure}): {said}", flush=True)
        shutil.rmtree(folder)
        return
    # Whoever reads our output must not wait for its end as long as the server lives.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    with suppress(psutil.NoSuchProcess):
        psutil.Process(owner).wait()
    cluster.stop()
    shutil.rmtree(folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
