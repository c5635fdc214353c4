"""What goes between us and the process that carries calls: whole again however it is cut, and no harm in garbage."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringback.channels.sip.messages import MOST_CONTROL, MOST_SOUND, Control, Malformed, Reader, Sound, control, sound

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)
CONTROLS = st.dictionaries(st.text(max_size=8), JSON, max_size=5)
SAMPLES = st.binary(max_size=400).map(lambda data: data[: len(data) // 2 * 2])
SOUNDS = st.lists(st.tuples(st.integers(0, 2**32 - 1), SAMPLES), max_size=5)


@given(st.lists(CONTROLS | SOUNDS, max_size=6), st.integers(1, 50))
def test_messages_are_whole_again_however_they_are_cut(messages: list[Control | Sound], size: int) -> None:
    wire = b"".join(control(message) if isinstance(message, dict) else sound(message) for message in messages)
    reader = Reader()
    found: list[Control | Sound] = []
    for start in range(0, len(wire), size):
        found += reader.feed(wire[start : start + size])
    assert found == messages


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
