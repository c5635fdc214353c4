"""Run requests to the agent's door: what each connection carries, and to whom."""

from dataclasses import replace
from typing import Any

from tests.wiring.conftest import Start, Working

from ringback.domain.outcome import Outcome
from ringback.domain.run import Result
from ringback.library.agents import AgentChanges
from ringback.library.profiles import ProfileForm
from ringback.library.scenario_form import ScenarioFields, ScenarioForm
from ringback.runs.selection import Selector
from ringback.runs.submission_request import Over, RunsWanted
from ringback.testing import ScriptedAgentServer

SERVERS_OWN = {"api_key": "api-key-of-the-server", "websocket_secret": "socket-secret-of-the-server"}


async def wanted(service: Working, url: str, **secrets: Any) -> RunsWanted:
    """A request for the one scenario of an agent."""
    changes = AgentChanges(
        fields={"name": "Clinic", "agent_speaks_first": False}, secrets={"websocket_url": url, **secrets}
    )
    agent = await service.services.agents.add(changes)
    form = ScenarioForm.model_validate({"name": "Greets", "agent": agent.id, "script": ["Hello", "Bye"]})
    scenario = await service.services.scenarios.add(form)
    return RunsWanted(operation="run_scenarios_text", over=Over.TEXT, selector=Selector(scenarios=(scenario.id,)))


async def carried_out(service: Working, request: RunsWanted) -> Result:
    result = await service.over(await service.services.submission.submit(request))
    assert {run.outcome for run in result.runs} == {Outcome.PASSED}
    return result


async def test_the_stored_agent_gets_the_servers_secret_and_the_url_of_a_request_never_does(working: Start) -> None:
    async with ScriptedAgentServer() as own, ScriptedAgentServer() as foreign, working(**SERVERS_OWN) as service:
        request = await wanted(service, own.url, websocket_headers={"X-Tenant": "tenant-1", "X-Build": "old"})
        await carried_out(service, request)
        assert own.calls[0].header("X-VOCERA-SECRET") == SERVERS_OWN["websocket_secret"]

        headers = {"X-Build": "31", "X-VOCERA-SECRET": "forged", "x-vocera-run-id": "forged"}
        elsewhere = replace(request, websocket_url=foreign.url, websocket_headers=headers)
        result = await carried_out(service, elsewhere)
        again = await service.over(await service.services.submission.rerun(result.id))
        urls = {request.selector.scenarios[0]: foreign.url} if isinstance(request.selector.scenarios, tuple) else {}
        listed = await carried_out(service, replace(request, over=Over.OWN_URLS, urls=urls))

        assert len(own.calls) == 1
        for call, of in zip(foreign.calls, (result, again, listed), strict=True):
            sent = " ".join(f"{name}: {value}" for name, value in call.headers.items())
            assert not any(secret in sent for secret in SERVERS_OWN.values())
            assert call.header("X-VOCERA-SECRET") is None
            assert call.header("X-VOCERA-RESULT-ID") == str(of.id)
            assert call.header("X-VOCERA-RUN-ID") == str(of.runs[0].id)
            assert call.header("X-Tenant") == "tenant-1"
        assert [call.header("X-Build") for call in foreign.calls] == ["31", "31", "old"]


async def test_the_servers_secret_goes_with_scenarios_to_the_agents_own_url_and_not_with_the_one_beside_them(
    working: Start,
) -> None:
    async with ScriptedAgentServer() as own, ScriptedAgentServer() as foreign, working(**SERVERS_OWN) as service:
        request = await wanted(service, own.url)
        assert isinstance(request.selector.scenarios, tuple)
        [first] = request.selector.scenarios
        form = ScenarioForm.model_validate({"name": "Greets there", "script": ["Hello there", "Bye"]})
        second = await service.services.scenarios.add(form)
        agent_id = (await service.services.agents.page(offset=0, limit=1))[1][0].id
        for order in ((first, second.id), (second.id, first)):
            selector = Selector(scenarios=order, agent_id=agent_id)
            listed = replace(request, over=Over.OWN_URLS, selector=selector, urls={second.id: foreign.url})
            await carried_out(service, replace(listed, concurrency_limit=1))

        assert [call.header("X-VOCERA-SECRET") for call in own.calls] == [SERVERS_OWN["websocket_secret"]] * 2
        assert [call.header("X-VOCERA-SECRET") for call in foreign.calls] == [None] * 2
        assert {call.header("X-VOCERA-SCENARIO-ID") for call in foreign.calls} == {str(second.id)}


async def test_the_agents_own_secret_goes_to_the_url_of_a_request(working: Start) -> None:
    async with ScriptedAgentServer(secret="agents-own") as foreign, working(**SERVERS_OWN) as service:
        request = await wanted(service, "ws://127.0.0.1:9/", websocket_secret="agents-own")
        await carried_out(service, replace(request, websocket_url=foreign.url))
        assert len(foreign.calls) == 1


async def test_a_run_is_held_as_it_was_asked_for_whatever_was_edited_before_it_began(working: Start) -> None:
    async with ScriptedAgentServer() as before, ScriptedAgentServer() as after, working() as service:
        request = await wanted(service, before.url)
        [agent] = (await service.services.agents.page(offset=0, limit=2))[1]
        [scenario] = await service.services.scenarios.of_agent(agent.id)
        ada = ProfileForm(name="Customer", agent=agent.id, information={"name": "Ada"})
        profile = await service.services.profiles.add(ada)
        speaks = ScenarioFields.model_validate(
            {"script": ["I am {{test_profile.name}}.", "Bye"], "test_profile": profile.id}
        )
        await service.services.scenarios.change(scenario.id, speaks)
        result = await service.services.submission.submit(replace(request, frequency=4, concurrency_limit=1))

        await service.services.agents.change(agent.id, AgentChanges(secrets={"websocket_url": after.url}))
        await service.services.profiles.change(profile.id, ada.model_copy(update={"information": {"name": "Grace"}}))
        speaks_otherwise = ScenarioFields.model_validate({"script": ["Here is {{test_profile.name}}.", "Bye"]})
        await service.services.scenarios.change(scenario.id, speaks_otherwise)
        await service.over(result)
        assert (len(before.calls), len(after.calls)) == (4, 0)
        assert {call.heard[0] for call in before.calls} == {"I am Ada."}

        await service.over(await service.services.submission.rerun(result.id))
        assert {call.heard[0] for call in after.calls} == {"Here is Grace."}
        assert len(after.calls) == 4
