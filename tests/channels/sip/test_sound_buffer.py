"""Sound between two clocks: whole, in order, with a margin, and never more than a second."""

from ringback.channels.sip.messages import FRAME_BYTES, SILENCE
from ringback.channels.sip.sound_buffer import SoundBuffer

LOUD = b"\x10\x20" * (FRAME_BYTES // 2)


def test_playing_begins_when_there_is_a_margin_and_begins_again_after_a_gap() -> None:
    buffer = SoundBuffer()
    buffer.add(LOUD)
    assert buffer.frame() == SILENCE
    buffer.add(LOUD)
    assert [buffer.frame() for _ in range(3)] == [LOUD, LOUD, SILENCE]
    buffer.add(LOUD)
    assert buffer.frame() == SILENCE
    assert buffer.waiting == 0.02


def test_the_rest_of_a_call_that_is_over_is_played_without_a_margin() -> None:
    buffer = SoundBuffer()
    buffer.add(LOUD + LOUD[:100])
    assert buffer.frame(ended=True) == LOUD
    assert buffer.frame(ended=True) == LOUD[:100] + SILENCE[100:]
    assert buffer.frame(ended=True) == SILENCE


def test_silence_is_left_out_until_what_waits_is_short_again() -> None:
    buffer = SoundBuffer()
    for number in range(20):
        buffer.add(SILENCE if 5 <= number < 15 else LOUD)
    frames = [buffer.frame() for _ in range(20)]
    assert frames.count(LOUD) == 10
    played = frames[: len(frames) - frames[::-1].index(LOUD)]
    assert played.count(SILENCE) == 5
    assert buffer.dropped == 0.0


def test_the_oldest_sound_is_dropped_beyond_a_second() -> None:
    buffer = SoundBuffer()
    for number in range(60):
        buffer.add(bytes([number, 100]) * (FRAME_BYTES // 2))
    assert buffer.waiting == 1.0
    assert round(buffer.dropped, 6) == 0.2
    assert buffer.frame() == bytes([10, 100]) * (FRAME_BYTES // 2)
