"""Rows of scenarios, with their tags, their metrics and their numbers, which they share with suite files."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple
from uuid import uuid4

from sqlalchemy import ColumnElement, Connection, Table, and_, delete, exists, insert, select

from ringback.storage import tables
from ringback.storage.many_rows import among
from ringback.storage.records import Records, Row, possible

TagsMatch = Literal["and", "or", "not"]
"""All of the tags, any of them, or none of them."""

_rows = Records(tables.scenarios)
_LIBRARY = "library"
"""What stands for the suite in the table of numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioRow:
    """One scenario as it was read."""

    row: Row
    tags: tuple[str, ...]
    metrics: tuple[int, ...]
    """Numbers of its metrics, ascending."""


class ScenarioContent(NamedTuple):
    """What a scenario says, read for many of them: no moments, and the document as its text."""

    id: int
    agent_id: int | None
    name: str
    personality_id: int | None
    test_profile_id: int | None
    document: str
    """As JSON text."""
    tags: tuple[str, ...]
    metrics: tuple[int, ...]
    """Numbers of its metrics, ascending."""


def add_scenario(
    connection: Connection, document: Mapping[str, Any], *, tags: Iterable[str], metrics: Iterable[int], **columns: Any
) -> int:
    """Insert a scenario; returns its number."""
    numbers = tables.scenario_ids
    entry = {"suite": _LIBRARY, "key": uuid4().hex}
    number = connection.execute(insert(numbers).returning(numbers.c.id), entry).scalar_one()
    _rows.add(connection, document, id=number, **columns)
    _attach(connection, number, tags, metrics)
    return number


def find_scenario(connection: Connection, number: int, *, to_change: bool = False) -> ScenarioRow | None:
    """The scenario of a number; None where there is none."""
    row = _rows.find(connection, number, to_change=to_change)
    return _complete(connection, [row])[0] if row is not None else None


def find_scenarios(connection: Connection, numbers: Sequence[int]) -> dict[int, ScenarioRow]:
    """The scenarios of those numbers that there are."""
    found = _rows.find_many(connection, numbers)
    return {scenario.row.id: scenario for scenario in _complete(connection, list(found.values()))}


def contents_of(connection: Connection, numbers: Sequence[int]) -> dict[int, ScenarioContent]:
    """What the scenarios of those numbers say, of those that there are."""
    table = tables.scenarios
    found = contents(connection, among(connection, table.c.id, possible(numbers)))
    return {content.id: content for content in found}


def contents(
    connection: Connection, *conditions: ColumnElement[bool], limit: int | None = None
) -> list[ScenarioContent]:
    """What the scenarios say for which all conditions hold, the lowest number first."""
    table = tables.scenarios
    columns = (table.c[name] for name in ScenarioContent._fields[:-2])
    query = select(*columns).where(table.c.deleted_at.is_(None), *conditions).order_by(table.c.id).limit(limit)
    rows = connection.execute(query).all()
    numbers: list[int] = [row[0] for row in rows]
    tags = _links(connection, tables.scenario_tags, numbers)
    metrics = _links(connection, tables.scenario_metrics, numbers)
    return [ScenarioContent._make((*row, tags.get(row[0], ()), metrics.get(row[0], ()))) for row in rows]


def page_of_scenarios(
    connection: Connection, *conditions: ColumnElement[bool], offset: int, limit: int
) -> tuple[int, list[ScenarioRow]]:
    """How many scenarios there are for which all conditions hold, and one page of them."""
    count, rows = _rows.page(connection, *conditions, offset=offset, limit=limit)
    return count, _complete(connection, rows)


def change_scenario(
    connection: Connection,
    number: int,
    document: Mapping[str, Any],
    *,
    tags: Iterable[str],
    metrics: Iterable[int],
    **columns: Any,
) -> None:
    """Replace all that is kept of a scenario."""
    _rows.change(connection, number, document, **columns)
    for table in (tables.scenario_tags, tables.scenario_metrics):
        connection.execute(delete(table).where(table.c.scenario_id == number))
    _attach(connection, number, tags, metrics)


def remove_scenarios(connection: Connection, numbers: Sequence[int]) -> int:
    """Remove scenarios; returns how many there were."""
    return _rows.remove(connection, numbers)


def tags_in_use(connection: Connection, *conditions: ColumnElement[bool]) -> list[str]:
    """Every tag of the scenarios for which all conditions hold, in alphabetical order."""
    tags, scenarios = tables.scenario_tags, tables.scenarios
    query = select(tags.c.tag).distinct().join(scenarios, scenarios.c.id == tags.c.scenario_id)
    query = query.where(scenarios.c.deleted_at.is_(None), *conditions)
    return sorted(connection.execute(query).scalars())


def tagged(tags: Sequence[str], match: TagsMatch) -> ColumnElement[bool]:
    """The condition that a scenario has all, any or none of the tags."""

    def has_one_of(wanted: Sequence[str]) -> ColumnElement[bool]:
        rows = tables.scenario_tags.alias()  # the statement around it may speak of the table itself
        return exists().where(rows.c.scenario_id == tables.scenarios.c.id, rows.c.tag.in_(wanted))

    if match == "and":
        return and_(*[has_one_of([tag]) for tag in dict.fromkeys(tags)])
    return ~has_one_of(tags) if match == "not" else has_one_of(tags)


def _attach(connection: Connection, number: int, tags: Iterable[str], metrics: Iterable[int]) -> None:
    if labels := [{"scenario_id": number, "tag": tag} for tag in dict.fromkeys(tags)]:
        connection.execute(insert(tables.scenario_tags), labels)
    if attached := [{"scenario_id": number, "metric_id": metric} for metric in dict.fromkeys(metrics)]:
        connection.execute(insert(tables.scenario_metrics), attached)


def _complete(connection: Connection, rows: Sequence[Row]) -> list[ScenarioRow]:
    numbers = [row.id for row in rows]
    tags = _links(connection, tables.scenario_tags, numbers)
    metrics = _links(connection, tables.scenario_metrics, numbers)
    return [ScenarioRow(row=row, tags=tags.get(row.id, ()), metrics=metrics.get(row.id, ())) for row in rows]


def _links(connection: Connection, table: Table, numbers: Sequence[int]) -> dict[int, tuple[Any, ...]]:
    """What a table of pairs has for scenarios, ascending; nothing of those for which there is nothing."""
    links: dict[int, list[Any]] = {}
    for number, value in connection.execute(select(table).where(among(connection, table.c.scenario_id, numbers))):
        links.setdefault(number, []).append(value)
    return {number: tuple(sorted(found)) for number, found in links.items()}
