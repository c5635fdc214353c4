"""What is known of a conversation that is not over: kept now and then, in case its process dies."""

from dataclasses import dataclass, field, replace

from ringback.domain.conversation import Conversation, Entry, Finding, MetadataUpdate
from ringback.domain.ending import Ending, EndingCode
from ringback.domain.event import CallEnded, EntryAdded, Event, FindingAdded, MetadataAdded, RunStarted
from ringback.domain.run import Run, RunStatus

_ENDING = Ending(code=EndingCode.INTERRUPTED, sentence="The process that held the conversation died.")


@dataclass(slots=True)
class Progress:
    """One run's events so far."""

    run: Run
    """As it was claimed."""
    entries: list[Entry] = field(default_factory=list[Entry])
    findings: list[Finding] = field(default_factory=list[Finding])
    updates: list[MetadataUpdate] = field(default_factory=list[MetadataUpdate])
    duration: float = 0.0
    """Seconds from the call's start to the last event."""
    changed: bool = False
    """Whether something came since the last checkpoint."""
    over: bool = False
    """The conversation has ended: its whole record is stored by whoever held it."""

    def take(self, event: Event) -> None:
        """Note an event of this run."""
        match event:
            case RunStarted():
                self.entries, self.findings, self.updates, self.over = [], [], [], False
                self.duration, self.changed = 0.0, False
            case EntryAdded():
                self.entries.append(event.entry)
                self._at(event.at)
            case FindingAdded():
                self.findings.append(event.finding)
                self._at(event.at)
            case MetadataAdded():
                self.updates.append(event.update)
                self._at(event.at)
            case CallEnded():
                self.over = True
            case _:
                pass

    def _at(self, at: float) -> None:
        self.duration = max(self.duration, at)
        self.changed = True

    def not_kept(self) -> None:
        """The last checkpoint could not be written: the next one is not to wait for something new."""
        self.changed = True

    def checkpoint(self) -> Run | None:
        """The run with what is known of its conversation; None where there is nothing new to keep."""
        if self.over or not self.changed or self.run.started_at is None:
            return None
        self.changed = False
        metadata = {name: value for update in self.updates for name, value in update.values.items()}
        return replace(
            self.run,
            status=RunStatus.CONVERSING,
            conversation=Conversation(
                started_at=self.run.started_at,
                duration=self.duration,
                entries=tuple(self.entries),
                ending=_ENDING,
                findings=tuple(self.findings),
                metadata=metadata,
                metadata_updates=tuple(self.updates),
            ),
        )
