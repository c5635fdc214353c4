"""The record of a conversation as evaluation reads it: what counts as said, and which result belongs to which call."""

from collections import deque
from dataclasses import dataclass, field
from functools import cached_property

from ringback.domain.conversation import Conversation, Entry, FindingCode, Role
from ringback.evaluation.percentiles import rounded
from ringback.evaluation.speech_turns import Floor
from ringback.evaluation.unheard import is_unheard
from ringback.evaluation.wording import fold

_NEAR = 0.5
"""Seconds by which an entry's edges may be off the sound that it was heard in."""


@dataclass(frozen=True, slots=True)
class Answer:
    """How long the agent took to answer a turn of the caller's."""

    seconds: float
    entry: int | None
    """The entry with the answer; None where sound of the agent's has become none."""


@dataclass(frozen=True, slots=True)
class ToolUse:
    """One call of a tool and what came back."""

    call: Entry
    results: list[Entry] = field(default_factory=list[Entry])
    """Usually one; none where the agent never reported a result."""

    @property
    def name(self) -> str:
        """The tool's name."""
        return self.call.tool.name if self.call.tool else ""


class Record:
    """A finished conversation, read once for all checks and metrics.

    Words that came after the call's end are kept in the record and not judged: nobody was there to hear them. Tool
    calls and results of that time count, for what a tool did is done.
    """

    def __init__(self, conversation: Conversation) -> None:
        self.conversation = conversation
        self.entries = _judged(conversation)
        """The entries that are judged, in order."""

    @cached_property
    def floor(self) -> Floor | None:
        """Who speaks when; None for text."""
        voice = self.conversation.voice
        return None if voice is None else Floor.of(voice, [entry.end for entry in self.entries if entry.interrupted])

    @cached_property
    def answers(self) -> list[Answer]:
        """The agent's reply latencies: for text as frames came, for a spoken call from what was heard on the line."""
        floor = self.floor
        if floor is None:
            return [Answer(entry.latency, entry.number) for entry in self.entries if entry.latency is not None]
        return [Answer(rounded(reply.latency), self._heard_at(reply.answered_from)) for reply in floor.replies()]

    @cached_property
    def unheard(self) -> tuple[int, ...]:
        """Numbers of the entries in which the agent spoke and could not be understood."""
        return tuple(entry.number for entry in self.entries if is_unheard(entry))

    def is_deed(self, entry: Entry) -> bool:
        """Whether a line tells what the agent did on a call (a key, a hold, a transfer): its words are not spoken."""
        spoken = self.conversation.voice is not None and entry.role is Role.AGENT
        return spoken and entry.recognition is None and entry.end == entry.start

    def _heard_at(self, moment: float) -> int | None:
        agent = [entry for entry in self.entries if entry.role is Role.AGENT and not self.is_deed(entry)]
        near = [entry for entry in agent if entry.start - _NEAR <= moment <= entry.end + _NEAR]
        return min(near, key=lambda entry: abs(entry.start - moment)).number if near else None

    @cached_property
    def agent_words(self) -> list[tuple[Entry, str]]:
        """What the agent said, each entry with its folded text."""
        agent = Role.AGENT
        return [(entry, fold(entry.content)) for entry in self.entries if entry.role is agent and entry.content]

    @cached_property
    def tool_uses(self) -> list[ToolUse]:
        """Every tool call with its results: joined by id, else by name in order."""
        uses: list[ToolUse] = []
        by_id: dict[str, ToolUse] = {}
        waiting: dict[str, deque[ToolUse]] = {}
        for entry in self.entries:
            tool = entry.tool
            if tool is None:
                continue
            if entry.role is Role.TOOL_CALL:
                use = ToolUse(entry)
                uses.append(use)
                if tool.id:
                    by_id[tool.id] = use  # an agent that uses one id for all calls means the latest
                waiting.setdefault(tool.name, deque()).append(use)
            elif tool.id in by_id:
                by_id[tool.id].results.append(entry)
            elif use := _next_waiting(waiting.get(tool.name)):
                use.results.append(entry)
        return uses


def _judged(conversation: Conversation) -> tuple[Entry, ...]:
    if not conversation.findings:
        return conversation.entries
    late = {finding.entry for finding in conversation.findings if finding.code is FindingCode.AFTER_END}
    return tuple(entry for entry in conversation.entries if entry.tool is not None or entry.number not in late)


def _next_waiting(waiting: deque[ToolUse] | None) -> ToolUse | None:
    """The earliest call without a result; those that got one by id meanwhile are passed over."""
    while waiting:
        use = waiting.popleft()
        if not use.results:
            return use
    return None
