"""Inserts many rows, and finds the rows of many numbers, with one statement, which the database unpacks itself.

A thousand runs took 65 ms on PostgreSQL and 30 ms on SQLite as a thousand sets of parameters; as an array for each
column, and as one JSON document, they take 12 and 7.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Connection,
    Integer,
    String,
    Table,
    any_,
    cast,
    func,
    insert,
    literal,
    select,
)

from ringback.storage.tables import specifications

_DOCUMENTS = (
    "INSERT INTO specifications (result_id, tags, document) SELECT %(result)s, nullif(given.tags, ''), given.document"
    " FROM unnest(%(tags)b::text[], %(documents)b::text[]) WITH ORDINALITY AS given (tags, document, position)"
    " ORDER BY given.position RETURNING id"
)


def insert_many(
    connection: Connection, table: Table, common: Mapping[str, Any], columns: Mapping[str, Sequence[Any]]
) -> None:
    """Insert rows.

    Args:
        connection: of the transaction.
        table: where they go.
        common: columns that are the same in all rows, those with defaults included.
        columns: the other columns, all of them as long as there are rows, of which there is one at least; of numbers or
            text without NUL, which ends text in SQLite's JSON.
    """
    if len(set(map(len, columns.values()))) != 1:
        raise ValueError("columns of different lengths are no rows")
    # What happens to be the same in all rows need not be unpacked from each of them.
    differ = {name: column for name, column in columns.items() if column.count(column[0]) < len(column)}
    differ = differ or dict([next(iter(columns.items()))])
    common = {**common, **{name: column[0] for name, column in columns.items() if name not in differ}}
    unpack = _on_postgresql if connection.dialect.name == "postgresql" else _on_sqlite
    unpack(connection, table, common, differ)


def insert_documents(
    connection: Connection, result_id: int, documents: Sequence[str], tags: Sequence[tuple[str, ...]]
) -> list[int]:
    """Insert specifications of a result, as JSON text, and their scenarios' tags; their numbers in the same order.

    A thousand took 20 ms as other rows are inserted, for their text became part of another document. They take 4.
    """
    listed = [tag_list(some) if some else "" for some in tags]
    if connection.dialect.name == "postgresql":
        # In psycopg's binary format: as text an array of texts took a hundred times as long.
        given = connection.exec_driver_sql(
            _DOCUMENTS, {"result": result_id, "tags": listed, "documents": list(documents)}
        )
        return sorted(given.scalars())  # they are numbered in their order, and may be told in any
    # Nobody else writes meanwhile, so the numbers are those that SQLite would choose.
    table = specifications.c
    last = connection.execute(select(func.coalesce(func.max(table.id), 0))).scalar_one()
    numbers = list(range(last + 1, last + 1 + len(documents)))
    rows = [
        (number, result_id, of_scenario or None, document)
        for number, of_scenario, document in zip(numbers, listed, documents, strict=True)
    ]
    connection.exec_driver_sql("INSERT INTO specifications (id, result_id, tags, document) VALUES (?, ?, ?, ?)", rows)
    return numbers


@lru_cache(maxsize=1000)  # scenarios of one request mostly share theirs
def tag_list(tags: tuple[str, ...]) -> str:
    """Tags as `specifications` keeps them: a JSON list without blanks, all of it ASCII, which has no NUL."""
    return json.dumps(tags, separators=(",", ":"))


def among(connection: Connection, column: ColumnElement[int], numbers: Iterable[int]) -> ColumnElement[bool]:
    """The condition that a column holds one of the numbers, of which there may be any many.

    A thousand parameters took 3 ms of our time for each statement, and an array that the driver writes 1 ms.
    """
    wanted = ",".join(map(str, sorted(set(numbers))))
    if connection.dialect.name == "postgresql":
        return column == any_(cast(literal(f"{{{wanted}}}", String), ARRAY(Integer)))
    return column.in_(select(func.json_each(literal(f"[{wanted}]", String)).table_valued("value").c.value))


def _on_postgresql(
    connection: Connection, table: Table, common: Mapping[str, Any], columns: Mapping[str, Sequence[Any]]
) -> None:
    type_of = {name: table.c[name].type.compile(connection.dialect) for name in (*common, *columns)}
    given = ", ".join([*(f"%({name})s::{type_of[name]}" for name in common), *(f"given.{name}" for name in columns)])
    # In psycopg's binary format: as text an array of texts took a hundred times as long.
    arrays = ", ".join(f"%({name})b::{type_of[name]}[]" for name in columns)
    connection.exec_driver_sql(
        f"INSERT INTO {table.name} ({', '.join(type_of)}) SELECT {given}"  # noqa: S608 - names of our own
        f" FROM unnest({arrays}) AS given ({', '.join(columns)})",
        {**common, **{name: list(column) for name, column in columns.items()}},
    )


def _on_sqlite(
    connection: Connection, table: Table, common: Mapping[str, Any], columns: Mapping[str, Sequence[Any]]
) -> None:
    rows = json.dumps(list(zip(*columns.values(), strict=True)))
    given = func.json_each(literal(rows, String)).table_valued("value")
    values = [
        *(literal(value, table.c[name].type) for name, value in common.items()),
        *(func.json_extract(given.c.value, f"$[{place}]") for place in range(len(columns))),
    ]
    connection.execute(insert(table).from_select([*common, *columns], select(*values).select_from(given)))
