"""Rows to records and back, and the statements that are used for many rows at once."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, insert, select, update

from ringback.domain.run import Result, Run, RunSpecification, RunStatus
from ringback.storage.documents import (
    dump_specification,
    load_provenance,
    load_record,
    load_specification,
)
from ringback.storage.owner import Owner
from ringback.storage.tables import runs
from ringback.storage.writer import RunChange

UNFINISHED = (RunStatus.QUEUED, RunStatus.CONVERSING, RunStatus.EVALUATING)

SAVE = (
    update(runs)
    # The fence: a process that slept while another took its run over finds that the run is not its own any more,
    # and a late write of an earlier attempt never covers a later one.
    .where(
        runs.c.id == bindparam("run"),
        runs.c.owner == bindparam("writer"),
        runs.c.attempt <= bindparam("attempt"),
        runs.c.status != RunStatus.DONE,
    )
    .values(
        status=bindparam("status"),
        attempt=bindparam("attempt"),
        outcome=bindparam("outcome"),
        started_at=bindparam("started_at"),
        finished_at=bindparam("finished_at"),
        record=bindparam("record"),
    )
)

QUEUE_AGAIN = (
    update(runs)
    .where(runs.c.id == bindparam("run"))
    .values(
        status=RunStatus.QUEUED,
        attempt=1,
        outcome=None,
        started_at=None,
        finished_at=None,
        record=None,
        owner=bindparam("owner"),
        owner_kind=bindparam("owner_kind"),
    )
)


def bound(change: RunChange, owner: Owner) -> dict[str, Any]:
    """The parameters of `SAVE`."""
    return {
        "run": change.id,
        "writer": str(owner),
        "status": change.status,
        "attempt": change.attempt,
        "outcome": change.outcome,
        "started_at": change.started_at,
        "finished_at": change.finished_at,
        "record": change.record,
    }


def insert_runs(
    connection: Connection, result_id: int, specifications: Sequence[RunSpecification], owner: Owner
) -> list[int]:
    """Insert a queued run for each specification; their numbers in the same order."""
    if not specifications:
        return []
    rows = [
        {
            "result_id": result_id,
            "position": position,
            "scenario_id": specification.scenario_id,
            "status": RunStatus.QUEUED,
            "attempt": 1,
            "owner_kind": owner.kind,
            "owner": str(owner),
            "specification": dump_specification(specification),
        }
        for position, specification in enumerate(specifications)
    ]
    connection.execute(insert(runs), rows)
    return list(
        connection.execute(select(runs.c.id).where(runs.c.result_id == result_id).order_by(runs.c.position))
        .scalars()
        .all()
    )


def counts_of(connection: Connection, result_ids: Sequence[int]) -> dict[int, dict[str | None, int]]:
    """How many runs of each result have each outcome (None: not done)."""
    rows = connection.execute(
        select(runs.c.result_id, runs.c.outcome, func.count())
        .where(runs.c.result_id.in_(result_ids))
        .group_by(runs.c.result_id, runs.c.outcome)
    )
    counts: dict[int, dict[str | None, int]] = {}
    for result_id, outcome, count in rows:
        counts.setdefault(result_id, {})[outcome] = count
    return counts


def load_run(row: Row[Any]) -> Run:
    """A row of `runs`. Raises `ValueError` where a document cannot be read."""
    record = load_record(row.record)
    return Run(
        id=row.id,
        result_id=row.result_id,
        specification=load_specification(row.specification),
        status=RunStatus(row.status),
        attempt=row.attempt,
        conversation=record.conversation,
        evaluation=record.evaluation,
        earlier_attempts=record.earlier_attempts,
        usage=record.usage,
        started_at=row.started_at,
        finished_at=row.finished_at,
    )


def load_result(row: Row[Any]) -> Result:
    """A row of `results`, without its runs."""
    finished_at: datetime | None = row.finished_at
    return Result(
        id=row.id,
        name=row.name,
        agent_name=row.agent_name,
        agent_url=row.agent_url,
        created_at=row.created_at,
        provenance=load_provenance(row.provenance),
        finished_at=finished_at,
        interrupted=row.interrupted,
    )
