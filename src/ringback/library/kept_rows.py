"""Rows of one kind of record, where one that is missing, or is nobody's to change, is refused in words."""

from sqlalchemy import Connection, Table

from ringback.errors import Forbidden
from ringback.library.form import no_such
from ringback.storage.records import Records, Row


class KeptRows(Records):
    """The rows of one table that are not removed."""

    def __init__(self, table: Table, kind: str, *, ready: str | None = None) -> None:
        """Nothing is read yet.

        Args:
            table: where they are.
            kind: what one of them is called in sentences.
            ready: the sentence about changing one that came with Ringback; None: none came.
        """
        super().__init__(table)
        self._kind = kind
        self._ready = ready

    def get(self, connection: Connection, number: int, *, locked: bool = False) -> Row:
        """The row of a number; with `locked`, nobody else changes it in this transaction. Raises `NotFound`."""
        row = self.find(connection, number, to_change=locked)
        if row is None:
            raise no_such(self._kind, number)
        return row

    def to_change(self, connection: Connection, number: int) -> Row:
        """The row, locked for this transaction. Raises `NotFound`, and `Forbidden` where it is a ready one."""
        row = self.get(connection, number, locked=True)
        if self._ready and row.columns["predefined"]:
            raise Forbidden(self._ready)
        return row
