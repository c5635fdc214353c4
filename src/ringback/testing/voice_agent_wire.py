"""The agent's side of both voice protocols, as a test's agent speaks them: nothing is checked, all is readable."""

import base64
import binascii
import json
import time
import uuid
from typing import Any, Protocol

import numpy as np

from ringback.channels.line import Encoding
from ringback.speech.audio import Samples
from ringback.speech.codec import decode_mulaw, encode_mulaw
from ringback.testing.agent_call import as_object


class AgentWire(Protocol):
    """What differs between the protocols."""

    encoding: Encoding

    def sound_of(self, frame: str | bytes) -> Samples | None:
        """The caller's sound in a frame; None: it is no sound."""
        ...

    def frame_of(self, samples: Samples) -> str | bytes:
        """Sound of the agent as a frame."""
        ...

    def event(self, kind: str, body: dict[str, Any] | None) -> str:
        """An event of the agent as a frame."""
        ...


class MediaStreamsWire:
    """Twilio's media streams, from the side of the application."""

    encoding = Encoding.MULAW

    def __init__(self) -> None:
        self.stream = ""
        """`streamSid`, once `start` has come; sent with all that the agent sends."""

    def sound_of(self, frame: str | bytes) -> Samples | None:
        """The samples of a `media` frame."""
        message = as_object(frame) if isinstance(frame, str) else {}
        if message.get("event") == "start":
            self.stream = str(message.get("streamSid", ""))
        if message.get("event") != "media":
            return None
        try:
            sound = base64.b64decode(message["media"]["payload"])
        except (KeyError, TypeError, binascii.Error):
            return None
        return decode_mulaw(np.frombuffer(sound, np.uint8))

    def frame_of(self, samples: Samples) -> str:
        """A `media` frame."""
        return self.event("media", {"payload": base64.b64encode(encode_mulaw(samples).tobytes()).decode()})

    def event(self, kind: str, body: dict[str, Any] | None) -> str:
        """Any frame; its body stands under the event's own name."""
        message: dict[str, Any] = {"event": kind, "streamSid": self.stream}
        return json.dumps(message if body is None else message | {kind: body})


class ChirpWire:
    """CHIRP, from the side of the agent."""

    encoding = Encoding.PCM

    def sound_of(self, frame: str | bytes) -> Samples | None:
        """The samples of a binary frame."""
        if isinstance(frame, str):
            return None
        return np.frombuffer(frame[: len(frame) // 2 * 2], "<i2").astype(np.int16)

    def frame_of(self, samples: Samples) -> bytes:
        """A binary frame."""
        return samples.astype("<i2").tobytes()

    def event(self, kind: str, body: dict[str, Any] | None) -> str:
        """An event with an id and the time."""
        message = {"type": kind, "id": str(uuid.uuid4()), "ts_ms": int(time.time() * 1000), "data": body or {}}
        return json.dumps(message)
