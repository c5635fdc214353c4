"""What happens to our caller's sound between its mouth and the agent: noise, a bad microphone, a bad network.

In this order: background noise is added, a microphone that is overdriven clips both, a narrow band lets 300 to 3400 Hz
through, the network loses and delays frames. Everything random comes from one seed: the same seed and the same frames
give the same sound, bit for bit. Nothing here waits or reads a clock, and each frame that is given one comes out.
"""

import asyncio
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ringback.conversation.manner import LONGEST_NETWORK_DELAY, Manner
from ringback.conversation.plan import Conditions
from ringback.domain.noise import Noise
from ringback.speech.audio import Samples
from ringback.speech.level import FULL_SCALE
from ringback.speech.noise import LOOP_SECONDS, background_loop

_FRAMES_A_SECOND = 50
_UNCHANGED = Conditions()
_LOWEST, _HIGHEST = np.float32(-FULL_SCALE), np.float32(FULL_SCALE - 1)
_CLIPPING_DB = 30.0
"""How far under full scale the sound is cut off at the hardest clipping."""
_BAND = (300.0, 3400.0)
"""Hz: the band of the telephone, ITU-T G.712."""
_TAPS = 0.016
"""Seconds of the narrow band's filter; half of it is how late the sound comes out."""
_POLL = 0.005
"""Seconds between looks at whether a noise is made."""
_MAKER = ThreadPoolExecutor(max_workers=1, thread_name_prefix="noise")
_ready: set[tuple[Noise, int]] = set()


async def make_ready(manner: Manner, rate: int, *more: Noise) -> None:
    """Make or read the noises of a call beside the event loop, if no call of this process has had them before.

    Without it the first frame with a noise takes up to 0.2 s, which other calls of the process would hear.

    Raises:
        SpeechRejected: a file that is no sound.
    """
    for noise in {manner.background, *more} - {None}:
        if noise is not None and (noise, rate) not in _ready:
            job = _MAKER.submit(background_loop, noise, rate)
            while not job.done():  # noqa: ASYNC110 - a loop on a virtual clock cannot wait for a thread
                await asyncio.sleep(_POLL)
            job.result()
            _ready.add((noise, rate))


class Disturbances:
    """The way of one call's sound. `apply` once every 20 ms, with the mouth's frame and its conditions."""

    def __init__(self, manner: Manner, rate: int, seed: int) -> None:
        self._manner = manner
        self._rate = rate
        self._size = rate // _FRAMES_A_SECOND
        self._place, self._losses, self._lateness = (
            np.random.default_rng([seed & 0xFFFFFFFFFFFFFFFF, number]) for number in range(3)
        )
        self._at = int(self._place.integers(0, LOOP_SECONDS * rate))
        self._gain = 0.0
        self._noise: Noise | None = None
        self._filter = _NarrowBand(rate) if manner.narrow_band else None
        self._limit = np.float32(FULL_SCALE * 10 ** (-_CLIPPING_DB * manner.clipping / 20))
        self._silence: Samples = np.zeros(self._size, np.int16)
        self._delay = round(min(manner.delay, LONGEST_NETWORK_DELAY) * _FRAMES_A_SECOND)
        self._jitter = round(min(manner.jitter, LONGEST_NETWORK_DELAY) * _FRAMES_A_SECOND)
        self._network = _Network(self._delay, self._jitter, self._lateness, self._silence)
        self._sounding = manner.clipping > 0 or self._filter is not None

    @property
    def delay(self) -> float:
        """Seconds by which the sound now comes out later than it went in."""
        return self._network.behind / _FRAMES_A_SECOND

    def apply(self, frame: Samples, conditions: Conditions = _UNCHANGED, *, speaking: bool | None = None) -> Samples:
        """The frame that is sent in this one's place; the array may be given out again and is not to be written to.

        `speaking` says whether the caller speaks, which may reduce the noise; None: whether the frame holds any sound.
        """
        if speaking is None:
            speaking = bool(frame.any())
        wave = self._with_noise(frame, conditions, speaking=speaking)
        if self._sounding:
            wave = self._through_microphone(frame.astype(np.float32) if wave is None else wave)
        sound = frame if wave is None else _as_samples(wave)
        loss = self._manner.packet_loss if conditions.packet_loss is None else conditions.packet_loss
        if loss and self._losses.random() < loss:
            sound = self._silence
        if self._delay or self._jitter:
            sound = self._network.pass_on(sound, speaking=speaking)
        return sound

    def _with_noise(self, frame: Samples, conditions: Conditions, *, speaking: bool) -> NDArray[np.float32] | None:
        """The frame with noise; None where there is none to be added."""
        manner, own = self._manner, conditions.background
        noise = manner.background if own is None else own.noise
        wanted = 0.0
        if noise is not None:
            volume = manner.background_reduced if speaking else manner.background_base
            wanted = volume if own is None or own.volume is None else own.volume
            self._noise = noise
        before, self._gain = self._gain, wanted
        if self._noise is None or (not before and not wanted):
            return None
        loop = background_loop(self._noise, self._rate)
        length = len(loop) - self._size
        at = self._at % length  # files are of other lengths
        part = loop[at : at + self._size]
        self._at = (at + self._size) % length
        if before == wanted:
            mixed = part * np.float32(wanted)
        else:  # from one volume to the other without a click
            mixed = part * np.linspace(before, wanted, self._size, dtype=np.float32)
        mixed += frame
        return mixed

    def _through_microphone(self, wave: NDArray[np.float32]) -> NDArray[np.float32]:
        if self._manner.clipping:
            _limit(wave, -self._limit, self._limit)
        return self._filter.pass_on(wave) if self._filter else wave


def _as_samples(wave: NDArray[np.float32]) -> Samples:
    np.rint(wave, out=wave)
    _limit(wave, _LOWEST, _HIGHEST)
    return wave.astype(np.int16)


def _limit(wave: NDArray[np.float32], low: np.float32, high: np.float32) -> None:
    """In place, and at a third of the price of `np.clip` for arrays as short as a frame."""
    np.maximum(wave, low, out=wave)
    np.minimum(wave, high, out=wave)


class _Network:
    """Delays frames, each by a little more or less, and keeps their order.

    A frame that is not there in time leaves 20 ms of silence; frames that come together are played one by one, so the
    sound is then later than before, by the jitter at most. The backlog goes down while the caller is silent.
    """

    def __init__(self, delay: int, jitter: int, lateness: np.random.Generator, silence: Samples) -> None:
        self._delay, self._jitter = delay, jitter
        self._lateness = lateness
        self._silence = silence
        self._way: deque[tuple[int, Samples, bool]] = deque()  # arrival in ticks, frame, whether the caller spoke
        self._tick = 0
        self._last = 0

    @property
    def behind(self) -> int:
        """Frames that went in and did not come out."""
        return len(self._way)

    def pass_on(self, frame: Samples, *, speaking: bool) -> Samples:
        """Take a frame and give the one that is played now."""
        late = int(self._lateness.random() * (self._jitter + 1)) if self._jitter else 0
        self._last = max(self._last, self._tick + self._delay + late)
        self._way.append((self._last, frame, speaking))
        tick, self._tick = self._tick, self._tick + 1
        while len(self._way) > self._delay + 1 and not self._way[0][2] and self._way[1][0] <= tick:
            self._way.popleft()  # silence is where a backlog is made good
        return self._way.popleft()[1] if self._way[0][0] <= tick else self._silence


class _NarrowBand:
    """A band pass of linear phase."""

    def __init__(self, rate: int) -> None:
        self._taps = _band_pass(rate)
        self._kept: NDArray[np.float32] = np.zeros(len(self._taps) - 1, np.float32)

    def pass_on(self, wave: NDArray[np.float32]) -> NDArray[np.float32]:
        """The next frame, filtered."""
        whole = np.concatenate((self._kept, wave))
        self._kept = whole[len(wave) :]
        return np.correlate(whole, self._taps, "valid")  # what a convolution is for taps that read the same backwards


@cache
def _band_pass(rate: int) -> NDArray[np.float32]:
    """A sinc of the band under a Hamming window: the window method, Oppenheim and Schafer, section 7.5.

    Written out here because scipy.signal takes a second to import, which calls that go on would hear.
    """
    count = round(_TAPS * rate) | 1
    times = np.arange(count) - count // 2
    low, high = (2 * frequency / rate for frequency in _BAND)
    taps = (high * np.sinc(high * times) - low * np.sinc(low * times)) * np.hamming(count)
    return taps.astype(np.float32)
