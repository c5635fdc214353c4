"""Everything that happens in a run, as it happens; listeners only ever consume these.

`at` is seconds from the call's start on the monotonic clock; events from before the call opened carry 0.
"""

from dataclasses import field
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
    | EntryAdded
    | FindingAdded
    | MetadataAdded
    | CallEnded
    | RunFinished
    | Notice
    | ResultFinished
)
