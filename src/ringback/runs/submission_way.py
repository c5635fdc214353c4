"""The way to the agent that the runs of a request take, over whichever connection."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import SecretStr

from ringback.domain.agent import Agent, Transport
from ringback.runs.selection import KeptAgent

TEXT = "Text"
WEBSOCKET = "WebSocket"
VOICE = "Voice"

NO_CONNECTION = "Agent does not have a websocket URL"
"""The reference's words, without a full stop: clients compare them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """The way to the agent."""

    run_type: str
    """As the reference spells it."""
    channel: Transport = Transport.TEXT
    url: str | None = field(default=None, repr=False)
    """In place of the agent's."""
    urls: Mapping[int, str] = field(default_factory=dict[int, str], repr=False)
    """A URL of its own for each scenario that has one."""
    own_too: bool = False
    """Beside such scenarios there are some that go to the agent's own URL."""
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    """Over the agent's."""

    pulled: bool = False
    """Nobody is called: the client of the API fetches what the caller says, and answers it."""
    number: str | None = None
    """By telephone: in place of the agent's number."""
    calls_from: Sequence[str] = ()
    """By telephone: our numbers that the calls come from, one after the other; none: as the settings say."""
    takes_calls: bool = False
    """The agent calls us."""
    taken_on: str | None = None
    """The only one of our numbers on which its calls are taken."""

    @property
    def foreign(self) -> bool:
        """Whether the URL comes from the request: then no secret of the server's own goes there."""
        return self.url is not None or (bool(self.urls) and not self.own_too)

    def agent(self, kept: KeptAgent) -> Agent:
        """The agent as the runs meet it. Raises `UsageError` where its URL or number cannot be used."""
        if self.pulled:
            return Agent(name=kept.name, url=SecretStr(""), shown_url="")
        url = self.url or (None if self.own_too else next(iter(self.urls.values()), None))
        agent = kept.domain_agent(url, channel=self.channel, number=self.number)
        return agent.model_copy(
            update={"run_headers": {name: SecretStr(value) for name, value in self.headers.items()}}
        )
