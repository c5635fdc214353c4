"""Everything that happens in a run, as it happens; listeners only ever consume these.

`at` is seconds from the call's start on the monotonic clock; events from before the call opened carry 0.
"""

from dataclasses import field
from datetime import datetime
from typing import Any

from ringback.domain.conversation import Conversation, Entry, Finding, MetadataUpdate
from ringback.domain.ending import Ending
from ringback.domain.fixed import fixed
from ringback.domain.run import Run


@fixed
class ResultStarted:
    """A batch begins."""

    result_id: int
    total: int


@fixed
class RunStarted:
    """A run begins, or begins again after an invalid attempt."""

    run_id: int
    scenario_key: str
    scenario_name: str
    repeat: int
    attempt: int


@fixed
class CallOpened:
    """The channel is open."""

    run_id: int


@fixed
class CallAwaited:
    """An outbound agent may call now."""

    run_id: int
    number: str
    """Ours, which it has to call."""
    contact_number: str
    """Where its call has to come from."""
    closes_at: datetime
    """End of the dial window."""


@fixed
class CallTaken:
    """The outbound agent has called, and we have answered."""

    run_id: int


@fixed
class EntryAdded:
    """The transcript grew."""

    run_id: int
    at: float
    entry: Entry


@fixed
class FindingAdded:
    """Something was remarked."""

    run_id: int
    at: float
    finding: Finding


@fixed
class MetadataAdded:
    """Metadata came."""

    run_id: int
    at: float
    update: MetadataUpdate


@fixed
class CallEnded:
    """The conversation is over."""

    run_id: int
    at: float
    ending: Ending
    conversation: Conversation


@fixed
class RunFinished:
    """The run is evaluated (or could not be carried out)."""

    run: Run


@fixed
class Notice:
    """Something a person should know that belongs to no run (cost limit reached, stopping, …)."""

    sentence: str
    detail: dict[str, Any] = field(default_factory=dict[str, Any])


@fixed
class ResultFinished:
    """The batch is over."""

    result_id: int


Event = (
    ResultStarted
    | RunStarted
    | CallOpened
    | CallAwaited
    | CallTaken
    | EntryAdded
    | FindingAdded
    | MetadataAdded
    | CallEnded
    | RunFinished
    | Notice
    | ResultFinished
)
