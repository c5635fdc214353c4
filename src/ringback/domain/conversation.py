"""What happened between a caller and an agent: the record of one conversation.

Times are seconds from the start of the call on a monotonic clock; the call starts when the channel is open.
"""

from collections.abc import Iterator
from dataclasses import field
from datetime import datetime
from enum import StrEnum
from typing import Any

from ringback.domain.ending import Ending
from ringback.domain.fixed import fixed
from ringback.domain.voice import Recognition, VoiceRecord


class Role(StrEnum):
    """Who an entry of the transcript belongs to, in the reference product's spelling."""

    CALLER = "Testing Agent"
    AGENT = "Main Agent"
    TOOL_CALL = "Function Call"
    TOOL_RESULT = "Function Call Result"


@fixed
class ToolData:
    """What a tool entry carries."""

    id: str
    """Joins a result to its call; empty where the agent sent none."""
    name: str
    """Name of the tool; on a result it is taken from the call where the frame has none."""
    arguments: Any = None
    """Parsed arguments of a call (an object wherever they parse as one; else what was sent)."""
    result: Any = None
    """What the tool returned, as sent: plain text, JSON text or a JSON value."""


@fixed
class Entry:
    """One line of the transcript."""

    number: int
    """1 for the first entry; what checks, judge and reports refer to."""
    role: Role
    content: str
    start: float
    """Seconds from the call's start: for text, when the frame was sent or arrived."""
    end: float
    turn: int
    """Which utterance of the caller this entry belongs to or answers: 0 before the caller's first words."""
    tool: ToolData | None = None
    latency: float | None = None
    """On the agent's first content of a turn: seconds from the write of our frame to its arrival."""
    ends_call: bool = False
    """The frame carried `type: end_call`."""
    extra: dict[str, Any] | None = None
    """Keys of the frame that the protocol does not know, kept as they came."""
    recognition: Recognition | None = None
    """How the agent's spoken words were heard; None for text and for our own words."""
    interrupted: bool = False
    """A spoken line of ours that was broken off: the content is what was said of it."""


class FindingCode(StrEnum):
    """What the protocol layer or the caller's guard has to remark."""

    NOT_JSON = "not_json"
    NOT_AN_OBJECT = "not_an_object"
    BINARY_FRAME = "binary_frame"
    UNKNOWN_TYPE = "unknown_type"
    UNKNOWN_KEYS = "unknown_keys"
    """A frame without words had keys that the protocol does not know."""
    ERROR_FRAME = "error_frame"
    BAD_METADATA = "bad_metadata"
    BAD_CONTENT = "bad_content"
    BAD_TOOL_FRAME = "bad_tool_frame"
    TOOL_TIMEOUT = "tool_timeout"
    FRAME_TOO_LARGE = "frame_too_large"
    INVALID_UTF8 = "invalid_utf8"
    FLOOD = "flood"
    """The agent sent more than one conversation may hold."""
    AFTER_END = "after_end"
    """A frame that came after the call's end was said; recorded, not answered."""
    DISCARDED_REPLY = "discarded_reply"
    """A reply of the caller that its guard did not let through."""
    RECOMPOSED_REPLY = "recomposed_reply"
    """The agent said more while the caller was composing, so the reply was composed again."""
    CALLER_FINDING = "caller_finding"
    """Something that the caller's controller noted (loop, restart, refused hang-up)."""
    NO_MATCH = "no_match"
    """The agent spoke, and the recogniser could not tell what: our ear, not the agent's mouth."""
    BAD_FRAME = "bad_frame"
    """A frame of a voice protocol that makes no sense: a mark, a clear, an odd number of bytes, a wrong rate."""
    LATE_SENDING = "late_sending"
    """Our own frames were sent late: the call's figures of time are not trusted."""
    DIRECTIVE_SKIPPED = "directive_skipped"
    """A directive that this line cannot carry out."""
    NO_MEDIA = "no_media"
    """A telephone call was answered, and no sound came."""
    MEDIA_STOPPED = "media_stopped"
    """The sound of a telephone call stopped for good, and nobody had hung up."""
    TELEPHONE_FAILED = "telephone_failed"
    """The process that carries telephone calls died."""
    CALL_REFUSED = "call_refused"
    """Somebody else called the number on which an outbound agent was awaited; the call was not taken."""
    STRANGE_MEDIA = "strange_media"
    """Sound came from another address than the call's, or in a format that was not agreed on; it was not played."""
    QUEUE_OVERRUN = "queue_overrun"
    """The agent sent more sound ahead than is kept; the rest was dropped."""


@fixed
class Finding:
    """A remark on the record: nothing that reached us is dropped in silence."""

    at: float
    code: FindingCode
    sentence: str
    entry: int | None = None
    """Number of the transcript entry it is about, where there is one."""
    detail: Any = None
    """The frame or reply it is about (long ones cut), as plain data."""


@fixed
class MetadataUpdate:
    """One metadata object as it came."""

    at: float
    values: dict[str, Any]


@fixed
class Conversation:
    """One finished conversation; nothing changes it after the loop has returned it."""

    started_at: datetime
    """Wall clock (UTC) of the call's start."""
    duration: float
    """Seconds from the call's start to the close of the line."""
    entries: tuple[Entry, ...]
    ending: Ending
    findings: tuple[Finding, ...] = ()
    metadata: dict[str, Any] = field(default_factory=dict[str, Any])
    """All metadata merged, last write wins per key."""
    metadata_updates: tuple[MetadataUpdate, ...] = ()
    loop_lag: float = 0.0
    """Largest event-loop lag seen in the process during the conversation, in seconds."""
    voice: VoiceRecord | None = None
    """What is kept of a spoken call; None for text."""
    rang_in_vain: float | None = None
    """Seconds that a telephone rang which nobody answered; None: it did not ring, or the call came about."""

    @property
    def ringing(self) -> float | None:
        """Seconds that a telephone rang, answered or not; None where none did."""
        return self.rang_in_vain if self.voice is None else self.voice.ringing

    def said_by(self, role: Role) -> Iterator[Entry]:
        """Entries of one role, in order."""
        return (entry for entry in self.entries if entry.role is role)

    def by_start(self) -> tuple[Entry, ...]:
        """The entries as a person reads them: those of a call in the order in which they began to sound.

        They are numbered as they end, which is another order where both sides spoke at once.
        """
        return self.entries if self.voice is None else tuple(sorted(self.entries, key=_start_and_number))

    @property
    def agent_spoke(self) -> bool:
        """Whether the agent sent any content at all; words of a voice that could not be told are content, too."""
        return any(entry.content.strip() or entry.recognition is not None for entry in self.said_by(Role.AGENT))

    @property
    def caller_turns(self) -> int:
        """How many utterances the caller sent (an empty closing frame is not one)."""
        caller = Role.CALLER  # a member's name is looked up slowly
        return len([entry for entry in self.entries if entry.role is caller and entry.content])

    def latencies(self) -> list[float]:
        """Agent reply latency of each answered turn, in seconds."""
        return [entry.latency for entry in self.entries if entry.latency is not None]


def _start_and_number(entry: Entry) -> tuple[float, int]:
    return entry.start, entry.number
