"""The judge over HTTP: a real OpenAI-compatible server, honest and hostile."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from ringback.domain.conversation import Conversation
from ringback.domain.evaluation import Evaluation
from ringback.domain.outcome import Outcome
from ringback.domain.run import RunSpecification
from ringback.evaluation.evaluator import evaluate
from ringback.models.build import open_model
from ringback.models.retrying import Retries
from ringback.testing.model_answers import RawAnswer
from ringback.testing.model_server import ScriptedModelServer

Talk = Callable[..., Conversation]
Specified = Callable[..., RunSpecification]

EXPECTATION = "The agent books Friday and never offers a refund."


def verdict(*words: str, speaker: str = "agent") -> dict[str, Any]:
    return {
        "parts": [
            {
                "part": "The agent books Friday",
                "answer": "met",
                "explanation": "It says so.",
                "evidence": [{"entry": 2, "speaker": speaker, "quote": each} for each in words],
                "absence": False,
            },
            {"part": "never offers a refund", "answer": "met", "explanation": "", "evidence": [], "absence": True},
        ]
    }


@pytest.fixture
async def server() -> AsyncIterator[ScriptedModelServer]:
    async with ScriptedModelServer() as running:
        yield running


@pytest.fixture
def judged(talk: Talk, specified: Specified, server: ScriptedModelServer) -> Callable[..., Any]:
    async def judge(**fields: Any) -> Evaluation:
        model = open_model(
            "test:judge",
            base_url=server.url,
            role="judge",
            retries=Retries(attempts=2, first_wait=0.0, longest_wait=0.0),
        )
        conversation = talk("caller: Friday, please.", "agent: You are booked for Friday.", "caller: Bye.")
        try:
            return await evaluate(specified(expected_outcome=EXPECTATION, **fields), conversation, judge=model)
        finally:
            await model.close()

    return judge


async def test_an_honest_judge_passes_the_run(server: ScriptedModelServer, judged: Callable[..., Any]) -> None:
    server.on(wants_object=True, answer=verdict("You are booked for Friday."))
    evaluation = await judged()
    assert evaluation.outcome is Outcome.PASSED
    assert evaluation.usage.calls == 1
    assert evaluation.usage.tokens > 0
    (asked,) = server.requests
    assert "[2] agent: You are booked for Friday." in asked.last
    assert asked.shape == "Verdict"


async def test_an_inventing_judge_never_passes_a_run(server: ScriptedModelServer, judged: Callable[..., Any]) -> None:
    server.on(wants_object=True, answer=verdict("Your appointment is confirmed"))
    evaluation = await judged()
    assert evaluation.outcome is Outcome.INCONCLUSIVE
    assert not evaluation.expected_outcome.quotes_verified
    assert "does not stand in entry 2" in server.requests[-1].last


@pytest.mark.parametrize("text", ["", "I think it went well!", '{"parts": 7}', "[" * 20_000, "x" * 200_000, "null"])
async def test_a_babbling_judge_is_inconclusive(
    server: ScriptedModelServer, judged: Callable[..., Any], text: str
) -> None:
    server.on(wants_object=True, answer=text)
    evaluation = await judged()
    assert evaluation.outcome is Outcome.INCONCLUSIVE
    assert len(repr(evaluation)) < 20_000


@pytest.mark.parametrize("status", [401, 500])
async def test_a_judge_that_is_down_is_an_error(
    server: ScriptedModelServer, judged: Callable[..., Any], status: int
) -> None:
    server.fail(RawAnswer(status=status, body="{}"), times=10)
    evaluation = await judged()
    assert evaluation.outcome is Outcome.ERROR
    assert evaluation.reason.startswith("The judge could not be asked.")


async def test_the_smallest_object_that_the_schema_allows_is_no_pass(judged: Callable[..., Any]) -> None:
    """What the scripted server answers by itself where no rule matches."""
    assert (await judged()).outcome is Outcome.INCONCLUSIVE


@pytest.mark.parametrize(
    ("kind", "value"), [("binary", True), ("continuous_qualitative", 4.0), ("numeric", 1.0), ("enum", "good")]
)
async def test_judged_metrics_travel_in_their_shapes(
    server: ScriptedModelServer, judged: Callable[..., Any], kind: str, value: Any
) -> None:
    quoted = [{"entry": 2, "speaker": "agent", "quote": "booked for Friday"}]
    server.on("Is it good?", answer={"value": value, "explanation": "", "evidence": quoted, "status": "value"})
    server.on(wants_object=True, answer=verdict("You are booked for Friday."))
    definition = {"slug": "good", "name": "Good", "description": "Is it good?", "kind": kind, "enum_values": ["good"]}
    evaluation = await judged(metrics=[definition])
    assert evaluation.metrics[-1].value == value
    assert evaluation.outcome is Outcome.PASSED
