"""What pull-mode chats carry."""

import json
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from ringback.api.closed_sets import Status
from ringback.api.fields import WHOLE
from ringback.errors import InvalidFields

_ROLES = ("Function Call", "Function Call Result")
_KNOWN = {"agent", *(role.lower() for role in _ROLES)}
_NOTHING = "Give `content`, `metadata`, or a `role` with its `data`."


def _role(value: str) -> str:
    if value.strip().lower().replace("_", " ") not in _KNOWN:
        raise PydanticCustomError("role", "This is not a role: it is Function Call or Function Call Result.")
    return value


class ChatFrame(BaseModel):
    """What the agent says or does: a frame of the chat protocol, with the same meaning as on a socket."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "examples": [
                {"content": "Certainly. What is your name?"},
                {"content": "You are booked.", "metadata": {"booking": 81}},
                {"role": "Function Call", "data": {"id": "c1", "name": "book", "arguments": {"day": "Monday"}}},
                {"role": "Function Call Result", "data": {"id": "c1", "result": "done"}},
            ]
        },
    )

    content: str | None = Field(default=None, description="What the agent says. The caller answers it: a new turn.")
    metadata: dict[str, Any] | None = Field(
        default=None, description="What checks may look at. Alone, it makes no turn."
    )
    role: Annotated[str, AfterValidator(_role), WithJsonSchema({"type": "string", "enum": list(_ROLES)})] | None = (
        Field(default=None, description="For tool calls and their results, which are recorded and make no turn.")
    )
    data: dict[str, Any] | None = Field(
        default=None, description="Of a tool call: `id`, `name`, `arguments`; of its result: `id`, `result`."
    )
    type: Literal["end_call"] | None = Field(
        default=None, description="`end_call`: the agent hangs up, perhaps with last words under `content`."
    )

    def text(self) -> str:
        """The frame as JSON. Raises `InvalidFields`."""
        tool = self.role is not None and self.role.strip().lower() != "agent"
        if tool and self.data is None:
            raise InvalidFields({"data": ["This field is required with this role."]})
        if not tool and self.type is None and self.metadata is None and not (self.content or "").strip():
            raise InvalidFields({WHOLE if self.content is None else "content": [_NOTHING]})
        return json.dumps(self.model_dump(exclude_none=True), ensure_ascii=False)


class ChatEnd(BaseModel):
    """Why the agent's side ends the conversation."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "Handed over to a person."}]})

    reason: str | None = Field(
        default=None, max_length=2000, description="Why; told by `metadata.ending_explanation` of the run."
    )

    def text(self) -> str:
        """The frame as JSON."""
        return json.dumps({"type": "end_call", **({"reason": self.reason} if self.reason else {})}, ensure_ascii=False)


TurnStatus = Literal["generating", "ready", "dropped", "error"]


class ChatSubmitted(BaseModel):
    """What became of a submission."""

    run_id: int = Field(description="Number of the run.")
    result_id: int = Field(description="Number of its result.")
    turn_id: int = Field(description="The turn that answers it; where nothing is to be answered, the last turn.")
    status: TurnStatus = Field(description="Of that turn.")


class ChatTurn(BaseModel):
    """One turn of the caller."""

    run_id: int = Field(description="Number of the run.")
    result_id: int = Field(description="Number of its result.")
    turn_id: int = Field(description="Number of the turn; 0 is the opening.")
    status: TurnStatus = Field(
        description="`generating`: ask again in a moment. `ready`: here it is. `dropped`: something was submitted"
        " meanwhile, and the next turn answers both. `error`: submit again."
    )
    message: str | None = Field(description="What the caller says; null: nothing, it is the agent's turn.")
    ended: bool = Field(description="The conversation ended with this turn.")
    ended_reason: str | None = Field(description="Why it ended.", examples=["Testing agent-ended-call"])


class ChatEnded(BaseModel):
    """The answer of `end-chat`."""

    run_id: int = Field(description="Number of the run.")
    result_id: int = Field(description="Number of its result.")
    status: Status = Field(description="How the run stands.", examples=["in_progress"])
