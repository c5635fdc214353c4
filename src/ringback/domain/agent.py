"""The agent under test and how to reach it."""

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class Agent(BaseModel):
    """A deployed agent. Secrets and header values are masked whenever the record is printed or stored."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    """Name in `ringback.toml`, or the URL as shown (credentials and query values masked)."""
    url: SecretStr
    """`ws://` or `wss://`; may carry credentials, so it is shown through `shown_url` only."""
    shown_url: str
    """The URL without user info and with the values of its query masked."""
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
