"""The record of a conversation as evaluation reads it: what counts as said, and which result belongs to which call."""

from dataclasses import dataclass, field
from functools import cached_property

from ringback.domain.conversation import Conversation, Entry, FindingCode, Role
from ringback.evaluation.wording import fold


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

    @cached_property
    def entries(self) -> tuple[Entry, ...]:
        """The entries that are judged, in order."""
        late = {finding.entry for finding in self.conversation.findings if finding.code is FindingCode.AFTER_END}
        if not late:
            return self.conversation.entries
        return tuple(entry for entry in self.conversation.entries if entry.tool is not None or entry.number not in late)

    @cached_property
    def agent_words(self) -> list[tuple[Entry, str]]:
        """What the agent said, each entry with its folded text."""
        return [(entry, fold(entry.content)) for entry in self.entries if entry.role is Role.AGENT and entry.content]

    @cached_property
    def tool_uses(self) -> list[ToolUse]:
        """Every tool call with its results: joined by id, where there is none by name, in order."""
        uses: list[ToolUse] = []
        for entry in self.entries:
            if entry.role is Role.TOOL_CALL:
                uses.append(ToolUse(entry))
            elif entry.role is Role.TOOL_RESULT and (use := _use_of(entry, uses)):
                use.results.append(entry)
        return uses

    @cached_property
    def latencies(self) -> list[Entry]:
        """The entries that carry a reply latency."""
        return [entry for entry in self.entries if entry.latency is not None]


def _use_of(result: Entry, uses: list[ToolUse]) -> ToolUse | None:
    """The call that a result belongs to."""
    tool = result.tool
    if tool is None:
        return None
    if tool.id:
        return next((use for use in uses if use.call.tool and use.call.tool.id == tool.id), None)
    same = [use for use in uses if use.name == tool.name] if tool.name else uses
    return next((use for use in same if not use.results), None)
