"""The demo: everything in one process on this machine, with a phone and a mailbox instead of providers.

Two sample applications stand beside the server, on a port of their own, and alice is there to log in to them.
"""

import fcntl
import importlib
import importlib.util
import os
import shutil
import socket
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from importlib import resources
from pathlib import Path

from watchword.accounts.claims import EMAIL_ADDRESS, GIVEN_NAME, LAST_NAME, MOBILE, Channel
from watchword.accounts.model import NewAccount
from watchword.accounts.usecases.names import find_user
from watchword.accounts.usecases.people import add_user
from watchword.app import Additions, serve
from watchword.applications.authenticators import SMS_OTP
from watchword.applications.model import (
    BASIC,
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
from watchword.applications.store import Applications, IdentityProviders
from watchword.applications.usecases.applications import change_application, create_application
from watchword.applications.usecases.providers import create_provider
from watchword.base.clock import SystemClock
from watchword.base.home import load_settings
from watchword.base.settings import Settings
from watchword.installation import CannotStart, Installation
from watchword.notification.configured import ConfiguredSenders
from watchword.sandbox.http import SandboxApi
from watchword.sandbox.inbox import Inbox
from watchword.sandbox.pages import SandboxPages
from watchword.sandbox.senders import LiveSenderBeside, SandboxSenders, refuse_live_senders
from watchword.storage.work import Origin, Work
from watchword.tenants.policies import all_properties
from watchword.web.listener import Listener
from watchword.web.model import SUPER_TENANT
from watchword.web.pages import Pages

ALICE = NewAccount(
    "alice",
    "Alice12!x",
    {
        GIVEN_NAME: "Alice",
        LAST_NAME: "Anderson",
        EMAIL_ADDRESS: "alice@example.com",
        MOBILE: "+94771234567",
        Channel.SMS.verified_claim: "true",
        Channel.EMAIL.verified_claim: "true",
    },
)
TOLD = (MOBILE, GIVEN_NAME, LAST_NAME, EMAIL_ADDRESS)
SAMPLES = {"travelocity.com": True, "avis.com": False}
"""The sample applications, and whether they ask for a code by SMS after the password."""


def demo_folder() -> Path:
    """Return where the demo keeps its database, for the commands that are run beside it."""
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state) / "watchword" / "demo"


def run_demo(*, home: Path | None, port: int, sample_port: int, default_channel: str, keep: bool) -> None:
    """Serve the demo until it is told to stop; what an earlier one stored is gone unless *keep*.

    Raises:
        CannotStart: a demo runs already; or its sample applications have no port, or not what they need; or a provider
            is configured, and beside it a demo could text strangers.
        SettingsRefused
    """
    folder = demo_folder()
    with _alone(folder):
        _refuse_taken({port: "--port", sample_port: "--sample-port"})
        overrides = {
            "watchword.server.port": str(port),
            "identity_mgt.notification.default_notification_channel": default_channel,
        }
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)
        settings = load_settings(home, properties=all_properties(), data=folder, demo=True, overrides=overrides)
        _refuse_live_senders(settings)
        _run(settings, sample_port)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the demo's folder, so that a second demo cannot take the database away from under the first."""
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as problem:
            message = "a demo runs already: stop it first, or give this one another XDG_STATE_HOME"
            raise CannotStart(message) from problem
        yield


def _run(settings: Settings, sample_port: int) -> None:
    inbox = Inbox()
    senders = SandboxSenders.of_inbox(inbox, SystemClock(settings.data / "clock"))
    routes = [*SandboxApi(inbox).routes(), *SandboxPages.of_parts(Pages.of_settings(settings), inbox).routes()]
    samples = _samples(settings, sample_port)

    def furnish(installation: Installation) -> None:
        def put(work: Work) -> None:
            furnish_demo(work, _samples_url(sample_port))

        installation.works.do(SUPER_TENANT, put, Origin("startup", "-", ""))

    additions = Additions(
        senders, routes, public_metrics=True, furnish=furnish, listeners=[samples], on_stop=inbox.close
    )
    serve(settings, announce=lambda started: _announce(started, sample_port), additions=additions)


def furnish_demo(work: Work, samples_url: str) -> None:
    """Make what the sample applications need, as far as it is not there: alice, a way to send codes, and themselves."""
    if find_user(work, ALICE.name) is None:
        add_user(work, ALICE)
        work.commit()
    code = IdentityProviders(work).find(SMS_OTP) or create_provider(
        work,
        IdentityProvider(
            id="",
            name=SMS_OTP,
            description="Codes by SMS, to the phone of the sandbox",
            default_authenticator=SMS_OTP,
            authenticators=(ProviderAuthenticator(name=SMS_OTP, enabled=True),),
        ),
    )
    for name, by_sms in SAMPLES.items():
        _put_sample(work, _sample(name, samples_url, code.id if by_sms else None), f"{samples_url}/{name}/home.jsp")


def _put_sample(work: Work, wanted: Application, acs_url: str) -> None:
    """Make a sample application; one that was kept stays as it is, but for the port where it now stands."""
    kept = Applications(work).find(wanted.name)
    if kept is None:
        create_application(work, wanted)
    elif kept.saml is not None and acs_url not in kept.saml.acs_urls:
        moved = replace(kept.saml, acs_urls=(acs_url,), default_acs_url="")
        change_application(work, kept, replace(kept, saml=moved, access_url=wanted.access_url))


def _sample(name: str, samples_url: str, code_provider: str | None) -> Application:
    """Return the application of the seeds: four boxes, some claims, and a second step where there is a provider."""
    steps = [Step((Option(LOCAL, BASIC),))]
    if code_provider is not None:
        steps.append(Step((Option(code_provider, SMS_OTP),)))
    return Application(
        id="",
        name=name,
        access_url=f"{samples_url}/{name}/",
        claims=ClaimConfiguration(requested=tuple(RequestedClaim(uri) for uri in TOLD)),
        sequence=Sequence(tuple(steps), is_default=False),
        saml=ServiceProvider(
            issuer=name,
            acs_urls=(f"{samples_url}/{name}/home.jsp",),
            attribute_profile=True,
            always_include_attributes=True,
        ),
    )


def _samples(settings: Settings, port: int) -> Listener:
    """Return the sample applications, listening on this machine alone.

    Raises:
        CannotStart: what they need is not installed.
    """
    if importlib.util.find_spec("onelogin") is None:
        raise CannotStart("the sample applications need python3-saml: pip install 'watchword[sample]'")
    # Not imported above: a server carries no service provider, nor what one needs.
    sample = importlib.import_module("watchword.sample.application")
    entity_id = settings.server.hostname
    application = sample.build_samples(SAMPLES, _samples_url(port), settings.public_url, entity_id)
    return Listener(application, "127.0.0.1", port, None, None)


def _samples_url(port: int) -> str:
    return f"http://localhost:{port}"


def _refuse_taken(ports: Mapping[int, str]) -> None:
    """Refuse ports that somebody else has, all at once, with the options that choose others.

    Raises:
        CannotStart
    """
    taken = {port: option for port, option in ports.items() if not _is_free(port)}
    if taken:
        numbers, options = " and ".join(f"port {each}" for each in taken), " and ".join(taken.values())
        verb = "are" if len(taken) > 1 else "is"
        message = f"{numbers} {verb} in use by another program: give another {options}"
        raise CannotStart(message)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _refuse_live_senders(settings: Settings) -> None:
    configured = ConfiguredSenders.of_settings(settings)
    try:
        refuse_live_senders(configured)
    except LiveSenderBeside as problem:
        raise CannotStart(str(problem)) from problem
    finally:
        configured.close()


def _announce(settings: Settings, sample_port: int) -> None:
    text = resources.files("watchword").joinpath("demo.txt").read_text(encoding="utf-8")
    command = Path(sys.argv[0])
    shown = command.relative_to(Path.cwd()) if command.is_relative_to(Path.cwd()) else command
    facts = {"{url}": settings.public_url, "{watchword}": str(shown), "{samples}": _samples_url(sample_port)}
    for name, fact in facts.items():
        text = text.replace(name, fact)
    sys.stdout.write(text)
    sys.stdout.flush()
