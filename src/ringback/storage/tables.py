"""The tables: columns for what is filtered on, one JSON document for each record.

Whoever changes them changes the newest step of `migrations/versions` in the same way, or, once that was released, adds
another and raises `SCHEMA_VERSION`. `tests/storage/test_migrations.py` compares what the steps lead to with these.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)

SCHEMA_VERSION = 2
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
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _where_given(name: str, column: str) -> Index:
    """An index of the rows that have a value there: a row that is inserted without one costs nothing."""
    condition = text(f"{column} IS NOT NULL")
    return Index(name, column, sqlite_where=condition, postgresql_where=condition)


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
    Column("updated_at", Moment, index=True),
    Column("finished_at", Moment),
    Column("interrupted", Boolean, nullable=False, default=False),
    Column("provenance", Text, nullable=False),
    # What only the service fills in.
    Column("kind", String(16), nullable=False, default="cli"),
    Column("agent_id", Integer),
    Column("agent", Text),  # the agent as it was when the runs were asked for, sealed
    Column("run_type", String(16)),
    Column("request", Text),  # the run request as it was asked, for `rerun` and the answers' `run_settings`
    Column("concurrency_limit", Integer),
    Column("call_timeout", Float),  # pull-mode chat: seconds that one whole conversation may take
    Column("takes_calls", Boolean),  # its agent calls us: each run needs one of our numbers
    Column("taken_on", Text),  # the only number on which its calls are taken; None: any of ours
    Column("cancelled_at", Moment),
    Column("deleted_at", Moment),
    Index("results_open", "kind", "finished_at"),
    sqlite_autoincrement=True,
)

specifications = Table(
    "specifications",
    metadata,
    Column("id", Integer, primary_key=True),
    # No foreign keys here, to here, nor from a run to its result: PostgreSQL looks up, and locks, a row for each new
    # one, which for a thousand takes 4 ms each time. All three rows are written in one transaction, and neither this
    # one nor a result is ever deleted: `Revisions.remove_results` only marks it.
    Column("result_id", Integer, nullable=False, index=True),
    Column("tags", Text),  # of the scenario, a JSON list without blanks; None: it has none
    Column("document", Text, nullable=False),
)

runs = Table(
    "runs",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("result_id", Integer, nullable=False),
    Column("position", Integer, nullable=False),
    Column("scenario_id", Integer, nullable=False, index=True),
    Column("scenario_name", Text, nullable=False, default=""),
    Column("agent_id", Integer, index=True),
    Column("personality_id", Integer),
    Column("test_profile_id", Integer),
    Column("specification_id", Integer, nullable=False),
    Column("repeat", Integer, nullable=False, default=1),
    Column("seed", BigInteger, nullable=False, default=0),
    Column("number", String(255)),  # 1 to frequency for text runs that are repeated; the number that an agent calls
    Column("inbound_number", String(255)),  # where our call comes from
    Column("dial_opened_at", Moment),  # when the number was given to the run
    Column("dial_seconds", Integer),  # how long the agent has from then on to call it
    Column("awaits_call", Boolean),  # it has a number, and the agent has not called yet
    Column("status", String(16), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("outcome", String(16)),
    Column("ending", String(64)),  # the ending's code; `opening` while turn 0 of a pull-mode chat is not there yet
    Column("expectation_met", Boolean),  # whether all of the expected outcome is met; None: it was not judged
    Column("duration", Float),  # seconds
    Column("owner_kind", String(16), nullable=False),
    Column("owner", Text, nullable=False),
    Column("times_lost", Integer, nullable=False, default=0),  # how many workers died with it
    Column("scorings", Integer, nullable=False, default=0),  # how often it was scored again; part of `attempt`
    Column("created_at", Moment),
    Column("updated_at", Moment),
    Column("admitted_at", Moment),
    Column("started_at", Moment),
    Column("finished_at", Moment),
    Column("cancel_requested_at", Moment),
    Column("provider_call_id", Text),  # of spoken runs
    Column("measured", Text),  # numbers and slugs of its metric entries, each between commas: `,1,latency,checks,`
    Column("review", Text),  # what people noted: reviewed, feedback, evaluation status, votes
    Column("rescoring", Text),  # metrics to be scored on a record that is kept; None: the whole run
    Column("brief", Text),  # the run's entry of its result's detail, rendered once
    Column("record", Text),  # last: SQLite walks over it to reach what stands behind
    UniqueConstraint("result_id", "position"),
    # What waits is counted, result by result, whenever something is asked for or ends: that reads no row either.
    Index("runs_unfinished", "status", "owner_kind", "result_id", "agent_id"),
    # What a result is counted by, so that counting reads no row.
    Index("runs_of_result", "result_id", "status", "outcome", "ending", "expectation_met", "awaits_call"),
    _where_given("runs_admitted", "admitted_at"),
    _where_given("runs_of_call", "provider_call_id"),
    Index("runs_changed", "result_id", "updated_at"),
    sqlite_autoincrement=True,
)

number_leases = Table(
    "number_leases",
    metadata,
    Column("number", String(255), primary_key=True),  # one of ours, which agents call
    Column("run_id", Integer, ForeignKey("runs.id"), nullable=False),  # whose it is until that run's call is over
    Column("given_at", Moment, nullable=False),
)

workers = Table(
    "workers",
    metadata,
    Column("owner", Text, primary_key=True),  # as its runs' rows name it
    Column("places", Integer, nullable=False),  # how many runs it carries at once
    Column("started_at", Moment, nullable=False),
    Column("heartbeat_at", Moment, nullable=False),
    Column("heartbeat", Float),  # seconds between two of its signs of life, as it promised; None: it promised nothing
    Column("stopped_at", Moment),  # ended in order, or given up by the others
)

agents = Table(
    "agents",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("assistant_id", Text, index=True),
    Column("document", Text, nullable=False),
    Column("sealed", Text),  # secret, headers and credentials, encrypted
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Column("deleted_at", Moment),
    sqlite_autoincrement=True,
)

scenarios = Table(
    "scenarios",
    metadata,
    Column("id", Integer, ForeignKey("scenario_ids.id"), primary_key=True, autoincrement=False),
    Column("agent_id", Integer, index=True),
    Column("name", Text, nullable=False),
    Column("personality_id", Integer),
    Column("test_profile_id", Integer),
    Column("document", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Column("deleted_at", Moment),
)

scenario_tags = Table(
    "scenario_tags",
    metadata,
    Column("scenario_id", Integer, ForeignKey("scenarios.id"), primary_key=True),
    Column("tag", Text, primary_key=True),
    Index("scenario_tags_tag", "tag"),
)

scenario_metrics = Table(
    "scenario_metrics",
    metadata,
    Column("scenario_id", Integer, ForeignKey("scenarios.id"), primary_key=True),
    Column("metric_id", Integer, ForeignKey("metrics.id"), primary_key=True),
)

personalities = Table(
    "personalities",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("predefined", Boolean, nullable=False, default=False),
    Column("document", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Column("deleted_at", Moment),
    sqlite_autoincrement=True,
)

test_profiles = Table(
    "test_profiles",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("agent_id", Integer, index=True),
    Column("name", Text, nullable=False),
    Column("document", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Column("deleted_at", Moment),
    sqlite_autoincrement=True,
)

metrics = Table(
    "metrics",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("slug", Text, nullable=False),
    Column("predefined", Boolean, nullable=False, default=False),
    Column("document", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Column("deleted_at", Moment),
    sqlite_autoincrement=True,
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("prefix", String(16), nullable=False, index=True),
    Column("digest", String(64), nullable=False, unique=True),
    Column("scope", String(8), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("revoked_at", Moment),
    sqlite_autoincrement=True,
)

answers = Table(
    "answers",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key_id", Integer, nullable=False),  # the API key that asked; 0: the key of the settings
    Column("idempotency_key", Text, nullable=False),
    Column("request_digest", String(64), nullable=False),
    Column("result_id", Integer),  # None while the first request is under way
    Column("created_at", Moment, nullable=False),
    UniqueConstraint("key_id", "idempotency_key"),
)

chat_turns = Table(
    "chat_turns",
    metadata,
    Column("run_id", Integer, ForeignKey("runs.id"), primary_key=True),
    Column("turn_id", Integer, primary_key=True),
    Column("attempt", Integer, nullable=False, default=1),
    Column("status", String(16), nullable=False),  # generating, ready, dropped, error
    Column("message", Text),  # what the caller said; None: nothing
    Column("ended", Boolean, nullable=False, default=False),
    Column("ended_reason", Text),
    Column("updated_at", Moment, nullable=False),
)

chat_frames = Table(
    "chat_frames",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("run_id", Integer, ForeignKey("runs.id"), nullable=False),
    Column("turn_id", Integer),  # the turn that it opened; None: it opens none (a tool frame, metadata)
    Column("frame", Text, nullable=False),  # what was submitted, as JSON text
    Column("created_at", Moment, nullable=False),
    Index("chat_frames_of_run", "run_id", "id"),
    sqlite_autoincrement=True,
)

key_checks = Table(
    "key_checks",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),  # 1: there is one
    Column("sealed", Text, nullable=False),  # by the first process that sealed anything here
)
