"""Twilio's media streams without a socket, from the telephone company's side: we are the one who streams the call.

Messages as documented at https://www.twilio.com/docs/voice/media-streams/websocket-messages; `transcript`, `metadata`
and `dtmf` from the agent are additions of ours.
"""

import base64
import binascii
import json
import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

from ringback.channels.channel import Remark
from ringback.channels.line import (
    FRAME_SECONDS,
    AgentHungUp,
    Cleared,
    Encoding,
    Happened,
    KeyPressed,
    MarkPlayed,
    Remarked,
    SoundArrived,
)
from ringback.channels.playout import MAX_MARKS, Playout
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
from ringback.domain.fixed import fixed
from ringback.domain.secret import Redactor

_ENCODING = Encoding.MULAW
_FRAME_MS = round(FRAME_SECONDS * 1000)
_LONGEST_NAME = 2000
_KEY = re.compile(r"[0-9*#A-D]")
_HINTS = {
    "encoding": ("encoding", "contentType"),
    "sampleRate": ("sampleRate", "sample_rate"),
    "channels": ("channels",),
}
_ITS_FORMAT = {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1}


@fixed
class StreamIds:
    """The ids of one call, in the telephone company's form; random, so that nobody can guess a call's."""

    account: str
    call: str
    stream: str

    @classmethod
    def new(cls, account: str | None = None) -> "StreamIds":
        """Ids of a call that begins."""
        return cls(
            account=account or f"AC{secrets.token_hex(16)}",
            call=f"CA{secrets.token_hex(16)}",
            stream=f"MZ{secrets.token_hex(16)}",
        )


class MediaStreamsProtocol:
    """One call; a `WireProtocol`."""

    def __init__(
        self,
        ids: StreamIds,
        parameters: Mapping[str, str],
        *,
        max_queued_seconds: float = 300.0,
        redactor: Redactor | None = None,
    ) -> None:
        """A call whose `start` carries these custom parameters."""
        self.ids = ids
        self._parameters = dict(parameters)
        self._playout = Playout(_ENCODING, max_seconds=max_queued_seconds)
        self._clean = cleaner(redactor)
        self._sequence = 0
        self._chunk = 0
        self._overrun = False
        # All of a media frame but its numbers and its sound.
        self._media = (
            '{"event":"media","sequenceNumber":"%d","media":{"track":"inbound","chunk":"%d","timestamp":"%d",'
            f'"payload":"%s"}},"streamSid":{json.dumps(ids.stream).replace("%", "%%")}}}'
        )
        self._meanings: Mapping[str, Callable[[dict[str, Any], float], Received]] = {
            "media": self._heard_media,
            "mark": self._heard_mark,
            "clear": self._heard_clear,
            "stop": self._heard_stop,
            "dtmf": self._heard_key,
            "transcript": self._heard_transcript,
            "metadata": self._heard_metadata,
        }

    @property
    def transport(self) -> str:
        """`media-streams`."""
        return "media-streams"

    @property
    def encoding(self) -> Encoding:
        """Mu-law, 8 kHz."""
        return _ENCODING

    @property
    def carries_keys(self) -> bool:
        """Keys are told by `dtmf` frames."""
        return True

    @property
    def waiting(self) -> float:
        """Seconds of the agent's sound that are queued."""
        return self._playout.waiting

    # What we send

    def opening(self) -> tuple[str, ...]:
        """`connected` and `start`."""
        start = {
            "accountSid": self.ids.account,
            "streamSid": self.ids.stream,
            "callSid": self.ids.call,
            "tracks": ["inbound"],
            "mediaFormat": _ITS_FORMAT,
            "customParameters": self._parameters,
        }
        connected = json.dumps({"event": "connected", "protocol": "Call", "version": "1.0.0"})
        return connected, self._message("start", start)

    def sound(self, frame: bytes) -> str:
        """A `media` frame."""
        self._sequence += 1
        self._chunk += 1
        payload = base64.b64encode(frame).decode("ascii")
        return self._media % (self._sequence, self._chunk, (self._chunk - 1) * _FRAME_MS, payload)

    def key(self, digit: str) -> str:
        """A `dtmf` frame."""
        return self._message("dtmf", {"track": "inbound_track", "digit": digit})

    def began_speaking(self) -> None:
        """The protocol has no word for it."""

    def stopped_speaking(self) -> None:
        """The protocol has no word for it."""

    def ending(self) -> tuple[str, ...]:
        """`stop`."""
        return (self._message("stop", {"accountSid": self.ids.account, "callSid": self.ids.call}),)

    def failing(self) -> tuple[str, ...]:
        """The protocol has no word for it."""
        return ()

    def last_error(self) -> str:
        """Agents report no errors in this protocol."""
        return ""

    def _message(self, event: str, body: Mapping[str, Any]) -> str:
        self._sequence += 1
        message = {"event": event, "sequenceNumber": str(self._sequence), event: body, "streamSid": self.ids.stream}
        return json.dumps(message)

    def _echo(self, name: str) -> str:
        return self._message("mark", {"name": name})

    # What is played

    def played(self, at: float) -> tuple[bytes, Received]:
        """The agent's next 20 ms; its marks that they reach are echoed."""
        frame = self._playout.frame()
        names = self._playout.take_reached()
        return frame, self._reached(names, at) if names else NOTHING

    def _reached(self, names: tuple[str, ...], at: float) -> Received:
        return Received(
            events=tuple(MarkPlayed(at=at, name=self._clean(name)) for name in names),
            answers=tuple(map(self._echo, names)),
            sound=True,
        )

    # What the agent sends

    def heard(self, frame: str | bytes, at: float) -> Received:
        """What a frame of the agent means."""
        if isinstance(frame, bytes):
            sentence = "The agent sent a binary frame; media streams have text frames only."
            remark = Remark(code=FindingCode.BINARY_FRAME, sentence=sentence, detail={"bytes": len(frame)})
            return remarked(at, [remark])
        message = read_object(frame, self._clean)
        if isinstance(message, Remark):
            return remarked(at, [message])
        event = message.get("event")
        meaning = self._meanings.get(event) if isinstance(event, str) else None
        if meaning is None:
            sentence = "The agent sent an event that media streams do not have."
            remark = Remark(code=FindingCode.UNKNOWN_TYPE, sentence=sentence, detail=detail_of(message, self._clean))
            return remarked(at, [remark])
        if message.get("streamSid") == self.ids.stream or event in ("transcript", "metadata"):
            return meaning(message, at)
        which = "another streamSid than this call's" if "streamSid" in message else "no streamSid"
        return self._bad(at, f"A {event} frame has {which}; it was passed over.", message)

    def _heard_media(self, message: dict[str, Any], at: float) -> Received:
        media = message.get("media")
        payload = cast("dict[str, Any]", media).get("payload") if isinstance(media, dict) else None
        if not isinstance(payload, str):
            return self._bad(at, "A media frame has no payload.", message)
        try:
            sound = base64.b64decode(payload, validate=True)
        except (binascii.Error, ValueError):
            return self._bad(at, "The payload of a media frame is not base64; it was not played.", message)
        if not sound:
            return self._bad(at, "The payload of a media frame is empty.", message)
        events: list[Happened] = [SoundArrived(at=at, seconds=len(sound) / _ENCODING.rate)]
        remarks = list(self._doubts(cast("dict[str, Any]", media), sound, message))
        dropped = self._playout.add(sound)
        if dropped and not self._overrun:
            remarks.append(overrun(self._playout.waiting))
        self._overrun = bool(dropped)
        if remarks:
            events.append(Remarked(at=at, remarks=tuple(remarks)))
        return Received(events=tuple(events), sound=not remarks)

    def _doubts(self, media: dict[str, Any], sound: bytes, message: dict[str, Any]) -> list[Remark]:
        found: list[Remark] = []
        if sound[:4] in (b"RIFF", b"OggS", b"fLaC") or sound[:3] == b"ID3":
            found.append(bad_frame("A payload begins like a sound file; it was played as bare mu-law."))
        for key, value in _hints(media, message):
            right = _ITS_FORMAT[key]
            if str(value).lower() != str(right).lower():
                sentence = f"A media frame says that its {key} is other than {right}; it was played as mu-law, 8 kHz."
                found.append(bad_frame(sentence, detail_of(value, self._clean)))
        return found

    def _heard_mark(self, message: dict[str, Any], at: float) -> Received:
        mark = message.get("mark")
        name = cast("dict[str, Any]", mark).get("name") if isinstance(mark, dict) else None
        if not isinstance(name, str) or len(name) > _LONGEST_NAME:
            return self._bad(at, f"A mark has no name of up to {_LONGEST_NAME} characters.", message)
        if not self._playout.mark(name):
            return self._bad(
                at, f"More than {MAX_MARKS} marks wait to be reached; a further one is forgotten.", message
            )
        return NOTHING

    def _heard_clear(self, _: dict[str, Any], at: float) -> Received:
        seconds, names = self._playout.clear()
        self._overrun = False
        reached = self._reached(names, at)
        return Received(events=(Cleared(at=at, seconds=seconds), *reached.events), answers=reached.answers, sound=True)

    def _heard_stop(self, _: dict[str, Any], at: float) -> Received:
        return Received(events=(AgentHungUp(at=at),))

    def _heard_key(self, message: dict[str, Any], at: float) -> Received:
        dtmf = message.get("dtmf")
        digit = cast("dict[str, Any]", dtmf).get("digit") if isinstance(dtmf, dict) else None
        if not isinstance(digit, str) or not _KEY.fullmatch(digit):
            return self._bad(at, "A dtmf frame has no digit (0-9, *, #, A-D).", message)
        return Received(events=(KeyPressed(at=at, digit=digit),))

    def _heard_transcript(self, message: dict[str, Any], at: float) -> Received:
        return transcript(message.get("transcript"), at, self._clean)

    def _heard_metadata(self, message: dict[str, Any], at: float) -> Received:
        return metadata(message.get("metadata"), at, self._clean)

    def _bad(self, at: float, sentence: str, message: dict[str, Any]) -> Received:
        return remarked(at, [bad_frame(sentence, detail_of(message, self._clean))])


def _hints(media: Mapping[str, Any], message: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """What a media frame says of its format, under the names and in the places where agents put it."""
    for place in (media, media.get("mediaFormat"), message.get("mediaFormat")):
        if isinstance(place, dict):
            fields = cast("dict[str, Any]", place)
            for key, names in _HINTS.items():
                yield from ((key, fields[name]) for name in names if name in fields)
