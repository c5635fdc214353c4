"""Rows of what people keep: agents, scenarios, test profiles, personalities and metrics.

All five tables are alike: a number, a few columns that are filtered on, one JSON document, and moments. What is removed
stays as a row, for runs refer to it, and its number is never given out again. Each verb is part of a transaction.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, Table, func, insert, select, text, update

from ringback.storage.many_rows import among

_LARGEST = 2**31 - 1
"""The largest number that a row can have on PostgreSQL."""

_AT_ONCE = 500
"""Numbers asked for in one statement."""

_DOCUMENTED = frozenset({"id", "document", "created_at", "updated_at", "deleted_at"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row as it was read."""

    id: int
    columns: Mapping[str, Any]
    """All columns but the number, the document and the moments."""
    document: dict[str, Any]
    created_at: datetime
    updated_at: datetime


class Records:
    """The rows of one table that are not removed."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def add(self, connection: Connection, document: Mapping[str, Any], **columns: Any) -> int:
        """Insert a row; returns its number."""
        now = datetime.now(UTC)
        values = {**columns, "document": json.dumps(document), "created_at": now, "updated_at": now}
        return connection.execute(insert(self._table).returning(self._table.c.id), values).scalar_one()

    def find(self, connection: Connection, number: int, *, to_change: bool = False) -> Row | None:
        """The row of a number; None where there is none.

        Args:
            connection: of the transaction.
            number: any integer.
            to_change: keep others from changing the row before the transaction is over.
        """
        if not 0 < number <= _LARGEST:
            return None
        query = select(self._table).where(self._table.c.id == number, self._table.c.deleted_at.is_(None))
        if to_change:
            query = query.with_for_update()  # SQLite, whose writers are alone anyway, leaves it out
        found = connection.execute(query).mappings().one_or_none()
        return _row(found) if found is not None else None

    def find_many(self, connection: Connection, numbers: Iterable[int]) -> dict[int, Row]:
        """The rows of those numbers that there are."""
        wanted = list(possible(numbers))
        if not wanted:
            return {}
        return {row.id: row for row in self.where(connection, among(connection, self._table.c.id, wanted))}

    def where(self, connection: Connection, *conditions: ColumnElement[bool], limit: int | None = None) -> list[Row]:
        """The rows for which all conditions hold, the lowest number first."""
        query = select(self._table).where(self._table.c.deleted_at.is_(None), *conditions)
        query = query.order_by(self._table.c.id).limit(limit)
        return [_row(found) for found in connection.execute(query).mappings()]

    def page(
        self, connection: Connection, *conditions: ColumnElement[bool], offset: int, limit: int
    ) -> tuple[int, list[Row]]:
        """How many rows there are for which all conditions hold, and one page of them, the lowest number first."""
        held = (self._table.c.deleted_at.is_(None), *conditions)
        count = connection.execute(select(func.count()).select_from(self._table).where(*held)).scalar_one()
        query = select(self._table).where(*held).order_by(self._table.c.id).offset(offset).limit(limit)
        return count, [_row(found) for found in connection.execute(query).mappings()]

    def change(self, connection: Connection, number: int, document: Mapping[str, Any], **columns: Any) -> None:
        """Replace the document and the given columns of a row."""
        values = {**columns, "document": json.dumps(document), "updated_at": datetime.now(UTC)}
        connection.execute(update(self._table).where(self._table.c.id == number), values)

    def remove(self, connection: Connection, numbers: Sequence[int]) -> int:
        """Remove rows; returns how many there were."""
        removed = 0
        for some in batches(list(possible(numbers))):
            statement = update(self._table).where(self._table.c.id.in_(some), self._table.c.deleted_at.is_(None))
            removed += connection.execute(statement, {"deleted_at": datetime.now(UTC)}).rowcount
        return removed


def alone(connection: Connection, table: Table) -> None:
    """Keep all others from writing to a table until the transaction is over."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"LOCK TABLE {table.name} IN SHARE ROW EXCLUSIVE MODE"))


def possible(numbers: Iterable[int]) -> Iterator[int]:
    """Those of the numbers that a row can have."""
    return (number for number in numbers if 0 < number <= _LARGEST)


def batches(numbers: Sequence[int]) -> Iterable[Sequence[int]]:
    """The numbers in portions that fit into one statement."""
    return (numbers[start : start + _AT_ONCE] for start in range(0, len(numbers), _AT_ONCE))


def _row(found: RowMapping) -> Row:
    return Row(
        id=found["id"],
        columns={name: value for name, value in found.items() if name not in _DOCUMENTED},
        document=json.loads(found["document"]),
        created_at=found["created_at"],
        updated_at=found["updated_at"],
    )
