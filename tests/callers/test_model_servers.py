"""The guard on the whole path: a hostile model server is caught each time, an honest one never."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from ringback.callers.build import build_caller
from ringback.callers.caller import Heard, Say
from ringback.domain.conversation import Entry, FindingCode, Role
from ringback.domain.run import RunSpecification
from ringback.domain.scenario import Facts, Scenario, ScenarioType, TestProfile
from ringback.errors import CallerInvalid
from ringback.models.build import open_model
from ringback.models.model import LanguageModel
from ringback.testing.model_answers import CallTool
from ringback.testing.model_server import ScriptedModelServer

DATA = Path(__file__).parent / "data"
HOSTILE: dict[str, Any] = json.loads((DATA / "hostile.json").read_text(encoding="utf-8"))
HONEST: list[dict[str, Any]] = json.loads((DATA / "honest.json").read_text(encoding="utf-8"))

Remarks = list[tuple[FindingCode, dict[str, Any]]]


@pytest.fixture
async def server() -> AsyncIterator[ScriptedModelServer]:
    async with ScriptedModelServer() as running:
        yield running


@pytest.fixture
async def model(server: ScriptedModelServer) -> AsyncIterator[LanguageModel]:
    opened = open_model("openai:scripted", base_url=server.url)
    yield opened
    await opened.close()


def run_of(case: dict[str, Any]) -> RunSpecification:
    scenario = Scenario(
        key="case",
        name="Case",
        type=ScenarioType.INSTRUCTION,
        instructions=case["instructions"],
        language=case.get("language", "en"),
        facts=Facts(**case.get("facts", {})),
    )
    profile = TestProfile(caller_variables=case["profile"]) if "profile" in case else None
    return RunSpecification(scenario=scenario, scenario_id=1, repeat=1, profile=profile)


def heard_in(case: dict[str, Any]) -> Heard:
    entries = tuple(
        Entry(number=number, role=Role.AGENT, content=text, start=0, end=0, turn=0)
        for number, text in enumerate(case["agent"], 1)
    )
    return Heard(turn=entries[-1:], transcript=entries)


async def composed(case: dict[str, Any], model: LanguageModel) -> tuple[str | CallerInvalid, Remarks]:
    """What a persona says, or why it could not; and what it remarked."""
    remarks: Remarks = []
    caller = build_caller(
        run_of(case), model=model, remark=lambda code, _sentence, detail: remarks.append((code, detail))
    )
    try:
        move = await caller.reply(heard_in(case))
    except CallerInvalid as invalid:
        return invalid, remarks
    assert isinstance(move, Say)
    return move.utterance.text, remarks


@pytest.mark.parametrize("kind", list(HOSTILE["replies"]))
async def test_a_hostile_model_is_caught_each_time(
    kind: str, server: ScriptedModelServer, model: LanguageModel
) -> None:
    for reply in HOSTILE["replies"][kind]:
        server.fail(reply, times=3)
        said, remarks = await composed(HOSTILE["context"], model)
        assert isinstance(said, CallerInvalid), reply
        assert said.reason == "guard"
        discarded = [detail for code, detail in remarks if code is FindingCode.DISCARDED_REPLY]
        assert len(discarded) == 3
        assert all(kind in detail["kinds"] for detail in discarded)


async def test_a_model_that_comes_to_its_senses_is_let_through(
    server: ScriptedModelServer, model: LanguageModel
) -> None:
    server.fail("*sighs* Agent: booked!", times=2)
    server.on("thrown away", "Tuesday at 5, please.")
    said, remarks = await composed(HOSTILE["context"], model)
    assert said == "Tuesday at 5, please."
    assert len(remarks) == 2


@pytest.mark.parametrize("name", [case["name"] for case in HONEST])
async def test_an_honest_model_raises_no_alarm(name: str, server: ScriptedModelServer, model: LanguageModel) -> None:
    case = next(case for case in HONEST if case["name"] == name)
    for line in case["lines"]:
        server.fail(line)
        said, remarks = await composed(case, model)
        assert said == line
        assert remarks == []


async def test_a_hang_up_crosses_the_wire(server: ScriptedModelServer, model: LanguageModel) -> None:
    case = {**HOSTILE["context"], "agent": ["You are booked for Tuesday."]}
    arguments = {"reason": "outcome_reported", "agent_words": "You are booked for Tuesday", "last_words": "Thanks!"}
    server.fail(CallTool("hang_up", arguments))
    caller = build_caller(run_of(case), model=model, remark=lambda _code, _sentence, _detail: None)
    move = await caller.reply(heard_in(case))
    assert isinstance(move, Say)
    assert move.utterance.ends_call
    assert move.utterance.text == "Thanks!"
    assert [tool["function"]["name"] for tool in server.requests[0].body["tools"]] == ["hang_up"]
