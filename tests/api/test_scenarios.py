"""Scenarios, personalities, test profiles and metrics over the API."""

from typing import Any

import pytest
from running_service import Service

from ringback.evaluation.computed import COMPUTED

V1 = "/test_framework/v1/"
ONE = {"name": "Books", "instructions": "Book an appointment."}


async def made(service: Service, family: str, **said: Any) -> dict[str, Any]:
    reply = await service.post(f"{V1}{family}/", said)
    assert reply.status == 201, reply.body
    return reply.body


async def test_a_scenario_is_read_with_the_names_of_what_it_refers_to(service: Service) -> None:
    agent = await made(service, "aiagents", agent_name="Front desk", assistant_id=17)
    profile = await made(service, "test-profiles", name="Ada", agent=str(agent["id"]), information={"name": "Ada"})
    metric = await made(service, "metrics", name="Polite", description="Was it polite?", project=1)
    scenario = await made(
        service,
        "scenarios",
        **ONE,
        agent=str(agent["id"]),
        personality="2",
        test_profile=profile["id"],
        metrics=[str(metric["id"]), 1],
        tags=["nightly"],
        scenario_language="de",
    )
    expected = {
        "agent_name": "Front desk",
        "personality_name": "Impatient Caller",
        "metrics": [1, metric["id"]],
        "metric_names": ["Latency", "Polite"],
        "test_profile_data": {"id": profile["id"], "name": "Ada", "information": {"name": "Ada"}},
        "scenario_type": "instruction",
        "scenario_language": "de",
        "max_duration": None,
        "folder_path": "",
        "suite_type": "undefined",
    }
    assert {name: scenario[name] for name in expected} == expected
    assert profile["agent_name"] == "Front desk"
    for query in ("", "?agent_id=1", "?assistant_id=17", "?tags=other,nightly", "?folder_path=&project_id=&agent_id="):
        assert (await service.get(f"{V1}scenarios/{query}")).body["results"] == [scenario]
    for query in ("?agent_id=2", "?tags=nightly&tag_filter_type=not", "?tags=other,nightly&tag_filter_type=and"):
        assert (await service.get(f"{V1}scenarios/{query}")).body["count"] == 0
    assert (await service.get("/test_framework/v2/scenarios-external/tags")).body == ["nightly"]
    named = await made(service, "metrics", name="Named", description="?", agents=[agent["id"]])
    await made(service, "metrics", name="Other", description="?", agents=[99])
    computed = len(COMPUTED)
    _, metrics = await service.get(f"{V1}metrics/?agent_id={agent['id']}&page_size={computed - 1}&page=2")
    assert metrics["count"] == computed + 2
    assert [one["id"] for one in metrics["results"]] == [computed, metric["id"], named["id"]]
    assert (await service.get(f"{V1}test-profiles/?agent_id={agent['id']}")).body["count"] == 1


async def test_a_scenario_that_was_read_can_be_written_back(service: Service) -> None:
    scenario = await made(
        service,
        "scenarios",
        name="Script",
        script=["Hello.", "Bye."],
        then="hang_up",
        checks=[{"type": "agent_said", "text": "hello"}],
        facts={"always": {"name": "Ada"}},
        pass_rate=0.5,
        max_turns=5,
    )
    path = f"{V1}scenarios/{scenario['id']}/"
    status, after = await service.put(path, scenario)
    assert status == 200
    assert {**after, "updated_at": ""} == {**scenario, "updated_at": ""}
    assert after["checks"] == [{"type": "agent_said", "text": "hello"}]
    _, changed = await service.patch(path, {"name": "Renamed", "max_duration": "60", "nonsense": 1})
    assert (changed["name"], changed["max_duration"], changed["script"]) == ("Renamed", 60, ["Hello.", "Bye."])
    _, replaced = await service.put(path, {**ONE, "name": "Other"})
    assert (replaced["script"], replaced["checks"], replaced["max_duration"]) == (None, [], None)


async def test_a_deleted_scenario_is_gone_and_its_number_too(service: Service) -> None:
    first = await made(service, "scenarios", **ONE)
    second = await made(service, "scenarios", **ONE)
    assert (await service.delete(f"{V1}scenarios/{first['id']}/")).status == 204
    assert (await service.delete(f"{V1}scenarios/{first['id']}/")).status == 404
    body = {"scenarios": [str(second["id"]), 10**6]}
    assert (await service.post(f"{V1}scenarios/delete_scenarios/", body)).status == 204
    assert (await service.get(f"{V1}scenarios/")).body["results"] == []
    assert (await made(service, "scenarios", **ONE))["id"] > second["id"]


async def test_tags_are_added_to_several(service: Service) -> None:
    numbers = [(await made(service, "scenarios", **ONE, tags=["a"]))["id"] for _ in range(2)]
    status, changed = await service.post(f"{V1}scenarios/add_tags/", {"scenarios": numbers, "tags": ["b"]})
    assert (status, [one["tags"] for one in changed]) == (200, [["a", "b"]] * 2)
    refused = await service.post(f"{V1}scenarios/add_tags/", {"scenarios": [999], "tags": ["b"]})
    assert refused.body == {"scenarios": ['Invalid pk "999" - object does not exist.']}


async def test_mistakes_have_the_reference_s_shape(service: Service) -> None:
    async def refused(**said: Any) -> Any:
        reply = await service.post(f"{V1}scenarios/", {**ONE, **said})
        assert reply.status == 400, reply.body
        return reply.body

    assert await refused(name=None) == {"name": ["This field may not be null."]}
    assert (await service.post(f"{V1}scenarios/", {})).body == {"name": ["This field is required."]}
    assert await refused(personality=99) == {"personality": ['Invalid pk "99" - object does not exist.']}
    assert await refused(personality="abc") == {"personality": ["A valid integer is required."]}
    assert await refused(metrics=[1, "x"]) == {"metrics[1]": ["A valid integer is required."]}
    assert list(await refused(metrics=[-1, 2**70])) == ["metrics"]
    assert list(await refused(tags=[1])) == ["tags[0]"]
    assert list(await refused(folder_path="a.b")) == ["folder_path"]
    assert list(await refused(conditional_actions={"conditions": "x"}, instructions="")) == ["conditional_actions"]
    assert list(await refused(checks=[{"type": "agent_sad"}])) == ["checks"]
    assert list(await refused(max_duration=5)) == ["max_duration"]
    one = await made(service, "aiagents", agent_name="A", assistant_id="a")
    assert list(await refused(agent=one["id"], assistant_id="b")) == ["assistant_id"]
    assert list(await refused(assistant_id="b")) == ["assistant_id"]
    reply = await service.get(f"{V1}scenarios/?folder_path=a.b")
    assert (reply.status, list(reply.body)) == (400, ["folder_path"])
    for query in ("agent_id=abc", "tag_filter_type=xor", "page=0"):
        assert (await service.get(f"{V1}scenarios/?{query}")).status == 400


@pytest.mark.parametrize("family", ["scenarios", "aiagents", "test-profiles", "personalities", "metrics"])
async def test_numbers_that_nothing_has_are_answered_with_404(service: Service, family: str) -> None:
    for number in ("0", "-1", "abc", "999", str(2**31), str(2**63), str(10**30), "1.5", "%00"):
        for method in ("GET", "DELETE"):
            reply = await service.ask(method, f"{V1}{family}/{number}/")
            assert (reply.status, list(reply.body)) == (404, ["detail"]), (method, number)
        reply = await service.patch(f"{V1}{family}/{number}/", {"description": "x"})
        assert reply.status == 404, number


@pytest.mark.parametrize(
    ("family", "said"),
    [
        ("scenarios", ONE),
        ("test-profiles", {"name": "Ada"}),
        ("personalities", {"name": "Calm"}),
        ("metrics", {"name": "Polite", "description": "?"}),
    ],
)
async def test_keys_of_scope_run_write_and_keys_of_scope_read_do_not(
    service: Service, family: str, said: dict[str, Any]
) -> None:
    keys: dict[str, str] = {}
    for scope in ("read", "run"):
        _, key = await service.post("/user/api/v1/user-api-key/", {"name": scope, "scope": scope})
        keys[scope] = key["key"]
    assert (await service.post(f"{V1}{family}/", said, key=keys["read"])).status == 403
    status, one = await service.post(f"{V1}{family}/", said, key=keys["run"])
    assert status == 201
    path = f"{V1}{family}/{one['id']}/"
    assert (await service.get(path, key=keys["read"])).body == one
    assert one in (await service.get(f"{V1}{family}/?page_size=100", key=keys["read"])).body["results"]
    for method in ("PUT", "PATCH", "DELETE"):
        assert (await service.ask(method, path, said, key=keys["read"])).status == 403
    assert (await service.put(path, one, key=keys["run"])).status == 200
    assert (await service.patch(path, {"name": "Renamed"}, key=keys["run"])).body["name"] == "Renamed"
    assert (await service.delete(path, key=keys["run"])).status == 204
    assert (await service.get(path)).status == 404


async def test_predefined_personalities_are_shared_and_forkable(service: Service) -> None:
    _, listed = await service.get(f"{V1}personalities/")
    assert [one["is_predefined"] for one in listed["results"]] == [True] * 6
    for method in ("PUT", "PATCH", "DELETE"):
        reply = await service.ask(method, f"{V1}personalities/1/", {"name": "Mine"})
        assert (reply.status, list(reply.body)) == (403, ["detail"])
    for verb, body, name in (("fork", None, "Normal Caller (copy)"), ("duplicate", {"name": "Mine"}, "Mine")):
        status, copy = await service.post(f"{V1}personalities/1/{verb}/", body)
        assert (status, copy["name"], copy["is_predefined"]) == (201, name, False)


async def test_a_profile_s_information_is_replaced_as_a_whole(service: Service) -> None:
    profile = await made(service, "test-profiles", name="Ada", information={"a": 1, "X-A": "1"})
    path = f"{V1}test-profiles/{profile['id']}/"
    sections = {"main_agent_variables": {"X-B": "2"}, "testing_agent_variables": {"b": 2}}
    assert (await service.patch(path, {"information": sections})).body["information"] == sections
    assert (await service.patch(path, {"name": "Bea"})).body["information"] == sections
    for wrong in ({"X-\n": "1"}, {"X-A": "ü"}, "text", {"main_agent_variables": 1}):
        reply = await service.patch(path, {"information": wrong})
        assert (reply.status, list(reply.body)) == (400, ["information"])


async def test_the_catalogue_of_predefined_metrics_is_a_bare_list(service: Service) -> None:
    _, catalogue = await service.get(f"{V1}predefined-metrics/")
    assert [one["slug"] for one in catalogue][:4] == ["latency", "turns", "tool_call_success", "word_share"]
    assert {one["slug"]: one["audio_enabled"] for one in catalogue}.items() >= {("talk_ratio", True), ("turns", False)}
    assert catalogue[2]["eval_type"] == "binary"
    assert (await service.get(f"{V1}predefined-metrics-external")).body == catalogue
    assert (await service.patch(f"{V1}metrics/{catalogue[0]['id']}/", {"name": "x"})).status == 403


async def test_metrics_that_cannot_be_measured_are_refused(service: Service) -> None:
    for wrong, field in (
        ({"type": "custom_code", "custom_code": "_result = True"}, "type"),
        ({"type": "basic"}, "type"),
        ({"eval_type": "enum", "enum_values": ["one"]}, "enum_values"),
        ({"eval_type": "binary", "enum_values": ["one", "two"]}, "enum_values"),
        ({"assistant_id": ""}, "assistant_id"),
        ({"slug": "latency"}, "slug"),
    ):
        reply = await service.post(f"{V1}metrics/", {"name": "M", "description": "?", **wrong})
        assert (reply.status, list(reply.body)) == (400, [field]), wrong
    legacy = await made(service, "metrics", name="M", description="?", eval_type="binary_workflow_adherence")
    assert (legacy["eval_type"], legacy["slug"], legacy["type"]) == ("binary", "m", "llm_judge")
