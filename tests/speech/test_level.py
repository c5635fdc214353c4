"""Speech of any voice is brought to one level."""

import numpy as np
import pytest

from ringback.speech.level import NOMINAL, active_level, at_level


def burst(level: float, *, pause: float = 0.0) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    """A second of noise of so much RMS, and a pause behind it."""
    noise = np.random.default_rng(1).standard_normal(8_000) * level
    return np.concatenate((noise, np.zeros(round(8_000 * pause)))).astype(np.int16)


@pytest.mark.parametrize("level", [50.0, 1000.0, 5000.0])
def test_a_pause_does_not_make_speech_quieter(level: float) -> None:
    assert active_level(burst(level, pause=3), 8_000) == pytest.approx(level, rel=0.05)


@pytest.mark.parametrize("level", [50.0, 1000.0, 5000.0])
@pytest.mark.parametrize("volume", [0.25, 1.0, 2.0])
def test_any_speech_comes_to_the_nominal_level_times_its_volume(level: float, volume: float) -> None:
    assert active_level(at_level(burst(level), 8_000, volume), 8_000) == pytest.approx(NOMINAL * volume, rel=0.05)


def test_silence_and_nothing_stay_what_they_are() -> None:
    for nothing in (np.zeros(800, np.int16), np.zeros(0, np.int16)):
        assert np.array_equal(at_level(nothing, 8_000), nothing)


def test_what_is_shorter_than_a_block_is_weighed_as_a_whole() -> None:
    assert active_level(np.full(10, 100, np.int16), 8_000) == pytest.approx(100)


def test_volume_0_is_silence() -> None:
    assert not at_level(burst(1000), 8_000, 0.0).any()
