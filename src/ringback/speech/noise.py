"""Noises, synthesised: loops of background noise, and single noises such as a cough.

Everything comes from one generator with a fixed seed, so that a noise is the same bit for bit each time. A loop has no
seam: its colours are shaped in the frequency domain, which makes them periodic, and its events are laid in round a
circle.
"""

from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ringback.domain.noise import BackgroundNoise, Noise, NoiseFile, SingleNoise
from ringback.speech.audio import Samples
from ringback.speech.level import FULL_SCALE, NOMINAL
from ringback.speech.noise_file import loop_of_file
from ringback.speech.tones import beep

Wave = NDArray[np.float64]

LOOP_SECONDS = 8
"""How long a loop is that is made here."""
BACKGROUND = NOMINAL * 10 ** (-15 / 20)
"""Root mean square of a background noise of volume 1: 15 dB under speech."""


@cache
def background_loop(noise: Noise, rate: int) -> NDArray[np.float32]:
    """The loop of a noise at volume 1, and behind its end its first 20 ms again, so that no frame has to be pieced.

    Raises:
        SpeechRejected: a file that is no sound.
    """
    wave = loop_of_file(noise.path, rate) if isinstance(noise, NoiseFile) else _made(noise, rate)
    wave -= wave.mean()
    wave *= BACKGROUND / _rms(wave)
    loop = np.concatenate((wave, wave[: rate // 50])).astype(np.float32)
    loop.flags.writeable = False
    return loop


def _made(noise: BackgroundNoise, rate: int) -> Wave:
    rng = np.random.default_rng([17, list(BackgroundNoise).index(noise), rate])
    return _MADE_BY[noise](rng, LOOP_SECONDS * rate, rate)


def single_noise(noise: SingleNoise, rate: int, volume: float = 1.0) -> Samples:
    """A noise that is heard once; volume 1 is as loud as speech (an office: as loud as a background noise)."""
    match noise:
        case SingleNoise.BEEP:
            wave = beep(rate).astype(np.float64) * (NOMINAL * np.sqrt(2) / (10 ** (-12 / 20) * FULL_SCALE))
        case SingleNoise.OFFICE:
            wave = background_loop(BackgroundNoise.OFFICE, rate)[: 2 * rate].astype(np.float64)
            wave *= _envelope(len(wave), rate, attack=0.1, decay=0.2)
        case SingleNoise.COUGH1:
            wave = _cough(rate, (0.0, 0.38), seed=1)
        case SingleNoise.COUGH2:
            wave = _cough(rate, (0.0, 0.3, 0.62), seed=2)
    return np.clip(np.rint(wave * volume), -FULL_SCALE, FULL_SCALE - 1).astype(np.int16)


def _rms(wave: Wave) -> float:
    return float(np.sqrt(np.vdot(wave, wave) / len(wave)))


def _coloured(rng: np.random.Generator, length: int, rate: int, curve: Callable[[Wave], Wave]) -> Wave:
    """Noise whose amplitude over frequency is `curve` (of Hz), of mean power 1."""
    frequencies = np.fft.rfftfreq(length, 1 / rate).astype(np.float64)
    frequencies[0] = frequencies[1]
    shape = curve(frequencies)
    shape[0] = 0.0
    spectrum = (rng.standard_normal(len(shape)) + 1j * rng.standard_normal(len(shape))) * shape
    wave = np.fft.irfft(spectrum, length)
    return wave / _rms(wave)


def _band(low: float, high: float, slope: float = 0.0) -> Callable[[Wave], Wave]:
    """Amplitudes that fall off outside of a band by 12 dB an octave, and inside by `6 * slope` dB an octave."""

    def curve(frequencies: Wave) -> Wave:
        inside = 1 / (1 + (low / frequencies) ** 2) / (1 + (frequencies / high) ** 2)
        return inside * (frequencies / low) ** -slope

    return curve


def _envelope(length: int, rate: int, *, attack: float, decay: float) -> Wave:
    """Rises and falls in straight lines; seconds."""
    times = np.arange(length) / rate
    return np.minimum(1.0, np.minimum(times / attack, times[::-1] / decay))


def _swell(rng: np.random.Generator, length: int, rate: int, frequency: float) -> Wave:
    """A slow random course of mean 1 that is never negative and has its most at `frequency` Hz."""
    course = _coloured(rng, length, rate, _band(frequency / 3, frequency))
    return np.maximum(0.0, 1 + 0.6 * course)


def _lay_in(wave: Wave, at: int, event: Wave) -> None:
    """Add an event to a loop, round the end if need be."""
    wave[np.arange(at, at + len(event)) % len(wave)] += event


def _decaying(rng: np.random.Generator, rate: int, seconds: float, low: float, high: float) -> Wave:
    length = round(seconds * rate)
    return _coloured(rng, length, rate, _band(low, high)) * np.exp(-5 * np.arange(length) / length)


_TALKERS = 3
_TALKER_RATE = 8_000
"""Hz: nothing in the babble of voices is higher than half of it."""


def _hum(length: int, rate: int, frequency: float, overtones: int, slope: float = 1.0) -> Wave:
    """A tone with overtones that fall by 6 dB an octave times `slope`; whole numbers of Hz have no seam."""
    times = np.arange(length) / rate
    wave = np.zeros(length)
    for number in range(1, overtones + 1):
        if number * frequency < rate / 2:
            wave += np.sin(2 * np.pi * number * frequency * times + number) / number**slope
    return wave / _rms(wave)


_VOWELS = ((730, 1090, 2440), (270, 2290, 3010), (570, 840, 2410), (530, 1840, 2480))
"""Formants in Hz of the vowels of `hod`, `heed`, `hawed` and `head` spoken by men: Peterson and Barney, 1952."""


@cache
def _talker(number: int, rate: int) -> Wave:
    """A loop of somebody who talks without words: pulses through vowels, in syllables; of mean power 1."""
    rng = np.random.default_rng([19, number])
    length = LOOP_SECONDS * _TALKER_RATE
    pitch = rng.uniform(90, 220) * (1 + 0.08 * _coloured(rng, length, _TALKER_RATE, _band(0.3, 3.0)))
    pulses = np.diff(np.floor(np.cumsum(pitch) / _TALKER_RATE), prepend=0.0)
    frequencies = np.fft.rfftfreq(length, 1 / _TALKER_RATE)
    spectrum = np.fft.rfft(pulses)
    wave = np.zeros(length)
    first = int(rng.integers(len(_VOWELS)))
    second = (first + int(rng.integers(1, len(_VOWELS)))) % len(_VOWELS)
    for formants in (_VOWELS[first], _VOWELS[second]):
        filtered = np.zeros(len(frequencies))
        for order, centre in enumerate(formants):
            filtered += 1 / (1 + ((frequencies - centre) / 90) ** 2) / (1 + order)
        wave += np.fft.irfft(spectrum * filtered, length) * _swell(rng, length, _TALKER_RATE, 4.0) ** 2
    wave *= _swell(rng, length, _TALKER_RATE, 0.4)
    if rate != _TALKER_RATE:  # a loop is periodic: at another rate it has the same lines in its spectrum
        wave = np.fft.irfft(np.fft.rfft(wave), LOOP_SECONDS * rate)
    return wave / _rms(wave)


def _voices(rng: np.random.Generator, length: int, rate: int, count: int) -> Wave:
    """A crowd of a few talkers, each heard more than once, at other times and from other places."""
    wave = np.zeros(length)
    for place in range(count):
        talker = _talker(place % _TALKERS, rate)
        wave += np.roll(talker, int(rng.integers(length))) / np.sqrt(1 + place)
    return wave


def _babble(rng: np.random.Generator, length: int, rate: int) -> Wave:
    return _voices(rng, length, rate, 7) + 0.6 * _coloured(rng, length, rate, _band(150, 1500, 0.3))


def _office(rng: np.random.Generator, length: int, rate: int) -> Wave:
    wave = 0.6 * _voices(rng, length, rate, 2) + 0.8 * _coloured(rng, length, rate, _band(60, 800, 0.5))
    for start in rng.integers(0, length, 6):  # somebody types
        for stroke in range(int(rng.integers(3, 9))):
            at = int(start) + round((0.11 * stroke + rng.uniform(0, 0.04)) * rate)
            _lay_in(wave, at, rng.uniform(0.6, 1.6) * _decaying(rng, rate, 0.02, 1500, 3500))
    ringing = _hum(round(0.9 * rate), rate, 425, 3) * _envelope(round(0.9 * rate), rate, attack=0.02, decay=0.05)
    _lay_in(wave, int(rng.integers(0, length)), 0.5 * ringing)
    return wave


def _cafe(rng: np.random.Generator, length: int, rate: int) -> Wave:
    wave = _babble(rng, length, rate)
    for start in rng.integers(0, length, 14):  # cups and spoons
        clink = _hum(round(0.15 * rate), rate, float(rng.integers(1900, 3200)), 1)
        _lay_in(wave, int(start), rng.uniform(0.5, 2) * clink * np.exp(-np.arange(len(clink)) / (0.03 * rate)))
    _lay_in(wave, int(rng.integers(0, length)), 1.2 * _decaying(rng, rate, 1.8, 1200, 3600))  # steam
    return wave


def _street(rng: np.random.Generator, length: int, rate: int) -> Wave:
    wave = _coloured(rng, length, rate, _band(40, 250, 0.5))
    for start in rng.integers(0, length, 3):  # cars go by
        passing = _coloured(rng, 3 * rate, rate, _band(200, 1400)) * np.hanning(3 * rate)
        _lay_in(wave, int(start), rng.uniform(0.8, 1.8) * passing)
    horn = (_hum(rate // 2, rate, 420, 6) + _hum(rate // 2, rate, 530, 6)) * _envelope(
        rate // 2, rate, attack=0.02, decay=0.06
    )
    _lay_in(wave, int(rng.integers(0, length)), 0.7 * horn)
    return wave


def _car(rng: np.random.Generator, length: int, rate: int) -> Wave:
    engine = _hum(length, rate, 42, 12) * _swell(rng, length, rate, 0.3)
    return (
        engine
        + 1.2 * _coloured(rng, length, rate, _band(30, 300, 0.6))
        + 0.3 * _coloured(rng, length, rate, _band(400, 1500))
    )


def _rain(rng: np.random.Generator, length: int, rate: int) -> Wave:
    wave = _coloured(rng, length, rate, _band(700, 6000, -0.2))
    for start in rng.integers(0, length, 240):  # drops on a sill
        _lay_in(wave, int(start), rng.uniform(1, 4) * _decaying(rng, rate, 0.012, 900, 3500))
    return wave


def _wind(rng: np.random.Generator, length: int, rate: int) -> Wave:
    gusts = _swell(rng, length, rate, 0.5) ** 2
    return (
        _coloured(rng, length, rate, _band(30, 250, 0.4)) * gusts
        + 0.15 * _coloured(rng, length, rate, _band(500, 1200)) * gusts
    )


def _train(rng: np.random.Generator, length: int, rate: int) -> Wave:
    wave = _coloured(rng, length, rate, _band(40, 350, 0.4))
    for pair in range(LOOP_SECONDS):  # joints of the rails, a pair a second
        for offset in (0.0, 0.16):
            at = round((pair + offset) * rate)
            _lay_in(wave, at, 3 * _decaying(rng, rate, 0.12, 120, 900))
    return wave


def _machine(rng: np.random.Generator, length: int, rate: int) -> Wave:
    return _hum(length, rate, 100, 14, 0.7) + 0.7 * _coloured(rng, length, rate, _band(100, 1200, 0.3))


def _crackle(rng: np.random.Generator, length: int, rate: int) -> Wave:
    wave = 0.25 * _coloured(rng, length, rate, _band(300, 3400)) + 0.15 * _hum(length, rate, 50, 5)
    for start in rng.integers(0, length, 160):
        _lay_in(wave, int(start), rng.uniform(2, 9) * _decaying(rng, rate, 0.004, 500, 3400))
    return wave


def _white(rng: np.random.Generator, length: int, rate: int) -> Wave:
    return _coloured(rng, length, rate, lambda frequencies: np.ones(len(frequencies)))


def _pink(rng: np.random.Generator, length: int, rate: int) -> Wave:
    return _coloured(rng, length, rate, lambda frequencies: 1 / np.sqrt(np.maximum(frequencies, 20.0)))


def _brown(rng: np.random.Generator, length: int, rate: int) -> Wave:
    return _coloured(rng, length, rate, lambda frequencies: 1 / np.maximum(frequencies, 20.0))


def _cough(rate: int, bursts: tuple[float, ...], *, seed: int) -> Samples | Wave:
    rng = np.random.default_rng([23, seed])
    length = round((bursts[-1] + 0.35) * rate)
    wave = np.zeros(length)
    for at in bursts:
        burst = round(0.28 * rate)
        sound = _coloured(rng, burst, rate, _band(350, 1800)) + 0.5 * _hum(burst, rate, 140, 12)
        sound *= _envelope(burst, rate, attack=0.008, decay=0.2) ** 2
        start = round(at * rate)
        wave[start : start + burst] += sound
    return wave * (NOMINAL / _rms(wave))


_MADE_BY: dict[BackgroundNoise, Callable[[np.random.Generator, int, int], Wave]] = {
    BackgroundNoise.OFFICE: _office,
    BackgroundNoise.CAFE: _cafe,
    BackgroundNoise.STREET: _street,
    BackgroundNoise.CAR: _car,
    BackgroundNoise.BABBLE: _babble,
    BackgroundNoise.RAIN: _rain,
    BackgroundNoise.WIND: _wind,
    BackgroundNoise.TRAIN: _train,
    BackgroundNoise.MACHINE: _machine,
    BackgroundNoise.CRACKLE: _crackle,
    BackgroundNoise.WHITE: _white,
    BackgroundNoise.PINK: _pink,
    BackgroundNoise.BROWN: _brown,
}
