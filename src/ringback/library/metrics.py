"""Keeps metrics: people's own questions to the judge, and those that are computed, which nobody changes."""

import inspect
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from ringback.domain.scenario import MetricDefinition
from ringback.errors import InvalidFields
from ringback.evaluation.computed import COMPUTED
from ringback.evaluation.rubric import CHECKS, EXPECTED_OUTCOME
from ringback.library.form import Form, filled_in, missing_among, refuse
from ringback.library.kept_rows import KeptRows
from ringback.library.metric_form import MetricFields, MetricForm, judged_definition, value_rules
from ringback.storage import tables
from ringback.storage.database import Database
from ringback.storage.records import Row, alone

_rows = KeptRows(tables.metrics, "metric", ready="Predefined metrics cannot be changed.")
_TAKEN = frozenset({*COMPUTED, EXPECTED_OUTCOME, CHECKS})
_LONGEST = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptMetric:
    """A metric and what is known of it."""

    id: int
    slug: str
    predefined: bool
    """Computed from the record, and not to be changed."""
    fields: MetricFields
    created_at: datetime
    updated_at: datetime

    @property
    def definition(self) -> MetricDefinition:
        """What runs use."""
        if self.predefined:
            return MetricDefinition(id=self.id, slug=self.slug, name=self.fields.name, kind=self.fields.eval_type)
        return judged_definition(self.id, self.slug, self.fields)


class MetricLibrary:
    """The metrics of a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def make_ready(self) -> None:
        """Put the computed metrics where they are missing; safe beside other processes that do the same."""
        if await self._database.read(_ready_slugs) >= set(COMPUTED):
            return

        def add(connection: Connection) -> None:
            alone(connection, tables.metrics)
            there = _ready_slugs(connection)
            for slug in COMPUTED:
                if slug not in there:
                    fields = _computed(slug)
                    document = fields.model_dump(mode="json")
                    _rows.add(connection, document, name=fields.name, slug=slug, predefined=True)

        await self._database.write(add)

    async def get(self, number: int) -> KeptMetric:
        """Raises `NotFound`."""
        return await self._database.read(lambda connection: _kept(_rows.get(connection, number)))

    async def page(self, *, agent_id: int | None = None, offset: int, limit: int) -> tuple[int, list[KeptMetric]]:
        """How many there are, and some of them, the lowest number first.

        With an agent: the computed ones, those that name it, and those that its scenarios have.
        """

        def page(connection: Connection) -> tuple[int, list[Row]]:
            if agent_id is None:
                return _rows.page(connection, offset=offset, limit=limit)
            attached = _attached_to(connection, agent_id)
            # Which agents a metric names stands in its document; there are never many metrics.
            found = [
                row
                for row in _rows.where(connection)
                if row.columns["predefined"] or row.id in attached or agent_id in row.document.get("agents", ())
            ]
            return len(found), found[offset : offset + limit]

        count, rows = await self._database.read(page)
        return count, [_kept(row) for row in rows]

    async def predefined(self) -> list[KeptMetric]:
        """The computed ones."""
        rows = await self._database.read(lambda connection: _rows.where(connection, tables.metrics.c.predefined))
        return [_kept(row) for row in rows]

    async def definitions(self, numbers: Iterable[int]) -> dict[int, MetricDefinition]:
        """Definitions by number. Raises `InvalidFields` where one is missing."""
        wanted = list(numbers)
        found = await self._database.read(lambda connection: metrics_among(connection, wanted))
        if missing := missing_among(wanted, found):
            raise InvalidFields({"metric_ids": missing})
        return {number: metric.definition for number, metric in found.items()}

    async def add(self, form: MetricForm) -> KeptMetric:
        """Keep a new one. Raises `InvalidFields`."""
        refuse(value_rules(form))

        def add(connection: Connection) -> KeptMetric:
            alone(connection, tables.metrics)
            slug = _slug(connection, form)
            document = form.model_dump(mode="json", exclude={"slug", "project"})
            number = _rows.add(connection, document, name=form.name, slug=slug, predefined=False)
            return _kept(_rows.get(connection, number))

        return await self._database.write(add)

    async def change(self, number: int, form: Form, *, whole: bool = False) -> KeptMetric:
        """Replace the fields that the form names; with `whole`, all of them. The slug stays unless another is named.

        Raises:
            NotFound: there is no such metric.
            Forbidden: it is a computed one.
            InvalidFields: it would not be a metric any more.
        """

        def change(connection: Connection) -> KeptMetric:
            alone(connection, tables.metrics)
            row = _rows.to_change(connection, number)
            fields = filled_in(MetricForm, {**({} if whole else row.document), **form.given()})
            refuse(value_rules(fields))
            slug = row.columns["slug"]
            if fields.slug is not None and fields.slug != slug:
                slug = _slug(connection, fields)
            _rows.change(
                connection,
                number,
                fields.model_dump(mode="json", exclude={"slug", "project"}),
                name=fields.name,
                slug=slug,
            )
            return _kept(_rows.get(connection, number))

        return await self._database.write(change)

    async def remove(self, number: int) -> None:
        """Raises `NotFound`, and `Forbidden` where it is a computed one. Scenarios lose it."""

        def remove(connection: Connection) -> None:
            _rows.to_change(connection, number)
            _rows.remove(connection, [number])

        await self._database.write(remove)


def metrics_among(connection: Connection, numbers: Iterable[int]) -> dict[int, KeptMetric]:
    """The metrics of those numbers that there are."""
    return {number: _kept(row) for number, row in _rows.find_many(connection, numbers).items()}


def computed_numbers(connection: Connection) -> dict[int, str]:
    """The slug of each computed metric by its number: every scenario has them, attached or not."""
    table = tables.metrics
    rows = connection.execute(select(table.c.id, table.c.slug).where(table.c.predefined))
    return {row.id: row.slug for row in rows}


def _attached_to(connection: Connection, agent_id: int) -> set[int]:
    """The numbers of the metrics that an agent's scenarios have."""
    attached, scenarios = tables.scenario_metrics, tables.scenarios
    query = select(attached.c.metric_id).join(scenarios, scenarios.c.id == attached.c.scenario_id)
    query = query.where(scenarios.c.agent_id == agent_id, scenarios.c.deleted_at.is_(None))
    return set(connection.execute(query).scalars())


def _computed(slug: str) -> MetricFields:
    metric = COMPUTED[slug]
    about = (inspect.getdoc(metric) or "").split("\n\n", 1)[0]
    return MetricFields(name=metric.name, description=" ".join(about.split()), eval_type=metric.kind)


def _slug(connection: Connection, fields: MetricFields) -> str:
    """The slug asked for, or one made from the name that nothing else has."""
    table = tables.metrics
    taken = _TAKEN | set(connection.execute(select(table.c.slug).where(table.c.deleted_at.is_(None))).scalars())
    if fields.slug is not None:
        if fields.slug in taken:
            raise InvalidFields({"slug": ["A metric with this slug exists already."]})
        return fields.slug
    plain = unicodedata.normalize("NFKD", fields.name).lower()
    slug = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:_LONGEST] or "metric"
    number = 1
    free = slug
    while free in taken:
        number += 1
        free = f"{slug[: _LONGEST - len(str(number)) - 1]}_{number}"
    return free


def _ready_slugs(connection: Connection) -> set[str]:
    table = tables.metrics
    return set(connection.execute(select(table.c.slug).where(table.c.predefined)).scalars())


def _kept(row: Row) -> KeptMetric:
    return KeptMetric(
        id=row.id,
        slug=row.columns["slug"],
        predefined=row.columns["predefined"],
        fields=MetricFields.model_validate(row.document),
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
