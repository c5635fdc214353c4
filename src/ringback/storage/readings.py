"""What the service's doors read of results and runs: columns and briefs for lists, records only for single runs."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from operator import attrgetter
from typing import Any, TypeVar, cast

from sqlalchemy import ColumnElement, Connection, Row, func, null, select

from ringback.domain.scenario import Scenario, TestProfile
from ringback.errors import NotFound
from ringback.storage import tables
from ringback.storage.database import Database
from ringback.storage.documents import WITHOUT_PROFILE, load_specification
from ringback.storage.reading_filters import ResultFilter, RunFilter
from ringback.storage.reading_rows import (
    AskedRun,
    CountedRuns,
    Counts,
    DetailedResult,
    KeptRun,
    ListedResult,
    ResultLine,
    RunLine,
)
from ringback.storage.records import batches
from ringback.storage.rows import RUNS, RunLoader
from ringback.storage.tables import results, runs

_Line = TypeVar("_Line", RunLine, AskedRun)

LISTED_RUNS = 500
"""Runs of a result that a list of results shows at most; its detail shows all."""

_RUNS_OF_A_PAGE = 10_000
_FEWEST_RUNS = 20

_LARGEST = 2**31 - 1
"""The largest number that a row can have on PostgreSQL."""

RESULT_COLUMNS = (
    results.c.id,
    results.c.name,
    results.c.agent_id,
    results.c.agent_name,
    results.c.run_type,
    results.c.kind,
    results.c.request,
    results.c.concurrency_limit,
    results.c.takes_calls,
    results.c.created_at,
    results.c.updated_at,
    results.c.finished_at,
    results.c.cancelled_at,
)

_SHOWN_ATTEMPT = (runs.c.attempt - runs.c.scorings).label("attempt")
"""Scoring again needs a number of its own, and is no other attempt at the conversation."""

RUN_COLUMNS = tuple(_SHOWN_ATTEMPT if name == "attempt" else runs.c[name] for name in RunLine._fields)
_COLUMNS_WITHOUT_BRIEF = (*RUN_COLUMNS[:-1], null())

_ASKED_COLUMNS: list[ColumnElement[Any]] = [runs.c[name] for name in AskedRun._fields]

_ALIKE: Callable[[RunLine], tuple[Any, ...]] = attrgetter(*CountedRuns._fields[:-1])


class Readings:
    """Reads results and runs that are not removed. Its verbs raise `StorageError`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def results(self, which: ResultFilter, *, offset: int, limit: int) -> tuple[int, list[ListedResult]]:
        """How many results there are, and one page of them, the newest first."""
        conditions = which.conditions()

        def load(connection: Connection) -> tuple[int, list[ListedResult]]:
            count = connection.execute(select(func.count()).select_from(results).where(*conditions)).scalar_one()
            query = select(*RESULT_COLUMNS).where(*conditions).order_by(results.c.id.desc())
            lines = [_result_line(row) for row in connection.execute(query.offset(offset).limit(limit))]
            counts = counts_of(connection, [line.id for line in lines])
            # Twenty results of a page show 500 runs each, five hundred show twenty.
            shown = max(_FEWEST_RUNS, min(LISTED_RUNS, _RUNS_OF_A_PAGE // max(1, len(lines))))
            return count, [_listed(connection, line, counts[line.id], shown) for line in lines]

        return await self._database.read(load)

    async def result_ids(self, which: ResultFilter) -> list[int]:
        """The numbers of all results that fit, the newest first."""
        query = select(results.c.id).where(*which.conditions()).order_by(results.c.id.desc())
        return await self._database.read(lambda connection: list(connection.execute(query).scalars()))

    async def listed(self, result_id: int) -> ListedResult:
        """One result as lists show it. Raises `NotFound`."""

        def load(connection: Connection) -> ListedResult:
            line = _result_line(_find(connection, result_id))
            return _listed(connection, line, counts_of(connection, [result_id])[result_id], LISTED_RUNS)

        return await self._database.read(load)

    async def detailed(self, result_id: int) -> DetailedResult:
        """One result with all of its runs. Raises `NotFound`."""

        def load(connection: Connection) -> DetailedResult:
            found = _find(connection, result_id, results.c.provenance)
            return DetailedResult(
                line=_result_line(found),
                provenance=found.provenance,
                runs=_lines(connection, runs.c.result_id == result_id, RUN_COLUMNS),
            )

        return await self._database.read(load)

    async def counts(self, result_id: int) -> tuple[ResultLine, Counts]:
        """A result, and its runs counted. Raises `NotFound`."""

        def load(connection: Connection) -> tuple[ResultLine, Counts]:
            return _result_line(_find(connection, result_id)), counts_of(connection, [result_id])[result_id]

        return await self._database.read(load)

    async def asked(self, result_id: int) -> tuple[ResultLine, tuple[AskedRun, ...], dict[int, TestProfile]]:
        """What the answer to a run request shows: the result, its runs, and the profiles by specification.

        All as it was before any run began; only numbers that agents may call are told as they are now.

        Raises:
            NotFound: there is no such result.
        """

        def load(connection: Connection) -> tuple[ResultLine, tuple[AskedRun, ...], dict[int, TestProfile]]:
            line = _result_line(_find(connection, result_id))
            line = replace(line, updated_at=line.created_at, finished_at=None, cancelled_at=None)
            return line, _asked(connection, result_id), _profiles(connection, result_id)

        return await self._database.read(load)

    async def scenarios(self, run_ids: Sequence[int]) -> list[Scenario]:
        """The scenarios of these runs as they were asked for, each once."""

        def load(connection: Connection) -> list[Scenario]:
            documents = tables.specifications
            found: dict[int, str] = {}
            for some in batches(list(_possible(run_ids))):
                which = select(runs.c.specification_id).where(runs.c.id.in_(some))
                query = select(documents.c.id, documents.c.document).where(documents.c.id.in_(which))
                found |= {row.id: row.document for row in connection.execute(query)}
            return [load_specification(document).scenario for document in found.values()]

        return await self._database.read(load)

    async def runs_page(self, which: RunFilter, *, offset: int, limit: int) -> tuple[int, list[KeptRun]]:
        """How many runs there are, and one page of them with their records, the newest first."""
        conditions = which.conditions()

        def load(connection: Connection) -> tuple[int, list[KeptRun]]:
            joined = runs.join(results, results.c.id == runs.c.result_id)
            count = connection.execute(select(func.count()).select_from(joined).where(*conditions)).scalar_one()
            query = select(runs.c.id).select_from(joined).where(*conditions).order_by(runs.c.id.desc())
            ids = connection.execute(query.offset(offset).limit(limit)).scalars().all()
            return count, _kept(connection, ids)

        return await self._database.read(load)

    async def runs(self, ids: Sequence[int], *conditions: ColumnElement[bool]) -> list[KeptRun]:
        """Those of the runs that there are, with their records, in the order asked for."""
        return await self._database.read(lambda connection: _kept(connection, ids, *conditions))

    async def run(self, run_id: int) -> KeptRun:
        """One run. Raises `NotFound`."""
        found = await self.runs([run_id])
        if not found:
            raise NotFound("No run matches the given query.")
        return found[0]

    async def page_of_runs(self, result_id: int, *, after: int, limit: int) -> list[KeptRun]:
        """The next runs of a result behind a number, for whoever goes through all of them without holding them."""

        def load(connection: Connection) -> list[KeptRun]:
            query = select(runs.c.id).where(runs.c.result_id == result_id, runs.c.id > after).order_by(runs.c.id)
            return _kept(connection, connection.execute(query.limit(limit)).scalars().all())

        return await self._database.read(load)

    async def run_ids(self, result_ids: Sequence[int]) -> list[tuple[int, int, bool]]:
        """(result, run, whether the run is over) of each run of the results that are not removed."""

        def load(connection: Connection) -> list[tuple[int, int, bool]]:
            query = (
                select(runs.c.result_id, runs.c.id, runs.c.status, runs.c.outcome)
                .join(results, results.c.id == runs.c.result_id)
                .where(runs.c.result_id.in_(list(_possible(result_ids))), results.c.deleted_at.is_(None))
                .order_by(runs.c.id)
            )
            return [(row.result_id, row.id, row.status == "done") for row in connection.execute(query)]

        return await self._database.read(load)

    async def changed_runs(
        self, result_id: int, *, since: datetime | None, after: int, limit: int
    ) -> list[tuple[RunLine, datetime]]:
        """Runs of a result whose rows changed at `since` or later, oldest change first, behind (since, after).

        Those that were never touched since they were asked for are left out.
        """

        def load(connection: Connection) -> list[tuple[RunLine, datetime]]:
            query = (
                select(*RUN_COLUMNS[:-1], runs.c.updated_at)
                .where(runs.c.result_id == result_id, runs.c.updated_at.is_not(None))
                .order_by(runs.c.updated_at, runs.c.id)
                .limit(limit)
            )
            if since is None:
                query = query.where(runs.c.status != "queued")
            else:
                later = (runs.c.updated_at == since) & (runs.c.id > after)
                query = query.where((runs.c.updated_at > since) | later)
            return [(RunLine._make((*row[:-1], None)), row.updated_at) for row in connection.execute(query)]

        return await self._database.read(load)

    async def newest_change(self, result_id: int) -> datetime | None:
        """When a run of the result changed last."""
        newest = select(runs.c.updated_at).where(runs.c.result_id == result_id, runs.c.updated_at.is_not(None))
        newest = newest.order_by(runs.c.updated_at.desc()).limit(1)
        return await self._database.read(lambda connection: connection.execute(newest).scalar())


def counts_of(connection: Connection, result_ids: Sequence[int]) -> dict[int, Counts]:
    """The runs of each result, counted; answered from an index."""
    alike = (
        runs.c.result_id,
        runs.c.status,
        runs.c.outcome,
        runs.c.ending,
        runs.c.expectation_met,
        runs.c.awaits_call,
    )
    rows = connection.execute(select(*alike, func.count()).where(runs.c.result_id.in_(result_ids)).group_by(*alike))
    groups: dict[int, list[CountedRuns]] = {number: [] for number in result_ids}
    for row in rows:
        groups[row.result_id].append(CountedRuns(*row[1:]))
    return {number: Counts(tuple(found)) for number, found in groups.items()}


def counts_of_lines(lines: Iterable[RunLine]) -> Counts:
    """As `counts_of`, of runs that are at hand."""
    counted = Counter(map(_ALIKE, lines))
    return Counts(tuple(CountedRuns._make((*alike, number)) for alike, number in counted.items()))


def _find(connection: Connection, result_id: int, *more: ColumnElement[Any]) -> Any:
    query = select(*RESULT_COLUMNS, *more).where(results.c.id == result_id, results.c.deleted_at.is_(None))
    row = connection.execute(query).one_or_none() if 0 < result_id <= _LARGEST else None
    if row is None:
        raise NotFound("No result matches the given query.")
    return row


def _listed(connection: Connection, line: ResultLine, counts: Counts, most: int) -> ListedResult:
    shown = _lines(connection, runs.c.result_id == line.id, limit=most)
    if counts.total <= most:
        scenarios = dict.fromkeys((run.scenario_id, run.scenario_name) for run in shown)
    else:
        named = select(runs.c.scenario_id, runs.c.scenario_name).where(runs.c.result_id == line.id).distinct()
        scenarios = dict.fromkeys(sorted((row[0], row[1]) for row in connection.execute(named)))
    return ListedResult(line=line, counts=counts, scenarios=tuple(scenarios), runs=shown)


def _lines(
    connection: Connection,
    condition: ColumnElement[bool],
    columns: Sequence[ColumnElement[Any]] = _COLUMNS_WITHOUT_BRIEF,
    *,
    limit: int | None = None,
) -> tuple[RunLine, ...]:
    rows = connection.execute(select(*columns).where(condition).order_by(runs.c.position).limit(limit))
    return _as(RunLine, rows)


def _as(kind: type[_Line], rows: Iterable[Row[Any]]) -> tuple[_Line, ...]:
    """What `_make` does, without a function of Python for each row: of ten thousand it was a fifth of the time."""
    new = partial(tuple.__new__, kind)  # pyright: ignore[reportUnknownMemberType] - it is generic, and of any kind
    return tuple(map(cast("Callable[[Row[Any]], _Line]", new), rows))


def _asked(connection: Connection, result_id: int) -> tuple[AskedRun, ...]:
    rows = connection.execute(select(*_ASKED_COLUMNS).where(runs.c.result_id == result_id).order_by(runs.c.position))
    return _as(AskedRun, rows)


def _kept(connection: Connection, ids: Sequence[int], *conditions: ColumnElement[bool]) -> list[KeptRun]:
    """Runs with their records, in the order of the numbers; removed results' runs are none."""
    found: dict[int, KeptRun] = {}
    loader = RunLoader()
    lines: dict[int, ResultLine] = {}
    for some in batches(list(dict.fromkeys(_possible(ids)))):
        rows = connection.execute(RUNS.where(runs.c.id.in_(some), *conditions)).all()
        missing = {row.result_id for row in rows} - lines.keys()
        there = select(*RESULT_COLUMNS).where(results.c.id.in_(missing), results.c.deleted_at.is_(None))
        lines |= {row.id: _result_line(row) for row in connection.execute(there)}
        for row in rows:
            if row.result_id in lines:
                found[row.id] = KeptRun(
                    line=RunLine(*(getattr(row, name) for name in RunLine._fields))._replace(
                        attempt=row.attempt - row.scorings
                    ),
                    run=loader.load(row),
                    result=lines[row.result_id],
                    created_at=row.created_at,
                    updated_at=row.updated_at,
                )
    return [found[number] for number in dict.fromkeys(ids) if number in found]


def _possible(ids: Iterable[int]) -> Iterable[int]:
    return (number for number in ids if 0 < number <= _LARGEST)


def _profiles(connection: Connection, result_id: int) -> dict[int, TestProfile]:
    """The profile of each specification that has one."""
    documents = tables.specifications
    # Those that end so have none; there may be a thousand of them.
    profiled = documents.c.document.not_like(f"%{WITHOUT_PROFILE}")
    kept = select(documents.c.id, documents.c.document).where(documents.c.result_id == result_id, profiled)
    profiles: dict[int, TestProfile] = {}
    for number, document in connection.execute(kept):
        profile = json.loads(document)["profile"]  # the scenario, which is most of it, is not needed
        if profile is not None:
            profiles[number] = TestProfile.model_validate(profile)
    return profiles


def _result_line(row: Any) -> ResultLine:
    values = {column.name: getattr(row, column.name) for column in RESULT_COLUMNS}
    request = values.pop("request")
    return ResultLine(**values, request=json.loads(request) if request else None)
