import numpy as np
import pytest

from ringback.domain.voice import Span
from ringback.speech.activity import sounding
from ringback.speech.audio import Samples
from ringback.speech.flite import FliteVoice
from ringback.speech.resampling import resampled
from ringback.speech.text_to_speech import Voice

WITHIN = 0.02
"""Seconds."""


def tone(rate: int, seconds: float, hertz: float = 440, peak: float = 8000) -> Samples:
    times = np.arange(round(seconds * rate)) / rate
    return (peak * np.sin(2 * np.pi * hertz * times)).astype(np.int16)


def silence(rate: int, seconds: float) -> Samples:
    return np.zeros(round(seconds * rate), np.int16)


def noise(count: int, level: float, seed: int = 1) -> Samples:
    return np.rint(np.random.default_rng(seed).standard_normal(count) * level).astype(np.int16)


def assert_found(spans: tuple[Span, ...], *expected: tuple[float, float]) -> None:
    assert len(spans) == len(expected)
    for span, (start, end) in zip(spans, expected, strict=True):
        assert abs(span.start - start) <= WITHIN
        assert abs(span.end - end) <= WITHIN


@pytest.mark.parametrize("rate", [8_000, 16_000])
@pytest.mark.parametrize("hertz", [150, 440, 3000])
@pytest.mark.parametrize("peak", [200, 8000, 32_000])
@pytest.mark.parametrize("start", [0.0, 0.7031, 1.7])
def test_a_tone_is_found_where_it_begins_and_ends(rate: int, hertz: float, peak: float, start: float) -> None:
    sound = np.concatenate([silence(rate, start), tone(rate, 0.5, hertz, peak), silence(rate, 1)])
    assert_found(sounding(sound, rate), (start, start + 0.5))


def test_a_tone_without_a_pause_is_no_floor() -> None:
    assert_found(sounding(tone(8000, 30), 8000), (0, 30))


def test_a_tone_is_found_in_steady_noise_20_db_below_it() -> None:
    sound = np.concatenate([silence(8000, 2.0), tone(8000, 0.5, peak=4000), silence(8000, 2.0)])
    assert_found(sounding(sound + noise(len(sound), 283), 8000), (2.0, 2.5))


def test_short_gaps_are_joined_and_long_ones_are_not() -> None:
    parts = [tone(8000, 0.3), silence(8000, 0.15), tone(8000, 0.3), silence(8000, 0.25), tone(8000, 0.3)]
    assert_found(sounding(np.concatenate(parts), 8000), (0, 0.75), (1.0, 1.3))


def test_clicks_are_left_out() -> None:
    parts = [silence(8000, 0.5), tone(8000, 0.03), silence(8000, 0.5), tone(8000, 0.06), silence(8000, 0.5)]
    assert_found(sounding(np.concatenate(parts), 8000), (1.03, 1.09))


def test_silence_an_offset_and_nothing_at_all_do_not_sound() -> None:
    assert sounding(silence(8000, 3), 8000) == ()
    assert sounding(np.full(24_000, 900, np.int16), 8000)[1:] == ()
    assert sounding(silence(8000, 0), 8000) == ()


@pytest.mark.parametrize("voice", ["slt", "rms", "awb", "kal16"])
async def test_speech_is_found_as_well_in_noise_20_db_below_it(voice: str) -> None:
    flite = FliteVoice(voice)
    spoken = resampled(await flite.speak("One moment, please. I am looking.", Voice()), 8_000).samples
    sound = np.concatenate([silence(8000, 2.0), spoken, silence(8000, 2.0)])
    clean = sounding(sound, 8000)
    # The voice's sound as it is trimmed: less than 50 ms of silence at its ends.
    assert 2.0 <= clean[0].start <= 2.05
    assert -0.06 <= clean[-1].end - (2.0 + len(spoken) / 8000) <= 0
    level = float(np.sqrt(np.mean(spoken.astype(float) ** 2)))
    noisy = sounding(sound + noise(len(sound), level / 10), 8000)
    assert abs(noisy[0].start - clean[0].start) <= WITHIN


def test_a_long_sound_is_measured_as_its_parts_are() -> None:
    """Long sounds are looked at piece by piece; what lies across two pieces is in neither of them alone."""
    rate = 8_000
    beep = (5000 * np.sin(np.arange(rate // 2) * 0.5)).astype(np.int16)
    sound = np.zeros(70 * rate, np.int16)
    starts = [0.0, 9.8, 19.75, 20.5, 39.99, 59.6, 69.5]
    for start in starts:
        sound[round(start * rate) : round(start * rate) + len(beep)] = beep
    spans = sounding(sound, rate)
    assert [span.start for span in spans] == pytest.approx(starts, abs=0.02)
    assert [span.end for span in spans] == pytest.approx([start + 0.5 for start in starts], abs=0.02)
