"""How agents are answered in the nested form."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from ringback.api.forms.agent_nested import OWN_CHAT
from ringback.api.forms.agent_parts import HEADERS_SHOWN, KNOWN_LINES, URL_SHOWN, shown_headers
from ringback.library.agents import KeptAgent


class TelephonyAnswer(BaseModel):
    """Connections for voice."""

    phone_number: str | None = None
    inbound: bool
    sip_uri: str | None = None
    sip_auth_configured: bool
    media_streams_url: str | None = Field(default=None, description=URL_SHOWN)
    websocket_url: str | None = Field(default=None, description=URL_SHOWN)
    websocket_auth_configured: bool
    known_lines: list[str] = Field(description=KNOWN_LINES)
    outbound_numbers: list[str]


class CredentialsAnswer(BaseModel):
    """Whether there are credentials of the provider."""

    api_key_configured: bool
    config_configured: bool


class ChatConfigAnswer(BaseModel):
    """Where chats are opened."""

    url: str | None = Field(default=None, description=URL_SHOWN)
    headers: dict[str, str] = Field(description=HEADERS_SHOWN, examples=[{"Authorization": "***"}])
    headers_configured: bool
    websocket_secret_configured: bool
    configured: list[str] = Field(description="Names of settings that are kept and not shown.")


class ChatDetailsAnswer(BaseModel):
    """The connection for chats."""

    type: str
    config: ChatConfigAnswer


class ProviderAnswer(BaseModel):
    """The platform that the agent runs on."""

    type: str
    agent_id: str | None = None
    credentials: CredentialsAnswer
    chat_agent_details: ChatDetailsAnswer | None = None
    auto_dial_outbound: bool
    outbound_trigger_url: str | None = Field(default=None, description=URL_SHOWN)
    outbound_trigger_secret_configured: bool
    auto_import_calls: bool
    auto_sync_prompt: bool
    send_post_conversation_metadata: bool
    redact_fields: Any = None


class AgentNestedAnswer(BaseModel):
    """An agent under test."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": 1,
                    "name": "Front desk",
                    "description": "Books appointments of a clinic.",
                    "project": None,
                    "language": "en",
                    "telephony": {
                        "phone_number": None,
                        "inbound": True,
                        "sip_uri": None,
                        "sip_auth_configured": False,
                        "media_streams_url": None,
                        "websocket_url": None,
                        "websocket_auth_configured": False,
                        "known_lines": [],
                        "outbound_numbers": [],
                    },
                    "provider": {
                        "type": "self_hosted",
                        "agent_id": "front-desk",
                        "credentials": {"api_key_configured": False, "config_configured": False},
                        "chat_agent_details": {
                            "type": "self_hosted",
                            "config": {
                                "url": "wss://agent.example.com/chat",
                                "headers": {"Authorization": "***"},
                                "headers_configured": True,
                                "websocket_secret_configured": True,
                                "configured": [],
                            },
                        },
                        "auto_dial_outbound": False,
                        "outbound_trigger_url": None,
                        "outbound_trigger_secret_configured": False,
                        "auto_import_calls": False,
                        "auto_sync_prompt": False,
                        "send_post_conversation_metadata": False,
                        "redact_fields": None,
                    },
                    "agent_speaks_first": None,
                    "knowledge_base_files": [],
                    "enabled_personalities": [],
                    "webhook_url": None,
                    "webhook_secret_configured": False,
                    "mock_tools": [],
                    "mock_tools_enabled": False,
                    "dynamic_variables": [],
                    "email_id": None,
                    "created_at": "2026-11-21T09:00:00Z",
                    "updated_at": "2026-11-21T09:00:00Z",
                }
            ]
        }
    )

    id: int
    name: str
    description: str
    project: int | None = Field(default=None, description="There is one project: always null.")
    language: str
    telephony: TelephonyAnswer
    provider: ProviderAnswer
    agent_speaks_first: bool | None = None
    knowledge_base_files: list[Any]
    enabled_personalities: list[Any]
    webhook_url: str | None = Field(default=None, description=URL_SHOWN)
    webhook_secret_configured: bool
    mock_tools: list[Any]
    mock_tools_enabled: bool
    dynamic_variables: list[Any]
    email_id: str | None = None
    created_at: datetime
    updated_at: datetime


def nested_answer(kept: KeptAgent) -> AgentNestedAnswer:
    """One agent as it is answered."""
    said, hidden = kept.fields, kept.secrets
    return AgentNestedAnswer(
        id=kept.id,
        name=said.name,
        description=said.description,
        language=said.language,
        telephony=TelephonyAnswer(
            phone_number=said.phone_number,
            inbound=said.inbound,
            sip_uri=said.sip_endpoint,
            sip_auth_configured=bool(hidden.sip_auth),
            media_streams_url=hidden.shown("media_streams_url"),
            websocket_url=hidden.shown("websocket_voice_url"),
            websocket_auth_configured=bool(hidden.websocket_auth),
            known_lines=said.known_lines,
            outbound_numbers=said.outbound_numbers,
        ),
        provider=_provider(kept),
        agent_speaks_first=said.agent_speaks_first,
        knowledge_base_files=said.knowledge_base_files,
        enabled_personalities=said.enabled_personalities,
        webhook_url=hidden.shown("webhook_url"),
        webhook_secret_configured=bool(hidden.webhook_secret),
        mock_tools=said.mock_tools,
        mock_tools_enabled=said.mock_tools_enabled,
        dynamic_variables=said.dynamic_variables,
        email_id=said.email_id,
        created_at=kept.created_at,
        updated_at=kept.updated_at,
    )


def _provider(kept: KeptAgent) -> ProviderAnswer:
    said, hidden = kept.fields, kept.secrets
    kind = said.chat_type or (OWN_CHAT if hidden.websocket_url else None)
    config = ChatConfigAnswer(
        url=hidden.shown("websocket_url"),
        headers=shown_headers(kept),
        headers_configured=bool(hidden.websocket_headers),
        websocket_secret_configured=bool(hidden.websocket_secret),
        configured=sorted(hidden.chat_config),
    )
    return ProviderAnswer(
        type=said.assistant_provider,
        agent_id=said.assistant_id,
        credentials=CredentialsAnswer(
            api_key_configured=bool(hidden.api_keys), config_configured=bool(hidden.credentials)
        ),
        chat_agent_details=ChatDetailsAnswer(type=kind, config=config) if kind else None,
        auto_dial_outbound=said.outbound_auto_call,
        outbound_trigger_url=hidden.shown("outbound_trigger_url"),
        outbound_trigger_secret_configured=bool(hidden.outbound_trigger_secret),
        auto_import_calls=said.auto_import_calls,
        auto_sync_prompt=said.auto_sync_prompt,
        send_post_conversation_metadata=said.send_post_conversation_metadata,
        redact_fields=said.redact_fields,
    )
