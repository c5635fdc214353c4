"""An agent as it was when runs of it were asked for: kept sealed, for it holds secrets."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import SecretStr

from ringback.channels.refusals import shown_url
from ringback.domain.agent import Agent
from ringback.storage.sealing import Seal


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentSnapshot:
    """What the runs of one result need to know about the agent."""

    agent: Agent
    foreign: bool = False
    """The URL is the run request's and not the stored agent's: no secret of the server's own goes there, only the
    agent's."""
    urls: Mapping[int, str] = field(default_factory=dict[int, str], repr=False)
    """A URL of its own for each scenario that has one, by the scenario's number."""

    def agent_for(self, scenario_id: int) -> Agent:
        """The agent as the runs of one scenario reach it."""
        url = self.urls.get(scenario_id)
        if url is None:
            return self.agent
        return self.agent.model_copy(update={"url": SecretStr(url), "shown_url": shown_url(url)})


def seal_agent(agent: Agent, seal: Seal, *, foreign: bool = False, urls: Mapping[int, str] | None = None) -> str:
    """A snapshot of the agent as sealed text, its secrets in it.

    Args:
        agent: with its secrets and headers.
        seal: what encrypts.
        foreign: the URL comes from a run request.
        urls: URLs of single scenarios, by the scenario's number.
    """
    document = {"agent": agent.model_dump(), "foreign": foreign, "urls": urls or {}}
    return seal.close(json.dumps(document, default=_plain))


def open_agent(text: str, seal: Seal) -> AgentSnapshot:
    """What `seal_agent` was given. Raises `StorageError` where it was sealed with another key."""
    document = json.loads(seal.open(text))
    return AgentSnapshot(
        agent=Agent.model_validate(document["agent"]),
        foreign=document["foreign"],
        urls={int(number): url for number, url in document["urls"].items()},
    )


def _plain(value: Any) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    raise TypeError(f"{type(value).__name__} is no part of an agent.")
