"""Which scenarios and which agent a run request means, by what is kept when it arrives."""

from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from ringback.domain.agent import Agent, Transport
from ringback.domain.scenario import Personality, Scenario, TestProfile
from ringback.errors import InvalidFields, NotFound, UsageError

_NAMED = 20
"""So many of a longer list are named in a sentence."""


class KeptScenario(Protocol):
    """A scenario of the library, complete."""

    @property
    def id(self) -> int:
        """Its number."""
        ...

    @property
    def agent_id(self) -> int | None:
        """Whose it is; None where it belongs to no agent."""
        ...

    @property
    def scenario(self) -> Scenario:
        """With its metrics, personality and test profile."""
        ...

    @property
    def personality_id(self) -> int | None:
        """Number of the scenario's personality."""
        ...

    @property
    def test_profile_id(self) -> int | None:
        """Number of the scenario's test profile."""
        ...


class KeptAgent(Protocol):
    """An agent of the library."""

    @property
    def id(self) -> int | None:
        """Its number; None: it is not kept, and reached only as a request says."""
        ...

    @property
    def name(self) -> str:
        """What it is called."""
        ...

    @property
    def has_text(self) -> bool:
        """Whether it has a connection for text."""
        ...

    @property
    def has_voice(self) -> bool:
        """Whether it has a connection for voice."""
        ...

    @property
    def voice_transports(self) -> tuple[Transport, ...]:
        """The connections for voice that can be used, the one that is called first at the front."""
        ...

    @property
    def inbound(self) -> bool:
        """Whether it is called; else it calls."""
        ...

    @property
    def needs_trunk(self) -> bool:
        """Whether its telephone is a number, which only a trunk leads to."""
        ...

    def domain_agent(
        self, url: str | None = None, *, channel: Transport = Transport.TEXT, number: str | None = None
    ) -> Agent:
        """How it is reached, at its own URL or number or another, with its secrets.

        Raises `UsageError` where there is none.
        """
        ...


class Scenarios(Protocol):
    """Where scenarios are looked up."""

    async def of_ids(self, ids: Sequence[int], /) -> Sequence[KeptScenario]:
        """In the order given. Raises `InvalidFields` that names those that there are not."""
        ...

    async def of_agent(self, agent_id: int, /, limit: int | None = None) -> Sequence[KeptScenario]:
        """Ascending by id."""
        ...

    async def of_tags(self, tags: Sequence[str], /, agent_id: int | None = None) -> Sequence[KeptScenario]:
        """Those with any of the tags, ascending by id."""
        ...


class Agents(Protocol):
    """Where agents are looked up; each raises `NotFound` or `InvalidFields`."""

    async def get(self, agent_id: int, /) -> KeptAgent:
        """The agent of a number."""
        ...

    async def by_assistant(self, assistant_id: str, /) -> KeptAgent:
        """The agent that its provider knows under this id."""
        ...


class Personalities(Protocol):
    """Where personalities are looked up."""

    async def get_many(self, ids: Sequence[int], /) -> Mapping[int, Personality]:
        """Raises `InvalidFields` where there are not all of them."""
        ...


class Profiles(Protocol):
    """Where test profiles are looked up."""

    async def get_many(self, ids: Sequence[int], /) -> Mapping[int, TestProfile]:
        """Raises `InvalidFields` where there are not all of them."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Selector:
    """How a run request says what is to run."""

    scenarios: tuple[int, ...] | Literal["all"] | int | None = None
    """Ids, all of an agent, or so many of an agent with the lowest ids."""
    tags: tuple[str, ...] = ()
    """Any of them matches."""
    agent_id: int | None = None
    """With ids: which agent is tested, whosever the scenarios are. With tags: only its scenarios."""
    assistant_id: str | None = None
    """Another way to name the agent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What was meant."""

    agent: KeptAgent | None
    """None: the scenarios belong to none."""
    scenarios: tuple[KeptScenario, ...]


async def select(selector: Selector, agents: Agents, scenarios: Scenarios, *, agent_needed: bool = True) -> Selection:
    """The agent and the scenarios that are meant.

    Args:
        selector: as the request has it.
        agents: where agents are looked up.
        scenarios: where scenarios are looked up.
        agent_needed: False: scenarios that all belong to no agent are fine without one.

    Raises:
        InvalidFields: what cannot be meant, or what there is not; in words.
    """
    _check(selector)
    named = await named_agent(selector, agents)
    found = await _scenarios(selector, named, scenarios)
    if named is None and (agent_needed or any(one.agent_id is not None for one in found)):
        named = await _agent_of(found, selector, agents)
    return Selection(agent=named, scenarios=tuple(found))


def _check(selector: Selector) -> None:
    wanted = selector.scenarios
    if wanted is not None and selector.tags:
        sentence = "Give either `scenarios` or `tags`, not both."
        raise InvalidFields({"scenarios": [sentence], "tags": [sentence]})
    if wanted is None and not selector.tags:
        raise InvalidFields(
            {"scenarios": ['Say what to run: a list of ids, "all", how many of an agent\'s scenarios, or `tags`.']}
        )
    if wanted == ():
        raise InvalidFields({"scenarios": ["The list is empty: name at least one scenario."]})
    if isinstance(wanted, int) and wanted < 1:
        raise InvalidFields({"scenarios": ["The number of scenarios to run has to be at least 1."]})
    by_agent = isinstance(wanted, int | str)
    if by_agent and selector.agent_id is None and selector.assistant_id is None:
        how = f"the first {wanted} scenarios" if isinstance(wanted, int) else '"all" scenarios'
        raise InvalidFields({"agent_id": [f"agent_id or assistant_id is required to run {how}: whose are meant?"]})


async def named_agent(selector: Selector, agents: Agents) -> KeptAgent | None:
    """The agent that the request names; None where it names none. Raises `InvalidFields`."""
    by_id = by_assistant = None
    if selector.agent_id is not None:
        by_id = await _found("agent_id", f"There is no agent {selector.agent_id}.", agents.get(selector.agent_id))
    if selector.assistant_id is not None:
        missing = f"No agent has the assistant_id {selector.assistant_id!a}."
        by_assistant = await _found("assistant_id", missing, agents.by_assistant(selector.assistant_id))
    if by_id is not None and by_assistant is not None and by_id.id != by_assistant.id:
        sentence = (
            f"agent_id {by_id.id} and assistant_id {selector.assistant_id!a} (agent {by_assistant.id}) are not the"
            " same agent. Give one of them."
        )
        raise InvalidFields({"agent_id": [sentence], "assistant_id": [sentence]})
    return by_id or by_assistant


async def _scenarios(selector: Selector, agent: KeptAgent | None, scenarios: Scenarios) -> Sequence[KeptScenario]:
    wanted = selector.scenarios
    if isinstance(wanted, tuple):
        return await scenarios.of_ids(tuple(dict.fromkeys(wanted)))
    if wanted is None:
        found = await scenarios.of_tags(selector.tags, agent_id=agent.id if agent else None)
        if not found:
            whose = f" of agent {agent.id}" if agent else ""
            raise InvalidFields({"tags": [f"No scenario{whose} has the tag {_listed(selector.tags, 'or')}."]})
        return found
    if agent is None or agent.id is None:  # kept out by `_check`
        raise UsageError("agent_id or assistant_id is required.")
    found = await scenarios.of_agent(agent.id, limit=wanted if isinstance(wanted, int) else None)
    if not found:
        raise InvalidFields({"scenarios": [f"Agent {agent.id} has no scenarios."]})
    return found


async def _agent_of(found: Sequence[KeptScenario], selector: Selector, agents: Agents) -> KeptAgent:
    """The agent that all of the scenarios belong to."""
    field_ = "tags" if selector.tags else "scenarios"
    homeless = [scenario.id for scenario in found if scenario.agent_id is None]
    if homeless:
        plural = "s belong" if len(homeless) > 1 else " belongs"
        raise InvalidFields(
            {"agent_id": [f"Scenario{plural} to no agent: {_listed(homeless)}. Say with agent_id which one to test."]}
        )
    by_agent: dict[int, list[int]] = {}
    for scenario in found:
        if scenario.agent_id is not None:
            by_agent.setdefault(scenario.agent_id, []).append(scenario.id)
    if len(by_agent) > 1:
        whose = "; ".join(f"agent {owner}: {_listed(ids)}" for owner, ids in sorted(by_agent.items())[:_NAMED])
        remedy = "Say with agent_id which one to test, or make one request for each."
        raise InvalidFields({field_: [f"The scenarios belong to several agents ({whose}). {remedy}"]})
    agent_id = next(iter(by_agent))
    return await _found("agent_id", f"The agent {agent_id} of the scenarios is gone.", agents.get(agent_id))


async def _found(field_: str, missing: str, looked_up: Awaitable[KeptAgent]) -> KeptAgent:
    try:
        return await looked_up
    except NotFound:
        raise InvalidFields({field_: [missing]}) from None


def _listed(things: Sequence[object], joint: str = "and") -> str:
    """`1, 2 and 3`, cut where there are many."""
    words = [str(thing) for thing in things[:_NAMED]]
    if len(things) > _NAMED:
        words.append(f"{len(things) - _NAMED} more")
    *others, last = words
    return f"{', '.join(others)} {joint} {last}" if others else last
