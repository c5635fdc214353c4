import numpy as np
import pytest

from ringback.speech.audio import Sound
from ringback.speech.resampling import resampled


@pytest.mark.parametrize(("rate", "other"), [(8_000, 16_000), (16_000, 8_000), (22_050, 8_000)])
def test_a_tone_stays_that_tone_at_another_rate(rate: int, other: int) -> None:
    def tone(hertz: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        return 8000 * np.sin(2 * np.pi * 440 * np.arange(hertz) / hertz)

    sound = resampled(Sound(tone(rate).astype(np.int16), rate), other)
    assert (sound.rate, len(sound.samples), sound.samples.dtype) == (other, other, np.int16)
    middle = slice(other // 10, -other // 10)
    assert np.abs(sound.samples - tone(other))[middle].max() < 10


def test_the_same_rate_is_the_same_sound() -> None:
    sound = Sound(np.ones(10, np.int16), 8_000)
    assert resampled(sound, 8_000) is sound
