"""Checks: deterministic assertions on the record of a run, as written in a suite file."""

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class _Check(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str | None = None
    """What reports call it; a sentence is made from the fields where it is left out."""


class ArgumentMatch(StrEnum):
    """How expected tool arguments are compared."""

    EXACT = "exact"
    """The same keys and values, no others."""
    SUBSET = "subset"
    """At least these keys with these values; objects inside likewise."""
    REGEX = "regex"
    """Each given value is a regular expression that the argument's text must contain."""


class AgentSaid(_Check):
    """The agent said a text (case-insensitive) or something that a regular expression finds."""

    type: Literal["agent_said"]
    text: str | None = None
    regex: str | None = None


class AgentNeverSaid(_Check):
    """The agent never said it."""

    type: Literal["agent_never_said"]
    text: str | None = None
    regex: str | None = None


class ToolCalled(_Check):
    """A tool was called, perhaps with these arguments."""

    type: Literal["tool_called"]
    tool: str
    arguments: dict[str, Any] | None = None
    match: ArgumentMatch = ArgumentMatch.SUBSET
    tolerance: float = Field(default=0.0, ge=0)
    """Numbers may differ by this much (absolute) and still be equal."""


class ToolNotCalled(_Check):
    """A tool was never called."""

    type: Literal["tool_not_called"]
    tool: str


class ToolCalledAtMost(_Check):
    """A tool was called at most so many times."""

    type: Literal["tool_called_at_most"]
    tool: str
    times: int = Field(ge=0)


class ToolsInOrder(_Check):
    """These tools were called in this order (others may come between)."""

    type: Literal["tools_in_order"]
    tools: tuple[str, ...] = Field(min_length=2)


class ToolSucceeded(_Check):
    """Every call of a tool (at least one) has a result, and none is an error."""

    type: Literal["tool_succeeded"]
    tool: str


class MetadataEquals(_Check):
    """The run's merged metadata has this value under a key (dots reach into objects)."""

    type: Literal["metadata_equals"]
    key: str
    value: Any


class EndedByCheck(_Check):
    """Who ended the conversation."""

    type: Literal["ended_by"]
    by: Literal["caller", "agent", "limit"]


class TurnsWithin(_Check):
    """The number of the caller's utterances is within limits."""

    type: Literal["turns"]
    min: int | None = Field(default=None, ge=0)
    max: int | None = Field(default=None, ge=0)


class LatencyWithin(_Check):
    """The agent's reply latency stays under limits, in seconds."""

    type: Literal["latency"]
    max: float | None = Field(default=None, gt=0)
    p95: float | None = Field(default=None, gt=0)


Check = Annotated[
    AgentSaid
    | AgentNeverSaid
    | ToolCalled
    | ToolNotCalled
    | ToolCalledAtMost
    | ToolsInOrder
    | ToolSucceeded
    | MetadataEquals
    | EndedByCheck
    | TurnsWithin
    | LatencyWithin,
    Field(discriminator="type"),
]
