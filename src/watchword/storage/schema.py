"""The data model on one page. Every primary key begins with the tenant, so that tables can be distributed by it.

Instants are stored as whole microseconds since 1970 in UTC: both databases order and compare them alike, whatever zone
a session is in. Codes stand here only as keyed digests, texts of messages only sealed, passwords only as argon2id.
"""

from datetime import UTC, datetime, timedelta

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Dialect,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    false,
    text,
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


class Instant(TypeDecorator[datetime]):
    """An aware instant, stored as microseconds since 1970."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Return the microseconds of an instant."""
        return None if value is None else (value - EPOCH) // MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        """Return the instant of some microseconds."""
        return None if value is None else EPOCH + value * MICROSECOND


metadata = MetaData()


def _tenant() -> Column[str]:
    return Column("tenant", Text, primary_key=True)


def _of_user() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["tenant", "user_id"], ["users.tenant", "users.id"], ondelete="CASCADE")


tenants = Table(
    "tenants",
    metadata,
    _tenant(),
    Column("id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
)

user_stores = Table(
    "user_stores",
    metadata,
    _tenant(),
    Column("realm", Text, primary_key=True),
    Column("created_at", Instant, nullable=False),
    Column("description", Text, nullable=False, server_default=text("''")),
)

policies = Table(
    "policies",
    metadata,
    _tenant(),
    Column("connector", Text, primary_key=True),
    Column("property", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

users = Table(
    "users",
    metadata,
    _tenant(),
    Column("id", Text, primary_key=True),
    Column("realm", Text, nullable=False),
    Column("name", Text, nullable=False),  # as typed
    Column("canonical", Text, nullable=False),  # as compared
    Column("skeleton", Text),  # as it looks (UTS 39)
    Column("password_hash", Text),
    Column("locked", Boolean, nullable=False),
    Column("disabled", Boolean, nullable=False),
    Column("state", Text),
    Column("locked_reason", Text),
    Column("created_at", Instant, nullable=False),
    Column("confirmed_at", Instant),
    Column("reserved_until", Instant),  # of a pending account: when its name may be taken over or swept
    Column("last_login_at", Instant),
    Column("unlock_at", Instant),  # when a lock after failures ends by itself
    Column("lockouts", Integer, nullable=False, server_default=text("0")),  # locks since the last whole login
    Column("password_set_at", Instant),
    Column("must_change_password", Boolean, nullable=False, server_default=false()),
    Column("sessions_from", Instant),  # sessions that began before are over
    Index("users_by_name", "tenant", "realm", "canonical", unique=True),
    Index("users_by_skeleton", "tenant", "skeleton"),
    Index("users_pending", "reserved_until"),
)

user_claims = Table(
    "user_claims",
    metadata,
    _tenant(),
    Column("user_id", Text, primary_key=True),
    Column("uri", Text, primary_key=True),
    Column("value", Text, nullable=False),
    Column("folded", Text, nullable=False),  # as compared: a number in E.164, a mailbox in lower case
    _of_user(),
    Index("user_claims_by_value", "tenant", "uri", "folded"),
)

marks = Table(
    "marks",
    metadata,
    _tenant(),
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),  # such as a digest that only the right keys make
)

unique_values = Table(
    "unique_values",
    metadata,
    _tenant(),
    Column("uri", Text, primary_key=True),
    Column("folded", Text, primary_key=True),
    Column("user_id", Text, nullable=False),
    _of_user(),
    Index("unique_values_by_user", "tenant", "user_id"),
)

user_roles = Table(
    "user_roles",
    metadata,
    _tenant(),
    Column("user_id", Text, primary_key=True),
    Column("role", Text, primary_key=True),
    _of_user(),
)

verifications = Table(
    "verifications",
    metadata,
    _tenant(),
    Column("user_id", Text, primary_key=True),
    Column("channel", Text, primary_key=True),
    Column("how", Text, nullable=False),  # code, application, admin
    Column("by", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("value_digest", Text, nullable=False),
    _of_user(),
)

consents = Table(
    "consents",
    metadata,
    _tenant(),
    Column("user_id", Text, primary_key=True),
    Column("receipt", Text, nullable=False),
    Column("at", Instant, nullable=False),
    _of_user(),
)

clients = Table(
    "clients",
    metadata,
    _tenant(),
    Column("name", Text, primary_key=True),
    Column("secret_hash", Text, nullable=False),
    Column("permissions", Text, nullable=False),  # blank-separated
    Column("created_at", Instant, nullable=False),
)

codes = Table(
    "codes",
    metadata,
    _tenant(),
    Column("id", Text, primary_key=True),
    Column("user_id", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("scenario", Text, nullable=False),
    Column("step", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("last_sent_at", Instant, nullable=False),
    Column("expired", Boolean, nullable=False),  # latched: once seen late, never valid again
    Column("pending_value", Text),
    Column("sealed", LargeBinary),  # only while the same code may have to go out again
    Column("facts", Text, nullable=False),  # the properties of the request, for the next message
    _of_user(),
    Index("codes_by_digest", "tenant", "digest", unique=True),
    Index("codes_by_user", "tenant", "user_id", "scenario", unique=True),
)

messages = Table(
    "messages",
    metadata,
    _tenant(),
    Column("id", Text, primary_key=True),
    Column("user_id", Text),  # no key: the row outlives the account
    Column("channel", Text, nullable=False),
    Column("masked_to", Text, nullable=False),
    Column("template", Text, nullable=False),
    Column("locale", Text, nullable=False),
    Column("event", Text, nullable=False),
    Column("scenario", Text),
    Column("state", Text, nullable=False),
    Column("reason", Text),
    Column("attempts", Integer, nullable=False),
    Column("provider", Text),
    Column("reference", Text),
    Column("created_at", Instant, nullable=False),
    Column("due_at", Instant),  # null once nothing is left to do
    Column("leased_until", Instant),
    Column("fence", Integer, nullable=False),
    Column("sent_at", Instant),
    Column("expires_at", Instant),
    Column("trace", Text, nullable=False),
    Column("sealed", LargeBinary),  # address, text and facts; wiped when done
    Column("route", Text),  # the identity provider whose fields describe the call; null: the tenant's sender
    Column("reply_status", Integer),  # what the provider answered last
    Column("reply", LargeBinary),  # its phrase and the beginning of its body, sealed
    Index("messages_due", "channel", "due_at"),
    Index("messages_by_user", "tenant", "user_id"),
)

notification_template_types = Table(
    "notification_template_types",
    metadata,
    _tenant(),
    Column("channel", Text, primary_key=True),
    Column("type", Text, primary_key=True),  # as it is compared
    Column("display", Text, nullable=False),
)

notification_templates = Table(
    "notification_templates",
    metadata,
    _tenant(),
    Column("channel", Text, primary_key=True),
    Column("type", Text, primary_key=True),
    Column("locale", Text, primary_key=True),
    Column("subject", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("footer", Text, nullable=False),
    Column("content_type", Text, nullable=False),
    Column("saved_at", Instant, nullable=False),
)

notification_senders = Table(
    "notification_senders",
    metadata,
    _tenant(),
    Column("name", Text, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),  # all that describes it, secrets among it
    Column("saved_at", Instant, nullable=False),
)

counters = Table(
    "counters",
    metadata,
    _tenant(),
    Column("limit", Text, primary_key=True),
    Column("key", Text, primary_key=True),  # a keyed digest: no address stands here in clear
    Column("window", Integer, primary_key=True),  # its length in seconds
    Column("count", Integer, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False),
    Index("counters_ended", "ends_at"),
)

answers = Table(
    "answers",
    metadata,
    _tenant(),
    Column("caller", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("body_digest", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("created_at", Instant, nullable=False),
    Index("answers_by_age", "created_at"),
)

audit = Table(
    "audit",
    metadata,
    _tenant(),
    Column("id", Text, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("actor", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("trace", Text, nullable=False),
)

# --- applications, and those whom we trust ------------------------------------------------------------------------

applications = Table(
    "applications",
    metadata,
    _tenant(),
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("folded", Text, nullable=False),  # the name as it is compared
    Column("issuer", Text),  # of the SAML service provider; null without one
    Column("qualifier", Text, nullable=False),  # tells service providers of one issuer apart
    Column("document", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("modified_at", Instant, nullable=False),
    Index("applications_by_name", "tenant", "folded", unique=True),
    Index("applications_by_issuer", "tenant", "issuer", "qualifier", unique=True),
)

identity_providers = Table(
    "identity_providers",
    metadata,
    _tenant(),
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("folded", Text, nullable=False),
    Column("document", Text, nullable=False),
    Column("sealed", LargeBinary),  # the properties that are secrets
    Column("version", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("modified_at", Instant, nullable=False),
    Index("identity_providers_by_name", "tenant", "folded", unique=True),
)

associations = Table(
    "associations",
    metadata,
    _tenant(),
    Column("provider_id", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("user_id", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    _of_user(),
    Index("associations_by_user", "tenant", "user_id"),
)

# --- logging in ---------------------------------------------------------------------------------------------------

logins = Table(
    "logins",
    metadata,
    _tenant(),
    Column("digest", Text, primary_key=True),  # of the sessionDataKey
    Column("nonce", Text, nullable=False),  # digest of the cookie that binds it to one browser
    Column("version", Integer, nullable=False),  # counted at every change: of two that come together one wins
    Column("sealed", LargeBinary, nullable=False),  # what was asked, and how far it has come
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Index("logins_expired", "expires_at"),
)

challenges = Table(
    "challenges",
    metadata,
    _tenant(),
    Column("login", Text, primary_key=True),
    Column("authenticator", Text, primary_key=True),
    Column("digest", Text),  # of the code; null while none was sent, or once it was used
    Column("attempts", Integer, nullable=False),  # in this login: a new code does not give new ones
    Column("sends", Integer, nullable=False),
    Column("sent_at", Instant),
    Column("lifetime", BigInteger, nullable=False),  # of the code, in microseconds
    Column("expired", Boolean, nullable=False),  # latched: once seen late, never valid again
    Column("message_id", Text),
    # Looked at with the commit: a login that begins with a code is stored after it.
    ForeignKeyConstraint(
        ["tenant", "login"],
        ["logins.tenant", "logins.digest"],
        ondelete="CASCADE",
        deferrable=True,
        initially="DEFERRED",
    ),
)

sessions = Table(
    "sessions",
    metadata,
    _tenant(),
    Column("id", Text, primary_key=True),
    Column("digest", Text, nullable=False),  # of the cookie, which changes with every login
    Column("user_id", Text),  # null for somebody who has no account here
    Column("document", Text, nullable=False),  # who, and what was proven how and when
    Column("remembered", Boolean, nullable=False),
    Column("user_agent", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("used_at", Instant, nullable=False),
    Column("idle_at", Instant, nullable=False),  # when it ends unused
    Column("ends_at", Instant, nullable=False),  # when it ends anyhow
    Index("sessions_by_digest", "tenant", "digest", unique=True),
    Index("sessions_by_user", "tenant", "user_id"),
    Index("sessions_idle", "idle_at"),
)

session_applications = Table(
    "session_applications",
    metadata,
    _tenant(),
    Column("session_id", Text, primary_key=True),
    Column("application_id", Text, primary_key=True),
    Column("protocol", Text, nullable=False),
    Column("subject", Text, nullable=False),  # as it was told to the application
    Column("document", Text, nullable=False),  # what the protocol must know to log out there
    Column("at", Instant, nullable=False),
    Column("ended_at", Instant),  # the row outlives its session until the application was told
    Index("session_applications_ended", "ended_at"),
)

failures = Table(
    "failures",
    metadata,
    _tenant(),
    Column("subject", Text, primary_key=True),  # a user's id; the digest of a name that nobody has
    Column("factor", Text, primary_key=True),  # password, sms, email, backup
    Column("count", Integer, nullable=False),  # since the last success
    Column("last_at", Instant, nullable=False),
    Index("failures_by_age", "last_at"),
)

backup_codes = Table(
    "backup_codes",
    metadata,
    _tenant(),
    Column("user_id", Text, primary_key=True),
    Column("digest", Text, primary_key=True),
    Column("created_at", Instant, nullable=False),
    _of_user(),
)

password_history = Table(
    "password_history",
    metadata,
    _tenant(),
    Column("user_id", Text, primary_key=True),
    Column("at", Instant, primary_key=True),
    Column("password_hash", Text, nullable=False),
    _of_user(),
)

# --- SAML ---------------------------------------------------------------------------------------------------------

tenant_keys = Table(
    "tenant_keys",
    metadata,
    _tenant(),
    Column("id", Text, primary_key=True),
    Column("purpose", Text, nullable=False),
    Column("certificate", Text, nullable=False),  # PEM
    Column("sealed", LargeBinary, nullable=False),  # the private key
    Column("state", Text, nullable=False),  # next, active, retired
    Column("created_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False),
    Index("tenant_keys_by_purpose", "tenant", "purpose", "state"),
)

replays = Table(
    "replays",
    metadata,
    _tenant(),
    Column("kind", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("expires_at", Instant, nullable=False),
    Index("replays_expired", "expires_at"),
)

logouts = Table(
    "logouts",
    metadata,
    _tenant(),
    Column("id", Text, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("document", Text, nullable=False),  # who asked, who was told, and who has answered
    Column("expires_at", Instant, nullable=False),
    Index("logouts_expired", "expires_at"),
)

logout_requests = Table(
    "logout_requests",
    metadata,
    _tenant(),
    Column("id", Text, primary_key=True),
    Column("logout_id", Text, nullable=False),
    Column("application_id", Text, nullable=False),
    Column("document", Text, nullable=False),
    Column("state", Text, nullable=False),  # waiting, confirmed, failed
    Column("attempts", Integer, nullable=False),
    Column("due_at", Instant),
    Column("fence", Integer, nullable=False),
    Index("logout_requests_by_logout", "tenant", "logout_id"),
    Index("logout_requests_due", "due_at"),
)
