"""What differs from one provider of language models to the next: one request, one answer, one trouble.

Retries, limits, costs and shapes are the same for all of them; `provider_model.py` has those.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from pydantic import BaseModel

from ringback.models.model import Message, Tool


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolRequest:
    """A tool call as the model wrote it: the arguments are not yet parsed."""

    name: str
    arguments: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back from one request."""

    text: str
    tool_requests: tuple[ToolRequest, ...] = ()
    input_tokens: int | None = None
    """None: the server reports no usage."""
    output_tokens: int | None = None


class Cause(Enum):
    """Why a request got no answer; `provider_model.py` has the remedy for each."""

    KEY = "the key was refused"
    QUOTA = "the account has no quota left"
    NOT_FOUND = "there is no such model or path"
    REQUEST = "the request was refused"
    RATE = "too many requests"
    SERVER = "the server had an error"
    TIMEOUT = "no answer came in time"
    CONNECTION = "no connection"
    ANSWER = "the answer makes no sense"


class Trouble(Exception):
    """A request got no usable answer. Its detail may quote the server and must be cleaned of secrets before use."""

    def __init__(self, cause: Cause, detail: str = "", *, retryable: bool, retry_after: float | None = None) -> None:
        super().__init__(f"{cause.value} ({detail})" if detail else cause.value)
        self.cause = cause
        self.retryable = retryable
        """Whether the same request may succeed later."""
        self.retry_after = retry_after
        """Seconds that the server wants us to wait."""
        self.tries = 1
        """How often it was tried in all."""


class Provider(Protocol):
    """A client for one model of one provider; safe to use from many conversations at once."""

    @property
    def where(self) -> str:
        """Host (and port) that is asked, without credentials."""
        ...

    async def ask(self, messages: Sequence[Message], shape: type[BaseModel] | None, tools: Sequence[Tool]) -> Answer:
        """One request, no retries. Raises `Trouble`."""
        ...

    async def close(self) -> None:
        """Release connections; safe to call more than once."""
        ...
