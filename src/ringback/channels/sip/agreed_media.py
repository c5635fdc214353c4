"""What a call agreed on, read from the SDP of the SIP messages that the stack shows as its trace.

The stack's own interface tells neither the codec nor the addresses of the sound. An answer names one codec first, and
that is what is spoken (RFC 3264, section 6.1); payload types 0 and 8 are PCMU and PCMA by RFC 3551.
"""

import asyncio
import logging
import re
from collections import OrderedDict
from dataclasses import dataclass, replace

_CALL_ID = re.compile(r"^(?:Call-ID|i)[ \t]*:[ \t]*(\S+)", re.IGNORECASE | re.MULTILINE)
_AUDIO = re.compile(r"^m=audio (\d{1,5})(?:/\d+)? RTP/\S+ (\d{1,3})\b", re.MULTILINE)
_ADDRESS = re.compile(r"^c=IN IP4 (\d{1,3}(?:\.\d{1,3}){3})", re.MULTILINE)
_NAMES = {"0": "PCMU", "8": "PCMA"}
_KEPT = 2000
_PATIENCE = 0.5
"""Seconds for which the trace may lag behind the event."""


@dataclass(frozen=True, slots=True)
class Agreed:
    """What is known of a call's sound so far."""

    codec: str = ""
    """`PCMU`, `PCMA`, or the number of another payload type; empty before there is an answer."""
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
        answer = message.startswith("SIP/2.0 2")
        if not answer and not message.startswith("INVITE"):
            return
        call_id, audio = _CALL_ID.search(message), _AUDIO.search(message)
        if call_id is None or audio is None or self._loop.is_closed():
            return
        codec = _NAMES.get(audio[2], audio[2]) if answer else ""
        address = _ADDRESS.search(message)
        host = address[1] if address is not None else ""
        self._loop.call_soon_threadsafe(self._note, call_id[1], way.startswith("TX"), codec, host, int(audio[1]))

    def _note(self, call_id: str, ours: bool, codec: str, host: str, port: int) -> None:
        known = self._found.pop(call_id, Agreed())
        if ours:
            known = replace(known, port=port)
        else:
            known = replace(known, theirs=(host, port) if host not in ("", "0.0.0.0") and 0 < port < 65536 else None)  # noqa: S104, PLR2004 - RFC 3264's word for a hold; ports have 16 bits
        self._found[call_id] = replace(known, codec=codec or known.codec)
        if len(self._found) > _KEPT:
            self._found.popitem(last=False)
        self._news.set()
        self._news = asyncio.Event()

    def so_far(self, call_id: str) -> Agreed:
        """What is known now."""
        return self._found.get(call_id, Agreed())

    async def codec_of(self, call_id: str) -> str:
        """The codec's name; empty where it was not seen in time."""
        try:
            async with asyncio.timeout(_PATIENCE):
                while not self.so_far(call_id).codec:
                    await self._news.wait()
        except TimeoutError:
            return ""
        return self.so_far(call_id).codec
