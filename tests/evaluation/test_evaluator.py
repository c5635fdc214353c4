"""Whatever happens in a conversation and whatever a judge says, there is an evaluation, and it is honest."""

import asyncio
import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from ringback.domain.check import Check
from ringback.domain.conversation import Conversation, Entry, Finding, FindingCode, Role, ToolData
from ringback.domain.ending import Ending, EndingCode
from ringback.domain.evaluation import Answer
from ringback.domain.outcome import Outcome
from ringback.domain.run import RunSpecification
from ringback.domain.scenario import MetricDefinition, MetricKind, Scenario, ScenarioType
from ringback.evaluation import prompts
from ringback.evaluation.evaluator import PROMPT_VERSIONS, evaluate
from ringback.evaluation.quotes import quotables
from ringback.evaluation.record import Record
from ringback.evaluation.verdict import Verdict, check_verdict
from ringback.models.model import Message

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
_TOOLS = st.builds(
    ToolData, id=st.sampled_from(["", "1", "2"]), name=st.sampled_from(["", "book"]), arguments=_JSON, result=_JSON
)
_ENTRIES = st.lists(
    st.tuples(st.sampled_from(Role), st.text(max_size=20), _TOOLS, st.none() | st.floats(0, 10)), max_size=8
)
_CHECKS: list[Check] = TypeAdapter(list[Check]).validate_python(
    [
        {"type": "agent_said", "text": "a"},
        {"type": "agent_never_said", "regex": "a+"},
        {"type": "tool_called", "tool": "book", "arguments": {"a": 1, "b": {"c": ["x"]}}, "match": "regex"},
        {"type": "tool_called", "tool": "book", "arguments": {"a": 1}, "match": "exact", "tolerance": 0.1},
        {"type": "tool_not_called", "tool": ""},
        {"type": "tool_called_at_most", "tool": "book", "times": 1},
        {"type": "tools_in_order", "tools": ["book", "book"]},
        {"type": "tool_succeeded", "tool": "book"},
        {"type": "metadata_equals", "key": "a.b", "value": [1]},
        {"type": "ended_by", "by": "agent"},
        {"type": "turns", "min": 1, "max": 2},
        {"type": "latency", "max": 1, "p95": 0.5},
    ]
)


def _conversation(entries: list[Any], code: EndingCode, metadata: dict[str, Any]) -> Conversation:
    made = tuple(
        Entry(
            number=number,
            role=role,
            content=text,
            start=0,
            end=0,
            turn=0,
            tool=tool if role in (Role.TOOL_CALL, Role.TOOL_RESULT) else None,
            latency=latency,
        )
        for number, (role, text, tool, latency) in enumerate(entries, 1)
    )
    late = Finding(at=1, code=FindingCode.AFTER_END, sentence="Late.", entry=len(made))
    return Conversation(
        started_at=datetime(2026, 1, 1, tzinfo=UTC),
        duration=1,
        entries=made,
        ending=Ending(code=code, sentence="Over."),
        metadata=metadata,
        findings=(late,),
    )


@settings(deadline=None)
@given(_ENTRIES, st.sampled_from(EndingCode), st.dictionaries(st.text(max_size=3), _JSON, max_size=3))
def test_no_conversation_breaks_the_evaluation(entries: list[Any], code: EndingCode, metadata: dict[str, Any]) -> None:
    """Every check is decided or says why not; none of them crashes."""
    conversation = _conversation(entries, code, metadata)
    scenario = Scenario(key="k", name="K", type=ScenarioType.SCRIPT, checks=tuple(_CHECKS))
    specification = RunSpecification(scenario=scenario, scenario_id=1, repeat=1)
    evaluation = asyncio.run(evaluate(specification, conversation, judge=None))
    assert evaluation.reason
    assert len(evaluation.checks) == len(_CHECKS)
    for score in evaluation.checks:
        assert score.explanation
        assert "crashed" not in score.explanation
        assert all(1 <= evidence.entry <= len(entries) for evidence in score.evidence)
    assert not any(metric.crashed for metric in evaluation.metrics)
    if evaluation.outcome is Outcome.PASSED:
        assert all(score.passed for score in evaluation.checks)


_WORDS = st.sampled_from(
    ["The agent books Friday", "never refunds", "books", "You are booked", "Friday please", "booked for", "", "refund"]
)
_PARTS = st.lists(
    st.fixed_dictionaries(
        {
            "part": _WORDS | st.text(max_size=10),
            "answer": st.sampled_from(Answer),
            "absence": st.booleans(),
            "evidence": st.lists(
                st.fixed_dictionaries(
                    {
                        "entry": st.integers(-1, 4),
                        "speaker": st.sampled_from(["agent", "caller", "facts", "tool_call"]),
                        "quote": _WORDS | st.text(max_size=10),
                    }
                ),
                max_size=2,
            ),
        }
    ),
    max_size=3,
)


@settings(deadline=None, max_examples=300)
@given(_PARTS)
def test_nothing_is_met_on_words_that_are_not_there(parts: list[dict[str, Any]]) -> None:
    """Whatever the judge says, the evidence that is kept stands in the record, and an accepted `met` has some."""
    said = [(Role.CALLER, "Friday please"), (Role.AGENT, "You are booked for Friday."), (Role.CALLER, "Bye.")]
    conversation = _conversation([(*line, None, None) for line in said], EndingCode.CALLER_ENDED, {})
    lines = quotables(Record(conversation))
    checked = check_verdict(
        Verdict.model_validate({"parts": parts}), "The agent books Friday and never refunds.", lines
    )
    for part in checked.parts:
        assert all(evidence.quote in lines[evidence.entry].text for evidence in part.evidence)
        if part.answer is Answer.MET and not checked.reasons:
            assert part.evidence or "never" in part.part.lower()
            assert not part.evidence or {evidence.entry for evidence in part.evidence} != {1}


def test_a_changed_prompt_has_a_new_version(talk: Callable[..., Conversation]) -> None:
    """Results made with different prompts must be told apart: with new words give a new version, then this sum."""
    record = Record(talk("agent: Hi."))
    asked = prompts.expectation_messages("It books.", record) + prompts.asked_again([], "", ["So it is."])
    assert (PROMPT_VERSIONS["judge"], _sum(asked)) == ("1", "51714b50fa6c")
    kinds = [MetricDefinition(slug="m", name="M", description="?", kind=kind) for kind in MetricKind]
    asked = [message for definition in kinds for message in prompts.metric_messages(definition, record)]
    assert (PROMPT_VERSIONS["judged_metric"], _sum(asked)) == ("1", "f3cf320557bf")


def _sum(messages: list[Message]) -> str:
    return hashlib.sha256("\n".join(message.content for message in messages).encode()).hexdigest()[:12]
