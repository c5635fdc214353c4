"""Programs that are asked for one answer, under the event loop of the command line."""

import uvloop

from ringback.speech.programs import answer_of


def test_a_program_may_end_without_reading_what_it_was_fed() -> None:
    assert uvloop.run(answer_of(("true",), b"words\n" * 1_000_000, seconds=10)) == b""


def test_a_program_reads_what_it_is_fed() -> None:
    assert uvloop.run(answer_of(("cat",), b"words\n", seconds=10)) == b"words\n"
