"""What Ringback and the process that carries its telephone calls say to each other, as bytes on a socket pair.

A message is one byte of kind, four of length, and its body: a JSON object (`control`), or the sound of all calls of one
20 ms (`sound`): for each call its number, how many bytes, and so many bytes of signed 16-bit samples at 8 kHz.
"""

import json
import struct
from array import array
from collections.abc import Iterable, Mapping
from typing import Any, cast

FRAME_BYTES = 320
"""20 ms at 8 kHz, 16 bits."""
SILENCE = bytes(FRAME_BYTES)

MOST_CONTROL = 256 * 1024
"""Bytes of one control message."""
MOST_SOUND = 4 * 1024 * 1024
"""Bytes of one message of sound: more than 200 calls with a second each."""

_QUIET = 100
_HEAD = struct.Struct("!BI")
_ENTRY = struct.Struct("!IH")
_CONTROL, _SOUND = 1, 2
_BOUNDS = {_CONTROL: MOST_CONTROL, _SOUND: MOST_SOUND}

Control = dict[str, Any]
Sound = list[tuple[int, bytes]]
"""Numbers of calls, each with its sound."""


class Malformed(ValueError):
    """What came is no message; nothing behind it can be read."""


def is_quiet(frame: bytes | bytearray) -> bool:
    """Whether nobody would miss it: no sample louder than -50 dB of full scale."""
    samples = array("h", frame)
    return max(samples) <= _QUIET and min(samples) >= -_QUIET


def control(values: Mapping[str, Any]) -> bytes:
    """A control message. Raises ValueError for one that is too long."""
    body = json.dumps(values).encode()
    if len(body) > MOST_CONTROL:
        raise ValueError(f"A control message of {len(body)} bytes is too long.")
    return _HEAD.pack(_CONTROL, len(body)) + body


def sound(entries: Iterable[tuple[int, bytes]]) -> bytes:
    """A message of sound: numbers of calls, each with less than 64 KiB of its sound."""
    parts = [b""]
    for number, samples in entries:
        parts.append(_ENTRY.pack(number, len(samples)))
        parts.append(samples)
    body = b"".join(parts)
    if len(body) > MOST_SOUND:
        raise ValueError(f"A message of {len(body)} bytes of sound is too long.")
    return _HEAD.pack(_SOUND, len(body)) + body


class Reader:
    """Puts messages together from bytes as they come; keeps one message at most."""

    __slots__ = ("_rest",)

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, data: bytes) -> list[Control | Sound]:
        """The messages that are whole now. Raises Malformed."""
        rest = self._rest
        rest += data
        messages: list[Control | Sound] = []
        start = 0
        while len(rest) - start >= _HEAD.size:
            kind, length = _HEAD.unpack_from(rest, start)
            if length > _BOUNDS.get(kind, -1):
                raise Malformed(f"a message of kind {kind} and {length} bytes")
            end = start + _HEAD.size + length
            if len(rest) < end:
                break
            body = bytes(rest[start + _HEAD.size : end])
            messages.append(_read_control(body) if kind == _CONTROL else _read_sound(body))
            start = end
        del rest[:start]
        return messages


def _read_control(body: bytes) -> Control:
    try:
        value: Any = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Malformed(f"a control message that is not JSON ({type(error).__name__})") from None
    if not isinstance(value, dict):
        raise Malformed("a control message that is no object")
    return cast("Control", value)


def _read_sound(body: bytes) -> Sound:
    entries: Sound = []
    at = 0
    while at < len(body):
        if len(body) - at < _ENTRY.size:
            raise Malformed("sound that ends within an entry")
        number, length = _ENTRY.unpack_from(body, at)
        at += _ENTRY.size
        if len(body) - at < length or length % 2:
            raise Malformed("sound that ends within an entry")
        entries.append((number, body[at : at + length]))
        at += length
    return entries
