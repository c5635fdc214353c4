"""Sound as hosted providers take and give it: WAV files and bare samples, with everything that may be wrong in them."""

import io
import struct
from importlib import import_module
from typing import Any

import numpy as np

from ringback.models.provider import Cause, Trouble
from ringback.speech.audio import Samples, Sound
from ringback.speech.hosted_client import HostedAnswer

_RAW = ("audio/pcm", "audio/l16", "audio/x-raw")
_OPEN_ENDED = 0x7FFFFF00
"""Bytes: WAV headers that are written before the length is known carry 0, or something like 0xFFFFFFFF."""
_PCM, _EXTENSIBLE = 1, 0xFFFE


def sound_of(answer: HostedAnswer, *, raw_rate: int) -> Sound:
    """The sound in an answer: by its first bytes, for content types are often wrong.

    Args:
        answer: Of a speech server.
        raw_rate: Hz, of samples without a header, where the content type does not say.

    Raises:
        Trouble: no sound, half of one, or something else.
    """
    body, kind = answer.body, answer.content_type
    if not body:
        raise Trouble(Cause.ANSWER, "it is empty", retryable=True)
    if body[:4] == b"RIFF" and body[8:12] == b"WAVE":
        return _some(sound_of_wav(body))
    if kind.startswith("text/html") or body[:64].lstrip()[:1] == b"<":
        raise Trouble(Cause.ANSWER, "it is a web page, not sound", retryable=False)
    if "json" in kind or kind.startswith("text/"):
        raise Trouble(Cause.ANSWER, f"it is {kind.partition(';')[0]}, not sound", retryable=False)
    if kind.startswith(_RAW):
        return _some(Sound(samples_of(body), _rate(kind) or raw_rate))
    return _some(_of_file(body, kind))


def samples_of(body: bytes) -> Samples:
    """Signed 16-bit samples, low byte first. Raises `Trouble` where the last one is cut in two."""
    if len(body) % 2:
        raise Trouble(Cause.ANSWER, "it broke off in the middle of a sample", retryable=True)
    return np.frombuffer(body, dtype="<i2").astype(np.int16)


def wav_of(sound: Sound) -> bytes:
    """A WAV file of one channel, 16 bits (RIFF, as of Microsoft's Multimedia Programming Interface, 1991)."""
    data = sound.samples.astype("<i2").tobytes()
    form = struct.pack("<HHIIHH", _PCM, 1, sound.rate, sound.rate * 2, 2, 16)
    return (
        b"RIFF" + struct.pack("<I", 36 + len(data)) + b"WAVE"
        b"fmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", len(data)) + data
    )


def sound_of_wav(body: bytes) -> Sound:
    """A WAV file, also one whose header was written before its length was known, which libraries read as no sound.

    Raises:
        Trouble: less sound than the header promises.
    """
    at, form = 12, b""
    while at + 8 <= len(body):
        kind, size = body[at : at + 4], int(struct.unpack_from("<I", body, at + 4)[0])
        at += 8
        if kind == b"data":
            tag, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", form.ljust(16, b"\0"))
            open_ended = size == 0 or size >= _OPEN_ENDED
            if not open_ended and at + size > len(body):
                raise Trouble(Cause.ANSWER, "the sound broke off", retryable=True)
            if tag not in (_PCM, _EXTENSIBLE) or bits != 16 or channels < 1 or rate < 1:  # noqa: PLR2004 - bits of our samples
                return _of_file(body, "audio/wav")
            data = body[at:] if open_ended else body[at : at + size]
            return Sound(_one_channel(samples_of(data), channels), rate)
        if kind == b"fmt ":
            form = body[at : at + size]
        at += size + size % 2
    raise Trouble(Cause.ANSWER, "the sound broke off", retryable=True)


def _one_channel(samples: Samples, channels: int) -> Samples:
    if channels == 1:
        return samples
    whole = samples[: len(samples) // channels * channels].reshape(-1, channels)
    return whole.mean(axis=1).round().astype(np.int16)


def _of_file(body: bytes, kind: str) -> Sound:
    """Any other container or coding that libsndfile reads (MP3, OGG, FLAC…)."""
    # Carries no types, and most answers do not need it.
    soundfile: Any = import_module("soundfile")
    try:
        samples, rate = soundfile.read(io.BytesIO(body), dtype="int16", always_2d=True)
    except soundfile.SoundFileError:
        what = kind.partition(";")[0] or "of no stated type"
        raise Trouble(Cause.ANSWER, f"it is {what} and cannot be read as sound", retryable=False) from None
    return Sound(_one_channel(samples.reshape(-1), samples.shape[1]), int(rate))


def _rate(kind: str) -> int | None:
    """The rate in a content type, as of `audio/l16; rate=16000` (RFC 2586, whose byte order speech servers ignore)."""
    for parameter in kind.split(";")[1:]:
        name, _, value = parameter.partition("=")
        if name.strip() == "rate" and value.strip().isdecimal():
            return int(value) or None
    return None


def _some(sound: Sound) -> Sound:
    if not len(sound.samples):
        raise Trouble(Cause.ANSWER, "it has no sound in it", retryable=True)
    return sound
