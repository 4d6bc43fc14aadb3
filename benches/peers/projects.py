"""The table `projects` of the starter as both programs see it, on SQLite and on PostgreSQL."""

import os
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import URL, BigInteger, DateTime, Engine, LargeBinary, TypeDecorator, Uuid, event, make_url
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from uuid_utils.compat import uuid7

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class IdInBytes(TypeDecorator):
    """The sixteen bytes of an id."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value, dialect):
        return value.bytes

    def process_result_value(self, value, dialect):
        return UUID(bytes=value)


class Micros(TypeDecorator):
    """The microseconds since 1970."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value, dialect):
        return (value - EPOCH) // timedelta(microseconds=1)

    def process_result_value(self, value, dialect):
        return EPOCH + timedelta(microseconds=value)


def now():
    return datetime.now(UTC)


def as_created(context):
    return context.get_current_parameters()["created_at"]


class Base(DeclarativeBase):
    type_annotation_map = {
        UUID: Uuid().with_variant(IdInBytes(), "sqlite"),
        datetime: DateTime(timezone=True).with_variant(Micros(), "sqlite"),
        int: BigInteger,
    }


class Project(Base):
    __tablename__ = "projects"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    name: Mapped[str]
    description: Mapped[str] = mapped_column(default="")
    archived: Mapped[bool] = mapped_column(default=False)
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=as_created)


def url(sqlite: str, postgres: str) -> URL:
    """`DATABASE_URL`, through the driver that is named."""
    given = os.environ["DATABASE_URL"]
    if given.startswith("sqlite://"):
        # As for the starter, all that follows is the path; SQLAlchemy would take one more `/`.
        return URL.create(sqlite, database=given.removeprefix("sqlite://"))
    return make_url(given).set(drivername=postgres)


def prepare(engine: Engine) -> None:
    """Has each connection to SQLite set up as the starter does."""
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _set_up)


def _set_up(connection, _record):
    cursor = connection.cursor()
    for setting in ("busy_timeout = 5000", "journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        cursor.execute(f"PRAGMA {setting}")
    cursor.close()
