"""Why a conversation ended, and who ended it."""

from dataclasses import dataclass
from enum import StrEnum


class EndedBy(StrEnum):
    """Who brought the conversation to its end."""

    CALLER = "caller"
    AGENT = "agent"
    LIMIT = "limit"
    USER = "user"
    """The person (or job) that started the run."""
    RINGBACK = "ringback"
    """Something of ours or between us and the agent."""


class EndingCode(StrEnum):
    """Each way in which a conversation can end."""

    CALLER_ENDED = "caller_ended"
    """The caller sent end_call."""
    AGENT_ENDED = "agent_ended"
    """The agent sent end_call."""
    AGENT_CLOSED = "agent_closed"
    """The agent closed the line cleanly (1000, 1001 or a close frame without a code)."""
    AGENT_DROPPED = "agent_dropped"
    """The line dropped: no close frame, or an abnormal close code."""
    AGENT_SILENT = "agent_silent"
    """No content for the inactivity limit."""
    AGENT_UNRESPONSIVE = "agent_unresponsive"
    """Our ping stayed without a pong."""
    FRAME_TOO_LARGE = "frame_too_large"
    """The agent sent a frame over the size limit."""
    INVALID_UTF8 = "invalid_utf8"
    """The agent sent a text frame that is not UTF-8."""
    AGENT_FLOODED = "agent_flooded"
    """All frames of the agent together went over the size limit of a conversation."""
    MAX_DURATION = "max_duration"
    MAX_TURNS = "max_turns"
    CANCELLED = "cancelled"
    """The user stopped the run."""
    COST_LIMIT = "cost_limit"
    """The result's cost limit was reached."""
    NOT_CONNECTED = "not_connected"
    """No connection: DNS, TCP or TLS failed."""
    REFUSED = "refused"
    """The handshake was refused with 401 or 403."""
    HANDSHAKE_FAILED = "handshake_failed"
    """The handshake failed otherwise (404, 5xx, not a WebSocket)."""
    BUSY = "busy"
    """The agent's telephone was busy (486, 600)."""
    NO_ANSWER = "no_answer"
    """It rang, and nobody answered (408, 480, 487, or our own bound)."""
    CREDENTIALS_REFUSED = "credentials_refused"
    """The trunk or the agent's server did not take our user and password (401, 407 again)."""
    CALL_FAILED = "call_failed"
    """The call was refused for another reason (4xx, 5xx): the sentence has status and reason."""
    NO_MEDIA = "no_media"
    """The call was answered, and no sound came."""
    MEDIA_STOPPED = "media_stopped"
    """The sound stopped for good, and nobody had hung up."""
    DID_NOT_CALL = "did_not_call"
    """An outbound agent did not call within its dial window."""
    NOT_TRIGGERED = "not_triggered"
    """The trigger URL of an outbound agent did not take the request to call."""
    TRANSFERRED = "transferred"
    """The agent passed the call on to somebody else (REFER), which ends it for us."""
    TELEPHONE_FAILED = "telephone_failed"
    """The process that carries telephone calls died."""
    CALLER_INVALID = "caller_invalid"
    """Our caller misbehaved or had no valid next move."""
    CALLER_FAILED = "caller_failed"
    """Our caller could not go on: model down, a setting missing."""
    NOT_SUPPORTED = "not_supported"
    """The scenario asks for something that cannot run here yet."""
    INTERRUPTED = "interrupted"
    """The process that held the conversation died."""
    INTERNAL_ERROR = "internal_error"
    """A defect of Ringback."""


_ENDED_BY = {
    EndingCode.CALLER_ENDED: EndedBy.CALLER,
    EndingCode.AGENT_ENDED: EndedBy.AGENT,
    EndingCode.AGENT_CLOSED: EndedBy.AGENT,
    EndingCode.AGENT_DROPPED: EndedBy.AGENT,
    EndingCode.AGENT_SILENT: EndedBy.AGENT,
    EndingCode.AGENT_UNRESPONSIVE: EndedBy.AGENT,
    EndingCode.FRAME_TOO_LARGE: EndedBy.AGENT,
    EndingCode.INVALID_UTF8: EndedBy.AGENT,
    EndingCode.AGENT_FLOODED: EndedBy.AGENT,
    EndingCode.MAX_DURATION: EndedBy.LIMIT,
    EndingCode.MAX_TURNS: EndedBy.LIMIT,
    EndingCode.CANCELLED: EndedBy.USER,
    EndingCode.MEDIA_STOPPED: EndedBy.AGENT,
    EndingCode.TRANSFERRED: EndedBy.AGENT,
}

AGENT_FAULTS = frozenset(
    {
        EndingCode.AGENT_DROPPED,
        EndingCode.AGENT_SILENT,
        EndingCode.AGENT_UNRESPONSIVE,
        EndingCode.FRAME_TOO_LARGE,
        EndingCode.INVALID_UTF8,
        EndingCode.AGENT_FLOODED,
        EndingCode.MEDIA_STOPPED,
    }
)
"""Endings that fail an agent which has spoken."""

LIMITS = frozenset({EndingCode.MAX_DURATION, EndingCode.MAX_TURNS})

CLEAN = frozenset({EndingCode.CALLER_ENDED, EndingCode.AGENT_ENDED, EndingCode.AGENT_CLOSED, EndingCode.TRANSFERRED})
"""Endings by which one side ended the conversation as it should be ended."""

_REFERENCE = {
    EndingCode.CALLER_ENDED: "Testing agent-ended-call",
    EndingCode.AGENT_ENDED: "Main agent-ended-call",
    EndingCode.AGENT_CLOSED: "Main agent-ended-call",
    EndingCode.AGENT_DROPPED: "Main agent-ended-call",
    EndingCode.AGENT_SILENT: "Main agent-silence-timed-out",
    EndingCode.AGENT_UNRESPONSIVE: "Main agent-silence-timed-out",
    EndingCode.MAX_DURATION: "exceeded-max-duration",
    EndingCode.MAX_TURNS: "exceeded-max-duration",
    EndingCode.CANCELLED: "run-cancelled-by-user",
    EndingCode.NOT_CONNECTED: "Main agent-call-not-connected",
    EndingCode.REFUSED: "call-rejected",
    EndingCode.HANDSHAKE_FAILED: "Main agent-call-not-connected",
    EndingCode.FRAME_TOO_LARGE: "Main agent-ended-call",
    EndingCode.INVALID_UTF8: "Main agent-ended-call",
    EndingCode.AGENT_FLOODED: "Main agent-ended-call",
    EndingCode.BUSY: "Main agent-busy",
    EndingCode.NO_ANSWER: "Main agent-did-not-answer",
    EndingCode.CREDENTIALS_REFUSED: "sip-call-failed",
    EndingCode.CALL_FAILED: "call-failed-unknown-error",
    EndingCode.NO_MEDIA: "sip-call-failed",
    EndingCode.MEDIA_STOPPED: "Main agent-silence-timed-out",
    EndingCode.DID_NOT_CALL: "Main agent-call-not-connected",
    EndingCode.NOT_TRIGGERED: "Main agent-call-not-connected",
    EndingCode.TRANSFERRED: "Main agent-ended-call",
    EndingCode.TELEPHONE_FAILED: "Testing agent-bot-crashed",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How one conversation ended."""

    code: EndingCode
    sentence: str
    """Why, for a person: one sentence that names the fact (close code, limit, cause)."""
    close_code: int | None = None
    """WebSocket close code that the agent sent, where there was one."""

    @property
    def ended_by(self) -> EndedBy:
        """Who ended it."""
        return _ENDED_BY.get(self.code, EndedBy.RINGBACK)

    @property
    def reference_reason(self) -> str:
        """The reference product's `ended_reason` for this ending (compatibility section 4.4)."""
        return _REFERENCE.get(self.code, "Testing agent-pipeline-error")
