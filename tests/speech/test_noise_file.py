"""Sound files of the user's own as loops of background noise."""

from pathlib import Path

import numpy as np
import pytest
import soundfile  # pyright: ignore[reportMissingTypeStubs] - it brings none

from ringback.domain.noise import NoiseFile
from ringback.errors import SpeechRejected
from ringback.speech.noise import BACKGROUND, background_loop
from ringback.speech.noise_file import LONGEST, loop_of_file


def tone(path: Path, seconds: float, rate: int = 22_050, channels: int = 2) -> Path:
    wave = 0.2 * np.sin(2 * np.pi * 440 * np.arange(round(seconds * rate)) / rate)
    soundfile.write(path, np.stack([wave] * channels, axis=1), rate)
    return path


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.ogg", "a.mp3"])
@pytest.mark.parametrize("rate", [8_000, 16_000])
def test_a_file_of_any_kind_and_rate_is_as_loud_as_the_other_noises_and_its_tone_stays(
    tmp_path: Path, name: str, rate: int
) -> None:
    loop = background_loop(NoiseFile(tone(tmp_path / name, 2.0)), rate).astype(np.float64)
    body, again = loop[: -rate // 50], loop[-rate // 50 :]
    assert np.array_equal(again, loop[: rate // 50])
    assert len(body) / rate == pytest.approx(1.9, abs=0.06)
    assert np.sqrt(np.mean(body**2)) == pytest.approx(BACKGROUND, rel=0.001)
    assert np.argmax(np.abs(np.fft.rfft(body))) * rate / len(body) == pytest.approx(440, abs=1)


def test_the_end_goes_over_into_the_beginning_without_a_click(tmp_path: Path) -> None:
    rising = np.linspace(-0.5, 0.5, 8_000)  # as far apart as can be where the file ends and begins
    soundfile.write(tmp_path / "a.wav", rising, 8_000)
    loop = loop_of_file(tmp_path / "a.wav", 8_000)
    assert np.abs(np.diff(np.concatenate((loop, loop[:1])))).max() < 0.005


def test_a_long_file_is_cut(tmp_path: Path) -> None:
    path = tone(tmp_path / "a.flac", LONGEST + 2, 8_000, 1)
    assert len(loop_of_file(path, 8_000)) == (LONGEST - 0.1) * 8_000


@pytest.mark.parametrize("sound", [b"", b"RIFF", b"no sound", bytes(5000)])
def test_what_is_no_sound_is_told(tmp_path: Path, sound: bytes) -> None:
    (tmp_path / "a.wav").write_bytes(sound)
    with pytest.raises(SpeechRejected, match=r"a\.wav, a background noise, cannot be read"):
        loop_of_file(tmp_path / "a.wav", 8_000)


def test_a_file_that_is_gone_silent_or_short_is_told(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "silent.wav", np.zeros(8_000), 8_000)
    for path in (tmp_path / "gone.wav", tmp_path / "silent.wav", tone(tmp_path / "short.wav", 0.3)):
        with pytest.raises(SpeechRejected, match=path.name):
            loop_of_file(path, 8_000)
