import numpy as np
import pytest

from ringback.speech.audio import Sound
from ringback.speech.dropouts import without_dropouts

RATE = 8_000


def tone(seconds: float) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    return (3_000 * np.sin(np.arange(round(seconds * RATE)) * 0.5 + 1)).astype(np.int16)


def hole(seconds: float) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    return np.zeros(round(seconds * RATE), np.int16)


@pytest.mark.parametrize("seconds", [0.02, 0.06, 0.18])
def test_holes_in_the_middle_of_a_sound_are_closed(seconds: float) -> None:
    broken = np.concatenate([tone(0.3), hole(seconds), tone(0.2), hole(seconds), tone(0.1)])
    closed = without_dropouts(Sound(broken, RATE))
    assert closed.rate == RATE
    assert closed.duration == pytest.approx(0.6, abs=0.001)


@pytest.mark.parametrize("seconds", [0.005, 0.3])
def test_short_stops_and_long_pauses_stay(seconds: float) -> None:
    sound = np.concatenate([tone(0.3), hole(seconds), tone(0.2)])
    assert np.array_equal(without_dropouts(Sound(sound, RATE)).samples, sound)


def test_pauses_that_the_sound_fades_into_stay() -> None:
    fading = (tone(0.3) * np.linspace(1, 0, round(0.3 * RATE)) ** 2).astype(np.int16)
    sound = np.concatenate([fading, hole(0.1), tone(0.2)])
    assert np.array_equal(without_dropouts(Sound(sound, RATE)).samples, sound)


@pytest.mark.parametrize("samples", [0, 1, RATE])
def test_silence_and_nothing_stay(samples: int) -> None:
    assert len(without_dropouts(Sound(np.zeros(samples, np.int16), RATE)).samples) == samples
