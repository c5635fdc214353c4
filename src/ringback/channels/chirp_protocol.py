"""CHIRP without a socket: raw samples as binary frames both ways, beside them three JSON events.

As the reference product documents it; `transcript` and `metadata` from the agent are additions of ours.
"""

import json
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any, cast

from ringback.channels.channel import Remark
from ringback.channels.line import (
    AgentStartedSpeaking,
    AgentStoppedSpeaking,
    Encoding,
    Happened,
    Remarked,
    SoundArrived,
)
from ringback.channels.plain_data import shortened
from ringback.channels.playout import Playout
from ringback.channels.wire_protocol import NOTHING, Received
from ringback.channels.wire_reading import (
    bad_frame,
    cleaner,
    detail_of,
    metadata,
    overrun,
    read_object,
    remarked,
    transcript,
)
from ringback.domain.conversation import FindingCode
from ringback.domain.secret import Redactor

_ENCODING = Encoding.PCM
_SAMPLE_BYTES = 2
_CODES = frozenset({"INVALID_MESSAGE", "MISSING_FIELD", "INVALID_AUDIO_FRAME", "INTERNAL_ERROR"})
_LONGEST_ERROR = 300


class ChirpProtocol:
    """One call; a `WireProtocol`."""

    def __init__(
        self,
        *,
        max_queued_seconds: float = 300.0,
        redactor: Redactor | None = None,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        """A call that begins; `wall_clock` gives the seconds since 1970 that our events are stamped with."""
        self._playout = Playout(_ENCODING, max_seconds=max_queued_seconds)
        self._clean = cleaner(redactor)
        self._wall_clock = wall_clock
        self._overrun = False
        self._utterance: str | None = None
        """Id of what our caller is saying."""
        self._agents_utterance: str | None = None
        """Id of what the agent says that it is saying."""
        self._last_error = ""
        self._meanings: Mapping[str, Callable[[dict[str, Any], float], Received]] = {
            "speech.started": self._heard_started,
            "speech.completed": self._heard_completed,
            "session.error": self._heard_error,
            "transcript": self._heard_transcript,
            "metadata": self._heard_metadata,
        }

    @property
    def transport(self) -> str:
        """`chirp`."""
        return "chirp"

    @property
    def encoding(self) -> Encoding:
        """Signed 16-bit little-endian, 16 kHz."""
        return _ENCODING

    @property
    def carries_keys(self) -> bool:
        """There are none: their tones have to be in the sound."""
        return False

    @property
    def waiting(self) -> float:
        """Seconds of the agent's sound that are queued."""
        return self._playout.waiting

    # What we send

    def opening(self) -> tuple[str, ...]:
        """Nothing: a call begins with the socket."""
        return ()

    def sound(self, frame: bytes) -> bytes:
        """A binary frame."""
        return frame

    def key(self, digit: str) -> None:
        """The protocol has no word for it."""

    def began_speaking(self) -> str | None:
        """`speech.started`, once an utterance."""
        if self._utterance is not None:
            return None
        self._utterance = f"u_{uuid.uuid4().hex[:12]}"
        return self._event("speech.started", {"utterance_id": self._utterance})

    def stopped_speaking(self) -> str | None:
        """`speech.completed` of the utterance that was begun."""
        if self._utterance is None:
            return None
        utterance, self._utterance = self._utterance, None
        return self._event("speech.completed", {"utterance_id": utterance})

    def ending(self) -> tuple[str, ...]:
        """Nothing but the end of what our caller is saying; a call ends with the socket."""
        completed = self.stopped_speaking()
        return () if completed is None else (completed,)

    def failing(self) -> tuple[str, ...]:
        """`session.error` with `INTERNAL_ERROR`; the close follows."""
        return (self._error("INTERNAL_ERROR", "Ringback itself failed."),)

    def last_error(self) -> str:
        """The agent's latest `session.error` in words."""
        return self._last_error

    def _event(self, kind: str, data: Mapping[str, str]) -> str:
        stamp = int(self._wall_clock() * 1000)
        return json.dumps({"type": kind, "id": str(uuid.uuid4()), "ts_ms": stamp, "data": data})

    def _error(self, code: str, message: str) -> str:
        return self._event("session.error", {"code": code, "message": message})

    # What is played

    def played(self, at: float) -> tuple[bytes, Received]:  # noqa: ARG002 - the protocol has no marks to tell of
        """The agent's next 20 ms."""
        return self._playout.frame(), NOTHING

    # What the agent sends

    def heard(self, frame: str | bytes, at: float) -> Received:
        """What a frame of the agent means."""
        if isinstance(frame, bytes):
            return self._heard_sound(frame, at)
        message = read_object(frame, self._clean)
        if isinstance(message, Remark):
            return remarked(at, [message], self._error("INVALID_MESSAGE", message.sentence))
        kind = message.get("type")
        if kind is None:
            return self._bad(at, "MISSING_FIELD", "An event has no type.", message)
        meaning = self._meanings.get(kind) if isinstance(kind, str) else None
        if meaning is None:
            sentence = "An event has a type that CHIRP does not have."
            remark = Remark(code=FindingCode.UNKNOWN_TYPE, sentence=sentence, detail=detail_of(message, self._clean))
            return remarked(at, [remark], self._error("INVALID_MESSAGE", sentence))
        return meaning(message, at)

    def _heard_sound(self, sound: bytes, at: float) -> Received:
        if not sound or len(sound) % _SAMPLE_BYTES:
            sentence = "A binary frame is empty or has an odd number of bytes; samples have two. It was not played."
            answer = self._error("INVALID_AUDIO_FRAME", sentence)
            return remarked(at, [bad_frame(sentence, {"bytes": len(sound)})], answer)
        arrived = SoundArrived(at=at, seconds=len(sound) / _SAMPLE_BYTES / _ENCODING.rate)
        events: tuple[Happened, ...] = (arrived,)
        dropped = self._playout.add(sound)
        news = bool(dropped) and not self._overrun
        self._overrun = bool(dropped)
        if news:
            events = (arrived, Remarked(at=at, remarks=(overrun(self._playout.waiting),)))
        return Received(events=events, sound=not news)

    def _heard_started(self, message: dict[str, Any], at: float) -> Received:
        utterance = _utterance_of(message)
        if utterance is None:
            return self._bad(at, "MISSING_FIELD", "speech.started has no data.utterance_id.", message)
        self._agents_utterance = utterance
        return Received(events=(AgentStartedSpeaking(at=at),))

    def _heard_completed(self, message: dict[str, Any], at: float) -> Received:
        utterance = _utterance_of(message)
        if utterance is None:
            return self._bad(at, "MISSING_FIELD", "speech.completed has no data.utterance_id.", message)
        begun, self._agents_utterance = self._agents_utterance, None
        events: tuple[Happened, ...] = (AgentStoppedSpeaking(at=at),)
        if utterance != begun:
            sentence = "speech.completed is of an utterance that no speech.started had begun."
            events = (*events, Remarked(at=at, remarks=(bad_frame(sentence, detail_of(message, self._clean)),)))
        return Received(events=events)

    def _heard_error(self, message: dict[str, Any], at: float) -> Received:
        """An error of the agent's is never answered with one of ours: two servers would go on for ever."""
        data = message.get("data")
        fields = cast("dict[str, Any]", data) if isinstance(data, dict) else {}
        code, words = fields.get("code"), fields.get("message")
        named = code if isinstance(code, str) and code in _CODES else "an unknown code"
        text = shortened(self._clean(words), _LONGEST_ERROR) if isinstance(words, str) else ""
        self._last_error = f"{named}: {text}" if text else named
        detail = detail_of(message, self._clean)
        sentence = f"The agent reported a session.error with {named}."
        return remarked(at, [Remark(code=FindingCode.ERROR_FRAME, sentence=sentence, detail=detail)])

    def _heard_transcript(self, message: dict[str, Any], at: float) -> Received:
        return transcript(message.get("data"), at, self._clean)

    def _heard_metadata(self, message: dict[str, Any], at: float) -> Received:
        return metadata(message.get("data"), at, self._clean)

    def _bad(self, at: float, code: str, sentence: str, message: dict[str, Any]) -> Received:
        return remarked(at, [bad_frame(sentence, detail_of(message, self._clean))], self._error(code, sentence))


def _utterance_of(message: dict[str, Any]) -> str | None:
    data = message.get("data")
    found = cast("dict[str, Any]", data).get("utterance_id") if isinstance(data, dict) else None
    return found if isinstance(found, str) and found else None
