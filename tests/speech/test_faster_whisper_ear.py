"""Against a stand-in for the package: its models are not part of the repository."""

import sys
from pathlib import Path

import numpy as np
import pytest

from ringback.domain.voice import RecognitionMode
from ringback.errors import SpeechRejected, UsageError
from ringback.speech.audio import Sound
from ringback.speech.faster_whisper_ear import FasterWhisperEar

PACKAGE = '''
"""What Ringback uses of faster-whisper 1.2: WhisperModel and its transcribe."""
from collections import namedtuple

Segment = namedtuple("Segment", "text avg_logprob no_speech_prob")


class WhisperModel:
    def __init__(self, model_size_or_path, device="auto", compute_type="", cpu_threads=0, local_files_only=False):
        assert local_files_only
        if model_size_or_path == "absent":
            raise ValueError("Cannot find an appropriate cached snapshot folder")

    def transcribe(self, audio, language=None, beam_size=5, condition_on_previous_text=True):
        assert audio.dtype == "float32" and abs(audio).max() <= 1
        text = f" {len(audio) / 16000:.1f} s of {language}"
        said = Segment(text, -0.1, 0.01)
        made_up = Segment(" Thank you for watching!", -0.9, 0.95)
        return iter([said, made_up] if abs(audio).max() > 0.01 else [made_up]), None
'''


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "faster_whisper.py").write_text(PACKAGE)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])


async def test_words_are_heard_and_invented_ones_left_out(package: None) -> None:
    ear = FasterWhisperEar("small.en")
    assert (ear.name, ear.mode) == ("faster-whisper:small.en", RecognitionMode.OPEN)
    try:
        loud = await ear.hear(Sound(np.full(8000, 9000, np.int16), 8_000), language="en-US")
        soft = await ear.hear(Sound(np.zeros(8000, np.int16), 8_000))
        nothing = await ear.hear(Sound(np.zeros(0, np.int16), 8_000))
    finally:
        await ear.close()
    assert (loud.text, loud.recognition.matched) == ("1.0 s of en", True)
    assert loud.recognition.confidence == pytest.approx(0.905, abs=0.001)
    assert (soft.text, soft.recognition.matched) == ("", False)
    assert nothing.text == ""


async def test_a_model_that_is_not_there_is_told_with_the_line_to_type(package: None) -> None:
    ear = FasterWhisperEar("absent")
    try:
        with pytest.raises(SpeechRejected, match=r"download_model\('absent'\)"):
            await ear.hear(Sound(np.zeros(8000, np.int16), 8_000))
    finally:
        await ear.close()


def test_a_missing_package_is_told_with_the_line_to_type() -> None:
    with pytest.raises(UsageError, match=r"pip install 'ringback\[faster-whisper\]'"):
        FasterWhisperEar("small.en")
