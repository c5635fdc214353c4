"""What goes between us and the process that carries calls: whole again however it is cut, and no harm in garbage."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringback.channels.sip.messages import MOST_CONTROL, MOST_SOUND, Control, Malformed, Reader, Sound, control, sound

VALUES: st.SearchStrategy[Any] = st.integers() | st.text(max_size=8) | st.lists(st.none(), max_size=2)
CONTROLS = st.dictionaries(st.text(max_size=4), VALUES, max_size=3)
SAMPLES = st.integers(0, 200).map(lambda samples: b"\x01\x80" * samples)
SOUNDS = st.lists(st.tuples(st.integers(0, 2**32 - 1), SAMPLES), max_size=3)


@settings(max_examples=50)
@given(st.lists(CONTROLS | SOUNDS, max_size=6), st.integers(1, 50))
def test_messages_are_whole_again_however_they_are_cut(messages: list[Control | Sound], size: int) -> None:
    wire = b"".join(control(message) if isinstance(message, dict) else sound(message) for message in messages)
    reader = Reader()
    found: list[Control | Sound] = []
    for start in range(0, len(wire), size):
        found += reader.feed(wire[start : start + size])
    assert found == messages


@settings(max_examples=50)
@given(st.lists(st.binary(max_size=60), max_size=6))
def test_garbage_is_either_waited_upon_or_named(pieces: list[bytes]) -> None:
    reader = Reader()
    with suppress(Malformed):
        for piece in pieces:
            reader.feed(piece)


@pytest.mark.parametrize(
    "wire",
    [
        b"\x03\x00\x00\x00\x00",
        b"\x01" + (MOST_CONTROL + 1).to_bytes(4, "big"),
        b"\x02" + (MOST_SOUND + 1).to_bytes(4, "big"),
        b"\x01\x00\x00\x00\x02[]",
        b"\x01\x00\x00\x00\x01{",
        b"\x02\x00\x00\x00\x03abc",
        b"\x02\x00\x00\x00\x08\x00\x00\x00\x01\x00\x04ab",
        b"\x02\x00\x00\x00\x07\x00\x00\x00\x01\x00\x01a",
        b"\x01\x00\x01\x00\x00" + b"[" * 65_536,
    ],
)
def test_what_cannot_be_a_message_is_refused(wire: bytes) -> None:
    with pytest.raises(Malformed):
        Reader().feed(wire)


def test_a_message_that_is_too_long_is_not_made() -> None:
    with pytest.raises(ValueError, match="too long"):
        control({"text": "x" * MOST_CONTROL})
    with pytest.raises(ValueError, match="too long"):
        sound([(1, bytes(60_000))] * 80)
