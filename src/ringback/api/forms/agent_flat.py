"""The flat form of an agent: the reference's v1."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, model_validator

from ringback.api.forms.agent_parts import (
    AUTO_CALL,
    CONFIGURED,
    HEADERS_SHOWN,
    HIDDEN,
    KEPT,
    KNOWN_LINES,
    NUMBER,
    PLATFORM,
    PROVIDERS,
    SIP,
    SIP_AUTH,
    SPEAKS_FIRST,
    TRIGGER_SECRET,
    TRIGGER_URL,
    URL_SHOWN,
    VOICE_AUTH,
    BasicAuth,
    Entries,
    HeaderValues,
    KnownLines,
    LanguageCode,
    Object,
    Platform,
    Prompt,
    ShortText,
    Url,
    shown_headers,
)
from ringback.library.agent_fields import AgentFields, AgentSecrets
from ringback.library.agents import AgentChanges, KeptAgent
from ringback.library.form import AnyProject, Form

_CALLED = {"agent_name": "name", "contact_number": "phone_number"}
"""Fields that are kept under another name."""

PLACES = {kept: said for said, kept in _CALLED.items()}
"""The other way round, for sentences about what is wrong."""


class AgentFlatFields(Form, frozen=True):
    """An agent under test. Keys of voice platforms are taken as `vapi_api_key`, `retell_api_key` and so on."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"websocket_url": "wss://agent.example.com/v2/chat", "agent_speaks_first": True}]
        }
    )

    agent_name: str = Field(
        default="",
        max_length=255,
        validation_alias=AliasChoices("agent_name", "name"),
        description="What lists and reports call it.",
    )
    description: Prompt = Field(default="", description="What it does.")
    inbound: bool = Field(default=True, description="Whether it is called; false: it calls.")
    contact_number: ShortText | None = Field(default=None, description=NUMBER)
    language: LanguageCode = Field(default="en", description=KEPT)
    assistant_id: ShortText | None = Field(default=None, description="Its id at its provider, text or number.")
    chat_assistant_id: ShortText | None = Field(default=None, description=KEPT)
    websocket_url: Url | None = Field(default=None, description=f"Where chats are opened: ws:// or wss://. {URL_SHOWN}")
    websocket_headers: HeaderValues = Field(
        default_factory=dict[str, str], description=f"Headers of the handshake. {HEADERS_SHOWN}"
    )
    websocket_secret: str | None = Field(
        default=None, max_length=4000, description=f"Value of `X-VOCERA-SECRET`; null removes it. {HIDDEN}"
    )
    agent_speaks_first: bool | None = Field(default=None, description=SPEAKS_FIRST)
    media_streams_url: Url | None = Field(
        default=None, description=f"Voice by the WebSocket protocol of Twilio's media streams: wss://. {URL_SHOWN}"
    )
    websocket_voice_url: Url | None = Field(
        default=None, description=f"Voice by the reference's protocol CHIRP: wss://. {URL_SHOWN}"
    )
    websocket_auth: BasicAuth = Field(default=None, description=f"{VOICE_AUTH} {HIDDEN}")
    known_lines: KnownLines = Field(default_factory=list[str], description=KNOWN_LINES)
    sip_endpoint: ShortText | None = Field(default=None, description=SIP)
    sip_auth: BasicAuth = Field(default=None, description=f"{SIP_AUTH} {HIDDEN}")
    llm_system_prompt: Prompt | None = Field(default=None, description=KEPT)
    llm_model: ShortText | None = Field(default=None, description=KEPT)
    llm_temperature: float | None = Field(default=None, description=KEPT)
    llm_max_tokens: int | None = Field(default=None, ge=0, lt=2**31, description=KEPT)
    outbound_auto_call: bool = Field(default=False, description=AUTO_CALL)
    outbound_trigger_url: Url | None = Field(default=None, description=f"{TRIGGER_URL} {URL_SHOWN}")
    outbound_trigger_secret: str | None = Field(default=None, max_length=4000, description=f"{TRIGGER_SECRET} {HIDDEN}")
    assistant_provider: Platform = Field(default="", description=PLATFORM)
    transcript_provider: ShortText | None = Field(default=None, description=KEPT)
    livekit_data: Object = Field(default_factory=dict[str, Any], description=f"{KEPT} {HIDDEN}")
    pipecat_data: Object = Field(default_factory=dict[str, Any], description=f"{KEPT} {HIDDEN}")
    knowledge_base_files: Entries = Field(default_factory=list[Any], description=KEPT)
    predefined_metrics: Entries = Field(default_factory=list[Any], description=KEPT)
    project: AnyProject = Field(default=None, description="There is one project; any value is accepted.")
    api_keys: dict[str, str] = Field(
        default_factory=dict[str, str], description=f"Keys of voice platforms by name, as `vapi_api_key`. {HIDDEN}"
    )

    @model_validator(mode="before")
    @classmethod
    def _keys_of_platforms(cls, value: Any) -> Any:
        if not isinstance(value, Mapping):
            return value
        said = dict(cast("Mapping[str, Any]", value))
        named = {name: said.pop(f"{name}_api_key") for name in PROVIDERS if f"{name}_api_key" in said}
        if named and isinstance(said.get("api_keys", {}), dict):
            said["api_keys"] = {**said.get("api_keys", {}), **{name: key or "" for name, key in named.items()}}
        return said

    def changes(self) -> AgentChanges:
        """What the form says, under the names that are kept."""
        said = {_CALLED.get(name, name): value for name, value in self.given().items()}
        return AgentChanges(
            fields={name: value for name, value in said.items() if name in AgentFields.model_fields},
            secrets={name: value for name, value in said.items() if name in AgentSecrets.model_fields},
        )


class AgentFlatForm(AgentFlatFields, frozen=True):
    """A whole agent."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "agent_name": "Front desk",
                    "description": "Books appointments of a clinic.",
                    "inbound": True,
                    "assistant_id": "front-desk",
                    "assistant_provider": "self_hosted",
                    "websocket_url": "wss://agent.example.com/chat",
                    "websocket_headers": {"Authorization": "Bearer the-agent-s-token"},
                    "websocket_secret": "a long random text",
                }
            ]
        }
    )

    agent_name: str = Field(
        min_length=1,
        max_length=255,
        validation_alias=AliasChoices("agent_name", "name"),
        description="What lists and reports call it.",
    )


class AgentFlatAnswer(BaseModel):
    """An agent under test. For each voice platform there is a flag such as `vapi_api_key_configured`."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_serialization_defaults_required=True,
        json_schema_extra={
            "examples": [
                {
                    "id": 1,
                    "project": None,
                    "agent_name": "Front desk",
                    "description": "Books appointments of a clinic.",
                    "inbound": True,
                    "contact_number": None,
                    "language": "en",
                    "assistant_id": "front-desk",
                    "chat_assistant_id": None,
                    "websocket_url": "wss://agent.example.com/chat",
                    "websocket_headers": {"Authorization": "***"},
                    "websocket_headers_configured": True,
                    "websocket_secret_configured": True,
                    "agent_speaks_first": None,
                    "media_streams_url": None,
                    "websocket_voice_url": None,
                    "websocket_auth_configured": False,
                    "known_lines": [],
                    "sip_endpoint": None,
                    "sip_auth_configured": False,
                    "llm_system_prompt": None,
                    "llm_model": None,
                    "llm_temperature": None,
                    "llm_max_tokens": None,
                    "outbound_auto_call": False,
                    "outbound_trigger_url": None,
                    "outbound_trigger_secret_configured": False,
                    "assistant_provider": "self_hosted",
                    "transcript_provider": None,
                    "livekit_data_configured": False,
                    "pipecat_data_configured": False,
                    "knowledge_base_files": [],
                    "predefined_metrics": [],
                    "created_at": "2026-11-21T09:00:00Z",
                    "updated_at": "2026-11-21T09:00:00Z",
                    "vapi_api_key_configured": False,
                }
            ]
        },
    )

    id: int = Field(description="Number of the agent.")
    project: int | None = Field(default=None, description="There is one project: always null.")
    agent_name: str = Field(description="What lists and reports call it.")
    description: str = Field(description="What it does.")
    inbound: bool = Field(description="Whether it is called; false: it calls.")
    contact_number: str | None = Field(default=None, description=NUMBER)
    language: str = Field(description="Language that it speaks.")
    assistant_id: str | None = Field(default=None, description="Its id at its provider.")
    chat_assistant_id: str | None = Field(default=None, description=KEPT)
    websocket_url: str | None = Field(default=None, description=URL_SHOWN)
    websocket_headers: dict[str, str] = Field(description=HEADERS_SHOWN, examples=[{"Authorization": "***"}])
    websocket_headers_configured: bool = Field(description=CONFIGURED)
    websocket_secret_configured: bool = Field(description=CONFIGURED)
    agent_speaks_first: bool | None = Field(default=None, description=SPEAKS_FIRST)
    media_streams_url: str | None = Field(default=None, description=URL_SHOWN)
    websocket_voice_url: str | None = Field(default=None, description=URL_SHOWN)
    websocket_auth_configured: bool = Field(description=CONFIGURED)
    known_lines: list[str] = Field(description=KNOWN_LINES)
    sip_endpoint: str | None = Field(default=None, description=SIP)
    sip_auth_configured: bool = Field(description=CONFIGURED)
    llm_system_prompt: str | None = Field(default=None, description=KEPT)
    llm_model: str | None = Field(default=None, description=KEPT)
    llm_temperature: float | None = Field(default=None, description=KEPT)
    llm_max_tokens: int | None = Field(default=None, description=KEPT)
    outbound_auto_call: bool = Field(description=AUTO_CALL)
    outbound_trigger_url: str | None = Field(default=None, description=URL_SHOWN)
    outbound_trigger_secret_configured: bool = Field(description=CONFIGURED)
    assistant_provider: str = Field(description=PLATFORM)
    transcript_provider: str | None = Field(default=None, description=KEPT)
    livekit_data_configured: bool = Field(description=CONFIGURED)
    pipecat_data_configured: bool = Field(description=CONFIGURED)
    knowledge_base_files: list[Any] = Field(description=KEPT)
    predefined_metrics: list[Any] = Field(description=KEPT)
    created_at: datetime = Field(description="When it was made.")
    updated_at: datetime = Field(description="When it last changed.")


def flat_answer(kept: KeptAgent) -> AgentFlatAnswer:
    """One agent as it is answered."""
    said, hidden = kept.fields, kept.secrets
    same: dict[str, Any] = {
        name: getattr(said, name) for name in AgentFlatAnswer.model_fields if name in AgentFields.model_fields
    }
    same |= {f"{name}_api_key_configured": bool(hidden.api_keys.get(name)) for name in PROVIDERS}
    return AgentFlatAnswer(
        **same,
        id=kept.id,
        agent_name=said.name,
        contact_number=said.phone_number,
        websocket_url=hidden.shown("websocket_url"),
        websocket_headers=shown_headers(kept),
        websocket_headers_configured=bool(hidden.websocket_headers),
        websocket_secret_configured=bool(hidden.websocket_secret),
        media_streams_url=hidden.shown("media_streams_url"),
        websocket_voice_url=hidden.shown("websocket_voice_url"),
        websocket_auth_configured=bool(hidden.websocket_auth),
        sip_auth_configured=bool(hidden.sip_auth),
        outbound_trigger_url=hidden.shown("outbound_trigger_url"),
        outbound_trigger_secret_configured=bool(hidden.outbound_trigger_secret),
        livekit_data_configured=bool(hidden.livekit_data),
        pipecat_data_configured=bool(hidden.pipecat_data),
        created_at=kept.created_at,
        updated_at=kept.updated_at,
    )
