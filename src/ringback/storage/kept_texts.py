"""JSON texts of records that many requests give again, each kept for as long as its record is there."""

import weakref
from collections.abc import Callable
from typing import Generic, TypeVar

_Record = TypeVar("_Record", bound=object)


class KeptTexts(Generic[_Record]):
    """The texts of records that never change, by the record itself and not by what it says.

    No record is kept alive for its text: whoever bounds how many records there are bounds how many texts there are.
    Threads may share it.
    """

    def __init__(self, write: Callable[[_Record], str]) -> None:
        """With nothing kept; `write` makes the text of a record."""
        self._write = write
        self._texts: dict[int, tuple[weakref.ref[_Record], str]] = {}

    def of(self, record: _Record) -> str:
        """The text of a record. Raises what writing it raises."""
        number = id(record)
        kept = self._texts.get(number)
        if kept is not None and kept[0]() is record:
            return kept[1]
        text = self._write(record)
        # It is forgotten before the record's memory, and so its number, can become another's.
        self._texts[number] = weakref.ref(record, lambda _: self._texts.pop(number, None)), text
        return text

    def __len__(self) -> int:
        """How many texts are kept."""
        return len(self._texts)
