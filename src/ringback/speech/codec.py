"""Mu-law, the companding of ITU-T recommendation G.711: 16-bit samples as one byte each, by looking up in two tables.

Source of the tables: G.711, table 2a, in the form of the usual algorithm: a bias of 33 on the 14-bit magnitude (132 on
the 16-bit one), the position of its highest bit as segment, the next four bits as step, all bits inverted on the wire.
"""

import numpy as np
from numpy.typing import NDArray

_BIAS = 132
"""Added to the magnitude, so that the segments' borders are powers of two."""
_CLIP = 32_635
"""The largest magnitude that still fits the last segment after the bias."""
_LOWEST_SEGMENT_BIT = 7


def decode_mulaw(sound: NDArray[np.uint8]) -> NDArray[np.int16]:
    """Bytes of mu-law, in an array of any shape, as samples in an array of the same shape."""
    return _SAMPLE_OF_BYTE[sound]


def encode_mulaw(samples: NDArray[np.int16]) -> NDArray[np.uint8]:
    """Samples, in an array of any shape, as bytes of mu-law in an array of the same shape."""
    return _BYTE_OF_SAMPLE[samples.view(np.uint16)]


def _samples_of_bytes() -> NDArray[np.int16]:
    plain = ~np.arange(256, dtype=np.uint8)
    segment = (plain >> 4 & 7).astype(np.int32)
    step = (plain & 15).astype(np.int32)
    magnitude = (((step << 3) + _BIAS) << segment) - _BIAS
    return np.where(plain & 0x80, -magnitude, magnitude).astype(np.int16)


def _bytes_of_samples() -> NDArray[np.uint8]:
    """Indexed by the sample's bits read as an unsigned number."""
    samples = np.arange(1 << 16, dtype=np.uint16).view(np.int16).astype(np.int32)
    biased = np.minimum(np.abs(samples), _CLIP) + _BIAS
    segment = np.log2(biased).astype(np.int32) - _LOWEST_SEGMENT_BIT
    step = biased >> (segment + 3) & 15
    sign = np.where(samples < 0, 0x80, 0)
    return ~(sign | segment << 4 | step).astype(np.uint8)


_SAMPLE_OF_BYTE = _samples_of_bytes()
_BYTE_OF_SAMPLE = _bytes_of_samples()
