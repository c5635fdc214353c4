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

    @property
    def is_voice(self) -> bool:
        """Whether it carries sound."""
        return self is not Transport.TEXT


class Agent(BaseModel):
    """A deployed agent. Secrets and header values are masked whenever the record is printed or stored."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    """Name in `ringback.toml`, or the URL as shown (credentials and query values masked)."""
    url: SecretStr
    """`ws://` or `wss://`; may carry credentials, so it is shown through `shown_url` only."""
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
    ca_file: str | None = None
    """Path of a PEM file with a private certificate authority for `wss://`."""
