"""Tones of the telephone: keys (DTMF) made and found, and beeps.

Frequencies, and how exact, how long and how unequal the two tones of a key may be: ITU-T Q.23 (frequencies, 1.8 %) and
Q.24 (receivers: 40 ms are a key, pauses of 40 ms part two keys; the higher tone may be 4 dB over the lower one and 8 dB
under it, the limits of North America in its table A-1).
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from ringback.speech.audio import Samples

KEYS = "123A456B789C*0#D"
"""The keys, row by row."""
ROWS = (697.0, 770.0, 852.0, 941.0)
"""Hz of the lower tone."""
COLUMNS = (1209.0, 1336.0, 1477.0, 1633.0)
"""Hz of the higher tone."""

KEY_SECONDS = 0.1
"""How long a key of ours sounds, and how long the gap behind it is: over the 65 ms that the slowest receivers ask."""

_LEVEL = 10 ** (-12 / 20) * 32768
"""Peak of each of the two tones."""
_EDGE = 0.002
"""Seconds of fading in and out, so that nothing clicks."""

_WINDOW = 0.02
"""Seconds that are looked at at a time."""
_HOP = 0.01
_DETUNING = (-0.012, 0.0, 0.012)
"""Shares by which a tone is looked for beside its frequency; each reaches about 0.8 % to both sides."""
_QUIETEST = (10 ** (-42 / 20) * 32768) ** 2
"""Mean power below which nothing is looked for."""
_PURITY = 0.72
"""Share of the power that the two tones must have: speech has more beside them."""
_TWIST = (10 ** (-10 / 10), 10 ** (6 / 10))
"""Power of the higher tone over the lower one: Q.24's -8 to 4 dB and 2 dB for noise and window."""
_CLEAR = 10 ** (6 / 10)
"""Power of the stronger tone of a group over each other one of it."""
_HITS = 2
"""Windows in a row that must hold the same key."""
_MISSES = 2
"""Windows in a row without it after which it is released."""


def tone(digit: str, rate: int, seconds: float = KEY_SECONDS) -> Samples:
    """The sound of a key.

    Raises:
        ValueError: no key of the telephone.
    """
    if len(digit) != 1 or digit not in KEYS:
        raise ValueError(f"'{digit}' is no key of the telephone.")
    row, column = divmod(KEYS.index(digit), 4)
    return _sines((ROWS[row], COLUMNS[column]), rate, seconds, _LEVEL)


def beep(rate: int, seconds: float = 0.5, frequency: float = 1000.0) -> Samples:
    """A single tone, as of an answering machine."""
    return _sines((frequency,), rate, seconds, 10 ** (-12 / 20) * 32768)


def _sines(frequencies: tuple[float, ...], rate: int, seconds: float, level: float) -> Samples:
    times = np.arange(round(rate * seconds)) / rate
    wave = np.zeros(len(times))
    for frequency in frequencies:
        wave += np.sin(2 * np.pi * frequency * times)
    edge = np.minimum(1.0, np.minimum(times, times[::-1]) / _EDGE) if len(times) else wave
    return np.rint(level * wave * edge).astype(np.int16)


@cache
def _probes(rate: int) -> NDArray[np.float32]:
    """Cosines and sines of all tones and detunings, `(48, window)`: a product with it is 24 Goertzel filters."""
    times = np.arange(round(rate * _WINDOW)) / rate
    frequencies = np.array([tone * (1 + off) for tone in (*ROWS, *COLUMNS) for off in _DETUNING])
    angles = 2 * np.pi * frequencies[:, None] * times
    return np.concatenate((np.cos(angles), np.sin(angles))).astype(np.float32)


class KeyDetector:
    """Finds keys in the sound of one side, frame by frame."""

    def __init__(self, rate: int) -> None:
        self._probes = _probes(rate)
        self._window = round(rate * _WINDOW)
        self._hop = round(rate * _HOP)
        self._kept: NDArray[np.float32] = np.zeros(self._window - self._hop, np.float32)
        self._candidate: str | None = None
        self._hits = 0
        self._misses = 0
        self._pressed: str | None = None

    def feed(self, frame: Samples) -> str | None:
        """The key whose press is found with this frame (once a press), or None."""
        sound = np.concatenate((self._kept, frame.astype(np.float32)))
        found: str | None = None
        start = 0
        while start + self._window <= len(sound):
            found = self._step(self._key_in(sound[start : start + self._window])) or found
            start += self._hop
        self._kept = sound[start:]
        return found

    def _key_in(self, window: NDArray[np.float32]) -> str | None:
        power = float(window @ window)
        if power < _QUIETEST * len(window):
            return None
        products = self._probes @ window
        halves = products.reshape(2, len(ROWS) + len(COLUMNS), len(_DETUNING))
        strength = (halves[0] ** 2 + halves[1] ** 2).max(axis=1) * (2 / len(window))
        rows, columns = strength[: len(ROWS)], strength[len(ROWS) :]
        row, column = int(rows.argmax()), int(columns.argmax())
        low, high = float(rows[row]), float(columns[column])
        if low + high < _PURITY * power or not _TWIST[0] <= high / max(low, 1e-9) <= _TWIST[1]:
            return None
        if (rows * _CLEAR > low).sum() > 1 or (columns * _CLEAR > high).sum() > 1:
            return None
        return KEYS[4 * row + column]

    def _step(self, key: str | None) -> str | None:
        if key is not None and key == self._candidate:
            self._hits += 1
        else:
            self._candidate, self._hits = key, 1
        if key == self._pressed:
            self._misses = 0
            return None
        if self._pressed is not None:
            self._misses += 1
            if self._misses >= _MISSES:
                self._pressed, self._misses = None, 0
        if key is not None and self._hits >= _HITS:
            self._pressed, self._misses = key, 0
            return key
        return None
