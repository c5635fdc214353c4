"""Every setting, its default and its environment variable.

A setting NAME is read from the flag (where a command has one), else from the environment variable `RINGBACK_NAME`, else
from the `[settings]` table of `ringback.toml` (`name = …`), else it has the default below. Keys of model providers are
read from the environment only, under their providers' usual names.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError

from ringback.errors import UsageError

PREFIX = "RINGBACK_"

ENVIRONMENT_ONLY = frozenset({"api_key", "websocket_secret", "encryption_key", "sip_password"})
"""Secrets: never read from a file that may be committed."""


def _listed(value: Any) -> Any:
    """Several values in one environment variable, separated by commas."""
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


class Settings(BaseModel):
    """Where Ringback keeps its data, whom it asks, and how long it waits."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    home: Path = Field(default=Path(".ringback"), description="Folder of the local database.")
    database_url: str | None = Field(
        default=None, description="Database; by default an SQLite file in the home folder."
    )
    database_patience: float = Field(
        default=60.0, ge=0, description="Seconds to try again after the connection to PostgreSQL was lost."
    )
    api_key: SecretStr | None = Field(
        default=None, description="API key; also the secret sent to agents where nothing nearer is set."
    )
    websocket_secret: SecretStr | None = Field(
        default=None, description="Default of X-VOCERA-SECRET where an agent has none of its own."
    )
    caller_model: str | None = Field(default=None, description="Language model of callers, `provider:name`.")
    judge_model: str | None = Field(
        default=None, description="Language model of the judge, `provider:name`; by default the caller's."
    )
    caller_base_url: str | None = Field(default=None, description="OpenAI-compatible server for callers.")
    judge_base_url: str | None = Field(
        default=None, description="OpenAI-compatible server for the judge; the caller's where no judge model is set."
    )
    model_concurrency: int = Field(default=16, ge=1, description="Requests to one model at the same time.")
    model_timeout: float = Field(default=60.0, gt=0, description="Seconds to wait for one answer of a model.")
    prices_file: Path | None = Field(
        default=None, description="JSON file with own prices: model name to US dollars per million tokens."
    )
    max_concurrent_runs: int | None = Field(
        default=None,
        ge=1,
        description="Conversations at the same time: 10 for `ringback run`; for the service, of all workers together.",
    )
    max_connecting: int = Field(default=64, ge=1, description="Handshakes under way at the same time.")
    connect_timeout: float = Field(default=10.0, gt=0, description="Seconds for one handshake.")
    connect_attempts: int = Field(default=3, ge=1, description="Tries to connect where another try can help.")
    settle: float = Field(default=0.3, ge=0, description="Seconds of quiet that end the agent's turn.")
    opening_wait: float = Field(
        default=2.0, ge=0, description="Seconds to listen for a greeting where it is not known who opens."
    )
    inactivity: float = Field(default=300.0, gt=0, description="Seconds without content that end the conversation.")
    tool_hold: float = Field(default=30.0, ge=0, description="Seconds that a tool call keeps the turn open.")
    tool_settle: float = Field(
        default=2.0, ge=0, description="Seconds of quiet after a tool's result that end the agent's turn."
    )
    grace: float = Field(default=1.0, ge=0, description="Seconds between our end_call and the close of the socket.")
    ping_interval: float = Field(default=30.0, gt=0, description="Seconds between pings.")
    ping_timeout: float = Field(default=10.0, gt=0, description="Seconds to wait for a pong.")
    max_frame_bytes: int = Field(
        default=1024 * 1024, ge=1024, description="Largest frame taken from an agent, in bytes."
    )
    max_call_bytes: int = Field(
        default=32 * 1024 * 1024,
        ge=64 * 1024,
        description="What all frames of an agent in one conversation may add up to, in bytes; each counts 500 more.",
    )
    ca_file: Path | None = Field(default=None, description="PEM file of a private certificate authority for wss://.")

    # Voice.
    text_to_speech: str = Field(default="flite:slt", description="What speaks for spoken callers, `provider:voice`.")
    text_to_speech_base_url: str | None = Field(
        default=None, description="Server of the speaking voice, where it is not its provider's own."
    )
    speech_to_text: str = Field(
        default="pocketsphinx", description="What hears spoken agents: `provider:model`, or `pocketsphinx`."
    )
    speech_to_text_base_url: str | None = Field(
        default=None, description="Server of the hearing, where it is not its provider's own."
    )
    speech_timeout: float = Field(default=30.0, gt=0, description="Seconds to wait for one answer of a speech server.")
    end_of_turn: float = Field(
        default=0.8, gt=0, le=10, description="Seconds of silence on the line that end the agent's spoken turn."
    )
    recordings: Path | None = Field(
        default=None, description="Folder of recordings; by default `recordings` in the home folder."
    )
    noises: Path | None = Field(
        default=None, description="Folder of your own background noises; by default `noises` in the home folder."
    )
    recording_link_life: float = Field(
        default=604800.0, gt=0, le=31622400, description="Seconds for which a link to a recording holds."
    )

    # The telephone.
    sip_listen: str = Field(
        default="0.0.0.0:0",
        description="Address and port on which SIP calls arrive; port 0: any, enough where nobody calls us.",
    )
    sip_interface: str | None = Field(
        default=None,
        description="Interface or local address of SIP calls; loopback has to be named: 127.0.0.1.",
    )
    sip_media_ports: str = Field(
        default="16384-32767", description="First and last UDP port of calls' sound (RTP); a call takes two of them."
    )
    sip_transport: Literal["udp", "tcp", "tls"] = Field(
        default="udp", description="What carries SIP to the trunk where its address does not say: udp, tcp or tls."
    )
    sip_trunk: str | None = Field(
        default=None, description="Host (and port) of the trunk through which telephone numbers are called."
    )
    sip_registrar: str | None = Field(
        default=None, description="Host (and port) where our numbers register; by default they do not."
    )
    sip_proxy: str | None = Field(default=None, description="Outbound proxy of SIP calls, `sip:host:port`.")
    sip_user: str | None = Field(
        default=None, description="User at the trunk, for digest authentication; also where calls come from."
    )
    sip_password: SecretStr | None = Field(default=None, description="Password at the trunk, and of our numbers.")
    phone_numbers: Annotated[tuple[str, ...], BeforeValidator(_listed)] = Field(
        default=(), description="Our numbers or SIP users, separated by commas, which outbound agents call."
    )
    dial_window: int = Field(
        default=300, ge=1, le=3600, description="Seconds in which an outbound agent has to call the number of its run."
    )
    ring_timeout: float = Field(default=60.0, gt=0, description="Seconds for which an agent's telephone may ring.")
    media_timeout: float = Field(
        default=10.0, ge=1, description="Seconds without sound after which a telephone call is taken for dead."
    )
    max_telephone_calls: int = Field(default=200, ge=1, description="Telephone calls of one process at the same time.")

    # The service.
    encryption_key: SecretStr | None = Field(
        default=None,
        description="Key that seals agents' secrets in the database; by default a file in the home folder.",
    )
    public_url: str | None = Field(
        default=None, description="Address under which others reach the server, for share links and pages."
    )
    worker_concurrency: int = Field(default=50, ge=1, description="Conversations of one worker at the same time.")
    agent_concurrency: int | None = Field(
        default=None, ge=1, description="Conversations of the service with one agent at the same time."
    )
    starts_per_second: float | None = Field(
        default=None, gt=0, description="Conversations that the service begins in one second."
    )
    queue_poll: float = Field(default=0.1, gt=0, description="Seconds between a worker's looks into the queue.")
    heartbeat: float = Field(
        default=5.0, gt=0, description="Seconds between a worker's signs of life; at most a third of `worker_timeout`."
    )
    worker_timeout: float = Field(
        default=30.0, gt=0, description="Seconds without a sign of life after which a worker is given up."
    )
    max_worker_losses: int = Field(
        default=2, ge=0, description="How often a run whose worker died is begun again before it is given up."
    )
    lost_run_timeout: float = Field(
        default=300.0, gt=0, description="Seconds within which a run whose worker died has to be taken up again."
    )
    drain_timeout: float = Field(
        default=30.0, ge=0, description="Seconds that a stopping worker gives its conversations to end."
    )
    chat_timeout: float = Field(
        default=1800.0, ge=1, le=3600, description="Seconds that a pull-mode chat may take as a whole."
    )
    max_body_bytes: int = Field(default=10 * 1024 * 1024, ge=1024, description="Largest body of a request, in bytes.")
    requests_per_minute: int = Field(
        default=6000, ge=1, description="Requests that one API key may make in a minute, at each server process."
    )

    @property
    def effective_recordings(self) -> Path:
        """The folder of recordings, the default filled in."""
        return self.recordings or self.home / "recordings"

    @property
    def effective_noises(self) -> Path:
        """The folder of own background noises, the default filled in."""
        return self.noises or self.home / "noises"

    @property
    def effective_database_url(self) -> str:
        """The database URL, the default filled in."""
        return self.database_url or f"sqlite:///{self.home / 'ringback.db'}"


def environment_variable(name: str) -> str:
    """The environment variable of a setting."""
    return PREFIX + name.upper()


def load_settings(environ: Mapping[str, str], project: Mapping[str, Any] | None = None) -> Settings:
    """Settings from the environment over the `[settings]` table of `ringback.toml`.

    Raises:
        UsageError: a value of the wrong type, or a name that is no setting; all of them at once.
    """
    project = project or {}
    places: dict[str, str] = {}
    values: dict[str, Any] = {}
    problems: list[str] = []
    for name, value in project.items():
        if name in ENVIRONMENT_ONLY:
            problems.append(f"ringback.toml: {name} is a secret; set {environment_variable(name)} instead.")
            continue
        values[name], places[name] = value, f"ringback.toml: settings.{name}"
    for name in Settings.model_fields:
        variable = environment_variable(name)
        if environ.get(variable):
            values[name], places[name] = environ[variable], variable
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        problems.extend(_sentence(detail["loc"], detail["msg"], detail["type"], places) for detail in error.errors())
        raise UsageError("\n".join(problems)) from None
    problems.extend(_contradictions(settings, places))
    if problems:
        raise UsageError("\n".join(problems))
    return settings


def _contradictions(settings: Settings, places: Mapping[str, str]) -> Iterator[str]:
    """What is wrong with several settings together."""
    beats, patience = settings.heartbeat, settings.worker_timeout
    if 3 * beats > patience:
        set_here = places.get("heartbeat") or places["worker_timeout"]
        yield (
            f"{set_here}: with a sign of life every {beats:g} seconds (heartbeat) and a worker_timeout of {patience:g},"
            " workers that live would be given up. The heartbeat has to be a third of the worker_timeout at most."
        )


def _sentence(location: tuple[int | str, ...], message: str, kind: str, places: Mapping[str, str]) -> str:
    name = str(location[0])
    place = places.get(name, name)
    if kind == "extra_forbidden":
        return f"{place}: there is no such setting. Known: {', '.join(sorted(Settings.model_fields))}."
    if kind == "finite_number":
        return f"{place}: it has to be a finite number."
    return f"{place}: {message[0].lower()}{message[1:]}."
