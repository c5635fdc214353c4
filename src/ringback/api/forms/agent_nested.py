"""The nested form of an agent: the reference's v2."""

from collections.abc import Mapping
from typing import Any, cast

from pydantic import AliasChoices, ConfigDict, Field

from ringback.api.forms.agent_parts import (
    AUTO_CALL,
    HEADERS_SHOWN,
    HIDDEN,
    KEPT,
    KNOWN_LINES,
    NUMBER,
    OUTBOUND_NUMBERS,
    SETTINGS,
    SIP,
    SIP_AUTH,
    SPEAKS_FIRST,
    TRIGGER_SECRET,
    TRIGGER_URL,
    UNUSED,
    URL_SHOWN,
    VOICE_AUTH,
    AnyFields,
    BasicAuth,
    ChatKind,
    Entries,
    HeaderValues,
    KnownLines,
    LanguageCode,
    Object,
    Platform,
    Prompt,
    ShortText,
    Url,
)
from ringback.library.agents import AgentChanges
from ringback.library.form import AnyProject, Form

OWN_CHAT = "self_hosted"
"""The kind of chat connection that is spoken to: a WebSocket server of one's own."""

_CONFIG = "provider.chat_agent_details.config"
PLACES = {
    "websocket_url": f"{_CONFIG}.url",
    "websocket_headers": f"{_CONFIG}.headers",
    "websocket_secret": f"{_CONFIG}.websocket_secret",
    "media_streams_url": "telephony.media_streams_url",
    "websocket_voice_url": "telephony.websocket_url",
    "websocket_auth": "telephony.websocket_auth",
    "known_lines": "telephony.known_lines",
    "assistant_provider": "provider.type",
    "chat_type": "provider.chat_agent_details.type",
    "phone_number": "telephony.phone_number",
    "sip_endpoint": "telephony.sip_uri",
    "sip_auth": "telephony.sip_auth",
    "outbound_trigger_url": "provider.outbound_trigger_url",
    "outbound_trigger_secret": "provider.outbound_trigger_secret",
}
"""Where fields stand in this form, for sentences about what is wrong."""

_TELEPHONY = {"sip_uri": "sip_endpoint"}
_PROVIDER = {"type": "assistant_provider", "agent_id": "assistant_id", "auto_dial_outbound": "outbound_auto_call"}
_SEALED_TELEPHONY = {
    "sip_auth": "sip_auth",
    "media_streams_url": "media_streams_url",
    "websocket_url": "websocket_voice_url",
    "websocket_auth": "websocket_auth",
}
_SEALED = ("webhook_url", "webhook_secret")
_SEALED_PROVIDER = ("outbound_trigger_url", "outbound_trigger_secret")
_ANSWERED = ("configured", "headers_configured", "websocket_secret_configured")
_CHAT = {"url": "websocket_url", "headers": "websocket_headers", "websocket_secret": "websocket_secret"}


class Telephony(Form, frozen=True):
    """Connections for voice."""

    phone_number: ShortText | None = Field(default=None, description=NUMBER)
    inbound: bool = Field(default=True, description="Whether it is called; false: it calls.")
    sip_uri: ShortText | None = Field(default=None, description=SIP)
    sip_auth: BasicAuth = Field(default=None, description=f"{SIP_AUTH} {HIDDEN}")
    media_streams_url: Url | None = Field(
        default=None, description=f"Voice by the WebSocket protocol of Twilio's media streams: wss://. {URL_SHOWN}"
    )
    websocket_url: Url | None = Field(
        default=None, description=f"Voice by the reference's protocol CHIRP: wss://. {URL_SHOWN}"
    )
    websocket_auth: BasicAuth = Field(default=None, description=f"{VOICE_AUTH} {HIDDEN}")
    known_lines: KnownLines = Field(default_factory=list[str], description=KNOWN_LINES)
    outbound_numbers: list[ShortText] = Field(default_factory=list[str], max_length=1000, description=OUTBOUND_NUMBERS)


class Credentials(Form, frozen=True):
    """How the provider is logged in to."""

    api_key: str | None = Field(default=None, max_length=4000, description=HIDDEN)
    config: Object = Field(default_factory=dict[str, Any], description=SETTINGS)


class ChatConfig(Form, frozen=True):
    """Where chats are opened. What else is said is kept; it is laid over what is there, and null removes one.

    Given back are numbers, truths, and texts under names that end in id, type, name, model, language, region, mode or
    url; every other one is write-only.
    """

    model_config = ConfigDict(extra="allow")

    url: Url | None = Field(default=None, description=f"ws:// or wss://. {URL_SHOWN}")
    headers: HeaderValues = Field(
        default_factory=dict[str, str], description=f"Headers of the handshake. {HEADERS_SHOWN}"
    )
    websocket_secret: str | None = Field(
        default=None, max_length=4000, description=f"Value of `X-VOCERA-SECRET`; null removes it. {HIDDEN}"
    )


class ChatDetails(Form, frozen=True):
    """The connection for chats."""

    type: ChatKind | None = Field(default=None, description="Only `self_hosted` is spoken to.")
    config: ChatConfig = Field(default=ChatConfig(), description="Where chats are opened.")


class Provider(Form, frozen=True):
    """The platform that the agent runs on."""

    type: Platform = Field(default="", description="Its name; only `self_hosted` is spoken to.")
    agent_id: ShortText | None = Field(default=None, description="The agent's id there, text or number.")
    credentials: Credentials | None = Field(
        default=None, description="How the provider is logged in to; null leaves them as they are."
    )
    chat_agent_details: ChatDetails | None = Field(default=None, description="null removes the connection.")
    auto_dial_outbound: bool = Field(default=False, description=AUTO_CALL)
    outbound_trigger_url: Url | None = Field(default=None, description=f"{TRIGGER_URL} {URL_SHOWN}")
    outbound_trigger_secret: str | None = Field(default=None, max_length=4000, description=f"{TRIGGER_SECRET} {HIDDEN}")
    auto_import_calls: bool = Field(default=False, description=KEPT)
    auto_sync_prompt: bool = Field(default=False, description=KEPT)
    send_post_conversation_metadata: bool = Field(default=False, description=KEPT)
    redact_fields: AnyFields = Field(default=None, description=KEPT)


class AgentNestedFields(Form, frozen=True):
    """An agent under test."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"telephony": {"inbound": False}, "agent_speaks_first": True}]}
    )

    name: str = Field(
        default="",
        max_length=255,
        validation_alias=AliasChoices("name", "agent_name"),
        description="What lists and reports call it.",
    )
    description: Prompt = Field(default="", description="What it does.")
    project: AnyProject = Field(default=None, description="There is one project; any value is accepted.")
    language: LanguageCode = Field(default="en", description=KEPT)
    telephony: Telephony = Field(default=Telephony(), description="Connections for voice.")
    provider: Provider = Field(default=Provider(), description="The platform that it runs on.")
    agent_speaks_first: bool | None = Field(default=None, description=SPEAKS_FIRST)
    knowledge_base_files: Entries = Field(default_factory=list[Any], description=KEPT)
    enabled_personalities: Entries = Field(default_factory=list[Any], description=KEPT)
    webhook_url: Url | None = Field(default=None, description=f"{KEPT} {URL_SHOWN}")
    webhook_secret: str | None = Field(default=None, max_length=4000, description=f"{KEPT} {HIDDEN}")
    mock_tools: Entries = Field(default_factory=list[Any], description=UNUSED)
    mock_tools_enabled: bool = Field(default=False, description=KEPT)
    dynamic_variables: Entries = Field(default_factory=list[Any], description=UNUSED)
    email_id: ShortText | None = Field(default=None, description=KEPT)

    def changes(self) -> AgentChanges:
        """What the form says, under the names that are kept."""
        said = self.given()
        fields: dict[str, Any] = {}
        secrets: dict[str, Any] = {}
        for name, value in _object(said.pop("telephony", {})).items():
            if name in _SEALED_TELEPHONY:
                secrets[_SEALED_TELEPHONY[name]] = value
            else:
                fields[_TELEPHONY.get(name, name)] = value
        provider = dict(_object(said.pop("provider", {})))
        secrets |= {name: provider.pop(name) for name in _SEALED_PROVIDER if name in provider}
        _add_credentials(provider, secrets)
        _add_chat(provider, fields, secrets)
        fields |= {_PROVIDER.get(name, name): value for name, value in provider.items()}
        secrets |= {name: said.pop(name) for name in _SEALED if name in said}
        said.pop("project", None)
        return AgentChanges(fields={**fields, **said}, secrets=secrets)


class AgentNestedForm(AgentNestedFields, frozen=True):
    """A whole agent."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "Front desk",
                    "description": "Books appointments of a clinic.",
                    "telephony": {"inbound": True},
                    "provider": {
                        "type": "self_hosted",
                        "agent_id": "front-desk",
                        "credentials": {"api_key": "the platform's key", "config": {"region": "eu"}},
                        "chat_agent_details": {
                            "type": "self_hosted",
                            "config": {
                                "url": "wss://agent.example.com/chat",
                                "headers": {"Authorization": "Bearer the-agent-s-token"},
                                "websocket_secret": "a long random text",
                            },
                        },
                    },
                }
            ]
        }
    )

    name: str = Field(
        min_length=1,
        max_length=255,
        validation_alias=AliasChoices("name", "agent_name"),
        description="What lists and reports call it.",
    )


def _object(value: Any) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else {}


def _add_credentials(provider: dict[str, Any], secrets: dict[str, Any]) -> None:
    if "credentials" not in provider:
        return
    credentials = _object(provider.pop("credentials"))
    if "api_key" in credentials:
        secrets["api_keys"] = {"": credentials["api_key"] or ""}
    if "config" in credentials:
        secrets["credentials"] = credentials["config"]


def _add_chat(provider: dict[str, Any], fields: dict[str, Any], secrets: dict[str, Any]) -> None:
    """A WebSocket of one's own has fields of its own; every other kind of connection is kept as it is."""
    if "chat_agent_details" not in provider:
        return
    details = provider.pop("chat_agent_details")
    if details is None:
        fields["chat_type"] = None
        secrets |= {"websocket_url": None, "websocket_headers": {}, "websocket_secret": None, "chat_config": {}}
        return
    kind = details.get("type") or None
    if "type" in details:
        fields["chat_type"] = kind
    config = dict(_object(details.get("config")))
    if kind is None and config.get("url"):
        fields["chat_type"] = OWN_CHAT
    if kind in (None, OWN_CHAT):
        secrets |= {_CHAT[name]: config.pop(name) for name in tuple(config) if name in _CHAT}
    # What only answers have is not taken for settings when it is written back.
    config = {name: value for name, value in config.items() if name not in _ANSWERED and value != {}}
    if config:
        secrets["chat_config"] = config
    if kind not in (None, OWN_CHAT) and any(value is not None for value in config.values()):
        secrets |= {"websocket_url": None, "websocket_headers": {}}
