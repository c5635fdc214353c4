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
    """Words, found wherever they stand; upper and lower case are the same. Give this or `regex`."""
    regex: str | None = None
    """Regular expression to search for."""


class AgentNeverSaid(_Check):
    """The agent never said it."""

    type: Literal["agent_never_said"]
    text: str | None = None
    """Words, found wherever they stand; upper and lower case are the same. Give this or `regex`."""
    regex: str | None = None
    """Regular expression to search for."""


class ToolCalled(_Check):
    """A tool was called, perhaps with these arguments."""

    type: Literal["tool_called"]
    tool: str
    """Name of the tool."""
    arguments: dict[str, Any] | None = None
    """Arguments that one call has to have; left out: any call will do."""
    match: ArgumentMatch = ArgumentMatch.SUBSET
    """How the arguments are compared: `exact`, `subset` or `regex`."""
    tolerance: float = Field(default=0.0, ge=0)
    """Numbers may differ by this much (absolute) and still be equal."""


class ToolNotCalled(_Check):
    """A tool was never called."""

    type: Literal["tool_not_called"]
    tool: str
    """Name of the tool."""


class ToolCalledAtMost(_Check):
    """A tool was called at most so many times."""

    type: Literal["tool_called_at_most"]
    tool: str
    """Name of the tool."""
    times: int = Field(ge=0)
    """The most calls allowed."""


class ToolsInOrder(_Check):
    """These tools were called in this order (others may come between)."""

    type: Literal["tools_in_order"]
    tools: tuple[str, ...] = Field(min_length=2)
    """Names of the tools, first call first."""


class ToolSucceeded(_Check):
    """Every call of a tool (at least one) has a result, and none is an error."""

    type: Literal["tool_succeeded"]
    tool: str
    """Name of the tool."""


class MetadataEquals(_Check):
    """The run's merged metadata has this value under a key (dots reach into objects)."""

    type: Literal["metadata_equals"]
    key: str
    """Key of the metadata; dots reach into objects."""
    value: Any
    """The value that it has to have at the end."""


class EndedByCheck(_Check):
    """Who ended the conversation."""

    type: Literal["ended_by"]
    by: Literal["caller", "agent", "limit"]
    """Who has to end the conversation; `limit`: the most turns or the longest duration."""


class TurnsWithin(_Check):
    """The number of the caller's utterances is within limits."""

    type: Literal["turns"]
    min: int | None = Field(default=None, ge=0)
    """At least so many utterances of the caller."""
    max: int | None = Field(default=None, ge=0)
    """At most so many utterances of the caller."""


class LatencyWithin(_Check):
    """The agent's reply latency stays under limits, in seconds."""

    type: Literal["latency"]
    max: float | None = Field(default=None, gt=0)
    """The slowest answer may take so many seconds."""
    p95: float | None = Field(default=None, gt=0)
    """95 of 100 answers may take so many seconds."""


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
