"""What a call agreed on, read from the SDP of the SIP messages that the stack shows as its trace.

The stack's own interface tells neither the codec nor the addresses of the sound. An answer names one codec first, and
that is what is spoken (RFC 3264, section 6.1); payload types 0 and 8 are PCMU and PCMA by RFC 3551.
"""

import asyncio
import logging
import re
from collections import OrderedDict
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

_CALL_ID = re.compile(r"^(?:Call-ID|i)[ \t]*:[ \t]*(\S+)", re.IGNORECASE | re.MULTILINE)
_AUDIO = re.compile(r"^m=audio (\d{1,5})(?:/\d+)? RTP/\S+ (\d{1,3})\b", re.MULTILINE)
_OF_INVITE = re.compile(r"^CSeq[ \t]*:[ \t]*\d+[ \t]+INVITE", re.IGNORECASE | re.MULTILINE)
_ADDRESS = re.compile(r"^c=IN IP4 (\d{1,3}(?:\.\d{1,3}){3})", re.MULTILINE)
_PICTURES = re.compile(r"^m=video ", re.MULTILINE)
_NAMES = {"0": "PCMU", "8": "PCMA"}
_KEPT = 2000
_PATIENCE = 0.5
"""Seconds for which the trace may lag behind the event."""


@dataclass(frozen=True, slots=True)
class Agreed:
    """What is known of a call's sound so far."""

    codec: str = ""
    """`PCMU`, `PCMA`, or the number of another payload type; empty before there is an answer."""
    pictures: bool | None = None
    """Whether the other side offered pictures, too; None: it has offered nothing yet."""
    tried: bool = False
    """Whether the other side has said at all that it got our call (100 to 199)."""
    port: int = 0
    """Where ours is heard."""
    theirs: tuple[str, int] | None = None
    """Where the other side says that its is heard, and so mostly comes from; None: it said no IPv4 address."""


class AgreedMedia(logging.Handler):
    """Reads the trace; the latest description of a side counts."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(logging.DEBUG)
        self._loop = loop
        self._found: OrderedDict[str, Agreed] = OrderedDict()
        self._news = asyncio.Event()

    def emit(self, record: logging.LogRecord) -> None:
        """In the stack's logging thread."""
        way, _, message = record.getMessage().partition("\n")
        ours, answer, tried = way.startswith("TX"), message.startswith("SIP/2.0 2"), message.startswith("SIP/2.0 1")
        if not (answer or (tried and not ours and _OF_INVITE.search(message)) or message.startswith("INVITE")):
            return
        call_id, audio = _CALL_ID.search(message), _AUDIO.search(message)
        if call_id is None or self._loop.is_closed():
            return
        if tried:
            self._loop.call_soon_threadsafe(self._note, call_id[1], {"tried": True})
            return
        if audio is None:
            return
        port = int(audio[1])
        seen: dict[str, Any] = {"codec": _NAMES.get(audio[2], audio[2])} if answer else {}
        if ours:
            seen["port"] = port
        else:
            address = _ADDRESS.search(message)
            known = address is not None and address[1] != "0.0.0.0" and 0 < port < 65536  # noqa: S104, PLR2004 - RFC 3264's word for a hold; ports have 16 bits
            seen["theirs"] = (address[1], port) if address is not None and known else None
            if not answer:
                seen["pictures"] = _PICTURES.search(message) is not None
        self._loop.call_soon_threadsafe(self._note, call_id[1], seen)

    def _note(self, call_id: str, seen: Mapping[str, Any]) -> None:
        self._found[call_id] = replace(self._found.pop(call_id, Agreed()), **seen)
        if len(self._found) > _KEPT:
            self._found.popitem(last=False)
        self._news.set()
        self._news = asyncio.Event()

    def so_far(self, call_id: str) -> Agreed:
        """What is known now."""
        return self._found.get(call_id, Agreed())

    async def codec_of(self, call_id: str) -> str:
        """The codec's name; empty where it was not seen in time."""
        return (await self._once(call_id, lambda agreed: bool(agreed.codec))).codec

    async def is_sound_alone(self, call_id: str) -> bool:
        """Whether the other side offered no pictures; False where its offer was not seen in time."""
        return (await self._once(call_id, lambda agreed: agreed.pictures is not None)).pictures is False

    async def has_been_tried(self, call_id: str, seconds: float) -> bool:
        """Whether the other side says in time that it got our call."""
        return (await self._once(call_id, lambda agreed: agreed.tried, seconds)).tried

    async def _once(self, call_id: str, known: Callable[[Agreed], bool], seconds: float = _PATIENCE) -> Agreed:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not known(self.so_far(call_id)):
                    await self._news.wait()
        return self.so_far(call_id)
