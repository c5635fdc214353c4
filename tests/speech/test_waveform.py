"""The shape of a recording, for pages."""

from pathlib import Path

import numpy as np
import pytest
import soundfile  # pyright: ignore[reportMissingTypeStubs] - it brings none

from ringback.speech.waveform import peaks


def test_each_side_has_its_own_peaks_where_it_sounds(tmp_path: Path) -> None:
    sound = np.zeros((80_000, 2), np.int16)
    sound[0, 0] = -32_768
    sound[75_000, 1] = 16_384
    soundfile.write(tmp_path / "call.wav", sound, 8_000)
    caller, agent = peaks(tmp_path / "call.wav", 10)
    assert caller == [1.0, *[0.0] * 9]
    assert agent == [*[0.0] * 9, 0.5]


def test_a_recording_longer_than_one_block_is_read_to_its_end(tmp_path: Path) -> None:
    sound = np.zeros((300_000, 2), np.int16)
    sound[299_999] = 8_192
    soundfile.write(tmp_path / "call.wav", sound, 8_000)
    caller, agent = peaks(tmp_path / "call.wav", 7)
    assert caller[-1] == agent[-1] == 0.25
    assert not any(caller[:-1])


@pytest.mark.parametrize("samples", [0, 1, 3])
def test_there_are_no_more_peaks_than_samples(tmp_path: Path, samples: int) -> None:
    soundfile.write(tmp_path / "call.wav", np.full((samples, 2), 16_384, np.int16), 8_000)
    caller, agent = peaks(tmp_path / "call.wav", 100)
    assert len(caller) == len(agent) == max(1, samples)
    assert caller == [0.5] * samples or samples == 0


def test_what_is_no_sound_is_an_error_in_words(tmp_path: Path) -> None:
    (tmp_path / "call.wav").write_text("no sound")
    with pytest.raises(OSError, match=r"call\.wav cannot be read as sound"):
        peaks(tmp_path / "call.wav", 10)
