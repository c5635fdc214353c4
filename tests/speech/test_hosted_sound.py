"""Sound as servers send it: with headers that lie, in other codings, and with silence around it."""

import io
import struct
import wave
from importlib import import_module
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringback.models.provider import Trouble
from ringback.speech.audio import Sound
from ringback.speech.hosted_client import HostedAnswer
from ringback.speech.hosted_sound import sound_of, wav_of

SAMPLES = (8000 * np.sin(np.arange(2400) / 10)).astype(np.int16)


def of(body: bytes, kind: str = "audio/wav") -> Sound:
    return sound_of(HostedAnswer(body, kind), raw_rate=24_000)


def test_a_wav_file_of_ours_is_what_the_standard_library_reads() -> None:
    with wave.open(io.BytesIO(wav_of(Sound(SAMPLES, 8000)))) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 8000)
        assert file.readframes(9999) == SAMPLES.astype("<i2").tobytes()


@pytest.mark.parametrize("size", [0, 0x7FFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF - 36])
def test_a_header_written_before_the_length_was_known_is_understood(size: int) -> None:
    file = bytearray(wav_of(Sound(SAMPLES, 16_000)))
    file[4:8] = file[40:44] = struct.pack("<I", size)
    sound = of(bytes(file))
    assert sound.rate == 16_000
    np.testing.assert_array_equal(sound.samples, SAMPLES)


def test_other_chunks_before_and_behind_the_sound_are_passed_over() -> None:
    file = wav_of(Sound(SAMPLES, 16_000))
    noted = file[:36] + b"LIST" + struct.pack("<I", 5) + b"INFO!\0" + file[36:] + b"junk\4\0\0\0abcd"
    np.testing.assert_array_equal(of(noted).samples, SAMPLES)


def test_a_file_shorter_than_its_header_says_broke_off() -> None:
    with pytest.raises(Trouble, match="the sound broke off") as caught:
        of(wav_of(Sound(SAMPLES, 16_000))[:-1000])
    assert caught.value.retryable


def test_two_channels_become_one() -> None:
    written = io.BytesIO()
    with wave.open(written, "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(np.column_stack([SAMPLES, -SAMPLES]).astype("<i2").tobytes())
    sound = of(written.getvalue())
    assert len(sound.samples) == len(SAMPLES)
    assert not sound.samples.any()


@pytest.mark.parametrize(("form", "coding"), [("WAV", "FLOAT"), ("WAV", "PCM_24"), ("FLAC", "PCM_16"), ("MP3", None)])
def test_other_codings_are_read(form: str, coding: str | None) -> None:
    soundfile: Any = import_module("soundfile")
    written = io.BytesIO()
    soundfile.write(written, SAMPLES, 16_000, format=form, subtype=coding)
    sound = of(written.getvalue(), "application/octet-stream")
    assert sound.rate == 16_000
    assert np.abs(sound.samples.astype(int)).max() == pytest.approx(8000, rel=0.1)


@pytest.mark.parametrize(
    ("kind", "rate"),
    [("audio/pcm", 24_000), ("audio/l16; rate=16000; channels=1", 16_000), ("audio/pcm;rate=x", 24_000)],
)
def test_bare_samples_have_the_rate_of_their_type_or_the_one_asked_for(kind: str, rate: int) -> None:
    sound = of(SAMPLES.astype("<i2").tobytes(), kind)
    assert sound.rate == rate
    np.testing.assert_array_equal(sound.samples, SAMPLES)


def test_a_file_without_sound_is_none() -> None:
    with pytest.raises(Trouble, match="no sound in it"):
        of(wav_of(Sound(SAMPLES[:0], 16_000)))


@given(
    st.binary(max_size=400), st.sampled_from(["audio/wav", "audio/pcm", "audio/mpeg", "text/html", ""]), st.booleans()
)
def test_any_bytes_are_sound_or_trouble(body: bytes, kind: str, wav: bool) -> None:
    start = b"RIFF\0\0\0\0WAVE" if wav else b""
    try:
        sound = of(start + body, kind)
    except Trouble:
        return
    assert sound.rate > 0
    assert sound.samples.ndim == 1
    assert sound.samples.dtype == np.int16
