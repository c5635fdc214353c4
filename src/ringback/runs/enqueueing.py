"""How the durable execution engine is told of runs: one at a time, or, in PostgreSQL, many with one statement."""

from collections.abc import Sequence
from itertools import islice

from dbos import DBOSClient, EnqueueOptions
from sqlalchemy import Connection, Engine, text

RunKey = tuple[int, int]
"""Run id and attempt."""

QUEUE = "runs"
WORKFLOW = "run"
SCHEMA = "ringback_engine"
APPLICATION = "ringback"

_IN_ONE_COMMIT = 60
"""Enqueued together: others wait for no longer than that takes, and the first begin while the last are written.

In PostgreSQL each is a subtransaction, and a transaction of more than 64 of them slows others down
(`PGPROC_MAX_CACHED_SUBXIDS`).
"""
_ENQUEUE = text(
    f"SELECT {SCHEMA}.enqueue_workflow("  # noqa: S608 - a name of our own
    "workflow_name => :workflow, queue_name => :queue, application_name => :application, app_version => :version,"
    " workflow_id => one.workflow_id, positional_args => ARRAY[to_json(one.run_id), to_json(one.attempt)])"
    " FROM unnest(CAST(:names AS text[]), CAST(:ids AS bigint[]), CAST(:attempts AS bigint[]))"
    " AS one(workflow_id, run_id, attempt)"
)
"""The engine's function for enqueueing in SQL, see "System Database Functions" of its documentation."""


def workflow_id(key: RunKey) -> str:
    """What the engine calls one attempt of one run."""
    return f"run-{key[0]}-{key[1]}"


def enqueue(connections: Engine, client: DBOSClient, version: str, runs: Sequence[RunKey]) -> None:
    """Have attempts carried out under a version of the application; what was enqueued before stays as it is.

    It raises what the engine and the database raise; some may have been enqueued by then.
    """
    rest = iter(runs)
    while portion := list(islice(rest, _IN_ONE_COMMIT)):
        with connections.begin() as transaction:
            if connections.dialect.name == "postgresql":
                _together(transaction, version, portion)
            else:
                _one_by_one(transaction, client, version, portion)


def _together(transaction: Connection, version: str, runs: Sequence[RunKey]) -> None:
    """After each statement this thread would have to wait for the interpreter's lock."""
    values = {
        "workflow": WORKFLOW,
        "queue": QUEUE,
        "application": APPLICATION,
        "version": version,
        "names": [workflow_id(key) for key in runs],
        "ids": [run_id for run_id, _ in runs],
        "attempts": [attempt for _, attempt in runs],
    }
    transaction.execute(_ENQUEUE, values)


def _one_by_one(transaction: Connection, client: DBOSClient, version: str, runs: Sequence[RunKey]) -> None:
    for key in runs:
        options: EnqueueOptions = {
            "workflow_name": WORKFLOW,
            "queue_name": QUEUE,
            "workflow_id": workflow_id(key),
            "app_version": version,
        }
        client.enqueue_in_transaction(transaction, options, *key)
