"""Whether somebody is speaking: Silero's voice activity model over the lines of all calls at once.

The model (`silero_vad.onnx`, version 5 of its interface, MIT: `silero_vad.LICENSE`) takes 32 ms at a time, preceded by
the last 4 ms of the chunk before, and keeps a state for each line. Its rows are independent, so that one run of it
serves all lines of one rate. How it is fed follows `OnnxWrapper` of snakers4/silero-vad, `src/silero_vad/utils_vad.py`.
"""

from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.resources import files
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ringback.speech.audio import Samples

ON = 0.5
"""Probability of speech from which there is voice."""
OFF = 0.35
"""Probability of speech below which voice ends; between the two it stays as it is."""
CHUNK_SECONDS = 0.032
_CONTEXT_SECONDS = 0.004
_STATE = (2, 128)
_FULL_SCALE = 32_768
_RATES = (8_000, 16_000)


class _Model(Protocol):
    def run(self, names: Sequence[str], feeds: Mapping[str, NDArray[np.generic]]) -> list[NDArray[np.float32]]: ...


class Ear:
    """What is known about the voice on one line; `VoiceActivity.ear` makes it and `VoiceActivity.listen` feeds it."""

    def __init__(self, rate: int) -> None:
        self.rate = rate
        """Hz."""
        self.voice = False
        """Whether somebody is speaking."""
        self.probability = 0.0
        """Of speech in the last chunk of 32 ms, 0 to 1."""
        self.began: int | None = None
        """Position of the sample with which the chunk began that last turned `voice` on; None: never."""
        self.ended: int | None = None
        """Position of the sample with which the chunk began that last turned `voice` off; None: never."""
        self.chunk = round(CHUNK_SECONDS * rate)
        self.context = round(_CONTEXT_SECONDS * rate)
        self.state = np.zeros(_STATE, np.float32)
        self._waiting = np.zeros(self.context + self.chunk, np.float32)
        """Samples for the model, its context first."""
        self._filled = self.context
        self._rest: Samples = np.zeros(0, np.int16)
        """What of the last frame belongs to the next chunk."""
        self._heard = 0
        """Samples that the model has taken."""

    def add(self, samples: Samples) -> bool:
        """Take up to a chunk of samples; True: a chunk is full and has to be judged before the next ones."""
        room = len(self._waiting) - self._filled
        if len(samples) >= room:
            self._waiting[self._filled :] = samples[:room]
            self._waiting[self._filled :] /= _FULL_SCALE
            self._rest = samples[room:]
            return True
        end = self._filled + len(samples)
        self._waiting[self._filled : end] = samples
        self._waiting[self._filled : end] /= _FULL_SCALE
        self._filled = end
        return False

    @property
    def full(self) -> NDArray[np.float32]:
        """Context and chunk, for the model."""
        return self._waiting

    def judge(self, probability: float, state: NDArray[np.float32]) -> None:
        """Take the model's word on the full chunk, and begin the next one."""
        self.probability, self.state = probability, state
        if not self.voice and probability >= ON:
            self.voice, self.began = True, self._heard
        elif self.voice and probability < OFF:
            self.voice, self.ended = False, self._heard
        self._heard += self.chunk
        self._waiting[: self.context] = self._waiting[-self.context :]
        self._filled = self.context
        self.add(self._rest)


class VoiceActivity:
    """The model, loaded once a process; its runs take one thread, for all calls share the processor."""

    def __init__(self) -> None:
        self._model = _loaded()

    def ear(self, rate: int) -> Ear:
        """An ear for one line.

        Args:
            rate: Hz, 8000 or 16000.

        Raises:
            ValueError: another rate.
        """
        if rate not in _RATES:
            raise ValueError(f"The voice activity model knows 8000 and 16000 Hz, not {rate} Hz.")
        return Ear(rate)

    def listen(self, ears: Sequence[Ear], frames: Sequence[Samples]) -> None:
        """Hear one frame of 20 ms (at most one chunk of 32 ms) on each line."""
        full: dict[int, list[Ear]] = {}
        for ear, frame in zip(ears, frames, strict=True):
            if ear.add(frame):
                full.setdefault(ear.rate, []).append(ear)
        for rate, together in full.items():
            self._judge(rate, together)

    def _judge(self, rate: int, ears: Sequence[Ear]) -> None:
        chunks = np.stack([ear.full for ear in ears])
        states = np.stack([ear.state for ear in ears], axis=1)
        feeds = {"input": chunks, "state": states, "sr": np.array(rate, np.int64)}
        probabilities, after = self._model.run(["output", "stateN"], feeds)
        for row, ear in enumerate(ears):
            ear.judge(float(probabilities[row, 0]), after[:, row])


def _loaded() -> _Model:
    onnxruntime: Any = import_module("onnxruntime")  # it has no types; `_Model` says what is used of it
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    model = files("ringback.speech").joinpath("silero_vad.onnx").read_bytes()
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
