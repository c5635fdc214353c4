"""The agent under test and how to reach it."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class Transport(StrEnum):
    """What a conversation with an agent is carried by; `channel` in flags, files and fields."""

    TEXT = "text"
    """The chat WebSocket."""
    MEDIA_STREAMS = "media-streams"
    """Voice by the WebSocket protocol of Twilio's media streams: mu-law, 8 kHz."""
    CHIRP = "chirp"
    """Voice by the reference product's WebSocket protocol: raw samples, 16 kHz."""

    SIP = "sip"
    """Voice by telephone: SIP (RFC 3261) and RTP. We call a SIP address or a number, or the agent calls us."""

    @property
    def is_voice(self) -> bool:
        """Whether it carries sound."""
        return self is not Transport.TEXT


class SipCredentials(BaseModel):
    """What the agent's own SIP server asks for (digest authentication, RFC 8760)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    user: str
    password: SecretStr


class DialTrigger(BaseModel):
    """Where an outbound agent is asked to make its call."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: SecretStr
    """`http://` or `https://`."""
    secret: SecretStr | None = None
    """Value of `X-CEKURA-SECRET`; None: the header is left out."""


class Agent(BaseModel):
    """A deployed agent. Secrets and header values are masked whenever the record is printed or stored."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    """Name in `ringback.toml`, or the URL as shown (credentials and query values masked)."""
    url: SecretStr
    """`ws://`, `wss://`, `sip:`, `sips:` or `tel:`; empty for an outbound agent, which nobody calls.

    It may carry credentials, so it is shown through `shown_url` only.
    """
    shown_url: str
    """The URL without user info and with the values of its query masked."""
    channel: Transport = Transport.TEXT
    known_lines: tuple[str, ...] = ()
    """For speech to text by grammar: lines that the agent can say, or one JSGF grammar (begins with `#JSGF`)."""
    headers: dict[str, SecretStr] = Field(default_factory=dict[str, SecretStr])
    """The agent's configured headers."""
    run_headers: dict[str, SecretStr] = Field(default_factory=dict[str, SecretStr])
    """Per-run headers (`--header`): over the profile's, which are over the agent's."""
    secret: SecretStr | None = None
    """Value of `X-VOCERA-SECRET`; None: the header is left out."""
    agent_speaks_first: bool | None = None
    """True: wait for it. False: the caller opens. None: listen for the opening wait."""
    inbound: bool = True
    """Whether it is called; False: it calls one of our numbers."""
    contact_number: str | None = None
    """Outbound agents: the number that its calls come from, the only one whose calls are taken."""
    sip_credentials: SipCredentials | None = None
    """SIP: over those of the trunk."""
    dial_trigger: DialTrigger | None = None
    """Outbound agents: how its call is asked for; None: it calls by itself."""
    ca_file: str | None = None
    """Path of a PEM file with a private certificate authority for `wss://`."""
