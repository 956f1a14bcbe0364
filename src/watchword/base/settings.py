"""The operator's settings: what is fixed when the server starts.

Each field is declared once, with its key in ``deployment.toml``, its kind, its defaults and what it is for. How files,
environment and command line become one value of these is the business of ``home``.
"""

import types
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Literal

from watchword.base import kinds
from watchword.base.kinds import Kind, Limit
from watchword.base.options import CompatProfile, SecurityProfile, setting

Answer = Literal["accepted", "first-attempt"]
VerifiedClaimPolicy = Literal["compat", "delivered-only"]

ANSWER: Kind[Answer] = kinds.one_of("accepted", "first-attempt")
COMPAT_PROFILE: Kind[CompatProfile] = kinds.one_of("seed", "is-5.10", "is-6", "is-7")
SECURITY_PROFILE: Kind[SecurityProfile] = kinds.one_of("recommended", "wso2")
VERIFIED_CLAIM_POLICY: Kind[VerifiedClaimPolicy] = kinds.one_of("compat", "delivered-only")


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Where the server listens, and who stands before it."""

    host: str = setting(
        "watchword.server.host",
        kinds.TEXT,
        "0.0.0.0",  # noqa: S104 - a server is there to be reached, and it has no default password
        "The address to listen on; `--dev` and the demo listen on loopback only.",
        demo="127.0.0.1",
    )
    hostname: str = setting(
        "server.hostname",
        kinds.TEXT,
        "localhost",
        "The name under which people reach the server, where no public address is given.",
    )
    port_offset: int = setting("server.offset", kinds.number(0, 56092), 0, "What is added to the default port.")
    port: int = setting(
        "watchword.server.port",
        kinds.number(0, 65535),
        9443,
        "The main port. `[server] offset` is added to the default, as WSO2 does.",
    )
    management_port: int = setting(
        "watchword.server.management_port",
        kinds.number(0, 65535),
        0,
        "The port of health, metrics and OpenAPI, on loopback; 0 is the main port plus one.",
    )
    tls: bool = setting(
        "watchword.tls.enabled",
        kinds.BOOLEAN,
        True,
        "Whether the main port speaks TLS. Off only on loopback or behind trusted proxies.",
    )
    certificate: Path | None = setting(
        "watchword.tls.certificate",
        kinds.PATH,
        None,
        "The certificate with its chain (PEM). Without one, a self-signed certificate is made at first start.",
    )
    key: Path | None = setting("watchword.tls.key", kinds.PATH, None, "The private key of the certificate (PEM).")
    trusted_proxies: tuple[str, ...] = setting(
        "watchword.trusted_proxies",
        kinds.NETWORKS,
        (),
        "The proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """When a request is answered, and how long a send may take."""

    answer: Answer = setting(
        "watchword.delivery.answer",
        ANSWER,
        "accepted",
        "Whether a request is answered right after the commit, or waits for the courier's first attempt.",
        wso2="first-attempt",
    )
    first_attempt_wait: timedelta = setting(
        "watchword.delivery.first_attempt_wait",
        kinds.DURATION,
        timedelta(seconds=3),
        "How long a request waits for the first attempt at the most.",
    )
    attempt_timeout: timedelta = setting(
        "watchword.delivery.attempt_timeout",
        kinds.DURATION,
        timedelta(seconds=10),
        "After how long one attempt counts as failed.",
    )
    waiters: int = setting(
        "watchword.delivery.waiters",
        kinds.number(0, 10000),
        16,
        "How many requests may wait for a first attempt at once; those past it are answered as accepted.",
    )
    parallel_sends: int = setting(
        "watchword.delivery.parallel_sends",
        kinds.number(1, 1000),
        256,
        "How many messages of each channel this process sends at once.",
    )


_MINUTE = timedelta(minutes=1)
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How often a thing may be done before it is refused; the same under both profiles."""

    resend_after: timedelta = setting(
        "watchword.limits.resend_after",
        kinds.DURATION,
        timedelta(seconds=30),
        "How long the server refuses to send a code again; `0s` with `--dev` only.",
    )
    sends_per_address: tuple[Limit, ...] = setting(
        "watchword.limits.sends_per_address",
        kinds.LIMITS,
        (Limit(3, 10 * _MINUTE), Limit(5, _DAY)),
        "Messages to one number or mailbox, over all flows.",
        demo=(Limit(1000, _DAY),),
    )
    login_sends_per_address: tuple[Limit, ...] = setting(
        "watchword.limits.login_sends_per_address",
        kinds.LIMITS,
        (Limit(10, 10 * _MINUTE), Limit(50, _DAY)),
        "Log-in codes to one number or mailbox that was proven to be the person's; they do not count among the others.",
        demo=(Limit(1000, _DAY),),
    )
    unknown_codes_per_caller: Limit = setting(
        "watchword.limits.unknown_codes_per_caller",
        kinds.LIMIT,
        Limit(100, _MINUTE),
        "Codes that nobody has, from one caller of the API.",
    )
    unknown_codes_per_client: Limit = setting(
        "watchword.limits.unknown_codes_per_client",
        kinds.LIMIT,
        Limit(10, 10 * _MINUTE),
        "Codes that nobody has, typed into pages from one client address.",
    )
    unknown_codes_per_tenant: Limit = setting(
        "watchword.limits.unknown_codes_per_tenant",
        kinds.LIMIT,
        Limit(1000, 10 * _MINUTE),
        "Codes that nobody has, in one tenant; past it codes that name no user are refused.",
    )
    tries_per_code: int = setting(
        "watchword.limits.tries_per_code", kinds.number(1, 100000), 5, "Wrong entries after which a code is dead."
    )
    tries_per_address: Limit = setting(
        "watchword.limits.tries_per_address",
        kinds.LIMIT,
        Limit(50, _DAY),
        "Wrong entries of codes that were sent to one number or mailbox.",
    )
    name_checks_per_caller: Limit = setting(
        "watchword.limits.name_checks_per_caller",
        kinds.LIMIT,
        Limit(1000, _HOUR),
        "Questions of one caller of the API whether a name is taken.",
    )
    name_checks_per_client: Limit = setting(
        "watchword.limits.name_checks_per_client",
        kinds.LIMIT,
        Limit(20, _HOUR),
        "Questions of pages whether a name is taken, from one client address.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """What may be registered, on the whole server."""

    verified_claim_policy: VerifiedClaimPolicy = setting(
        "watchword.registration.verified_claim_policy",
        VERIFIED_CLAIM_POLICY,
        "delivered-only",
        "Which verified flag a confirmation sets: by WSO2's table for callers that may assert it, or only that of "
        "the channel which carried the code.",
        wso2="compat",
        caution=("compat", "a caller that may assert it can mark a channel as verified which did not carry the code"),
    )
    required_claims: tuple[str, ...] = setting(
        "watchword.registration.required_claims", kinds.LIST, (), "URIs of claims without which nobody is registered."
    )
    allowed_email_domains: tuple[str, ...] = setting(
        "watchword.registration.allowed_email_domains",
        kinds.LIST,
        (),
        "Domains whose mailboxes may register; empty allows all.",
    )
    strict: bool = setting(
        "watchword.registration.strict",
        kinds.BOOLEAN,
        True,
        "Whether numbers must exist in the numbering plan and are stored as E.164, and names like UUIDs or short "
        "numbers are reserved.",
        wso2=False,
        caution=(
            False,
            "a phone number needs only the right syntax, and names like UUIDs or short numbers may be taken",
        ),
    )
    validate_channel_value: bool = setting(
        "watchword.registration.validate_channel_value",
        kinds.BOOLEAN,
        True,
        "Whether the address of the channel in use must be a number or a mailbox.",
    )
    refuse_assertions: bool = setting(
        "watchword.registration.refuse_assertions",
        kinds.BOOLEAN,
        False,
        "Whether a verified flag of a caller that may not set it is answered with 403; if not, the flag is dropped.",
    )
    captcha_quirk_redirect: bool = setting(
        "watchword.registration.captcha_quirk_redirect",
        kinds.BOOLEAN,
        False,
        "Whether a missing captcha is answered with WSO2's redirect instead of an error.",
    )
    pending_reservation: timedelta = setting(
        "watchword.registration.pending_reservation",
        kinds.DURATION,
        _DAY,
        "How long an account that waits for confirmation reserves its name.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """Rules for the facts about users."""

    unique: tuple[str, ...] = setting(
        "watchword.claims.unique", kinds.LIST, (), "URIs of claims that no two users of a tenant may share."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class UserStore:
    """What names and passwords of the primary user store look like."""

    username_pattern: str = setting(
        "user_store.username_java_regex",
        kinds.PATTERN,
        r"[^\s*?%/\|@]{2,64}",
        "The pattern that a user name matches in full.",
        wso2=r"[a-zA-Z0-9._\-|//]{3,30}$",
    )
    username_text: str = setting(
        "user_store.username_java_regex_violation_error_msg",
        kinds.TEXT,
        "",
        "What is said of a name that does not match; empty names the rule.",
    )
    password_pattern: str = setting(
        "user_store.password_java_regex",
        kinds.PATTERN,
        "",
        "The pattern that a password matches in full; empty leaves it to length and the list of common passwords.",
        wso2=r"^[\S]{5,30}$",
        caution=(r"^[\S]{5,30}$", "a password of five characters is long enough, and common ones are not refused"),
    )
    password_text: str = setting(
        "user_store.password_java_regex_violation_error_msg",
        kinds.TEXT,
        "",
        "What is said of a password that does not match; empty names every broken rule.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Sms:
    """How text messages are addressed, written and handed over."""

    default_country: str = setting(
        "watchword.sms.default_country",
        kinds.TEXT,
        "",
        "The country of numbers without `+`, as two letters or as digits such as `94`.",
    )
    origin_bound: bool = setting(
        "watchword.sms.origin_bound",
        kinds.BOOLEAN,
        True,
        "Whether a code's text ends with the line by which a phone offers it to our pages only.",
        wso2=False,
        caution=(False, "the text of a code is not bound to our site, so a phone may offer it elsewhere"),
    )
    provider: Mapping[str, object] = setting(
        "watchword.sms.provider",
        kinds.TABLE,
        types.MappingProxyType({}),
        'The provider by recipe: `recipe = "twilio"` and its `settings`; without it the event publishers are used.',
        secret=True,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """Which private addresses the server may call."""

    allow: tuple[str, ...] = setting(
        "watchword.outgoing.allow",
        kinds.LIST,
        (),
        "Private origins that may be called, as scheme, host and port: `http://10.0.0.5:8080`.",
    )
    allow_private: bool = setting(
        "watchword.outgoing.allow_private",
        kinds.BOOLEAN,
        False,
        "Whether all private addresses may be called; a metadata address never may.",
        aliases=("watchword.outgoing.AllowPrivateProviderHosts",),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Email:
    """The mail server that takes our mails."""

    hostname: str = setting(
        "output_adapter.email.hostname", kinds.TEXT, "", "The mail server's name; without it no mail is sent."
    )
    port: int = setting("output_adapter.email.port", kinds.number(1, 65535), 587, "The mail server's port.")
    from_address: str = setting("output_adapter.email.from_address", kinds.TEXT, "", "The sender of every mail.")
    username: str = setting("output_adapter.email.username", kinds.TEXT, "", "The account at the mail server.")
    password: str = setting("output_adapter.email.password", kinds.TEXT, "", "Its password.", secret=True)
    authentication: bool = setting(
        "output_adapter.email.enable_authentication", kinds.BOOLEAN, True, "Whether to log in at the mail server."
    )
    start_tls: bool = setting(
        "output_adapter.email.enable_start_tls", kinds.BOOLEAN, True, "Whether to speak TLS to the mail server."
    )
    signature: str = setting(
        "output_adapter.email.signature", kinds.TEXT, "", "The name shown as sender; empty takes the account's."
    )
    reply_to: str = setting(
        "output_adapter.email.reply_to", kinds.TEXT, "", "Where answers go; empty takes the sender."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Recaptcha:
    """The service that judges whether a person filled in a form."""

    enabled: bool = setting("recaptcha.enabled", kinds.BOOLEAN, True, "Whether the service is asked at all.")
    site_key: str = setting("recaptcha.site_key", kinds.TEXT, "", "The key that pages show.")
    secret_key: str = setting("recaptcha.secret_key", kinds.TEXT, "", "The key that we verify with.", secret=True)
    verify_url: str = setting("recaptcha.verify_url", kinds.TEXT, "", "Where an answer is verified.")

    @property
    def is_complete(self) -> bool:
        """Tell whether all is there that a verification needs."""
        return bool(self.site_key and self.secret_key and self.verify_url)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hashing:
    """What a password's hash (argon2id) costs."""

    memory_kib: int = setting(
        "watchword.hashing.memory_kib", kinds.number(8, 4194304), 19456, "Memory of one hash, in KiB."
    )
    passes: int = setting("watchword.hashing.passes", kinds.number(1, 100), 2, "Passes over the memory.")
    lanes: int = setting("watchword.hashing.lanes", kinds.number(1, 64), 1, "Lanes of one hash.")
    threads: int = setting(
        "watchword.hashing.threads", kinds.number(0, 256), 0, "Hashes computed at once; 0 is one for each core."
    )
    queue: timedelta = setting(
        "watchword.hashing.queue",
        kinds.DURATION,
        timedelta(seconds=1),
        "How long a request waits for its turn before 503.",
    )

    @property
    def queue_seconds(self) -> float:
        """Return how long a request waits for its turn, in seconds."""
        return self.queue.total_seconds()


@dataclass(frozen=True, slots=True, kw_only=True)
class SuperAdmin:
    """The first administrator that a WSO2 home asks for."""

    username: str = setting("super_admin.username", kinds.TEXT, "", "The first administrator's name.")
    password: str = setting(
        "super_admin.password",
        kinds.TEXT,
        "",
        "The first administrator's password; a well-known one is refused outside `--dev` and the demo.",
        secret=True,
    )
    create: bool = setting(
        "super_admin.create_admin_account", kinds.BOOLEAN, True, "Whether to make the account at first start."
    )


@dataclass(frozen=True, slots=True)
class Value:
    """A value in force, and where it came from."""

    value: object
    origin: str
    """``default``, ``default (wso2)``, ``deployment.toml:12``, ``identity.xml:40``, ``environment …`` or so."""
    shown: str = ""
    """As ``watchword check`` prints it: a secret is hidden."""


@dataclass(frozen=True, slots=True)
class AuthenticatorSettings:
    """What the operator's files say about an authenticator."""

    enabled: bool = True
    parameters: Mapping[str, str] = field(default_factory=dict)
    """As typed; what is not among them has a default, which whoever reads them knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything the operator decides, and where each value came from."""

    home: Path | None = None
    """The folder of the operator's files, if there is one."""
    data: Path
    """The folder of our own database, keys and certificate."""
    demo: bool = False

    security_profile: SecurityProfile = setting(
        "watchword.security_profile",
        SECURITY_PROFILE,
        "recommended",
        "The defaults and limits: `recommended`, or those of WSO2. A WSO2 home is `wso2` by default.",
        wso2="wso2",
    )
    compat_profile: CompatProfile = setting(
        "watchword.compat_profile", COMPAT_PROFILE, "seed", "The wire: shapes, texts and statuses of which release."
    )
    dev: bool = setting(
        "watchword.dev",
        kinds.BOOLEAN,
        False,
        "Development on loopback: weak passwords and no cool-down are allowed, foreign senders and addresses are "
        "refused.",
    )
    public_url: str = setting(
        "watchword.public_url",
        kinds.TEXT,
        "",
        "The address that people use; links carry it. Without it, `[server] hostname` and the port.",
    )
    database_url: str = setting(
        "watchword.database.url",
        kinds.TEXT,
        "",
        "A PostgreSQL database (`postgresql://user:password@host/name`); empty is SQLite in the data folder.",
        secret=True,
    )
    http_form_url_encoded: bool = setting(
        "output_adapter.http.enable_form_url_encoded",
        kinds.BOOLEAN,
        False,
        "Whether a text mapping of an HTTP publisher is sent as a form.",
    )
    placeholders: Mapping[str, str] = setting(
        "server.placeholder",
        kinds.TEXTS,
        types.MappingProxyType({}),
        "What `{{server.placeholder.NAME}}` stands for in messages.",
    )
    faults: Path | None = setting(
        "watchword.testing.faults", kinds.PATH, None, "Tests only: the file that names the faults in force."
    )

    server: Server = Server()
    delivery: Delivery = Delivery()
    limits: Limits = Limits()
    registration: Registration = Registration()
    claims: Claims = Claims()
    user_store: UserStore = UserStore()
    sms: Sms = Sms()
    outgoing: Outgoing = Outgoing()
    email: Email | None = None
    recaptcha: Recaptcha | None = None
    hashing: Hashing = Hashing()
    admin_seed: tuple[str, str] | None = field(default=None, repr=False)
    """Name and password of ``[super_admin]``."""

    authenticators: Mapping[str, AuthenticatorSettings] = field(default_factory=dict)
    """By name: ``SMSOTP``, ``sms-otp-authenticator``."""
    policies: Mapping[str, object] = field(default_factory=dict)
    """What the files say about policies, by the name of the property: the default of every tenant."""
    values: Mapping[str, Value] = field(default_factory=dict, repr=False)
    warnings: tuple[str, ...] = ()
    """What the operator should know, one line each, at every start."""
    ignored: tuple[str, ...] = ()
    """Tables of the files that mean nothing to us."""

    def folder(self, *parts: str) -> Path | None:
        """Return a folder of a WSO2 home, whether it exists or not; a bare home may have only the last part of it."""
        if self.home is None:
            return None
        whole, short = self.home.joinpath(*parts), self.home / parts[-1]
        return short if short.is_dir() and not whole.is_dir() else whole

    @property
    def publishers_folder(self) -> Path | None:
        """Return where event publishers lie, or None without a home."""
        return self.folder("repository", "deployment", "server", "eventpublishers")

    @property
    def sms_templates(self) -> Path | None:
        """Return the file of the texts of SMS, or None without a home."""
        return self._template_file("sms", "sms-templates-admin-config.xml")

    @property
    def email_templates(self) -> Path | None:
        """Return the file of the texts of mails, or None without a home."""
        return self._template_file("email", "email-admin-config.xml")

    def _template_file(self, channel: str, name: str) -> Path | None:
        folder = self.folder("repository", "conf", channel)
        return None if folder is None else folder / name
