"""What a run request wants, and how it is kept: without its secrets, which lie sealed with the agent."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from ringback.channels.refusals import shown_url
from ringback.domain.agent import Transport
from ringback.runs.agent_snapshot import AgentSnapshot
from ringback.runs.selection import Selector

MASK = "***"


class Over(StrEnum):
    """What the conversations are to be held over."""

    TEXT = "text"
    """The agent's text connection, or the URL of the request."""
    VOICE = "voice"
    """The agent's voice connection; where it has only a text connection, over that."""
    CHIRP = "chirp"
    """The agent's voice connection of that protocol, or the URL of the request."""
    SIP = "sip"
    """By telephone, at the agent's SIP address or number or at the address of the request."""
    OWN_URLS = "own_urls"
    """A URL for each scenario; the agent's own for those that come without one."""
    API_CHAT = "api_chat"
    """Pull mode: the client of the API answers for the agent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """What a run request says about telephone numbers."""

    sip_endpoint: str | None = field(default=None, repr=False)
    """SIP address to call, in place of the agent's."""
    agent_number: str | None = None
    """Number to call, in place of the agent's; of an agent that calls us, where its calls come from."""
    outbound_phone_number: str | None = None
    """Which of our numbers calls; of an agent that calls us, the one that it has to call."""
    different: bool = False
    """Each call comes from the next of our numbers; else all from the same one."""

    def document(self) -> dict[str, Any]:
        """For the database and for people, without what is secret in an address."""
        return {
            "sip_endpoint": shown_url(self.sip_endpoint) if self.sip_endpoint else None,
            "agent_number": self.agent_number,
            "outbound_phone_number": self.outbound_phone_number,
            "mode": "different_numbers" if self.different else "same_number",
        }

    @classmethod
    def again(cls, document: Mapping[str, Any], snapshot: AgentSnapshot) -> "Numbers":
        """What a kept document said; the address lies in the snapshot of its agent."""
        return cls(
            sip_endpoint=snapshot.agent.url.get_secret_value() if document.get("sip_endpoint") else None,
            agent_number=document.get("agent_number"),
            outbound_phone_number=document.get("outbound_phone_number"),
            different=document.get("mode") == "different_numbers",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RunsWanted:
    """One run request, its fields checked one by one but not against what is kept."""

    operation: str
    """Name of the operation, as in the path: `run_scenarios_text`."""
    over: Over
    selector: Selector
    frequency: int | None = None
    """Conversations of each scenario, personality and profile; None: what the scenarios say themselves."""
    name: str | None = None
    personality_ids: tuple[int, ...] = ()
    """In place of the scenarios' own; each multiplies the runs."""
    test_profile_ids: tuple[int, ...] = ()
    """In place of the scenarios' own; each multiplies the runs."""
    concurrency_limit: int | None = None
    call_timeout: float | None = None
    """Pull mode: seconds that a conversation may take; None: the setting."""
    websocket_url: str | None = field(default=None, repr=False)
    """In place of the agent's."""
    websocket_headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    """Over the agent's."""
    urls: Mapping[int, str] = field(default_factory=dict[int, str], repr=False)
    """With `OWN_URLS`: the URL of each scenario that has one of its own."""
    spec: Mapping[str, Any] | None = None
    """A suite document to run in place of kept scenarios."""
    transport: Transport | None = None
    """With `VOICE`: what carried the conversations when the same was asked for before; None: decided now."""

    numbers: Numbers = Numbers()
    """By telephone: who calls whom."""

    @property
    def says_how(self) -> bool:
        """Whether nothing of an agent is needed to reach it, so that scenarios of none can be run."""
        by_url = self.websocket_url is not None and self.over in (Over.TEXT, Over.CHIRP)
        return by_url or self.over in (Over.OWN_URLS, Over.API_CHAT)

    def document(self) -> dict[str, Any]:
        """For the database and for people: values of headers and what is secret in URLs left out."""
        selector = self.selector
        return {
            "operation": self.operation,
            "over": self.over,
            "channel": "api_chat" if self.over is Over.API_CHAT else "websocket",
            "agent_id": selector.agent_id,
            "assistant_id": selector.assistant_id,
            "scenarios": list(selector.scenarios) if isinstance(selector.scenarios, tuple) else selector.scenarios,
            "tags": list(selector.tags),
            "frequency": self.frequency,
            "name": self.name,
            "personality_ids": list(self.personality_ids),
            "test_profile_ids": list(self.test_profile_ids),
            "concurrency_limit": self.concurrency_limit,
            "timeout": self.call_timeout,
            "websocket_url": shown_url(self.websocket_url) if self.websocket_url else None,
            "websocket_headers": dict.fromkeys(self.websocket_headers, MASK),
            "websocket_urls": {str(number): shown_url(url) for number, url in self.urls.items()},
            **self.numbers.document(),
            "spec": self.spec,
        }


def wanted_again(document: Mapping[str, Any], snapshot: AgentSnapshot) -> RunsWanted:
    """The request behind a kept document, with the secrets that lie in the snapshot of its agent."""
    listed: list[int] | str | int | None = document["scenarios"]
    scenarios: Any = tuple(listed) if isinstance(listed, list) else listed
    return RunsWanted(
        operation=document["operation"],
        over=Over(document["over"]),
        selector=Selector(
            scenarios=scenarios,
            tags=tuple(document["tags"]),
            agent_id=document["agent_id"],
            assistant_id=document["assistant_id"],
        ),
        frequency=document["frequency"],
        name=document["name"],
        personality_ids=tuple(document["personality_ids"]),
        test_profile_ids=tuple(document["test_profile_ids"]),
        concurrency_limit=document["concurrency_limit"],
        call_timeout=document["timeout"],
        websocket_url=snapshot.agent.url.get_secret_value() if document["websocket_url"] else None,
        websocket_headers={name: value.get_secret_value() for name, value in snapshot.agent.run_headers.items()},
        urls=snapshot.urls,
        spec=document["spec"],
        numbers=Numbers.again(document, snapshot),
        transport=snapshot.agent.channel if document["over"] == Over.VOICE else None,
    )
