"""The compressed copy of a recording, for pages: MP3, or Ogg Vorbis where the library at hand cannot write MP3."""

from contextlib import suppress
from pathlib import Path

import soundfile  # pyright: ignore[reportMissingTypeStubs] - it brings none

from ringback.speech.private_file import make_private_file

_KINDS = ((".mp3", "MP3", "MPEG_LAYER_III"), (".ogg", "OGG", "VORBIS"))
_BLOCK = 16_384
"""Frames that are in memory at a time."""


def compressed_copy(wav: Path) -> Path | None:
    """A copy beside a WAV file, readable by its owner alone; None where no copy could be made."""
    for suffix, container, subtype in _KINDS:
        copy = wav.with_suffix(suffix)
        try:
            _convert(wav, copy, container, subtype)
        except (OSError, RuntimeError, ValueError):  # the library's own errors are RuntimeErrors
            with suppress(OSError):
                copy.unlink()
        else:
            return copy
    return None


def _convert(wav: Path, copy: Path, container: str, subtype: str) -> None:
    with make_private_file(copy) as file, soundfile.SoundFile(wav) as sound:
        written = soundfile.SoundFile(
            file, "w", samplerate=sound.samplerate, channels=sound.channels, format=container, subtype=subtype
        )
        with written:
            # Not int16: half of what libsndfile 1.2.2 writes as MP3 in stereo is then noise (its pull request 1106).
            for block in sound.blocks(_BLOCK, dtype="float32"):
                written.write(block)
