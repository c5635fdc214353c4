"""Run requests as clients of the reference product send them."""

import pytest
from asking import AGENT_URL, CHAT, SOCKETS, TEXT, V1, VOICE, made, make_agent, make_scenario, refused, scenarios_of
from running_service import Service

from ringback.domain.api_key import Scope
from ringback.runs.agent_snapshot import AgentSnapshot, open_agent


async def snapshot_of(service: Service, result_id: int) -> AgentSnapshot:
    kept = await service.services.submission.request_of(result_id)
    assert kept.sealed_agent is not None
    return open_agent(kept.sealed_agent, service.services.seal)


async def test_ids_as_strings_of_digits_run_in_the_order_given_and_are_answered_at_once(service: Service) -> None:
    agent = await make_agent(service)
    first, second = [await make_scenario(service, agent, name) for name in ("One", "Two")]
    body = {"agent_id": str(agent), "scenarios": [str(second), first], "freq": "2", "name": "nightly"}
    answer = await made(service.post(TEXT, body))
    assert {
        name: answer[name] for name in ("agent", "agent_name", "name", "status", "success_rate", "run_as_text")
    } == {
        "agent": agent,
        "agent_name": "Clinic",
        "name": "nightly",
        "status": "running",
        "success_rate": 0,
        "run_as_text": True,
    }
    assert answer["run_type"] == "Text"
    assert [(run["scenario"], run["scenario_name"], run["number"]) for run in answer["runs"]] == [
        (second, "Two", 1),
        (second, "Two", 2),
        (first, "One", 1),
        (first, "One", 2),
    ]
    assert {run["status"] for run in answer["runs"]} == {"running"}
    assert len({run["id"] for run in answer["runs"]}) == 4


async def test_a_run_that_is_not_repeated_has_no_number(service: Service) -> None:
    agent = await make_agent(service)
    scenario = await make_scenario(service, agent)
    answer = await made(service.post(TEXT, {"scenarios": [scenario]}))
    assert [run["number"] for run in answer["runs"]] == [None]


@pytest.mark.parametrize("wanted", ["all", "ALL", 3, "3", 50])
async def test_all_and_first_n_take_the_agents_scenarios_by_ascending_id(service: Service, wanted: object) -> None:
    agent, other = await make_agent(service), await make_agent(service, "Other")
    mine = [await make_scenario(service, agent, "A")]
    await make_scenario(service, other, "Not mine")
    mine += [await make_scenario(service, agent, name) for name in ("B", "C")]
    answer = await made(service.post(TEXT, {"agent_id": agent, "scenarios": wanted}))
    assert scenarios_of(answer) == mine


async def test_the_first_n_are_those_with_the_lowest_ids(service: Service) -> None:
    agent = await make_agent(service)
    ids = [await make_scenario(service, agent, name) for name in ("A", "B", "C")]
    assert scenarios_of(await made(service.post(TEXT, {"agent_id": agent, "scenarios": 2}))) == ids[:2]


async def test_tags_need_no_agent_and_any_of_them_matches(service: Service) -> None:
    agent = await make_agent(service)
    smoke = await make_scenario(service, agent, "A", tags=["smoke"])
    night = await make_scenario(service, agent, "B", tags=["night", "slow"])
    await make_scenario(service, agent, "C")
    assert scenarios_of(await made(service.post(TEXT, {"tags": ["smoke", "night"]}))) == [smoke, night]


async def test_an_agent_filters_what_tags_find_and_overrides_whose_the_ids_are(service: Service) -> None:
    agent, other = await make_agent(service), await make_agent(service, "Other")
    mine = await make_scenario(service, agent, "A", tags=["smoke"])
    theirs = await make_scenario(service, other, "B", tags=["smoke"])
    assert scenarios_of(await made(service.post(TEXT, {"tags": ["smoke"], "agent_id": other}))) == [theirs]
    answer = await made(service.post(TEXT, {"scenarios": [mine, theirs], "agent_id": other}))
    assert (answer["agent"], scenarios_of(answer)) == (other, [mine, theirs])


@pytest.mark.parametrize(("kept", "asked"), [("asst_7", "asst_7"), ("4711", 4711), ("4711", "4711"), ("007", "007")])
async def test_an_agent_is_found_by_the_id_at_its_provider_as_text_or_number(
    service: Service, kept: str, asked: object
) -> None:
    agent = await make_agent(service, assistant_id=kept)
    await make_scenario(service, agent)
    assert (await made(service.post(TEXT, {"assistant_id": asked, "scenarios": "all"})))["agent"] == agent
    both = {"assistant_id": asked, "agent_id": str(agent), "scenarios": 1}
    assert (await made(service.post(TEXT, both)))["agent"] == agent


async def test_each_refusal_of_a_selection_is_in_words(service: Service) -> None:
    agent, other = await make_agent(service, assistant_id="one"), await make_agent(service, "Other", assistant_id="two")
    empty = await make_agent(service, "Empty")
    mine, theirs = await make_scenario(service, agent), await make_scenario(service, other)
    homeless = await make_scenario(service, None)

    async def sentence(field: str, body: object) -> str:
        answer = await refused(service.post(TEXT, body))
        assert isinstance(answer[field], list), answer
        return " ".join(answer[field])

    assert "not both" in await sentence("tags", {"scenarios": [mine], "tags": ["x"]})
    assert "Say what to run" in await sentence("scenarios", {"agent_id": agent})
    assert "empty" in await sentence("scenarios", {"scenarios": []})
    assert "at least 1" in await sentence("scenarios", {"scenarios": 0, "agent_id": agent})
    assert "at least 1" in await sentence("scenarios", {"scenarios": "-1", "agent_id": agent})
    assert "agent_id or assistant_id is required" in await sentence("agent_id", {"scenarios": "all"})
    assert "the first 5 scenarios" in await sentence("agent_id", {"scenarios": 5})
    assert "not the same agent" in await sentence(
        "agent_id", {"scenarios": 1, "agent_id": agent, "assistant_id": "two"}
    )
    both = await sentence("scenarios", {"scenarios": [mine, theirs]})
    assert f"agent {agent}: {mine}; agent {other}: {theirs}" in both
    assert '"99999"' in await sentence("scenarios", {"scenarios": [mine, "99999"]})
    assert "no agent 99999" in await sentence("agent_id", {"scenarios": [mine], "agent_id": 99999})
    assert "three" in await sentence("assistant_id", {"scenarios": "all", "assistant_id": "three"})
    assert "nothing" in await sentence("tags", {"tags": ["nothing"]})
    assert f"of agent {empty}" in await sentence("tags", {"tags": ["x", "y"], "agent_id": empty})
    assert "has no scenarios" in await sentence("scenarios", {"scenarios": "all", "agent_id": empty})
    assert str(homeless) in await sentence("agent_id", {"scenarios": [homeless]})


async def test_tags_of_several_agents_are_refused_naming_them(service: Service) -> None:
    agents = [await make_agent(service, name) for name in ("A", "B")]
    for agent in agents:
        await make_scenario(service, agent, tags=["smoke"])
    body = await refused(service.post(TEXT, {"tags": ["smoke"]}))
    assert all(f"agent {agent}:" in body["tags"][0] for agent in agents)


async def test_personalities_and_profiles_multiply_the_runs(service: Service) -> None:
    agent = await make_agent(service)
    scenario = await make_scenario(service, agent)
    _, listed = await service.get(f"{V1}/personalities/")
    one, two = [personality["id"] for personality in listed["results"][:2]]
    profile = await service.post(
        f"{V1}/test-profiles/", {"name": "Ada", "agent": agent, "information": {"name": "Ada"}}
    )
    body = {
        "scenarios": [scenario],
        "frequency": 2,
        "personality_ids": [str(one)],
        "personality_id": two,
        "test_profile_id": profile.body["id"],
    }
    answer = await made(service.post(TEXT, body))
    assert [run["number"] for run in answer["runs"]] == [1, 2, 1, 2]
    assert {run["test_profile_data"]["name"] for run in answer["runs"]} == {"Ada"}
    runs = (await service.services.readings.detailed(answer["id"])).runs
    assert [(run.personality_id, run.test_profile_id) for run in runs] == [
        (number, profile.body["id"]) for number in (one, one, two, two)
    ]
    unknown = await refused(service.post(TEXT, {"scenarios": [scenario], "personality_ids": [99999]}))
    assert unknown == {"personality_ids": ["Invalid personalities provided."]}
    unknown = await refused(service.post(TEXT, {"scenarios": [scenario], "test_profile_ids": [99999]}))
    assert "99999" in unknown["test_profile_ids"][0]


async def test_what_is_not_available_yet_says_so(service: Service) -> None:
    agent = await make_agent(service)
    scenario = await make_scenario(service, agent)
    for field, value in (("folder_path", "a.b"), ("mock_tool_names", ["book"])):
        body = await refused(service.post(TEXT, {"scenarios": [scenario], field: value}))
        assert "not available yet" in body[field][0]
    assert await made(service.post(TEXT, {"scenarios": [scenario], "folder_path": "", "mock_tool_names": []}))
    assert await made(service.post(TEXT, {"scenarios": [scenario], "folder_path": None, "mock_tool_names": None}))


async def test_the_two_names_of_the_frequency_may_agree_and_not_differ(service: Service) -> None:
    agent = await make_agent(service)
    scenario = await make_scenario(service, agent)
    assert len((await made(service.post(TEXT, {"scenarios": [scenario], "freq": 2, "frequency": "2"})))["runs"]) == 2
    body = await refused(service.post(TEXT, {"scenarios": [scenario], "freq": 2, "frequency": 3}))
    assert set(body) == {"freq", "frequency"}


@pytest.mark.parametrize("frequency", [0, -1, "many", 1.5, True, [1], {}, 100_001, 10**30])
async def test_a_frequency_out_of_bounds_is_refused(service: Service, frequency: object) -> None:
    agent = await make_agent(service)
    scenario = await make_scenario(service, agent)
    assert "frequency" in await refused(service.post(TEXT, {"scenarios": [scenario], "frequency": frequency}))


async def test_voice_runs_over_text_where_the_agent_has_nothing_else(service: Service) -> None:
    text_only = await make_agent(service)
    scenario = await make_scenario(service, text_only)
    answer = await made(service.post(VOICE, {"scenarios": [scenario]}))
    assert (answer["run_type"], answer["status"], answer["run_as_text"]) == ("Text", "running", True)
    both = await make_agent(service, "Both", assistant_provider="vapi", assistant_id="a-1")
    body = await refused(service.post(VOICE, {"agent_id": both, "scenarios": [scenario]}))
    assert "not available yet" in body["detail"]
    voice_only = await make_agent(service, "Voice", assistant_provider="vapi", assistant_id="a-2", secrets={})
    body = await refused(service.post(VOICE, {"agent_id": voice_only, "scenarios": [scenario]}))
    assert "not available yet" in body["detail"]


@pytest.mark.parametrize("path", [TEXT, VOICE])
async def test_an_agent_without_a_connection_is_refused_with_the_references_sentence(
    service: Service, path: str
) -> None:
    agent = await make_agent(service, secrets={})
    scenario = await make_scenario(service, agent)
    assert await refused(service.post(path, {"scenarios": [scenario]})) == ["Agent does not have a websocket URL"]


async def test_a_url_of_the_request_replaces_the_agents_and_gets_the_agents_secret_only(service: Service) -> None:
    agent = await make_agent(
        service,
        secrets={
            "websocket_url": "ws://agent.example/chat",
            "websocket_secret": "agents-own-secret",
            "websocket_headers": {"X-Tenant": "tenant-1"},
        },
    )
    scenario = await make_scenario(service, agent)
    body = {
        "scenarios": [scenario],
        "websocket_url": "wss://user:pass-word@other.example/?token=abc",
        "websocket_headers": {"X-Build": 31, "X-VOCERA-RUN-ID": "forged", "X-On": True},
    }
    answer = await made(service.post(TEXT, body))
    assert answer["run_type"] == "WebSocket"
    snapshot = await snapshot_of(service, answer["id"])
    assert snapshot.foreign
    assert snapshot.agent.url.get_secret_value() == body["websocket_url"]
    assert snapshot.agent.secret is not None
    assert snapshot.agent.secret.get_secret_value() == "agents-own-secret"
    assert snapshot.agent.headers["X-Tenant"].get_secret_value() == "tenant-1"
    sent = {name: value.get_secret_value() for name, value in snapshot.agent.run_headers.items()}
    assert sent == {"X-Build": "31", "X-VOCERA-RUN-ID": "forged", "X-On": "true"}
    own = await made(service.post(TEXT, {"scenarios": [scenario]}))
    assert not (await snapshot_of(service, own["id"])).foreign


async def test_an_agent_without_a_url_runs_at_the_url_of_the_request(service: Service) -> None:
    agent = await make_agent(service, secrets={})
    scenario = await make_scenario(service, agent)
    answer = await made(service.post(TEXT, {"scenarios": [scenario], "websocket_url": "ws://other.example/"}))
    assert answer["run_type"] == "WebSocket"


@pytest.mark.parametrize(
    "url", ["http://a.example/", "other.example", "ws://", "ws://a b/", "", 7, "ws://[", "ws://{x}"]
)
async def test_a_url_that_no_socket_can_be_opened_to_is_refused(service: Service, url: object) -> None:
    agent = await make_agent(service)
    scenario = await make_scenario(service, agent)
    reply = await service.post(TEXT, {"scenarios": [scenario], "websocket_url": url})
    assert reply.status == (201 if url == "ws://{x}" else 400)
    assert reply.status == 201 or list(reply.body) == ["websocket_url"]


@pytest.mark.parametrize(
    "headers", [{"X Bad": "1"}, {"X-A": "a\nb"}, {"X-A": None}, {"X-A": ["1"]}, "X-A: 1", {"upgrade": "1"}]
)
async def test_headers_that_cannot_be_sent_are_refused_at_once_without_their_values(
    service: Service, headers: object
) -> None:
    agent = await make_agent(service)
    scenario = await make_scenario(service, agent)
    body = await refused(service.post(TEXT, {"scenarios": [scenario], "websocket_headers": headers}))
    assert all(field.startswith("websocket_headers") for field in body)


async def test_each_scenario_may_have_a_url_of_its_own(service: Service) -> None:
    agent = await make_agent(service, secrets={})
    one, two = [await make_scenario(service, agent, name) for name in ("One", "Two")]
    listed = [
        {"scenario": str(one), "websocket_url": "ws://one.example/"},
        {"scenario": two, "websocket_url": "ws://two.example/"},
    ]
    answer = await made(service.post(SOCKETS, {"scenarios": listed, "frequency": 2, "agent": agent}))
    assert (answer["run_type"], scenarios_of(answer)) == ("WebSocket", [one, one, two, two])
    snapshot = await snapshot_of(service, answer["id"])
    assert snapshot.foreign
    assert snapshot.agent_for(one).url.get_secret_value() == "ws://one.example/"
    assert snapshot.agent_for(two).url.get_secret_value() == "ws://two.example/"


async def test_a_scenario_without_a_url_of_its_own_goes_to_the_agents(service: Service) -> None:
    """The reference's own command line sends numbers alone."""
    agent = await make_agent(service)
    one, two, three = [await make_scenario(service, agent, name) for name in ("One", "Two", "Three")]
    alone = await made(service.post(SOCKETS, {"agent_id": agent, "frequency": 1, "scenarios": [one, str(two)]}))
    assert (alone["run_type"], scenarios_of(alone)) == ("WebSocket", [one, two])
    assert not (await snapshot_of(service, alone["id"])).foreign

    listed = [{"scenario": one, "websocket_url": "ws://one.example/"}, {"scenario": two}, three]
    answer = await made(service.post(SOCKETS, {"scenarios": listed}))
    again = await service.post(f"{V1}/results/{answer['id']}/rerun/")
    for result in (answer["id"], again.body["id"]):
        snapshot = await snapshot_of(service, result)
        assert not snapshot.foreign
        assert snapshot.urls == {one: "ws://one.example/"}
        assert {snapshot.agent_for(other).url.get_secret_value() for other in (two, three)} == {AGENT_URL}

    bare = await make_agent(service, "Bare", secrets={})
    body = {"agent_id": bare, "scenarios": [{"scenario": one, "websocket_url": "ws://one.example/"}, two]}
    assert await refused(service.post(SOCKETS, body)) == ["Agent does not have a websocket URL"]


async def test_scenarios_of_no_agent_run_where_the_request_says_how_to_reach_it(service: Service) -> None:
    one, two = [await make_scenario(service, None, name) for name in ("One", "Two")]
    at_url = {"scenario": one, "websocket_url": "ws://one.example/"}
    for path, body in (
        (SOCKETS, {"scenarios": [at_url]}),
        (TEXT, {"scenarios": [one], "websocket_url": "ws://one.example/"}),
        (CHAT, {"scenarios": [one]}),
    ):
        answer = await made(service.post(path, body))
        assert (answer["agent"], answer["agent_name"], answer["name"]) == (None, "", "One")
        snapshot = await snapshot_of(service, answer["id"])
        assert (snapshot.agent.secret, snapshot.agent.headers) == (None, {})
        assert snapshot.foreign or path == CHAT
        _, detail = await service.get(f"{V1}/results/{answer['id']}/")
        assert detail["agent"] is None
        again = await service.post(f"{V1}/results/{answer['id']}/rerun/")
        assert (again.status, again.body["agent"]) == (200, None)
    assert await refused(service.post(SOCKETS, {"scenarios": [at_url, two]})) == ["Agent does not have a websocket URL"]
    body = {"scenarios": [one, await make_scenario(service, await make_agent(service))]}
    assert str(one) in (await refused(service.post(CHAT, body)))["agent_id"][0]


async def test_what_is_wrong_with_urls_of_scenarios_is_said_by_place(service: Service) -> None:
    agent = await make_agent(service)
    scenario = await make_scenario(service, agent)
    good = {"scenario": scenario, "websocket_url": "ws://one.example/"}
    for listed, place in (
        ([good, {"scenario": scenario, "websocket_url": "http://a.example/"}], "scenarios[1].websocket_url"),
        ([{"scenario": "x", "websocket_url": "ws://a.example/"}], "scenarios[0].scenario"),
        (["x"], "scenarios[0].scenario"),
        ([True], "scenarios[0]"),
        ([scenario, good], "scenarios"),
        ([good, good], "scenarios"),
        ([], "scenarios"),
        ("all", "scenarios"),
        (None, "scenarios"),
    ):
        assert list(await refused(service.post(SOCKETS, {"scenarios": listed}))) == [place]
    assert list(await refused(service.post(SOCKETS, {"scenarios": [good], "frequency": 101}))) == ["frequency"]
    wrong = {"scenarios": [good], "agent": agent, "agent_id": agent + 1}
    assert set(await refused(service.post(SOCKETS, wrong))) == {"agent", "agent_id"}


async def test_pull_mode_needs_no_connection_and_keeps_its_timeout(service: Service) -> None:
    agent = await make_agent(service, secrets={})
    scenario = await make_scenario(service, agent)
    answer = await made(service.post(CHAT, {"scenarios": [scenario], "timeout": 90, "frequency": 2}))
    assert [run["number"] for run in answer["runs"]] == [1, 2]
    line, _, _ = await service.services.readings.asked(answer["id"])
    assert line.request is not None
    assert (line.request["channel"], line.request["timeout"]) == ("api_chat", 90)
    for timeout in (0, 3601, "long", True):
        assert list(await refused(service.post(CHAT, {"scenarios": [scenario], "timeout": timeout}))) == ["timeout"]


async def test_a_scenario_that_needs_a_model_is_refused_while_none_is_set(service: Service) -> None:
    agent = await make_agent(service)
    scenario = await make_scenario(
        service, agent, "Persona", scenario_type="instruction", script=None, instructions="Ask for a visit."
    )
    body = await refused(service.post(TEXT, {"scenarios": [scenario]}))
    assert "'Persona'" in body["detail"]
    assert "RINGBACK_CALLER_MODEL" in body["detail"]


async def test_a_key_that_only_reads_may_not_run(service: Service) -> None:
    _, reader = await service.services.keys.create("reader", Scope.READ)
    _, runner = await service.services.keys.create("runner", Scope.RUN)
    agent = await make_agent(service)
    scenario = await make_scenario(service, agent)
    for path in (TEXT, VOICE, SOCKETS, CHAT, f"{V1}/scenarios/run_scenarios_json/"):
        assert (await service.post(path, {"scenarios": [scenario]}, key=reader)).status == 403
    assert (await service.post(TEXT, {"scenarios": [scenario]}, key=runner)).status == 201


async def test_twins_and_paths_without_the_slash_are_the_same_operation(service: Service) -> None:
    agent = await make_agent(service)
    scenario = await make_scenario(service, agent)
    for version in ("v1", "v2"):
        for family in ("scenarios", "scenarios-external"):
            for end in ("", "/"):
                path = f"/test_framework/{version}/{family}/run_scenarios_text{end}"
                assert scenarios_of(await made(service.post(path, {"scenarios": [scenario]}))) == [scenario]
