"""How many conversations there are at once: of all workers together, and with one agent over all results."""

from collections import Counter
from dataclasses import dataclass, field

from tests.wiring.conftest import Start

from ringback.domain.outcome import Outcome
from ringback.testing import AgentCall, ScriptedAgentServer


@dataclass
class Counting:
    """An agent that counts its conversations under way, in all and by result."""

    under_way: Counter[str] = field(default_factory=Counter[str])
    most: int = 0

    async def __call__(self, call: AgentCall) -> None:
        result = call.header("X-VOCERA-RESULT-ID") or ""
        self.under_way[result] += 1
        self.most = max(self.most, self.under_way.total())
        while await call.hear():
            await call.say("Certainly.")
        self.under_way[result] -= 1


async def test_no_more_runs_are_under_way_than_all_workers_together_may_have(working: Start) -> None:
    counting = Counting()
    async with ScriptedAgentServer(counting) as agent, working(places=10, max_concurrent_runs="3") as service:
        results = [await service.ask(agent.url, 6) for _ in range(2)]
        over = [await service.over(result) for result in results]

    assert {run.outcome for result in over for run in result.runs} == {Outcome.PASSED}
    assert 1 < counting.most <= 3


async def test_an_agent_is_talked_to_no_more_often_than_its_limit_over_all_results(working: Start) -> None:
    counting = Counting()
    async with ScriptedAgentServer(counting) as agent, working(places=10, agent_concurrency="2") as service:
        results = [await service.ask(agent.url, 4) for _ in range(3)]
        over = [await service.over(result) for result in results]

    assert {run.outcome for result in over for run in result.runs} == {Outcome.PASSED}
    assert counting.most == 2
