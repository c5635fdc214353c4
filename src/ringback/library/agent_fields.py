"""What is kept of an agent: what may be shown, and what is sealed.

Two forms in the reference product describe the same agent: a flat one (v1) and a nested one (v2). Both become these
fields. A URL may carry a password or a token, so it is sealed too and shown without them.
"""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from ringback.library.addresses import shown_url

MASK = "***"
"""What stands where a value is kept and not shown; written back, it keeps the value."""


PLATFORMS = (
    "",
    "self_hosted",
    "vapi",
    "retell",
    "elevenlabs",
    "vocera",
    "sms",
    "whatsapp",
    "agentforce",
    "cisco",
    "bland",
    "livekit",
    "pipecat",
    "synthflow",
    "agora",
    "koreai",
    "genesys",
    "amazon_connect",
    "telnyx",
    "sierra",
)
"""What the reference product knows that an agent can run on; empty: nobody said."""

CHAT_KINDS = (
    "self_hosted",
    "retell",
    "bland",
    "vapi",
    "elevenlabs",
    "livekit",
    "agora",
    "sms",
    "whatsapp",
    "agentforce",
    "amazon_connect",
    "koreai",
    "sierra",
)
"""What the reference product knows that chats can be held over."""

SOCKET_URLS = ("websocket_url", "media_streams_url", "websocket_voice_url")
"""Fields with the address of a WebSocket: for text, and for voice in either protocol."""


class AgentFields(BaseModel):
    """What may be shown of an agent."""

    model_config = ConfigDict(extra="ignore")

    name: str = ""
    description: str = ""
    language: str = "en"
    inbound: bool = True
    phone_number: str | None = None
    outbound_numbers: list[str] = Field(default_factory=list[str])
    outbound_auto_call: bool = False
    assistant_id: str | None = None
    assistant_provider: str = ""
    chat_assistant_id: str | None = None
    chat_type: str | None = None
    sip_endpoint: str | None = None
    agent_speaks_first: bool | None = None
    transcript_provider: str | None = None
    llm_system_prompt: str | None = None
    llm_model: str | None = None
    llm_temperature: float | None = None
    llm_max_tokens: int | None = None
    email_id: str | None = None
    auto_import_calls: bool = False
    auto_sync_prompt: bool = False
    send_post_conversation_metadata: bool = False
    redact_fields: Any = None
    knowledge_base_files: list[Any] = Field(default_factory=list[Any])
    predefined_metrics: list[Any] = Field(default_factory=list[Any])
    enabled_personalities: list[Any] = Field(default_factory=list[Any])
    mock_tools: list[Any] = Field(default_factory=list[Any])
    mock_tools_enabled: bool = False
    dynamic_variables: list[Any] = Field(default_factory=list[Any])
    known_lines: list[str] = Field(default_factory=list[str])


class AgentSecrets(BaseModel):
    """What is sealed of an agent."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    websocket_url: str | None = None
    websocket_headers: dict[str, str] = Field(default_factory=dict[str, str])
    websocket_secret: str | None = None
    media_streams_url: str | None = None
    websocket_voice_url: str | None = None
    websocket_auth: Any = None
    sip_auth: Any = None
    outbound_trigger_url: str | None = None
    outbound_trigger_secret: str | None = None
    webhook_url: str | None = None
    webhook_secret: str | None = None
    api_keys: dict[str, str] = Field(default_factory=dict[str, str])
    """Keys of voice providers, by the provider's name; empty: the provider that the agent has."""
    credentials: dict[str, Any] = Field(default_factory=dict[str, Any])
    """Further credentials of the provider."""
    chat_config: dict[str, Any] = Field(default_factory=dict[str, Any])
    """Settings of a chat connection that is not a WebSocket of one's own."""
    livekit_data: dict[str, Any] = Field(default_factory=dict[str, Any])
    pipecat_data: dict[str, Any] = Field(default_factory=dict[str, Any])

    def shown(self, field: str) -> str | None:
        """A URL without user info and with the values of its query masked."""
        url: str | None = getattr(self, field)
        return shown_url(url) if url else None

    def keeping(self, before: "AgentSecrets") -> "AgentSecrets":
        """These, with what was written back as it is shown replaced by what was kept before."""
        urls = {
            field: getattr(before, field)
            for field in (*SOCKET_URLS, "webhook_url", "outbound_trigger_url")
            if getattr(self, field) and getattr(self, field) == before.shown(field)
        }
        known = {name.lower(): value for name, value in before.websocket_headers.items()}
        headers = {
            name: known.get(name.lower(), value) if value == MASK else value
            for name, value in self.websocket_headers.items()
        }
        return self.model_copy(update={**urls, "websocket_headers": headers})


WRITE_ONLY = (
    "websocket_secret",
    "websocket_auth",
    "sip_auth",
    "outbound_trigger_secret",
    "webhook_secret",
    "api_keys",
    "credentials",
    "chat_config",
    "livekit_data",
    "pipecat_data",
)
"""Secrets that no answer shows, so that a client who writes back what it has read leaves them out."""
