"""The contract of a language model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from pydantic import BaseModel

from ringback.domain.usage import Usage
from ringback.errors import BadModelReply, RingbackError


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a prompt."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A tool that the model may call instead of, or beside, answering in words."""

    name: str
    description: str
    parameters: Mapping[str, Any]
    """JSON Schema of the arguments (an object)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolUse:
    """The model called a tool."""

    name: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class CallKey:
    """What tells one model call from another: the cassette's key; repeats stay distinct."""

    role: Literal["caller", "judge", "condition", "generator"]
    run: str
    """Scenario key with personality and profile, stable over results."""
    repeat: int
    number: int
    """Running number of the call within its role and run, from 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelReply:
    """What the model answered."""

    text: str
    parsed: BaseModel | None = None
    """The validated object where a shape was asked for."""
    tool_uses: tuple[ToolUse, ...] = ()
    usage: Usage = field(default_factory=Usage)


class UnfitReply(BadModelReply):
    """A reply that does not fit; what was used for it is used all the same."""

    def __init__(self, message: str, usage: Usage) -> None:
        super().__init__(message)
        self.usage = usage


def used_by(error: RingbackError) -> Usage:
    """What was used for answers that came to nothing: the error's own, or of an answer before it that did not fit."""
    unfit = error if isinstance(error, UnfitReply) else error.__cause__
    return unfit.usage if isinstance(unfit, UnfitReply) else Usage()


class LanguageModel(Protocol):
    """One model, ready to be asked; safe to use from many conversations at once."""

    @property
    def name(self) -> str:
        """`provider:name`."""
        ...

    async def reply(
        self,
        messages: Sequence[Message],
        *,
        key: CallKey,
        shape: type[BaseModel] | None = None,
        tools: Sequence[Tool] = (),
    ) -> ModelReply:
        """Ask once (transport retries included).

        With `shape`, `ModelReply.parsed` is a validated instance of it. Raises `ModelUnavailable`, `ModelRejected`,
        `UnfitReply` (a `BadModelReply` with its usage: the shape was not met), `CostLimitReached`; `used_by` tells what
        was used before any of them.
        """
        ...

    async def close(self) -> None:
        """Release connections; safe to call more than once."""
        ...
