"""A WAV file that is whole after each write: its header is brought up to date with the sound.

Written out here because the standard library's `wave` fails once more, where nobody can catch it, when the disk was
full. Form of the header: Microsoft and IBM, Multimedia Programming Interface and Data Specifications 1.0 (1991).
"""

import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ringback.speech.private_file import make_private_file, write_all

_HEADER = struct.Struct("<4sI4s4sIHHIIHH4sI")
_LARGEST = 0xFFFF_FFFF - _HEADER.size
_SAMPLE_BYTES = 2


class WavFile:
    """A new file of signed 16-bit samples."""

    def __init__(self, path: Path, rate: int, channels: int) -> None:
        """Make the file. Raises `OSError`."""
        self._rate, self._channels = rate, channels
        self._bytes = 0
        self._file = make_private_file(path)
        self._write_header()

    def write(self, samples: NDArray[np.int16]) -> None:
        """Add samples of shape (n, channels). Raises `OSError`; what was there before then stays readable."""
        sound = samples.astype("<i2", copy=False).tobytes()[: _LARGEST - self._bytes]
        self._file.seek(_HEADER.size + self._bytes)
        write_all(self._file, sound)
        self._bytes += len(sound)
        self._write_header()

    def close(self) -> None:
        """Let go of it; it is whole already."""
        self._file.close()

    def _write_header(self) -> None:
        block = self._channels * _SAMPLE_BYTES
        header = _HEADER.pack(
            b"RIFF",
            _HEADER.size - 8 + self._bytes,
            b"WAVE",
            b"fmt ",
            16,  # bytes of what follows, up to `data`
            1,  # linear samples
            self._channels,
            self._rate,
            self._rate * block,
            block,
            8 * _SAMPLE_BYTES,
            b"data",
            self._bytes,
        )
        self._file.seek(0)
        write_all(self._file, header)
