"""Everything that happens in a run, as it happens; listeners only ever consume these.

`at` is seconds from the call's start on the monotonic clock; events from before the call opened carry 0.
"""

from dataclasses import dataclass, field
from typing import Any

from ringback.domain.conversation import Conversation, Entry, Finding, MetadataUpdate
from ringback.domain.ending import Ending
from ringback.domain.run import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultStarted:
    """A batch begins."""

    result_id: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted:
    """A run begins, or begins again after an invalid attempt."""

    run_id: int
    scenario_key: str
    scenario_name: str
    repeat: int
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CallOpened:
    """The channel is open."""

    run_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryAdded:
    """The transcript grew."""

    run_id: int
    at: float
    entry: Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingAdded:
    """Something was remarked."""

    run_id: int
    at: float
    finding: Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class MetadataAdded:
    """Metadata came."""

    run_id: int
    at: float
    update: MetadataUpdate


@dataclass(frozen=True, slots=True, kw_only=True)
class CallEnded:
    """The conversation is over."""

    run_id: int
    at: float
    ending: Ending
    conversation: Conversation


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFinished:
    """The run is evaluated (or could not be carried out)."""

    run: Run


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something a person should know that belongs to no run (cost limit reached, stopping, …)."""

    sentence: str
    detail: dict[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultFinished:
    """The batch is over."""

    result_id: int


Event = (
    ResultStarted
    | RunStarted
    | CallOpened
    | EntryAdded
    | FindingAdded
    | MetadataAdded
    | CallEnded
    | RunFinished
    | Notice
    | ResultFinished
)
