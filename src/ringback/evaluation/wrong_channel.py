"""A voice agent that was called as a chat agent, by the frames that it sent."""

import json
import re
from collections.abc import Iterable
from typing import Any

from ringback.domain.agent import Transport
from ringback.domain.conversation import FindingCode

_STREAMS = re.compile(r'"event": ?"(connected|start|media|mark|clear)"')
"""What media streams send, as JSON text; of a long frame only the beginning may be kept."""
_CHIRP = re.compile(r'"type": ?"(speech|session)\.')
"""What CHIRP sends beside its binary frames."""


def wrong_channel_hint(remarked: Iterable[tuple[FindingCode, Any]]) -> str:
    """Which channel to call an agent on that sends frames of a voice protocol over text; empty where it sends none.

    `remarked` is what the chat protocol had to remark, each with the frame that it is about.
    """
    for code, frame in remarked:
        channel = _channel_of(code, frame)
        if channel is not None:
            return f"It sends frames of a voice protocol: call it with --channel {channel}."
    return ""


def _channel_of(code: FindingCode, frame: Any) -> Transport | None:
    if code is FindingCode.BINARY_FRAME:
        return Transport.CHIRP
    if code is not FindingCode.UNKNOWN_TYPE:
        return None
    text = frame if isinstance(frame, str) else json.dumps(frame)
    if _STREAMS.search(text):
        return Transport.MEDIA_STREAMS
    return Transport.CHIRP if _CHIRP.search(text) else None
