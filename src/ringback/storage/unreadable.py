"""Runs whose documents cannot be read (a damaged disk, a migration gone wrong): they end, and hold up nobody else."""

import logging
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, update

from ringback.domain.ending import EndingCode
from ringback.domain.outcome import Outcome
from ringback.domain.run import Run, RunStatus
from ringback.storage.rows import RunLoader
from ringback.storage.tables import runs

log = logging.getLogger(__name__)


def readable(connection: Connection, rows: Iterable[Row[Any]], now: datetime) -> Iterator[tuple[Row[Any], Run]]:
    """Each row with its run; one that cannot be read is ended as an error and left out."""
    loader = RunLoader()
    for row in rows:
        try:
            run = loader.load(row)
        except ValueError:
            log.exception("run %s cannot be read; it ends as an error", row.id)
            _end(connection, row.id, now)
        else:
            yield row, run


def _end(connection: Connection, run_id: int, now: datetime) -> None:
    connection.execute(
        update(runs)
        .where(runs.c.id == run_id)
        .values(
            status=RunStatus.DONE,
            outcome=func.coalesce(runs.c.outcome, Outcome.ERROR.value),
            ending=EndingCode.INTERNAL_ERROR,
            record=None,
            brief=None,
            finished_at=now,
            updated_at=now,
        )
    )
