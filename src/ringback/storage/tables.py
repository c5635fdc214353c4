"""The tables: columns for what is filtered on, one JSON document for each record."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)

SCHEMA_VERSION = 1
"""Raised with every change of the tables or documents that an older Ringback could not read."""


class Moment(TypeDecorator[datetime]):
    """A point in time, in UTC; SQLite drops the zone, so it is put back on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(
        self,
        value: datetime | None,
        dialect: Dialect,  # noqa: ARG002 - the signature is SQLAlchemy's
    ) -> datetime | None:
        """To UTC."""
        return None if value is None else value.astimezone(UTC)

    def process_result_value(
        self,
        value: Any | None,
        dialect: Dialect,  # noqa: ARG002 - the signature is SQLAlchemy's
    ) -> datetime | None:
        """With its zone."""
        return None if value is None else value.replace(tzinfo=UTC)


metadata = MetaData()

schema = Table(
    "ringback_schema",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
)

scenario_ids = Table(
    "scenario_ids",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("suite", Text, nullable=False),
    Column("key", Text, nullable=False),
    UniqueConstraint("suite", "key"),
    # Agents have seen the numbers: one that was deleted is never given out again.
    sqlite_autoincrement=True,
)

results = Table(
    "results",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("agent_name", Text, nullable=False),
    Column("agent_url", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("finished_at", Moment),
    Column("interrupted", Boolean, nullable=False, default=False),
    Column("provenance", Text, nullable=False),
    sqlite_autoincrement=True,
)

runs = Table(
    "runs",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("result_id", Integer, ForeignKey("results.id"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("scenario_id", Integer, nullable=False),
    Column("status", String(16), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("outcome", String(16)),
    Column("owner_kind", String(16), nullable=False),
    Column("owner", Text, nullable=False),
    Column("started_at", Moment),
    Column("finished_at", Moment),
    Column("specification", Text, nullable=False),
    Column("record", Text),
    UniqueConstraint("result_id", "position"),
    Index("runs_unfinished", "status", "owner_kind"),
    sqlite_autoincrement=True,
)
