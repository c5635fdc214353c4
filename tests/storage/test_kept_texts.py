"""A text is kept for as long as its record is there, and no longer."""

from dataclasses import dataclass

import pytest

from ringback.storage.kept_texts import KeptTexts


@dataclass(frozen=True)
class Record:
    name: str


def test_a_record_is_written_once() -> None:
    written: list[Record] = []

    def write(record: Record) -> str:
        written.append(record)
        return record.name.upper()

    texts = KeptTexts(write)
    first, second = Record("a"), Record("a")
    assert [texts.of(record) for record in (first, second, first, second)] == ["A"] * 4
    assert [id(record) for record in written] == [id(first), id(second)]


def test_the_text_of_a_record_that_is_gone_is_forgotten_and_never_another_s() -> None:
    texts = KeptTexts[Record](lambda record: record.name)
    kept = Record("kept")
    texts.of(kept)
    # Most of them get the memory of the one before.
    written = [texts.of(Record(str(number))) for number in range(1_000)]
    assert written == [str(number) for number in range(1_000)]
    assert len(texts) == 1
    assert texts.of(kept) == "kept"


def test_what_cannot_be_written_is_not_kept() -> None:
    texts = KeptTexts[Record](lambda record: str(1 // len(record.name)))
    record = Record("")
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            texts.of(record)
    assert len(texts) == 0
