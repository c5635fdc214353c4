"""Rows to records and back, and the statements that are used for many rows at once."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, select, update

from ringback.domain.run import Asked, Result, Run, RunOrigin, RunSpecification, RunStatus
from ringback.domain.telephone import DialWindow
from ringback.storage.documents import (
    dump_specification,
    load_provenance,
    load_record,
    load_specification,
)
from ringback.storage.many_rows import insert_documents, insert_many
from ringback.storage.owner import Owner
from ringback.storage.tables import runs
from ringback.storage.tables import specifications as documents
from ringback.storage.writer import RunChange

NOT_BEGUN = (RunStatus.QUEUED, RunStatus.ADMITTED)
"""Nobody works on it."""

BEGUN = (RunStatus.CONVERSING, RunStatus.EVALUATING)
"""A worker, or a command, has it."""

UNFINISHED = (*NOT_BEGUN, *BEGUN)
"""Whatever is not over."""

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
        ending=bindparam("ending"),
        duration=bindparam("duration"),
        expectation_met=bindparam("expectation_met"),
        provider_call_id=bindparam("provider_call_id"),
        measured=bindparam("measured"),
        brief=bindparam("brief"),
        updated_at=bindparam("updated_at"),
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
        brief=None,
        owner=bindparam("owner"),
        owner_kind=bindparam("owner_kind"),
    )
)

EVALUATE_AGAIN = (
    update(runs)
    .where(runs.c.id == bindparam("run"))
    .values(status=RunStatus.QUEUED, owner=bindparam("owner"), owner_kind=bindparam("owner_kind"))
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
        "ending": change.ending,
        "duration": change.duration,
        "expectation_met": change.expectation_met,
        "provider_call_id": change.provider_call_id,
        "measured": change.measured,
        "brief": change.brief,
        "updated_at": datetime.now(UTC),
    }


def insert_runs(
    connection: Connection,
    result_id: int,
    specifications: Sequence[RunSpecification],
    owner: Owner,
    origins: Sequence[RunOrigin] = (),
) -> None:
    """Insert a queued run for each specification, in their order."""
    if not specifications:
        return
    of_run = list(map(_combination, specifications))
    # Each combination of scenario, personality and profile is kept once.
    distinct = dict(zip(of_run, specifications, strict=True))
    tags = [specification.scenario.tags for specification in distinct.values()]
    ids = insert_documents(connection, result_id, list(map(dump_specification, distinct.values())), tags)
    documents = dict(zip(distinct, ids, strict=True))
    now = datetime.now(UTC)
    common: dict[str, Any] = {
        "result_id": result_id,
        "status": RunStatus.QUEUED.value,
        "attempt": 1,
        "owner_kind": owner.kind,
        "owner": str(owner),
        "times_lost": 0,
        "scorings": 0,
        "created_at": now,
        "updated_at": now,
    }
    columns: dict[str, Sequence[Any]] = {
        "position": range(len(specifications)),
        "scenario_id": [one.scenario_id for one in specifications],
        "scenario_name": [one.scenario.name.replace("\0", "\ufffd") for one in specifications],
        "specification_id": [documents[combination] for combination in of_run],
        "repeat": [one.repeat for one in specifications],
        "seed": [one.seed for one in specifications],
    }
    if origins:
        columns |= {
            "agent_id": [one.agent_id for one in origins],
            "personality_id": [one.personality_id for one in origins],
            "test_profile_id": [one.test_profile_id for one in origins],
            "number": [one.number for one in origins],
            "inbound_number": [one.calls_from for one in origins],
        }
    insert_many(connection, runs, common, columns)


def run_numbers(connection: Connection, result_id: int) -> list[int]:
    """The numbers of a result's runs, in the order of the request."""
    of_result = select(runs.c.id).where(runs.c.result_id == result_id).order_by(runs.c.position)
    return list(connection.execute(of_result).scalars())


def asked_columns(asked: Asked) -> dict[str, Any]:
    """The columns of `results` that only the service fills in."""
    return {
        "agent_id": asked.agent_id,
        "agent": asked.sealed_agent,
        "run_type": asked.run_type,
        "request": json.dumps(asked.request),
        "concurrency_limit": asked.concurrency_limit,
        "call_timeout": asked.call_timeout,
        "takes_calls": asked.takes_calls,
        "taken_on": asked.taken_on,
    }


def _combination(specification: RunSpecification) -> tuple[int, int, int]:
    """What the repeats of a scenario have in common: the planner makes it once for all of them."""
    return id(specification.scenario), id(specification.personality), id(specification.profile)


RUNS = select(runs, documents.c.document.label("specification")).join(
    documents, documents.c.id == runs.c.specification_id
)
"""Rows that `load_run` can read."""


class RunLoader:
    """Reads rows of `RUNS`; a specification that many rows share is read once."""

    def __init__(self) -> None:
        self._specifications: dict[int, RunSpecification] = {}

    def load(self, row: Row[Any]) -> Run:
        """One run. Raises `ValueError` where a document cannot be read."""
        shared = self._specifications.get(row.specification_id)
        if shared is None:
            shared = self._specifications[row.specification_id] = load_specification(row.specification)
        record = load_record(row.record)
        return Run(
            id=row.id,
            result_id=row.result_id,
            specification=shared.model_copy(update={"repeat": row.repeat, "seed": row.seed}),
            status=RunStatus(row.status),
            attempt=row.attempt,
            scorings=row.scorings,
            conversation=record.conversation,
            evaluation=record.evaluation,
            earlier_attempts=record.earlier_attempts,
            usage=record.usage,
            started_at=row.started_at,
            finished_at=row.finished_at,
            dial_window=window_of(row),
            calls_from=row.inbound_number,
        )


def window_of(row: Any) -> DialWindow | None:
    """The dial window of a run's row; None where it has no number of ours."""
    if row.number is None or row.dial_opened_at is None:
        return None
    return DialWindow(number=row.number, opens_at=row.dial_opened_at, seconds=row.dial_seconds)


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
