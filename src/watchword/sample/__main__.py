"""The sample application alone: ``python -m watchword.sample``, beside any identity server."""

import argparse
import logging
from pathlib import Path

import uvicorn

from watchword.sample.application import build_application
from watchword.sample.keys import make_keys
from watchword.sample.saml import IdentityServer, KeyPair, ServiceProvider
from watchword.sample.strictness import Unreachable

log = logging.getLogger(__name__)
NAMES = ("travelocity.com", "avis.com")


def main() -> None:
    """Serve the sample applications until they are told to stop."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    asked = _arguments()
    server = IdentityServer(asked.server.rstrip("/"), asked.entity_id, asked.server_certificate)
    keys = _keys(asked)
    base_url = f"http://localhost:{asked.port}"
    try:
        server.describe()
    except Unreachable as problem:
        log.warning("%s; trying again at the first login", problem)
    log.info("open %s/", base_url)
    application = build_application([ServiceProvider(name, base_url, server, keys) for name in NAMES])
    uvicorn.run(application, host="127.0.0.1", port=asked.port, log_config=None, access_log=False)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m watchword.sample", description=__doc__)
    parser.add_argument("--server", default="https://localhost:9443", help="where the identity server is")
    parser.add_argument("--entity-id", default="localhost", help="what it calls itself in SAML")
    parser.add_argument(
        "--server-certificate", type=Path, help="its TLS certificate, if this machine does not trust it"
    )
    parser.add_argument("--port", type=int, default=8080, help="where to listen, on this machine only")
    parser.add_argument("--sign", action="store_true", help="sign requests, with a key that is made for this run")
    parser.add_argument("--key", type=Path, help="sign requests with this key (PEM)")
    parser.add_argument("--certificate", type=Path, help="the certificate of that key (PEM)")
    return parser.parse_args()


def _keys(asked: argparse.Namespace) -> KeyPair | None:
    if asked.key and asked.certificate:
        return KeyPair(asked.key.read_text(), asked.certificate.read_text())
    return make_keys() if asked.sign else None


if __name__ == "__main__":
    main()
