"""The compressed copy of a recording sounds as the recording does, on each side and at the same time."""

import wave
from pathlib import Path

import numpy as np
import pytest
import soundfile  # pyright: ignore[reportMissingTypeStubs] - it brings none

from ringback.speech.audio import Samples
from ringback.speech.compression import compressed_copy


def tone(rate: int, pitch: float, start: float, end: float) -> Samples:
    times = np.arange(6 * rate) / rate
    return np.where((times >= start) & (times < end), 9000 * np.sin(2 * np.pi * pitch * times), 0).astype(np.int16)


@pytest.mark.parametrize("rate", [8000, 16000])
@pytest.mark.parametrize("suffix", [".mp3", ".ogg"])
def test_each_side_of_the_copy_is_that_of_the_recording(tmp_path: Path, rate: int, suffix: str) -> None:
    sound = np.stack((tone(rate, 440, 1.0, 2.0), tone(rate, 1000, 1.5, 5.0)), axis=1)
    wav = tmp_path / "1-1.wav"
    with wave.open(str(wav), "wb") as file:
        file.setparams((2, 2, rate, 0, "NONE", ""))
        file.writeframes(sound.tobytes())
    if suffix == ".ogg":
        wav.with_suffix(".mp3").mkdir()  # so that no MP3 can be written
    copy = compressed_copy(wav)
    assert copy is not None
    assert copy == wav.with_suffix(suffix)
    heard, _ = soundfile.read(copy, frames=len(sound))
    for side in (0, 1):
        assert np.corrcoef(heard[:, side], sound[: len(heard), side])[0, 1] > 0.98
    assert np.abs(heard).max() < 0.35
