"""What happens in a conversation, folded into its record while it happens."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from ringback.channels.channel import (
    CalledTool,
    ChannelEvent,
    Dropped,
    EndedCall,
    ReportedError,
    Said,
    ToolReturned,
)
from ringback.channels.plain_data import shortened, storable
from ringback.conversation.endings import TELEPHONE_CAUSES
from ringback.domain.conversation import (
    Conversation,
    Entry,
    Finding,
    FindingCode,
    MetadataUpdate,
    Role,
    ToolData,
)
from ringback.domain.ending import Ending
from ringback.domain.event import CallEnded, CallOpened, EntryAdded, Event, FindingAdded, MetadataAdded
from ringback.domain.voice import Recognition, VoiceRecord

_AGENT, _CALLER = Role.AGENT, Role.CALLER  # a member's name is looked up slowly, and here for every frame


class Recorder:
    """The record of one conversation as it grows; every frame becomes an entry, a finding or a metadata update."""

    __slots__ = (
        "_call_names",
        "_findings",
        "_metadata",
        "_on_event",
        "_run_id",
        "_sent_at",
        "_start",
        "_started_at",
        "_turn",
        "_turn_begins",
        "_updates",
        "clock",
        "entries",
    )

    def __init__(
        self, run_id: int, on_event: Callable[[Event], None], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Begin an empty record.

        Args:
            run_id: What the events name.
            on_event: Told of everything as it is recorded.
            clock: Monotonic seconds; the one that the channel's arrivals are stamped with.
        """
        self._run_id = run_id
        self._on_event = on_event
        self.clock = clock
        self.entries: list[Entry] = []
        self._findings: list[Finding] = []
        self._metadata: dict[str, Any] = {}
        self._updates: list[MetadataUpdate] = []
        self._call_names: dict[str, str] = {}
        self._start: float | None = None
        self._started_at = datetime.now(UTC)
        self._turn = 0
        self._turn_begins = 0
        self._sent_at: float | None = None

    def call_opened(self, at: float) -> None:
        """The channel is open; times count from here."""
        self._start = at
        self._started_at = datetime.now(UTC)
        self._on_event(CallOpened(run_id=self._run_id))

    @property
    def turn_entries(self) -> tuple[Entry, ...]:
        """What the agent did since the caller's last move that was carried out."""
        return tuple(self.entries[self._turn_begins :])

    def heard(self, event: ChannelEvent, *, after_end: bool = False) -> None:
        """Record what came from the agent; `after_end`: the end of the call had been said before."""
        at = self._seconds(event.at)
        entry = self._agent_entry(event, at, after_end=after_end)
        if type(event) is Said and not after_end and event.metadata is None and not event.remarks:
            return  # nearly every frame
        number = entry.number if entry is not None else None
        if event.metadata is not None:
            self._update_metadata(dict(event.metadata), at)
        for remark in event.remarks:
            self._find(at, remark.code, remark.sentence, remark.detail, number)
        if isinstance(event, ReportedError):
            said = f": {event.text}" if event.text else ", without saying which."
            self._find(at, FindingCode.ERROR_FRAME, f"The agent reported an error{said}", event.text, number)
        elif isinstance(event, Dropped) and event.cause is not None:
            ours = event.cause in TELEPHONE_CAUSES  # then the reason is a sentence
            reason = event.reason if ours else f"The agent sent {event.reason}; the line was closed."
            self._find(at, event.cause, reason, None, None)
        if entry is None and event.extra is not None and not event.remarks:
            self._find(
                at,
                FindingCode.UNKNOWN_KEYS,
                "The frame has keys that the protocol does not know.",
                dict(event.extra),
                None,
            )
        if after_end and not isinstance(event, Dropped):
            self._find(at, FindingCode.AFTER_END, "This came after the end of the call had been said.", None, number)

    def _agent_entry(self, event: ChannelEvent, at: float, *, after_end: bool) -> Entry | None:
        if isinstance(event, (Said, EndedCall)):
            latency = None
            ends_call = isinstance(event, EndedCall)
            if event.text and not after_end and self._sent_at is not None:
                latency = _rounded(event.at - self._sent_at)
                self._sent_at = None
            return self._add(_AGENT, event.text, at, latency=latency, ends_call=ends_call, event=event)
        if isinstance(event, CalledTool):
            if event.tool.id:
                self._call_names[event.tool.id] = event.tool.name
            return self._add(Role.TOOL_CALL, event.text, at, tool=event.tool, event=event)
        if isinstance(event, ToolReturned):
            return self._add(Role.TOOL_RESULT, event.text, at, tool=self._named(event.tool), event=event)
        return None

    def _named(self, tool: ToolData) -> ToolData:
        if tool.name or tool.id not in self._call_names:
            return tool
        return ToolData(id=tool.id, name=self._call_names[tool.id], result=tool.result)

    def caller_said(self, text: str, at: float, *, ends_call: bool = False) -> None:
        """Record our own frame, written at `at`; an empty closing frame is no utterance."""
        if text:
            self._turn += 1
        self._sent_at = None if ends_call else at
        self._add(_CALLER, storable(text), self._seconds(at), ends_call=ends_call)
        self.turn_over()

    def spoke(
        self,
        role: Role,
        text: str,
        start: float,
        end: float,
        *,
        latency: float | None = None,
        recognition: Recognition | None = None,
        interrupted: bool = False,
        ends_call: bool = False,
    ) -> Entry:
        """Record what was said on a spoken call; its times are seconds from the call's start by sample positions."""
        if role is _CALLER and text:
            self._turn += 1
        entry = Entry(
            number=len(self.entries) + 1,
            role=role,
            content=storable(text),
            start=_rounded(start),
            end=_rounded(end),
            turn=self._turn,
            latency=None if latency is None else _rounded(latency),
            ends_call=ends_call,
            recognition=recognition,
            interrupted=interrupted,
        )
        self.entries.append(entry)
        self._on_event(EntryAdded(run_id=self._run_id, at=entry.end, entry=entry))
        if recognition is not None and not recognition.matched:
            sentence = f"What the agent said from {start:.1f} to {end:.1f} s was not recognised."
            self._find(entry.end, FindingCode.NO_MATCH, sentence, None, entry.number)
        return entry

    def turn_over(self) -> None:
        """The caller has answered what was said so far."""
        self._turn_begins = len(self.entries)

    def remark(self, code: FindingCode, sentence: str, detail: Any = None) -> None:
        """Record a remark of the caller's or of the conversation's, now."""
        self._find(self._seconds(self.clock()), code, sentence, detail, None)

    def tell(self, event: Event) -> None:
        """Tell whoever follows the run of something that is no part of its record."""
        self._on_event(event)

    def finish(
        self, ending: Ending, at: float, *, loop_lag: float = 0.0, voice: VoiceRecord | None = None
    ) -> Conversation:
        """The finished record of a call that ended at `at`."""
        conversation = Conversation(
            started_at=self._started_at,
            duration=self._seconds(at),
            entries=tuple(self.entries),
            ending=ending,
            findings=tuple(self._findings),
            metadata=self._metadata,
            metadata_updates=tuple(self._updates),
            loop_lag=round(loop_lag, 6),
            voice=voice,
        )
        ended = CallEnded(run_id=self._run_id, at=conversation.duration, ending=ending, conversation=conversation)
        self._on_event(ended)
        return conversation

    def _seconds(self, at: float) -> float:
        return 0.0 if self._start is None else _rounded(at - self._start)

    def _add(
        self,
        role: Role,
        content: str,
        at: float,
        *,
        tool: ToolData | None = None,
        latency: float | None = None,
        ends_call: bool = False,
        event: ChannelEvent | None = None,
    ) -> Entry:
        entry = Entry(
            number=len(self.entries) + 1,
            role=role,
            content=content,
            start=at,
            end=at,
            turn=self._turn,
            tool=tool,
            latency=latency,
            ends_call=ends_call,
            extra=dict(event.extra) if event is not None and event.extra is not None else None,
        )
        self.entries.append(entry)
        self._on_event(EntryAdded(run_id=self._run_id, at=at, entry=entry))
        return entry

    def _update_metadata(self, values: dict[str, Any], at: float) -> None:
        self._metadata.update(values)
        update = MetadataUpdate(at=at, values=values)
        self._updates.append(update)
        self._on_event(MetadataAdded(run_id=self._run_id, at=at, update=update))

    def _find(self, at: float, code: FindingCode, sentence: str, detail: Any, entry: int | None) -> None:
        finding = Finding(at=at, code=code, sentence=shortened(sentence), entry=entry, detail=detail)
        self._findings.append(finding)
        self._on_event(FindingAdded(run_id=self._run_id, at=at, finding=finding))


def _rounded(seconds: float) -> float:
    """To the microsecond, and never negative; `round` takes three times as long."""
    return int(seconds * 1e6 + 0.5) / 1e6 if seconds > 0.0 else 0.0
