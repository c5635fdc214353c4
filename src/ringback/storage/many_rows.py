"""Inserts many rows with one statement, which the database unpacks itself.

A thousand runs took 65 ms on PostgreSQL and 30 ms on SQLite as a thousand sets of parameters; as one JSON document they
take 35 and 8.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    JSON,
    ColumnElement,
    Connection,
    FromClause,
    String,
    Table,
    cast,
    column,
    func,
    insert,
    literal,
    select,
)


def insert_many(
    connection: Connection,
    table: Table,
    common: Mapping[str, Any],
    names: Sequence[str],
    rows: Sequence[Sequence[Any]],
) -> None:
    """Insert rows.

    Args:
        connection: of the transaction.
        table: where they go.
        common: columns that are the same in all rows.
        names: the other columns; of numbers or text.
        rows: their values; text without NUL, which ends text in SQLite's JSON.
    """
    unpack = _on_postgresql if connection.dialect.name == "postgresql" else _on_sqlite
    given, values = unpack(table, names, rows)
    same = [literal(value, table.c[name].type) for name, value in common.items()]
    connection.execute(insert(table).from_select([*common, *names], select(*same, *values).select_from(given)))


def _on_postgresql(
    table: Table, names: Sequence[str], rows: Sequence[Sequence[Any]]
) -> tuple[FromClause, list[ColumnElement[Any]]]:
    document = json.dumps([dict(zip(names, row, strict=True)) for row in rows])
    unpacked = func.json_to_recordset(cast(literal(document, String), JSON))
    given = unpacked.table_valued(*(column(name, table.c[name].type) for name in names))
    given = given.render_derived(name="given", with_types=True)
    return given, [given.c[name] for name in names]


def _on_sqlite(
    table: Table, names: Sequence[str], rows: Sequence[Sequence[Any]]
) -> tuple[FromClause, list[ColumnElement[Any]]]:
    given = func.json_each(literal(json.dumps(rows), String)).table_valued("value")
    return given, [
        func.json_extract(given.c.value, f"$[{index}]", type_=table.c[name].type) for index, name in enumerate(names)
    ]
