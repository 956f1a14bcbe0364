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
    Index("messages_due", "channel", "due_at"),
    Index("messages_by_user", "tenant", "user_id"),
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
