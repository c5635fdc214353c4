"""Which codec a call agreed on, read from the SDP of the SIP messages that the stack shows as its trace.

The stack's own interface does not tell. An answer names one codec first, and that is what is spoken (RFC 3264,
section 6.1); payload types 0 and 8 are PCMU and PCMA by RFC 3551.
"""

import asyncio
import logging
import re
from collections import OrderedDict

_CALL_ID = re.compile(r"^(?:Call-ID|i)[ \t]*:[ \t]*(\S+)", re.IGNORECASE | re.MULTILINE)
_AUDIO = re.compile(r"^m=audio \d+(?:/\d+)? RTP/\S+ (\d{1,3})\b", re.MULTILINE)
_NAMES = {"0": "PCMU", "8": "PCMA"}
_KEPT = 2000
_PATIENCE = 0.5
"""Seconds for which the trace may lag behind the event."""


class AgreedCodecs(logging.Handler):
    """Reads the trace; the latest description of a call counts, which is the answer when the call is established."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(logging.DEBUG)
        self._loop = loop
        self._found: OrderedDict[str, str] = OrderedDict()
        self._news = asyncio.Event()

    def emit(self, record: logging.LogRecord) -> None:
        """In the stack's logging thread."""
        text = record.getMessage()
        _, _, message = text.partition("\n")
        if not message.startswith("SIP/2.0 2"):
            return
        call_id, audio = _CALL_ID.search(message), _AUDIO.search(message)
        if call_id and audio and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._note, call_id[1], audio[1])

    def _note(self, call_id: str, payload: str) -> None:
        self._found[call_id] = _NAMES.get(payload, payload)
        self._found.move_to_end(call_id)
        if len(self._found) > _KEPT:
            self._found.popitem(last=False)
        self._news.set()
        self._news = asyncio.Event()

    async def of(self, call_id: str) -> str:
        """The codec's name; empty where it was not seen in time."""
        try:
            async with asyncio.timeout(_PATIENCE):
                while call_id not in self._found:
                    await self._news.wait()
        except TimeoutError:
            return ""
        return self._found[call_id]
