"""Which scenarios a request means, for every selector that can be written."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from ringback.domain.agent import Agent, Transport
from ringback.domain.scenario import Scenario, ScenarioType
from ringback.errors import InvalidFields, NotFound
from ringback.runs.selection import Selector, select


@dataclass(frozen=True)
class Kept:
    id: int
    agent_id: int | None
    tags: tuple[str, ...] = ()
    personality_id: int | None = None
    test_profile_id: int | None = None

    @property
    def scenario(self) -> Scenario:
        return Scenario(key=f"scenario-{self.id}", name=f"Scenario {self.id}", type=ScenarioType.SCRIPT)


@dataclass(frozen=True)
class KeptAgent:
    id: int
    name: str = "Clinic"
    has_text: bool = True
    has_voice: bool = False
    voice_transports: tuple[Transport, ...] = ()
    inbound: bool = True
    needs_trunk: bool = False

    def domain_agent(
        self, url: str | None = None, *, channel: Transport = Transport.TEXT, number: str | None = None
    ) -> Agent:
        return Agent(name=self.name, url=SecretStr(url or "ws://agent.example/"), shown_url="ws://agent.example/")


class Shelf:
    """Agents 1 and 2, called `one` and `two` by their provider, and some scenarios."""

    def __init__(self, scenarios: Sequence[Kept]) -> None:
        self._scenarios = {scenario.id: scenario for scenario in scenarios}

    async def get(self, agent_id: int) -> KeptAgent:
        if agent_id not in {1, 2}:
            raise NotFound(f"There is no agent {agent_id}.")
        return KeptAgent(agent_id)

    async def by_assistant(self, assistant_id: str) -> KeptAgent:
        if assistant_id not in {"one", "two"}:
            raise InvalidFields({"assistant_id": ["No agent has it."]})
        return KeptAgent(1 if assistant_id == "one" else 2)

    async def of_ids(self, ids: Sequence[int]) -> list[Kept]:
        if missing := [number for number in ids if number not in self._scenarios]:
            raise InvalidFields({"scenarios": [str(number) for number in missing]})
        return [self._scenarios[number] for number in ids]

    async def of_agent(self, agent_id: int, limit: int | None = None) -> list[Kept]:
        mine = [self._scenarios[number] for number in sorted(self._scenarios)]
        return [scenario for scenario in mine if scenario.agent_id == agent_id][:limit]

    async def of_tags(self, tags: Sequence[str], agent_id: int | None = None) -> list[Kept]:
        found = [self._scenarios[number] for number in sorted(self._scenarios)]
        found = [scenario for scenario in found if agent_id is None or scenario.agent_id == agent_id]
        return [scenario for scenario in found if set(scenario.tags) & set(tags)]


KEPT = st.lists(
    st.builds(
        Kept,
        id=st.integers(1, 12),
        agent_id=st.sampled_from((1, 2, None)),
        tags=st.lists(st.sampled_from(("a", "b")), max_size=2).map(tuple),
    ),
    unique_by=lambda kept: kept.id,
    max_size=8,
)
SELECTORS = st.builds(
    Selector,
    scenarios=st.none() | st.just("all") | st.integers(-1, 9) | st.lists(st.integers(0, 13), max_size=4).map(tuple),
    tags=st.lists(st.sampled_from(("a", "b", "c")), max_size=2).map(tuple),
    agent_id=st.none() | st.integers(0, 3),
    assistant_id=st.sampled_from((None, None, "one", "two", "three")),
)


@given(KEPT, SELECTORS)
def test_a_selection_keeps_its_promises_or_is_refused_in_words(kept: list[Kept], selector: Selector) -> None:
    shelf = Shelf(kept)
    refused: dict[str, list[str]] = {}
    selection = None
    try:
        selection = asyncio.run(select(selector, shelf, shelf))
    except InvalidFields as refusal:
        refused = refusal.fields
    if selection is None:
        assert refused
        assert set(refused) <= {"scenarios", "tags", "agent_id", "assistant_id"}
        assert all(sentence for sentences in refused.values() for sentence in sentences)
        return
    chosen = [scenario.id for scenario in selection.scenarios]
    assert chosen
    assert selection.agent is not None
    assert len(set(chosen)) == len(chosen)
    assert not (selector.tags and selector.scenarios is not None)
    if selector.agent_id is not None:
        assert selection.agent.id == selector.agent_id
    if selector.assistant_id is not None:
        assert selection.agent.id == {"one": 1, "two": 2}[selector.assistant_id]
    mine = sorted(scenario.id for scenario in kept if scenario.agent_id == selection.agent.id)
    match selector.scenarios:
        case "all":
            assert chosen == mine
        case int(count):
            assert chosen == mine[:count]
        case None:
            assert chosen == sorted(chosen)
            assert all(set(scenario.tags) & set(selector.tags) for scenario in kept if scenario.id in chosen)
            assert set(chosen) <= set(mine)
        case tuple(ids):
            assert chosen == list(dict.fromkeys(ids))
            if selector.agent_id is None and selector.assistant_id is None:
                assert set(chosen) <= set(mine)
        case _:
            raise AssertionError(selector.scenarios)


async def test_a_long_list_of_agents_is_cut() -> None:
    shelf = Shelf([Kept(number, number % 2 + 1) for number in range(1, 61)])
    with pytest.raises(InvalidFields) as refusal:
        await select(Selector(scenarios=tuple(range(1, 61))), shelf, shelf)
    (sentence,) = refusal.value.fields["scenarios"]
    assert "10 more" in sentence
