"""Which results and runs a list shows."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, false, func, or_, select

from ringback.domain.ending import Ending, EndingCode
from ringback.domain.outcome import Outcome
from ringback.storage.many_rows import tag_list
from ringback.storage.reading_status import Shown, shown_status
from ringback.storage.tables import agents, results, runs, specifications

ENDED_REASONS = {code: Ending(code=code, sentence="").reference_reason for code in EndingCode}
"""How the reference product spells each ending."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultFilter:
    """Results that fit everything that is given."""

    agent_id: int | None = None
    search: str | None = None
    """Part of the name, in upper or lower case."""
    scenarios: Collection[int] | None = None
    """Those with a run of at least one of these."""
    ids: Collection[int] | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """For SQL, on `results`."""
        conditions: list[ColumnElement[bool]] = [results.c.deleted_at.is_(None)]
        if self.agent_id is not None:
            conditions.append(results.c.agent_id == self.agent_id)
        if self.search:
            conditions.append(results.c.name.icontains(self.search, autoescape=True))
        if self.scenarios is not None:
            with_one = select(runs.c.result_id).where(runs.c.scenario_id.in_(self.scenarios))
            conditions.append(results.c.id.in_(with_one))
        if self.ids is not None:
            conditions.append(results.c.id.in_(self.ids))
        return conditions


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFilter:
    """Runs that fit everything that is given; an empty collection fits none."""

    ids: Collection[int] | None = None
    result_id: int | None = None
    agent_id: int | None = None
    assistant_id: str | None = None
    statuses: Collection[Shown] | None = None
    success: bool | None = None
    scenarios: Collection[int] | None = None
    personalities: Collection[int] | None = None
    tags: Collection[str] | None = None
    """Runs whose scenarios had at least one of them when they were asked for."""
    metrics: Collection[str] | None = None
    """Runs with an entry of at least one of these metrics, by number or slug."""
    call_ids: Collection[str] | None = None
    """Runs whose calls the other side, or the telephone, calls so."""
    call_id_part: str | None = None
    """Part of that, in upper or lower case."""
    search: str | None = None
    """Part of the scenario's name, in upper or lower case."""
    ended_reasons: Collection[str] | None = None
    """In the reference product's spelling."""
    ended_reason_part: str | None = None
    started_from: datetime | None = None
    started_to: datetime | None = None
    created_from: datetime | None = None
    created_to: datetime | None = None
    duration_from: float | None = None
    """Seconds."""
    duration_to: float | None = None
    as_text: bool | None = None
    """Whether the result was run as text."""

    def conditions(self) -> list[ColumnElement[bool]]:
        """For SQL, on `runs` joined with `results`."""
        return [results.c.deleted_at.is_(None), *self._members(), *self._words(), *_ranges(self)]

    def _members(self) -> Iterator[ColumnElement[bool]]:
        given: tuple[tuple[Column[Any], Collection[Any] | None], ...] = (
            (runs.c.id, self.ids),
            (runs.c.scenario_id, self.scenarios),
            (runs.c.personality_id, self.personalities),
            (runs.c.provider_call_id, self.call_ids),
        )
        yield from (column.in_(values) for column, values in given if values is not None)
        if self.result_id is not None:
            yield runs.c.result_id == self.result_id
        if self.agent_id is not None:
            yield runs.c.agent_id == self.agent_id
        if self.assistant_id is not None:
            yield runs.c.agent_id.in_(select(agents.c.id).where(agents.c.assistant_id == self.assistant_id))
        if self.tags is not None:
            having = select(specifications.c.id).where(_any_of(map(_tagged, self.tags)))
            yield runs.c.specification_id.in_(having)
        if self.metrics is not None:
            yield _any_of(runs.c.measured.contains(f",{metric},", autoescape=True) for metric in self.metrics)

    def _words(self) -> Iterator[ColumnElement[bool]]:
        if self.statuses is not None:
            yield shown_status().in_([status.value for status in self.statuses])
        if self.success is not None:
            yield runs.c.outcome == (Outcome.PASSED if self.success else Outcome.FAILED)
        if self.search:
            yield runs.c.scenario_name.icontains(self.search, autoescape=True)
        if self.call_id_part:
            yield runs.c.provider_call_id.icontains(self.call_id_part, autoescape=True)
        if self.ended_reasons is not None:
            wanted = {reason.casefold() for reason in self.ended_reasons}
            yield runs.c.ending.in_([code for code, reason in ENDED_REASONS.items() if reason.casefold() in wanted])
        if self.ended_reason_part:
            part = self.ended_reason_part.casefold()
            yield runs.c.ending.in_([code for code, reason in ENDED_REASONS.items() if part in reason.casefold()])
        if self.as_text is not None:
            voice = func.coalesce(results.c.run_type, "Text") == "Voice"
            yield ~voice if self.as_text else voice


def _any_of(conditions: Iterable[ColumnElement[bool]]) -> ColumnElement[bool]:
    """That one of them holds; none: nothing fits."""
    return or_(false(), *conditions)


def _tagged(tag: str) -> ColumnElement[bool]:
    """Whether a specification's scenario had this tag.

    Compared without LIKE, which on SQLite takes upper and lower case for the same. A tag's quotes are escaped in the
    list, so that a quote behind its bracket or a comma begins one; a wanted tag has no comma.
    """
    column = specifications.c.tags
    wanted = tag_list((tag,))
    return or_(*(func.replace(column, f"{before}{wanted[1:-1]}", "") != column for before in "[,"))


def _ranges(which: RunFilter) -> Iterator[ColumnElement[bool]]:
    lowest = (
        (runs.c.started_at, which.started_from),
        (runs.c.created_at, which.created_from),
        (runs.c.duration, which.duration_from),
    )
    highest = (
        (runs.c.started_at, which.started_to),
        (runs.c.created_at, which.created_to),
        (runs.c.duration, which.duration_to),
    )
    yield from (column >= value for column, value in lowest if value is not None)
    yield from (column <= value for column, value in highest if value is not None)
