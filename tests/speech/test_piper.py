import os
import sys
from pathlib import Path

import pytest

from ringback.errors import SpeechUnavailable, UsageError
from ringback.speech.piper import PiperVoice
from ringback.speech.text_to_speech import Voice

PROGRAM = f"""#!{sys.executable}
# Takes what piper's README documents: a voice, a file to write, a scale of lengths; a text a line of standard input.
import argparse, math, struct, sys, wave
parser = argparse.ArgumentParser()
parser.add_argument("-m", "--model", required=True)
parser.add_argument("-f", "--output-file", "--output_file", required=True)
parser.add_argument("--length-scale", "--length_scale", type=float, default=1.0)
wanted = parser.parse_args()
lines = sys.stdin.read().splitlines()
if "broken" in wanted.model:
    sys.exit("Unable to load " + "the voice")
assert len(lines) == 1
count = int(22050 * 0.06 * len(lines[0]) * wanted.length_scale)
with wave.open(wanted.output_file, "wb") as file:
    file.setnchannels(1), file.setsampwidth(2), file.setframerate(22050)
    tone = [int(8000 * math.sin(n / 8)) for n in range(count)]
    file.writeframes(struct.pack(f"<{{count}}h", *tone))
"""


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a voice `calm.onnx`, and one `broken.onnx`; the program is on the path."""
    program = tmp_path / "bin" / "piper"
    program.parent.mkdir()
    program.write_text(PROGRAM)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=os.pathsep)
    for name in ("calm", "broken"):
        (tmp_path / f"{name}.onnx").touch()
        (tmp_path / f"{name}.onnx.json").write_text("{}")
    return tmp_path


async def test_piper_speaks_a_text_of_several_lines_in_its_own_rate(installed: Path) -> None:
    piper = PiperVoice(str(installed / "calm.onnx"))
    assert piper.name == "piper:calm"
    text = "--model x\nOne moment,\n please."
    sound = await piper.speak(text, Voice())
    assert sound.rate == 22_050
    assert sound.duration == pytest.approx(0.06 * len("--model x One moment, please."), abs=0.05)
    faster = await piper.speak(text, Voice(speed=2))
    assert faster.duration == pytest.approx(sound.duration / 2, abs=0.05)


async def test_a_program_that_fails_is_told_in_its_own_words(installed: Path) -> None:
    with pytest.raises(SpeechUnavailable, match="piper failed with code 1: Unable to load the voice"):
        await PiperVoice(str(installed / "broken.onnx")).speak("Hello.", Voice())


def test_what_is_missing_is_told_with_the_line_to_type(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match=r"python -m piper\.download_voices"):
        PiperVoice(str(installed / "other.onnx"))
    monkeypatch.setenv("PATH", "")
    with pytest.raises(UsageError, match="pip install piper-tts"):
        PiperVoice(str(installed / "calm.onnx"))
