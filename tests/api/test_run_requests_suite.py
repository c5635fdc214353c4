"""Suites that come with a run request."""

import json
from typing import Any

import aiohttp
import pytest
from asking import SUITE, V1, VALIDATE, made, make_agent, refused
from running_service import ServeService, Service

from ringback.domain.api_key import Scope

SPEC: dict[str, Any] = {
    "version": "1",
    "suite": {"name": "booking"},
    "defaults": {"concurrency_limit": 4},
    "scenarios": [
        {"key": "greet", "name": "Greets", "script": ["Hello"], "frequency": 2, "tags": ["smoke"]},
        {"name": "Books a visit", "script": ["Tuesday"], "metrics": ["turn_count"]},
    ],
}
YAML = """
version: "1"
scenarios:
  - name: Greets
    script: [Hello]
"""


def form(**fields: Any) -> aiohttp.FormData:
    data = aiohttp.FormData()
    for name, value in fields.items():
        if isinstance(value, bytes):
            data.add_field(name, value, filename="../suite.yaml", content_type="application/yaml")
        else:
            data.add_field(name, str(value))
    return data


def spec_with(**fields: Any) -> dict[str, Any]:
    return {"version": "1", "scenarios": [{"name": "Greets", "script": ["Hello"], **fields}]}


async def test_a_suite_runs_with_its_own_frequencies_and_limit(service: Service) -> None:
    agent = await make_agent(service)
    answer = await made(service.post(SUITE, {"agent_id": str(agent), "spec": SPEC, "channel": "text"}))
    assert (answer["name"], answer["concurrency_limit"], answer["run_type"]) == ("booking", 4, "Text")
    assert [(run["scenario_name"], run["number"]) for run in answer["runs"]] == [
        ("Greets", 1),
        ("Greets", 2),
        ("Books a visit", None),
    ]
    again = await made(service.post(SUITE, {"agent_id": agent, "spec": SPEC, "frequency": 1, "concurrency_limit": 9}))
    assert again["concurrency_limit"] == 9
    assert [run["scenario"] for run in again["runs"]] == [answer["runs"][0]["scenario"], answer["runs"][2]["scenario"]]


async def test_a_suite_may_come_as_a_file_in_yaml_or_json_and_as_text(service: Service) -> None:
    agent = await make_agent(service)
    for file in (YAML.encode(), json.dumps(SPEC).encode()):
        data = form(agent_id=agent, name="from a file", file=file)
        answer = await made(service.ask("POST", SUITE, data=data))
        assert (answer["name"], answer["runs"][0]["scenario_name"]) == ("from a file", "Greets")
    assert await made(service.ask("POST", SUITE, data=form(agent_id=agent, spec=json.dumps(SPEC), frequency="2")))
    assert await made(service.post(SUITE, {"agent_id": agent, "spec": YAML}))


async def test_a_dry_run_answers_the_plan_and_stores_nothing(service: Service) -> None:
    agent = await make_agent(service)
    reply = await service.post(f"{SUITE}?dry_run=true", {"agent_id": agent, "spec": SPEC, "channel": "text"})
    assert reply.status == 200
    plan = reply.body.pop("plan")
    assert reply.body == {"dry_run": True, "valid": True}
    assert {name: plan[name] for name in ("agent_id", "channel", "suite_name", "scenario_count", "total_runs")} == {
        "agent_id": agent,
        "channel": "text",
        "suite_name": "booking",
        "scenario_count": 2,
        "total_runs": 3,
    }
    assert plan["estimated_cost"] == 0
    assert plan["scenarios"][0] == {
        "key": "greet",
        "name": "Greets",
        "type": "script",
        "frequency": 2,
        "metric_ids": [],
        "tags": ["smoke"],
        "personality": {"mode": "project_default", "id": None, "name": None},
        "test_profile": None,
    }
    checked = await service.post(VALIDATE, {"agent_id": agent, "spec": SPEC, "channel": "text"})
    assert (checked.status, checked.body) == (200, {"valid": True, "plan": plan})
    assert (await service.get(f"{V1}/results/")).body["count"] == 0


async def test_numbers_in_a_suite_are_records_that_are_kept_here(service: Service) -> None:
    agent = await make_agent(service)
    profile = (await service.post(f"{V1}/test-profiles/", {"name": "Ada", "information": {"name": "Ada Quill"}})).body
    judged = {"name": "Polite", "description": "Was the agent polite?", "type": "llm_judge", "eval_type": "binary"}
    metric = (await service.post(f"{V1}/metrics/", judged)).body
    personality = (await service.get(f"{V1}/personalities/")).body["results"][1]
    _, computed = await service.get(f"{V1}/predefined-metrics/")
    spec = spec_with(
        script=["I am {{test_profile.name}}"],
        personality=personality["id"],
        test_profile=profile["id"],
        metrics=[computed[0]["id"]],
    )
    body = {"agent_id": agent, "spec": spec}
    plan = (await service.post(VALIDATE, body)).body["plan"]["scenarios"][0]
    assert plan["personality"] == {"mode": "existing", "id": personality["id"], "name": personality["name"]}
    assert plan["test_profile"] == {
        "mode": "existing",
        "id": profile["id"],
        "sections": ["main_agent_variables", "testing_agent_variables"],
    }
    assert plan["metric_ids"] == [computed[0]["id"]]
    by_slug = {"agent_id": agent, "spec": spec_with(metrics=[computed[1]["slug"]])}
    assert (await service.post(VALIDATE, by_slug)).body["plan"]["scenarios"][0]["metric_ids"] == [computed[1]["id"]]
    answer = await made(service.post(SUITE, body))
    assert answer["runs"][0]["test_profile_data"]["id"] == profile["id"]
    run = (await service.services.store.result(answer["id"])).runs[0]
    assert run.specification.scenario.script == ("I am Ada Quill",)
    assert run.specification.personality is not None
    assert run.specification.personality.name == personality["name"]
    spec["scenarios"][0]["metrics"] = [metric["id"], metric["slug"]]
    needs_judge = await refused(service.post(SUITE, body))
    assert "RINGBACK_JUDGE_MODEL" in needs_judge["detail"]
    assert "'Greets'" in needs_judge["detail"]


async def test_a_personality_may_be_laid_over_one_that_is_kept(service: Service) -> None:
    agent = await make_agent(service)
    kept = (await service.get(f"{V1}/personalities/")).body["results"][1]
    spec = spec_with(personality={"base": kept["id"], "name": "Mine"})
    answer = await made(service.post(SUITE, {"agent_id": agent, "spec": spec}))
    personality = (await service.services.store.result(answer["id"])).runs[0].specification.personality
    assert personality is not None
    assert (personality.name, personality.prompt) == ("Mine", kept["prompt"])


async def test_everything_that_is_wrong_is_said_at_once_by_its_place(service: Service) -> None:
    agent = await make_agent(service)
    spec = {
        "version": "1",
        "defaults": {"personality": 99999},
        "scenarios": [
            {"name": "One", "script": ["Hello"], "metrics": [99999], "colour": "red"},
            {"name": "One", "script": ["Hello"], "test_profile": 99998},
            {"name": "Three"},
        ],
    }
    for path in (SUITE, VALIDATE, f"{SUITE}?dry_run=true"):
        body = await refused(service.post(path, {"agent_id": agent, "spec": spec}))
        places = {"defaults.personality", "scenarios[0].metrics[0]", "scenarios[1].test_profile", "scenarios[0].colour"}
        assert places < set(body)
        assert any(place.startswith("scenarios[1].name") for place in body)
        assert all(isinstance(sentences, list) for sentences in body.values())
        assert "99999" in body["scenarios[0].metrics[0]"][0]


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"spec": None}, "spec"),
        ({}, "spec"),
        ({"spec": []}, "non_field_errors"),
        ({"spec": 7}, "non_field_errors"),
        ({"spec": {}}, "scenarios"),
        ({"spec": "{ not: [closed"}, "spec"),
        ({"spec": "a: 1\na: 2"}, "spec"),
        ({"spec": {"version": "2", "scenarios": []}}, "version"),
        ({"spec": SPEC, "channel": "smoke"}, "channel"),
        ({"spec": SPEC, "channel": "livekit_v2"}, "channel"),
        ({"spec": SPEC, "frequency": 101}, "frequency"),
        ({"spec": SPEC, "agent_id": "x"}, "agent_id"),
        ({"spec": SPEC, "agent_id": None}, "agent_id"),
        ({"spec": SPEC, "agent_id": 99999}, "agent_id"),
    ],
)
async def test_what_is_no_suite_request_is_refused(service: Service, fields: dict[str, Any], place: str) -> None:
    agent = await make_agent(service)
    body = await refused(service.post(SUITE, {"agent_id": agent, **fields}))
    assert place in body


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xfe\x00",
        b"a: &a [*a, *a]",
        b"x" * 20_000,
        b'{"scenarios": "\\u0000"}',
        b"[" * 5000,
        b"- 1\n---\n- 2",
    ],
)
async def test_a_file_that_is_no_suite_is_refused(service: Service, data: bytes) -> None:
    agent = await make_agent(service)
    reply = await service.ask("POST", SUITE, data=form(agent_id=agent, file=data))
    assert reply.status == 400, reply.body


async def test_a_body_that_is_no_form_and_no_json_is_refused(service: Service) -> None:
    broken = {"Content-Type": "multipart/form-data; boundary=x"}
    assert (await service.ask("POST", SUITE, data=b"--y\r\nnothing", headers=broken)).status == 400
    assert (await service.ask("POST", SUITE, data=b"{", headers={"Content-Type": "application/json"})).status == 400
    assert (await service.ask("POST", SUITE, data=b"", headers={"Content-Type": "application/json"})).status == 400
    assert (await service.post(SUITE, ["spec"])).status == 400


async def test_a_form_that_is_too_large_is_refused_as_such(serve: ServeService) -> None:
    async with serve(max_body_bytes=4096) as service:
        agent = await make_agent(service)
        reply = await service.ask("POST", SUITE, data=form(agent_id=agent, file=b"#" * 5000))
        assert reply.status == 413


async def test_a_rerun_of_a_suite_runs_it_again(service: Service) -> None:
    agent = await make_agent(service)
    first = await made(service.post(SUITE, {"agent_id": agent, "spec": SPEC}))
    again = await service.services.submission.rerun(first["id"])
    runs = (await service.services.store.result(again.id)).runs
    assert [run.specification.scenario_id for run in runs] == [run["scenario"] for run in first["runs"]]


async def test_the_schema_of_suites_can_be_had(service: Service) -> None:
    for path in ("json_schema/", "json_schema/?version=1"):
        status, schema = await service.get(f"{V1}/scenarios/{path}")
        assert status == 200
        assert schema["$schema"].startswith("https://json-schema.org/")
    assert (await service.get(f"{V1}/scenarios/json_schema/?version=2")).status == 400


async def test_a_key_that_only_reads_may_check_a_suite_and_not_run_it(service: Service) -> None:
    agent = await make_agent(service)
    _, reader = await service.services.keys.create("reader", Scope.READ)
    assert (await service.post(VALIDATE, {"agent_id": agent, "spec": SPEC}, key=reader)).status == 200
    assert (await service.post(SUITE, {"agent_id": agent, "spec": SPEC}, key=reader)).status == 403
