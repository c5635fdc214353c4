"""Keys of the telephone: every one is found in sound, nothing else is taken for one."""

import asyncio

import numpy as np
import pytest

from ringback.domain.noise import BackgroundNoise
from ringback.speech.audio import Samples
from ringback.speech.codec import decode_mulaw, encode_mulaw
from ringback.speech.flite import FliteVoice
from ringback.speech.noise import background_loop
from ringback.speech.resampling import resampled
from ringback.speech.text_to_speech import Voice
from ringback.speech.tones import COLUMNS, KEYS, ROWS, KeyDetector, beep, tone

RATES = pytest.mark.parametrize("rate", [8_000, 16_000])


def found_in(sound: Samples, rate: int) -> str:
    """The keys that a detector finds, and a little silence behind the sound."""
    size, detector = rate // 50, KeyDetector(rate)
    sound = np.concatenate((sound, np.zeros(3 * size, np.int16)))
    frames = (sound[at : at + size] for at in range(0, len(sound) - size + 1, size))
    return "".join(key for frame in frames if (key := detector.feed(frame)))


def all_keys(
    rate: int, *, on: float = 0.1, off: float = 0.1, shift: float = 0.0, twist: float = 0.0, level: float = 6000
) -> Samples:
    """Each key once, made apart from the product: `shift` is a share of the frequencies, `twist` decibels."""
    times = np.arange(round(on * rate)) / rate
    parts: list[Samples] = []
    for number in range(len(KEYS)):
        low, high = ROWS[number // 4] * (1 + shift), COLUMNS[number % 4] * (1 + shift)
        wave = np.sin(2 * np.pi * low * times) + 10 ** (twist / 20) * np.sin(2 * np.pi * high * times)
        parts += [np.rint(level * wave).astype(np.int16), np.zeros(round(off * rate), np.int16)]
    return np.concatenate(parts)


def in_noise(sound: Samples, decibels: float) -> Samples:
    """With white noise so far under the tones."""
    power = float(np.mean(sound[sound != 0].astype(np.float64) ** 2))
    noise = np.random.default_rng(5).standard_normal(len(sound)) * np.sqrt(power / 10 ** (decibels / 10))
    return np.clip(sound + noise, -32_768, 32_767).astype(np.int16)


@RATES
def test_our_keys_are_found_through_mu_law_and_in_noise(rate: int) -> None:
    """All sixteen, 10 dB over white noise."""
    gap = np.zeros(rate // 10, np.int16)
    pressed = np.concatenate([part for key in KEYS for part in (tone(key, rate), gap)])
    assert found_in(decode_mulaw(encode_mulaw(in_noise(pressed, 10))), rate) == KEYS


@RATES
@pytest.mark.parametrize("late", [0, 1, 3, 5, 7])
def test_the_shortest_keys_are_found_wherever_they_fall_between_frames(rate: int, late: int) -> None:
    """Q.24: 40 ms are a key, and 40 ms part two."""
    sound = np.concatenate((np.zeros(late * rate // 400, np.int16), all_keys(rate, on=0.04, off=0.04)))
    assert found_in(in_noise(sound, 20), rate) == KEYS


@RATES
@pytest.mark.parametrize("shift", [-0.018, 0.018])
def test_tones_may_be_off_by_what_the_recommendation_allows(rate: int, shift: float) -> None:
    assert found_in(all_keys(rate, shift=shift), rate) == KEYS


@RATES
@pytest.mark.parametrize(
    "unlike", [{"shift": 0.035}, {"twist": 8.0}, {"twist": -12.0}, {"on": 0.01}, {"level": 60.0}], ids=str
)
def test_what_is_off_frequency_unequal_too_short_or_too_quiet_is_no_key(rate: int, unlike: dict[str, float]) -> None:
    assert found_in(all_keys(rate, **unlike), rate) == ""


@RATES
@pytest.mark.parametrize("twist", [4.0, -8.0])
def test_the_tones_may_be_as_unequal_as_lines_make_them(rate: int, twist: float) -> None:
    assert found_in(all_keys(rate, twist=twist), rate) == KEYS


def test_a_key_that_is_held_is_one_and_the_same_key_again_is_another() -> None:
    gap = np.zeros(800, np.int16)
    assert found_in(np.concatenate((tone("7", 8_000, 1.5), gap, tone("7", 8_000))), 8_000) == "77"


@pytest.mark.parametrize("voice", ["slt", "kal16", "rms"])
def test_speech_is_not_taken_for_keys(voice: str) -> None:
    """Talk-off: 13 seconds a voice, as they are and through mu-law."""
    text = (
        "Good morning and thank you for calling the clinic. My name is Susan, how can I help you today? I would like "
        "to book an appointment for Tuesday at half past nine, please. Your number is five five five, one two three."
    )
    spoken = asyncio.run(FliteVoice(voice).speak(text, Voice()))
    assert spoken.duration > 10
    for rate in (8_000, 16_000):
        sound = resampled(spoken, rate).samples
        assert found_in(sound, rate) == found_in(decode_mulaw(encode_mulaw(sound)), rate) == ""


@pytest.mark.parametrize("noise", BackgroundNoise)
def test_noise_is_not_taken_for_keys(noise: BackgroundNoise) -> None:
    loud = np.clip(background_loop(noise, 8_000) * 8, -32_768, 32_767).astype(np.int16)
    assert found_in(loud, 8_000) == ""


@RATES
def test_a_key_is_its_two_tones_and_nothing_else(rate: int) -> None:
    sound = tone("5", rate, 0.5)
    spectrum = np.abs(np.fft.rfft(sound))
    strongest = sorted(np.argsort(spectrum)[-2:] * 2.0)
    assert strongest == [770.0, 1336.0]
    assert len(sound) == rate // 2
    assert abs(int(sound[0])) < 100


def test_a_beep_is_one_tone_of_the_length_asked_for() -> None:
    sound = beep(8_000, 0.5)
    assert len(sound) == 4_000
    assert np.argmax(np.abs(np.fft.rfft(sound))) * 2 == 1000


@pytest.mark.parametrize("digit", ["", "E", "12", "a"])
def test_what_is_no_key_has_no_tone(digit: str) -> None:
    with pytest.raises(ValueError, match="no key of the telephone"):
        tone(digit, 8_000)
