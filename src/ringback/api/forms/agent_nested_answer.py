"""How agents are answered in the nested form."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from ringback.api.forms.agent_nested import OWN_CHAT
from ringback.api.forms.agent_parts import (
    AUTO_CALL,
    CONFIGURED,
    HEADERS_SHOWN,
    KEPT,
    KNOWN_LINES,
    NUMBER,
    OUTBOUND_NUMBERS,
    PLATFORM,
    SIP,
    SPEAKS_FIRST,
    UNUSED,
    URL_SHOWN,
    AnyFields,
    shown_headers,
)
from ringback.library.agents import KeptAgent
from ringback.library.secret_names import harmless, without_secrets


class _Part(BaseModel):
    model_config = ConfigDict(json_schema_serialization_defaults_required=True)


class TelephonyAnswer(_Part):
    """Connections for voice."""

    phone_number: str | None = Field(default=None, description=NUMBER)
    inbound: bool = Field(description="Whether it is called; false: it calls.")
    sip_uri: str | None = Field(default=None, description=SIP)
    sip_auth_configured: bool = Field(description=CONFIGURED)
    media_streams_url: str | None = Field(default=None, description=URL_SHOWN)
    websocket_url: str | None = Field(default=None, description=URL_SHOWN)
    websocket_auth_configured: bool = Field(description=CONFIGURED)
    known_lines: list[str] = Field(description=KNOWN_LINES)
    outbound_numbers: list[str] = Field(description=OUTBOUND_NUMBERS)


class CredentialsAnswer(_Part):
    """Credentials of the provider, without what is secret."""

    api_key_configured: bool = Field(description=CONFIGURED)
    config: dict[str, Any] = Field(description="Those of its settings that are no secrets.")
    config_configured: bool = Field(description="Whether it has any settings.")
    configured: list[str] = Field(description="Names of settings that are kept and not shown.")


class ChatConfigAnswer(_Part):
    """Where chats are opened, and those other settings that are no secrets."""

    model_config = ConfigDict(extra="allow")

    url: str | None = Field(default=None, description=URL_SHOWN)
    headers: dict[str, str] = Field(description=HEADERS_SHOWN, examples=[{"Authorization": "***"}])
    headers_configured: bool = Field(description=CONFIGURED)
    websocket_secret_configured: bool = Field(description=CONFIGURED)
    configured: list[str] = Field(description="Names of settings that are kept and not shown.")


class ChatDetailsAnswer(_Part):
    """The connection for chats."""

    type: str = Field(description="Kind of connection; only `self_hosted` is spoken to.")
    config: ChatConfigAnswer = Field(description="Where chats are opened.")


class ProviderAnswer(_Part):
    """The platform that the agent runs on."""

    type: str = Field(description=PLATFORM)
    agent_id: str | None = Field(default=None, description="The agent's id there.")
    credentials: CredentialsAnswer = Field(description="Whether there are credentials.")
    chat_agent_details: ChatDetailsAnswer | None = Field(
        default=None, description="The connection for chats; null where there is none."
    )
    auto_dial_outbound: bool = Field(description=AUTO_CALL)
    outbound_trigger_url: str | None = Field(default=None, description=URL_SHOWN)
    outbound_trigger_secret_configured: bool = Field(description=CONFIGURED)
    auto_import_calls: bool = Field(description=KEPT)
    auto_sync_prompt: bool = Field(description=KEPT)
    send_post_conversation_metadata: bool = Field(description=KEPT)
    redact_fields: AnyFields = Field(default=None, description=KEPT)


class AgentNestedAnswer(BaseModel):
    """An agent under test."""

    model_config = ConfigDict(
        json_schema_serialization_defaults_required=True,
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
                        "credentials": {
                            "api_key_configured": False,
                            "config": {},
                            "config_configured": False,
                            "configured": [],
                        },
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
        },
    )

    id: int = Field(description="Number of the agent.")
    name: str = Field(description="What lists and reports call it.")
    description: str = Field(description="What it does.")
    project: int | None = Field(default=None, description="There is one project: always null.")
    language: str = Field(description="Language that it speaks.")
    telephony: TelephonyAnswer = Field(description="Connections for voice.")
    provider: ProviderAnswer = Field(description="The platform that it runs on.")
    agent_speaks_first: bool | None = Field(default=None, description=SPEAKS_FIRST)
    knowledge_base_files: list[Any] = Field(description=KEPT)
    enabled_personalities: list[Any] = Field(description=KEPT)
    webhook_url: str | None = Field(default=None, description=URL_SHOWN)
    webhook_secret_configured: bool = Field(description=CONFIGURED)
    mock_tools: list[Any] = Field(description=UNUSED)
    mock_tools_enabled: bool = Field(description=KEPT)
    dynamic_variables: list[Any] = Field(description=UNUSED)
    email_id: str | None = Field(default=None, description=KEPT)
    created_at: datetime = Field(description="When it was made.")
    updated_at: datetime = Field(description="When it last changed.")


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
        mock_tools=without_secrets(said.mock_tools),
        mock_tools_enabled=said.mock_tools_enabled,
        dynamic_variables=without_secrets(said.dynamic_variables),
        email_id=said.email_id,
        created_at=kept.created_at,
        updated_at=kept.updated_at,
    )


def _provider(kept: KeptAgent) -> ProviderAnswer:
    said, hidden = kept.fields, kept.secrets
    kind = said.chat_type or (OWN_CHAT if hidden.websocket_url else None)
    told, logged_in = harmless(hidden.chat_config), harmless(hidden.credentials)
    config = ChatConfigAnswer.model_validate(
        {
            "url": hidden.shown("websocket_url"),
            **told,
            "headers": shown_headers(kept),
            "headers_configured": bool(hidden.websocket_headers),
            "websocket_secret_configured": bool(hidden.websocket_secret),
            "configured": sorted(hidden.chat_config.keys() - told.keys()),
        }
    )
    return ProviderAnswer(
        type=said.assistant_provider,
        agent_id=said.assistant_id,
        credentials=CredentialsAnswer(
            api_key_configured=bool(hidden.api_keys),
            config=logged_in,
            config_configured=bool(hidden.credentials),
            configured=sorted(hidden.credentials.keys() - logged_in.keys()),
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
