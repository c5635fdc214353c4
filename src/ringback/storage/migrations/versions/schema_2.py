"""The service: agents, scenarios and the rest of a library, keys, workers; each specification once for its repeats."""

import hashlib
import json
from typing import Any, cast

import sqlalchemy as sa
from alembic import op

revision = "2"
down_revision = "1"

_MOMENT = sa.DateTime(timezone=True)

_AT_ONCE = 200
"""Runs that are moved together: their documents are in memory."""

_RUNS = sa.Table(
    "runs",
    sa.MetaData(),
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("result_id", sa.Integer),
    sa.Column("specification", sa.Text),
    sa.Column("record", sa.Text),
)

_FOREIGN_KEY = "runs_result_id_fkey"
"""As PostgreSQL calls it; on SQLite it has no name."""

_MOVED = sa.text(
    "UPDATE runs SET scenario_name = :scenario_name, specification_id = :specification_id, repeat = :repeat,"
    " seed = :seed, ending = :ending, expectation_met = :expectation_met, duration = :duration,"
    " measured = :measured, times_lost = 0, scorings = 0 WHERE id = :run"
)

_ADDED = sa.text(
    "INSERT INTO specifications (result_id, tags, document) VALUES (:result_id, :tags, :document) RETURNING id"
)


def upgrade() -> None:
    """Make room for the service, and move what the command line has kept."""
    _library()
    _results()
    _runs()
    _service()
    op.execute("UPDATE ringback_schema SET version = 2")


def _results() -> None:
    for column in (
        sa.Column("updated_at", _MOMENT),
        sa.Column("kind", sa.String(16), nullable=False, server_default="cli"),
        sa.Column("agent_id", sa.Integer),
        sa.Column("agent", sa.Text),
        sa.Column("run_type", sa.String(16)),
        sa.Column("request", sa.Text),
        sa.Column("concurrency_limit", sa.Integer),
        sa.Column("call_timeout", sa.Float),
        sa.Column("takes_calls", sa.Boolean),
        sa.Column("taken_on", sa.Text),
        sa.Column("cancelled_at", _MOMENT),
        sa.Column("deleted_at", _MOMENT),
    ):
        op.add_column("results", column)
    op.execute("UPDATE results SET updated_at = COALESCE(finished_at, created_at)")
    op.create_index("ix_results_updated_at", "results", ["updated_at"])
    op.create_index("results_open", "results", ["kind", "finished_at"])


def _runs() -> None:
    op.create_table(
        "specifications",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("result_id", sa.Integer, nullable=False),
        sa.Column("tags", sa.Text),
        sa.Column("document", sa.Text, nullable=False),
    )
    op.create_index("ix_specifications_result_id", "specifications", ["result_id"])
    for column in (
        sa.Column("scenario_name", sa.Text),
        sa.Column("agent_id", sa.Integer),
        sa.Column("personality_id", sa.Integer),
        sa.Column("test_profile_id", sa.Integer),
        sa.Column("specification_id", sa.Integer),
        sa.Column("repeat", sa.Integer),
        sa.Column("seed", sa.BigInteger),
        sa.Column("number", sa.String(255)),
        sa.Column("inbound_number", sa.String(255)),
        sa.Column("dial_opened_at", _MOMENT),
        sa.Column("dial_seconds", sa.Integer),
        sa.Column("awaits_call", sa.Boolean),
        sa.Column("ending", sa.String(64)),
        sa.Column("expectation_met", sa.Boolean),
        sa.Column("duration", sa.Float),
        sa.Column("times_lost", sa.Integer),
        sa.Column("scorings", sa.Integer),
        sa.Column("created_at", _MOMENT),
        sa.Column("updated_at", _MOMENT),
        sa.Column("admitted_at", _MOMENT),
        sa.Column("cancel_requested_at", _MOMENT),
        sa.Column("provider_call_id", sa.Text),
        sa.Column("measured", sa.Text),
        sa.Column("brief", sa.Text),
        sa.Column("review", sa.Text),
        sa.Column("rescoring", sa.Text),
    ):
        op.add_column("runs", column)
    _move_documents(op.get_bind())
    of_result = "(SELECT results.created_at FROM results WHERE results.id = runs.result_id)"
    op.execute(f"UPDATE runs SET created_at = {of_result}, updated_at = COALESCE(finished_at, {of_result})")  # noqa: S608 - nobody's words
    op.drop_index("runs_unfinished", "runs")
    # SQLite makes the table anew for this, with the brief before the record: reading it walks over what comes before.
    order = [("provider_call_id", "measured", "review", "rescoring", "brief", "record")]
    with op.batch_alter_table(
        "runs",
        table_kwargs={"sqlite_autoincrement": True},
        partial_reordering=order,
        naming_convention={"fk": _FOREIGN_KEY},
    ) as table:
        table.drop_constraint(_FOREIGN_KEY, type_="foreignkey")
        for name in ("scenario_name", "specification_id", "repeat", "seed", "times_lost", "scorings"):
            table.alter_column(name, nullable=False)
        table.drop_column("specification")
    op.create_index("ix_runs_scenario_id", "runs", ["scenario_id"])
    op.create_index("ix_runs_agent_id", "runs", ["agent_id"])
    op.create_index("runs_unfinished", "runs", ["status", "owner_kind", "result_id", "agent_id"])
    counted = ["result_id", "status", "outcome", "ending", "expectation_met", "awaits_call"]
    op.create_index("runs_of_result", "runs", counted)
    _index_where_given("runs_admitted", "admitted_at")
    _index_where_given("runs_of_call", "provider_call_id")
    op.create_index("runs_changed", "runs", ["result_id", "updated_at"])


def _index_where_given(name: str, column: str) -> None:
    condition = sa.text(f"{column} IS NOT NULL")
    op.create_index(name, "runs", [column], sqlite_where=condition, postgresql_where=condition)


def _move_documents(connection: sa.Connection) -> None:
    """Each distinct specification of a result gets a row of its own; a run keeps its repeat and seed."""
    after = sa.select(_RUNS.c.id, _RUNS.c.result_id, _RUNS.c.specification, _RUNS.c.record)
    after = after.where(_RUNS.c.id > sa.bindparam("last")).order_by(_RUNS.c.id).limit(_AT_ONCE)
    known: dict[tuple[int, bytes], int] = {}
    last = 0
    while rows := connection.execute(after, {"last": last}).all():
        last = rows[-1].id
        connection.execute(_MOVED, [_moved(connection, row, known) for row in rows])


def _moved(
    connection: sa.Connection, row: sa.Row[Any, Any, Any, Any], known: dict[tuple[int, bytes], int]
) -> dict[str, Any]:
    """The new columns of a run. Raises `ValueError` where a document cannot be read."""
    try:
        specification = cast("dict[str, Any]", json.loads(row.specification))
        repeat, seed = specification.pop("repeat"), specification.pop("seed", 0)
        name = specification["scenario"]["name"]
        tags = specification["scenario"].get("tags")
        record = cast("dict[str, Any]", json.loads(row.record) if row.record else {})
        conversation = cast("dict[str, Any]", record.get("conversation") or {})
        ending = cast("dict[str, Any]", conversation.get("ending") or {})
        evaluation = cast("dict[str, Any]", record.get("evaluation") or {})
        met, measured = _expectation_met(evaluation), _measured(evaluation)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"the documents of run {row.id} cannot be read") from error
    digest = hashlib.sha256(json.dumps(specification, sort_keys=True).encode(errors="replace")).digest()
    number = known.get((row.result_id, digest))
    if number is None:
        kept = json.dumps(tags, separators=(",", ":")) if tags else None
        document = {"result_id": row.result_id, "tags": kept, "document": row.specification}
        number = known[row.result_id, digest] = connection.execute(_ADDED, document).scalar_one()
    return {
        "run": row.id,
        "scenario_name": name,
        "specification_id": number,
        "repeat": repeat,
        "seed": seed,
        "ending": ending.get("code"),
        "expectation_met": met,
        "measured": measured,
        "duration": conversation.get("duration"),
    }


def _expectation_met(evaluation: dict[str, Any]) -> bool | None:
    expected = evaluation.get("expected_outcome")
    return None if expected is None else expected["quotes_verified"] and expected["score"] == 100  # noqa: PLR2004 - per cent


def _measured(evaluation: dict[str, Any]) -> str | None:
    """What was measured; nothing of it had a number then."""
    ids = [metric["slug"] for metric in evaluation.get("metrics") or ()]
    ids += ["checks"] if evaluation.get("checks") else []
    return f",{','.join(ids)}," if ids else None


def _library() -> None:
    op.create_table(
        "agents",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("assistant_id", sa.Text),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("sealed", sa.Text),
        *_kept(),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_agents_assistant_id", "agents", ["assistant_id"])
    op.create_table(
        "scenarios",
        sa.Column("id", sa.Integer, sa.ForeignKey("scenario_ids.id"), primary_key=True, autoincrement=False),
        sa.Column("agent_id", sa.Integer),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("personality_id", sa.Integer),
        sa.Column("test_profile_id", sa.Integer),
        sa.Column("document", sa.Text, nullable=False),
        *_kept(),
    )
    op.create_index("ix_scenarios_agent_id", "scenarios", ["agent_id"])
    op.create_table(
        "scenario_tags",
        sa.Column("scenario_id", sa.Integer, sa.ForeignKey("scenarios.id"), primary_key=True),
        sa.Column("tag", sa.Text, primary_key=True),
    )
    op.create_index("scenario_tags_tag", "scenario_tags", ["tag"])
    op.create_table(
        "personalities",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("predefined", sa.Boolean, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        *_kept(),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "test_profiles",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("agent_id", sa.Integer),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        *_kept(),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_test_profiles_agent_id", "test_profiles", ["agent_id"])
    op.create_table(
        "metrics",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("slug", sa.Text, nullable=False),
        sa.Column("predefined", sa.Boolean, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        *_kept(),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "scenario_metrics",
        sa.Column("scenario_id", sa.Integer, sa.ForeignKey("scenarios.id"), primary_key=True),
        sa.Column("metric_id", sa.Integer, sa.ForeignKey("metrics.id"), primary_key=True),
    )


def _kept() -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("updated_at", _MOMENT, nullable=False),
        sa.Column("deleted_at", _MOMENT),
    )


def _service() -> None:
    op.create_table(
        "number_leases",
        sa.Column("number", sa.String(255), primary_key=True),
        sa.Column("run_id", sa.Integer, sa.ForeignKey("runs.id"), nullable=False),
        sa.Column("given_at", _MOMENT, nullable=False),
    )
    op.create_table(
        "workers",
        sa.Column("owner", sa.Text, primary_key=True),
        sa.Column("places", sa.Integer, nullable=False),
        sa.Column("started_at", _MOMENT, nullable=False),
        sa.Column("heartbeat_at", _MOMENT, nullable=False),
        sa.Column("heartbeat", sa.Float),
        sa.Column("stopped_at", _MOMENT),
    )
    op.create_table(
        "api_keys",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("prefix", sa.String(16), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False, unique=True),
        sa.Column("scope", sa.String(8), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("revoked_at", _MOMENT),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_api_keys_prefix", "api_keys", ["prefix"])
    op.create_table(
        "answers",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("key_id", sa.Integer, nullable=False),
        sa.Column("idempotency_key", sa.Text, nullable=False),
        sa.Column("request_digest", sa.String(64), nullable=False),
        sa.Column("result_id", sa.Integer),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.UniqueConstraint("key_id", "idempotency_key"),
    )
    op.create_table(
        "chat_turns",
        sa.Column("run_id", sa.Integer, sa.ForeignKey("runs.id"), primary_key=True),
        sa.Column("turn_id", sa.Integer, primary_key=True),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("message", sa.Text),
        sa.Column("ended", sa.Boolean, nullable=False),
        sa.Column("ended_reason", sa.Text),
        sa.Column("updated_at", _MOMENT, nullable=False),
    )
    op.create_table(
        "chat_frames",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("run_id", sa.Integer, sa.ForeignKey("runs.id"), nullable=False),
        sa.Column("turn_id", sa.Integer),
        sa.Column("frame", sa.Text, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("chat_frames_of_run", "chat_frames", ["run_id", "id"])
    op.create_table(
        "key_checks",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("sealed", sa.Text, nullable=False),
    )
