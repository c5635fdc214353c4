"""The trial of a connection: what is asked and what is answered."""

from typing import Any

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, SecretStr

from ringback.api.forms.agent_flat import AgentFlatFields
from ringback.api.forms.agent_nested import AgentNestedFields
from ringback.api.forms.agent_parts import HeaderValues, Url
from ringback.domain.agent import Agent
from ringback.errors import InvalidFields, UsageError
from ringback.library.addresses import checked_url, shown_url
from ringback.library.form import RecordNumber

_NUMBER = Field(
    default=None,
    validation_alias=AliasChoices("agent_id", "id", "agent"),
    description="A saved agent, tried as a run would call it. Not together with a URL.",
)


class VerifyFlat(AgentFlatFields, frozen=True):
    """An agent in the flat form, saved or not; a connection needs `websocket_url` or `agent_id`."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"websocket_url": "wss://agent.example.com/chat"}, {"agent_id": 1}]}
    )

    agent_id: RecordNumber | None = _NUMBER


class VerifyNested(AgentNestedFields, frozen=True):
    """An agent in the nested form, saved or not; the fields of the flat form are understood too."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"provider": {"chat_agent_details": {"config": {"url": "wss://agent.example.com/chat"}}}},
                {"agent_id": 1},
            ]
        }
    )

    agent_id: RecordNumber | None = _NUMBER
    websocket_url: Url | None = Field(default=None, description="Instead of `…config.url`.")
    websocket_headers: HeaderValues = Field(default_factory=dict[str, str], description="Instead of `…config.headers`.")
    websocket_secret: str | None = Field(default=None, description="Instead of `…config.websocket_secret`.")


class VerificationAnswer(BaseModel):
    """What came of the trial. A failed connection is an answer, not an error."""

    model_config = ConfigDict(
        json_schema_serialization_defaults_required=True,
        json_schema_extra={
            "examples": [
                {
                    "success": True,
                    "opening_message_received": True,
                    "opening_message": "Clinic, how can I help?",
                    "url": "wss://agent.example.com/chat",
                    "status": None,
                    "error": None,
                }
            ]
        },
    )

    success: bool = Field(description="A WebSocket was opened, and the agent did not close it at once.")
    opening_message_received: bool = Field(description="Whether the agent said something unasked.")
    opening_message: str | None = Field(default=None, description="What it said.", examples=["Clinic, how can I help?"])
    url: str = Field(description="What was called, without user info and query values.")
    status: int | None = Field(default=None, description="HTTP status with which the handshake was turned down.")
    error: str | None = Field(default=None, description="Why it did not work, in a sentence.")


def unsaved_agent(form: VerifyFlat | VerifyNested) -> Agent | None:
    """The agent that a form describes, with the secret of the form or none; None where it names no URL.

    Raises:
        InvalidFields: nothing can be opened to that URL.
    """
    said: dict[str, Any] = dict(form.changes().secrets)
    if isinstance(form, VerifyNested):
        said |= {name: value for name in ("websocket_url", "websocket_secret") if (value := getattr(form, name))}
        said |= {"websocket_headers": form.websocket_headers} if form.websocket_headers else {}
    if not said.get("websocket_url"):
        return None
    try:
        url = checked_url(said["websocket_url"])
    except UsageError as error:
        raise InvalidFields({"websocket_url": [str(error)]}) from None
    headers: dict[str, str] = said.get("websocket_headers") or {}
    secret: str | None = said.get("websocket_secret")
    return Agent(
        name="unsaved agent",
        url=SecretStr(url),
        shown_url=shown_url(url),
        headers={name: SecretStr(value) for name, value in headers.items()},
        secret=SecretStr(secret) if secret else None,
    )
