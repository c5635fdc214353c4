"""How the conversations of a request reach the agent: over which connection, at which URL, with which headers."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import SecretStr

from ringback.channels.channel import CallIds
from ringback.channels.handshake import handshake_headers
from ringback.domain.agent import Agent, Transport
from ringback.errors import BadHeader, InvalidFields, InvalidRequest, UsageError
from ringback.runs.selection import KeptAgent
from ringback.runs.submission_request import Over, RunsWanted

TEXT = "Text"
WEBSOCKET = "WebSocket"
VOICE = "Voice"

_NO_CONNECTION = "Agent does not have a websocket URL"
"""The reference's words, without a full stop: clients compare them."""

_OVER_TEXT_OR_CHIRP = (
    "The agent is spoken to over its own connection. A URL of your own is for run_scenarios_chirp and"
    " run_scenarios_text."
)

_NOBODY = CallIds(scenario=0, result=0, run=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """The way to the agent."""

    run_type: str
    """As the reference spells it."""
    channel: Transport = Transport.TEXT
    url: str | None = field(default=None, repr=False)
    """In place of the agent's."""
    urls: Mapping[int, str] = field(default_factory=dict[int, str], repr=False)
    """A URL of its own for each scenario."""
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    """Over the agent's."""

    pulled: bool = False
    """Nobody is called: the client of the API fetches what the caller says, and answers it."""

    @property
    def foreign(self) -> bool:
        """Whether the URL comes from the request: then no secret of the server's own goes there."""
        return self.url is not None or bool(self.urls)

    def agent(self, kept: KeptAgent) -> Agent:
        """The agent as the runs meet it. Raises `UsageError` where its URL cannot be used."""
        if self.pulled:
            return Agent(name=kept.name, url=SecretStr(""), shown_url="")
        agent = kept.domain_agent(self.url or next(iter(self.urls.values()), None), channel=self.channel)
        return agent.model_copy(
            update={"run_headers": {name: SecretStr(value) for name, value in self.headers.items()}}
        )


def reach(agent: KeptAgent, wanted: RunsWanted) -> Reach:
    """The way that a request takes.

    Raises:
        InvalidFields: a header that cannot be sent.
        InvalidRequest: the agent has no connection of the kind.
        UsageError: it has one that cannot be used yet.
    """
    _check_headers(wanted.websocket_headers)
    headers = wanted.websocket_headers
    match wanted.over:
        case Over.API_CHAT:
            return Reach(run_type=TEXT, pulled=True)
        case Over.OWN_URLS:
            return Reach(run_type=WEBSOCKET, urls=wanted.urls, headers=headers)
        case Over.CHIRP:
            if Transport.CHIRP not in agent.voice_transports and wanted.websocket_url is None:
                raise InvalidRequest(_NO_CONNECTION)
            return _spoken(agent, wanted, Transport.CHIRP)
        case Over.VOICE if agent.has_voice and wanted.transport is not Transport.TEXT:
            if wanted.websocket_url is not None:
                raise InvalidFields({"websocket_url": [_OVER_TEXT_OR_CHIRP]})
            return _spoken(agent, wanted, _called_first(agent, wanted.transport))
        case Over.TEXT | Over.VOICE:
            if wanted.websocket_url is not None:
                return Reach(run_type=WEBSOCKET, url=wanted.websocket_url, headers=headers)
            if not agent.has_text:
                raise InvalidRequest(_NO_CONNECTION)
            return Reach(run_type=TEXT, headers=headers)


def _called_first(agent: KeptAgent, before: Transport | None) -> Transport:
    """The connection for voice that is called; one that was called before is kept to where it is still there.

    A telephone number or SIP address would go before these. Raises `UsageError` where there is nothing else.
    """
    there = agent.voice_transports
    if not there:
        raise UsageError(
            f"Agent {agent.id} is spoken to by telephone or over a platform only, and that is not available yet. Give"
            " it media_streams_url or websocket_voice_url, or run it over text with run_scenarios_text."
        )
    return before if before is not None and before in there else there[0]


def _spoken(agent: KeptAgent, wanted: RunsWanted, channel: Transport) -> Reach:
    if not agent.inbound:
        raise UsageError(
            f"Agent {agent.id} makes its calls itself (inbound is false), and taking calls is not available yet."
        )
    return Reach(run_type=VOICE, channel=channel, url=wanted.websocket_url, headers=wanted.websocket_headers)


def _check_headers(headers: Mapping[str, str]) -> None:
    """Whether HTTP can carry them: said at once, not by each of the runs."""
    nobody = Agent(
        name="",
        url=SecretStr(""),
        shown_url="",
        run_headers={name: SecretStr(value) for name, value in headers.items()},
    )
    try:
        handshake_headers(nobody, None, _NOBODY)
    except BadHeader as error:
        raise InvalidFields({"websocket_headers": [str(error)]}) from None
