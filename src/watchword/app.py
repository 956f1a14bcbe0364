"""The composition root: what the parts are made of, and how a server is put together of them."""

import fcntl
import importlib
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Protocol, runtime_checkable

from watchword.accounts.gate import BasicGate
from watchword.accounts.http.claims import ClaimDialectsApi
from watchword.accounts.http.stores import UserStoresApi
from watchword.accounts.store.users import Users
from watchword.accounts.usecases.administrators import create_administrator, is_well_known
from watchword.applications.http.applications import ApplicationsApi
from watchword.applications.http.authenticators import AuthenticatorsApi
from watchword.applications.http.providers import ProvidersApi
from watchword.applications.usecases.claims import applications_using
from watchword.base.clock import SystemClock
from watchword.base.problems import Problem
from watchword.base.settings import Settings
from watchword.installation import CannotStart, Installation, open_installation
from watchword.login.authenticator import Authenticator
from watchword.login.authenticators.backup_code import BackupCode
from watchword.login.authenticators.email_otp import BY_MAIL
from watchword.login.authenticators.identifier import Identifier
from watchword.login.authenticators.later_code import LaterCode
from watchword.login.authenticators.password import Password
from watchword.login.authenticators.sms_otp import SmsOtp
from watchword.login.authenticators.sms_otp_local import BY_SMS
from watchword.login.dispatcher import Dispatcher
from watchword.login.duties.claims import ClaimsDuty
from watchword.login.duties.password import PasswordDuty
from watchword.login.front import LoginFront
from watchword.login.http import CommonAuth
from watchword.login.pages import LoginPages
from watchword.login.parameters import page_origins
from watchword.login.sweeping import sweep_logins
from watchword.login.usecases.leaving import end_all_sessions, let_go
from watchword.notification.configured import outgoing_rules
from watchword.notification.courier import Courier
from watchword.notification.http.senders import SendersApi
from watchword.notification.http.templates import TemplatesApi
from watchword.notification.model import Senders
from watchword.notification.store import Outbox
from watchword.registration.captcha import CaptchaVerifier
from watchword.registration.forms import read_offer
from watchword.registration.http import RegistrationApi
from watchword.registration.pages import RegistrationPages
from watchword.registration.sweeping import sweep
from watchword.registration.usecases.owners import TenantOwners
from watchword.saml.back_channel import BackChannel
from watchword.saml.carrying import Carrying
from watchword.saml.http import SamlEndpoints
from watchword.storage.work import Origin, Work
from watchword.tenants.http.configs import ConfigsApi
from watchword.tenants.http.governance import GovernanceApi
from watchword.tenants.http.tenants import TenantsApi
from watchword.tenants.usecases import check_tenant
from watchword.web.endpoint import Endpoint
from watchword.web.listener import Listener, listen
from watchword.web.model import SUPER_TENANT, Route
from watchword.web.openapi import describe
from watchword.web.operations import Figures, Operations
from watchword.web.pages import Pages
from watchword.web.peers import Peers
from watchword.worker import work_until_told

log = logging.getLogger(__name__)

REFRESH_SECONDS = 0.5
DEMO_ADMINISTRATOR = ("admin", "admin")


@dataclass(frozen=True, slots=True)
class Tenancy:
    """Knows which tenants there are."""

    def check(self, work: Work) -> None:
        """Refuse a tenant that is not there, or is switched off.

        Raises:
            TenantUnknown
        """
        check_tenant(work)


@dataclass(frozen=True, slots=True)
class Additions:
    """What the demo adds to a server, or puts in the place of its parts."""

    senders: Senders | None = None
    routes: Sequence[Route] = ()
    authenticators: Sequence[Authenticator] = ()
    public_metrics: bool = False
    furnish: Callable[[Installation], None] | None = None
    """Called before the first request, to put something into the database."""
    listeners: Sequence[Listener] = ()
    """What else is served by this process, on ports of its own."""
    on_stop: Callable[[], None] | None = None
    """Called when the stop begins, to wake whoever waits."""


def serve(
    settings: Settings, *, announce: Callable[[Settings], None] | None = None, additions: Additions = Additions()
) -> None:
    """Serve until SIGTERM or SIGINT: the API, the pages, the courier, and the management listener."""
    with _alone(settings), open_installation(settings, create=True, senders=additions.senders) as installation:
        seed_administrator(installation, os.environ)
        if additions.furnish is not None:
            additions.furnish(installation)
        courier = make_courier(installation)
        back_channel = BackChannel.of_settings(installation.works, settings)
        endpoint, listeners = build_listeners(installation, courier, additions, back_channel)
        with watching(installation):
            courier.start()
            back_channel.start()
            try:
                everybody = [*listeners, *additions.listeners]
                listen(everybody, lambda: announce(settings) if announce else None, additions.on_stop)
            finally:
                courier.stop()
                back_channel.stop()
                endpoint.close()


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    """Hold the data folder: on SQLite one server has the database for itself.

    Raises:
        CannotStart: another server has it.
    """
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (settings.data / "server.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as problem:
            if not settings.database_url:
                message = f"another server runs on {settings.data}; several need PostgreSQL ([watchword.database] url)"
                raise CannotStart(message) from problem
        yield


def run_worker(settings: Settings) -> None:
    """Send and sweep beside the servers, until SIGTERM or SIGINT.

    Raises:
        CannotStart: the database is SQLite, which one process has for itself.
    """
    if not settings.database_url:
        message = "a worker needs PostgreSQL: set [watchword.database] url; on SQLite the server sends by itself"
        raise CannotStart(message)
    with open_installation(settings) as installation, watching(installation):
        back_channel = BackChannel.of_settings(installation.works, settings)
        back_channel.start()
        try:
            work_until_told(make_courier(installation))
        finally:
            back_channel.stop()


def make_courier(installation: Installation) -> Courier:
    """Return what empties the outbox of an installation, and tidies up."""
    known = installation
    return Courier(known.works, known.senders, sweep_all, known.routes, known.own_senders)


def sweep_all(work: Work) -> None:
    """Tidy up after every slice."""
    sweep(work)
    sweep_logins(work)


def build_listeners(
    installation: Installation, courier: Courier, additions: Additions, back_channel: BackChannel | None = None
) -> tuple[Endpoint, list[Listener]]:
    """Return what answers on the main port and on the management port."""
    settings, works = installation.settings, installation.works
    pages = Pages.of_settings(settings)
    endpoint = Endpoint(
        works, BasicGate(), Tenancy(), works.surroundings.entropy, Peers.of(settings.server.trusted_proxies), pages
    )
    captcha = CaptchaVerifier.of_settings(settings)
    registration = RegistrationApi(installation.notifier, courier, captcha)
    applications = [*ApplicationsApi(outgoing_rules(settings)).routes(), *ProvidersApi().routes()]
    api = [
        *registration.routes(), *_administration(installation), *applications, *additions.routes
    ]  # fmt: skip

    def figures(work: Work) -> Figures:
        comparisons = works.surroundings.tally["code_comparisons"]
        return Figures(endpoint.requests, courier.counts.by_outcome, comparisons, Outbox(work).count_open())

    operations = Operations(_is_ready, figures, lambda: describe(api, version("watchword")))
    front = LoginFront(build_dispatcher(installation, additions), courier)
    logouts = back_channel or BackChannel.of_settings(works, settings)
    login_pages = LoginPages.of_parts(
        pages.leading_to(page_origins(settings)), lambda work: read_offer(work) is not None
    )
    people = [
        *pages.routes(),
        *RegistrationPages.of_parts(pages, installation.notifier, courier).routes(),
        *CommonAuth(front).routes(),
        *SamlEndpoints(Carrying.of_pages(pages), front, logouts).routes(),
        *login_pages.routes(),
    ]
    main = [*api, *people, *(operations.routes() if additions.public_metrics else operations.health_routes())]
    server = settings.server
    certificate, key = _certificate(settings) if server.tls else (None, None)
    return endpoint, [
        Listener(endpoint.application(main), server.host, server.port, certificate, key),
        Listener(endpoint.application(operations.routes()), "127.0.0.1", server.management_port or server.port + 1),
    ]


def _administration(installation: Installation) -> list[Route]:
    """Return what administrators are served: policies, tenants, user stores, claims, settings, texts and senders."""
    return [
        *GovernanceApi().routes(),
        *TenantsApi(TenantOwners(installation.notifier), end_all_sessions).routes(),
        *UserStoresApi(let_go).routes(),
        *ClaimDialectsApi(applications_using).routes(),
        *ConfigsApi().routes(),
        *AuthenticatorsApi().routes(),
        *TemplatesApi(installation.templates).routes(),
        *SendersApi().routes(),
    ]


def build_dispatcher(installation: Installation, additions: Additions) -> Dispatcher:
    """Return who decides the steps of logins, with every authenticator that there is."""
    notifier, said = installation.notifier, installation.settings.authenticators
    known: list[Authenticator] = [
        Password(notifier), Identifier(), SmsOtp(notifier), LaterCode(notifier, BY_SMS), LaterCode(notifier, BY_MAIL),
        BackupCode(notifier), *additions.authenticators,
    ]  # fmt: skip
    usable = {each.name: each for each in known if each.name not in said or said[each.name].enabled}
    return Dispatcher(usable, (ClaimsDuty(), PasswordDuty()))


@runtime_checkable
class Watched(Protocol):
    """Something that follows files while the server runs."""

    def refresh(self, now_monotonic: float) -> None:
        """Take over what has changed."""


@contextmanager
def watching(installation: Installation) -> Iterator[None]:
    """Take over publishers and templates that change, while the server runs."""
    stopping = threading.Event()
    watched = [each for each in (installation.senders, installation.templates) if isinstance(each, Watched)]

    def watch() -> None:
        while not stopping.wait(REFRESH_SECONDS):
            for each in watched:
                try:
                    each.refresh(time.monotonic())
                except Exception:
                    log.exception("a changed file could not be taken over")

    thread = threading.Thread(target=watch, name="watch", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()


def seed_administrator(installation: Installation, environment: Mapping[str, str]) -> None:
    """Make the first administrator, of the environment or of ``[super_admin]``, while there is none.

    A well-known password makes nobody: one line says what to run instead (decisions 5.2).
    """
    works, settings = installation.works, installation.settings
    if works.do(SUPER_TENANT, lambda work: Users(work).has_administrator(), reading=True):
        return
    wanted = _administrator_of(environment) or settings.admin_seed or (DEMO_ADMINISTRATOR if settings.demo else None)
    if wanted is None:
        log.warning("there is no administrator yet: run `watchword admin create NAME`")
        return
    name, password = wanted
    trusting = settings.demo or settings.dev
    if not trusting and (is_well_known(password) or password.casefold() == name.casefold()):
        log.warning("[super_admin] has a well-known password and was not made: run `watchword admin create %s`", name)
        return

    def create(work: Work) -> None:
        create_administrator(work, name, password, trusting=trusting)

    try:
        works.do(SUPER_TENANT, create, Origin("startup", "-", ""))
    except Problem as problem:
        log.warning("the first administrator was not made: %s", problem.description)


def _administrator_of(environment: Mapping[str, str]) -> tuple[str, str] | None:
    name = environment.get("WATCHWORD_ADMIN_NAME")
    file = environment.get("WATCHWORD_ADMIN_PASSWORD_FILE")
    password = environment.get("WATCHWORD_ADMIN_PASSWORD")
    if file and not password:
        password = Path(file).read_text(encoding="utf-8").strip()
    return (name, password) if name and password else None


def _certificate(settings: Settings) -> tuple[Path, Path]:
    server = settings.server
    if server.certificate is not None and server.key is not None:
        return server.certificate, server.key
    # Not imported above: whoever brings a certificate needs nothing that makes one.
    certificates = importlib.import_module("watchword.web.certificate")
    made: tuple[Path, Path] = certificates.self_signed(settings.data, server.hostname, SystemClock().now())
    return made


def _is_ready(work: Work) -> bool:
    return work.now is not None
