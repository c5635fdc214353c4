"""`ringback run` with language models as caller and judge, over real HTTP."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from command_line import CommandLine

from ringback.testing.agent_server import ScriptedAgentServer
from ringback.testing.model_answers import Asked, CallTool
from ringback.testing.model_server import ScriptedModelServer

SUITE = """\
version: "1"
scenarios:
  - name: Books a visit
    key: visit
    instructions: You want a dental visit on Monday. Your name is Ada Byron.
    expected_outcome: The agent books the visit.
    max_turns: 6
"""
KEY = "sk-planted-model-key-0815"


def verdict(quote: str, answer: str = "met") -> dict[str, Any]:
    return {
        "parts": [
            {
                "part": "The agent books the visit.",
                "explanation": "It says so.",
                "evidence": [{"entry": 2, "speaker": "agent", "quote": quote}],
                "absence": False,
                "answer": answer,
            }
        ]
    }


def caller(asked: Asked) -> str | CallTool:
    """Says two lines, then hangs up with a reason."""
    if "visit is booked" in asked.last or "anything else" in asked.last:
        return CallTool("hang_up", {"reason": "outcome_reported", "agent_words": "Your visit is booked for Monday."})
    return "Hello, I would like a dental visit on Monday."


def environment(model: ScriptedModelServer, **more: str) -> Mapping[str, str]:
    return {
        "RINGBACK_CALLER_MODEL": "openai:scripted",
        "RINGBACK_CALLER_BASE_URL": model.url,
        "RINGBACK_OPENING_WAIT": "0",
        "OPENAI_API_KEY": KEY,
        **more,
    }


def agent() -> ScriptedAgentServer:
    return ScriptedAgentServer(
        replies=["Your visit is booked for Monday.", "Is there anything else?"], otherwise="Goodbye."
    )


async def test_a_persona_is_judged_with_a_quote_that_stands_in_the_record(ringback: CommandLine) -> None:
    ringback.write("suite.yaml", SUITE)
    async with agent() as clinic, ScriptedModelServer(caller) as model:
        model.on(wants_object=True, answer=verdict("Your visit is booked for Monday."))
        done = await ringback("run", "suite.yaml", "--agent", clinic.url, "--json", "r.json", **environment(model))
    assert done.code == 0, done.text
    assert "tokens" in done.out
    report = (ringback.folder / "r.json").read_text(encoding="utf-8")
    assert "openai:scripted" in report, "the models are part of the provenance"
    assert "list prices of genai-prices" in report, "and so is where the prices are from"
    assert KEY not in done.text + report


async def test_a_verdict_on_an_invented_quote_is_asked_once_more_and_then_inconclusive(ringback: CommandLine) -> None:
    ringback.write("suite.yaml", SUITE)
    async with agent() as clinic, ScriptedModelServer(caller) as model:
        model.on(wants_object=True, answer=verdict("I hereby confirm everything you ever wanted."))
        done = await ringback("run", "suite.yaml", "--agent", clinic.url, **environment(model))
        judged = [asked for asked in model.requests if asked.wants_object]
    assert done.code == 3, done.text
    assert "inconclusive" in done.out
    assert len(judged) == 2


async def test_an_unmet_expectation_fails_with_its_quote(ringback: CommandLine) -> None:
    ringback.write("suite.yaml", SUITE)
    async with agent() as clinic, ScriptedModelServer(caller) as model:
        model.on(wants_object=True, answer=verdict("Your visit is booked for Monday.", "not_met"))
        done = await ringback("run", "suite.yaml", "--agent", clinic.url, **environment(model))
    assert done.code == 1, done.text
    assert "not met" in done.out


@pytest.mark.parametrize(
    "misbehaviour",
    [
        "",
        "*sighs* I would like a visit.",
        "<think>I should be a patient</think> A visit, please.",
        "Hello! How can I assist you today?",
        "As an AI language model I cannot book visits.",
        "My number is 555-918-2736, call me back.",
    ],
)
async def test_a_caller_that_misbehaves_is_discarded_tried_again_and_named_invalid(
    ringback: CommandLine, misbehaviour: str
) -> None:
    ringback.write("suite.yaml", SUITE)
    async with agent() as clinic, ScriptedModelServer(misbehaviour) as model:
        done = await ringback(
            "run", "suite.yaml", "--agent", clinic.url, "--json", "r.json", "--invalid-retries", 1, **environment(model)
        )
        heard = [line for call in clinic.calls for line in call.heard]
        attempts = len(clinic.calls)
        runs = {call.headers["X-VOCERA-RUN-ID"] for call in clinic.calls}
    assert done.code == 3, done.text
    assert "invalid" in done.out
    assert not [line for line in heard if misbehaviour and misbehaviour in line]
    assert attempts == 2
    assert len(runs) == 1, "the same run, its next attempt"
    record = json.loads((ringback.folder / "r.json").read_text(encoding="utf-8"))
    assert json.dumps(record).count("discarded_reply") >= 6, "three in each of two attempts"


async def test_without_a_model_nothing_runs_and_the_scenario_and_setting_are_named(ringback: CommandLine) -> None:
    ringback.write("suite.yaml", SUITE)
    async with agent() as clinic:
        done = await ringback("run", "suite.yaml", "--agent", clinic.url)
        assert not clinic.calls
    assert done.code == 2
    assert "'visit'" in done.err
    assert "RINGBACK_CALLER_MODEL" in done.err


async def test_without_a_key_nothing_runs_and_the_variable_is_named(ringback: CommandLine) -> None:
    ringback.write("suite.yaml", SUITE)
    async with agent() as clinic:
        done = await ringback("run", "suite.yaml", "--agent", clinic.url, RINGBACK_CALLER_MODEL="openai:gpt-4o-mini")
        assert not clinic.calls
    assert done.code == 2
    assert "OPENAI_API_KEY" in done.err


async def test_a_dry_run_tells_what_would_happen_and_does_nothing(ringback: CommandLine) -> None:
    ringback.write("suite.yaml", SUITE)
    async with agent() as clinic:
        done = await ringback(
            *("run", "suite.yaml", "--agent", clinic.url, "--dry-run", "--repeat", 3),
            RINGBACK_CALLER_MODEL="openai:gpt-4o-mini",
        )
        assert not clinic.calls
    assert done.code == 0, done.text
    assert "3 conversations" in done.out
    assert "about $" in done.out


async def test_the_cost_limit_stops_with_a_sentence(ringback: CommandLine) -> None:
    ringback.write("suite.yaml", SUITE)
    ringback.write("prices.json", '{"openai:scripted": {"input": 1000, "output": 1000}}')
    async with agent() as clinic, ScriptedModelServer(caller, usage=(1000, 1000)) as model:
        done = await ringback(
            *("run", "suite.yaml", "--agent", clinic.url, "--repeat", 10, "--concurrency", 1, "--max-cost", 1),
            **environment(model, RINGBACK_PRICES_FILE="prices.json"),
        )
        assert len(model.requests) == 1
    assert done.code == 3, done.text
    assert "cost limit of $1.00 is reached" in done.out
    assert "--resume" in done.out


async def test_a_model_that_is_down_is_an_error_of_the_run_and_never_the_agents(ringback: CommandLine) -> None:
    ringback.write("suite.yaml", SUITE)
    async with agent() as clinic, ScriptedModelServer(caller, api_key="another") as model:
        done = await ringback("run", "suite.yaml", "--agent", clinic.url, **environment(model))
    assert done.code == 3, done.text
    assert "error" in done.out
    assert KEY not in done.text


async def test_a_dry_run_refuses_a_name_that_no_model_can_have(ringback: CommandLine) -> None:
    ringback.write("suite.yaml", SUITE)
    done = await ringback(
        "run", "suite.yaml", "--agent", "ws://127.0.0.1:1", "--dry-run", RINGBACK_CALLER_MODEL="gpt-4o-mini"
    )
    assert done.code == 2, done.text
    assert "provider:name" in done.err
