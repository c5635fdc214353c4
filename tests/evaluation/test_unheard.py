"""Words of the agent that our ear could not make out: they fail nobody, and nothing in them can be quoted."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from ringback.domain.conversation import Conversation, Role
from ringback.domain.ending import EndingCode
from ringback.domain.evaluation import Answer
from ringback.domain.outcome import Outcome
from ringback.domain.run import RunSpecification
from ringback.domain.scenario import MetricKind
from ringback.domain.voice import AgentTranscript, Recognition, RecognitionMode, Span, VoiceRecord
from ringback.evaluation.evaluator import evaluate

Talk = Callable[..., Conversation]
Specified = Callable[..., RunSpecification]
JudgeOf = Callable[..., Any]

_KNOWN = Recognition(mode=RecognitionMode.GRAMMAR)
_LOST = Recognition(mode=RecognitionMode.GRAMMAR, matched=False)
_VOICE = VoiceRecord(
    transport="chirp",
    rate=16_000,
    duration=10.0,
    recognition=RecognitionMode.GRAMMAR,
    speech_to_text="pocketsphinx:grammar",
    text_to_speech="flite:slt",
    caller_speech=(Span(start=2, end=3),),
    agent_speech=(Span(start=0.5, end=1.5), Span(start=3.7, end=5)),
)


@pytest.fixture
def spoken(talk: Talk) -> Callable[..., Conversation]:
    """A spoken call; an agent's line without words was not recognised."""

    def made(*lines: str, voice: VoiceRecord = _VOICE, **fields: Any) -> Conversation:
        conversation = talk(*lines, voice=voice, **fields)
        heard = tuple(
            replace(entry, recognition=_KNOWN if entry.content else _LOST) if entry.role is Role.AGENT else entry
            for entry in conversation.entries
        )
        return replace(conversation, entries=heard)

    return made


SAID = {"type": "agent_said", "text": "goodbye"}
NEVER = {"type": "agent_never_said", "text": "refund"}


@pytest.mark.parametrize(
    ("check", "outcome"),
    [
        (SAID, Outcome.INCONCLUSIVE),
        (NEVER, Outcome.INCONCLUSIVE),
        ({"type": "agent_said", "text": "hello"}, Outcome.PASSED),
        ({"type": "agent_never_said", "text": "hello"}, Outcome.FAILED),
        ({"type": "tool_called", "tool": "book"}, Outcome.FAILED),
        ({"type": "latency", "max": 0.5}, Outcome.FAILED),
        ({"type": "latency", "max": 0.8}, Outcome.PASSED),
        ({"type": "ended_by", "by": "agent"}, Outcome.FAILED),
    ],
)
async def test_a_check_on_words_cannot_be_decided_and_every_other_can(
    spoken: Talk, specified: Specified, check: dict[str, Any], outcome: Outcome
) -> None:
    conversation = spoken("agent: Hello.", "caller: Hi.", "agent: ")
    evaluation = await evaluate(specified(checks=[check]), conversation, judge=None)
    assert evaluation.outcome is outcome
    if outcome is Outcome.INCONCLUSIVE:
        assert "Entry 3 of the agent was not recognised" in evaluation.reason


async def test_what_was_recognised_fails_as_ever(spoken: Talk, specified: Specified) -> None:
    conversation = spoken("agent: Hello.", "caller: Hi.", "agent: What?")
    for check in (SAID, {"type": "agent_never_said", "text": "what"}):
        evaluation = await evaluate(specified(checks=[check]), conversation, judge=None)
        assert evaluation.outcome is Outcome.FAILED


async def test_a_failure_that_needs_no_words_still_fails(spoken: Talk, specified: Specified) -> None:
    conversation = spoken("agent: Hello.", "agent: ")
    evaluation = await evaluate(specified(checks=[SAID, {"type": "turns", "min": 3}]), conversation, judge=None)
    assert evaluation.outcome is Outcome.FAILED
    dropped = replace(conversation.ending, code=EndingCode.AGENT_DROPPED)
    evaluation = await evaluate(specified(checks=[SAID]), replace(conversation, ending=dropped), judge=None)
    assert evaluation.outcome is Outcome.FAILED


async def test_an_agent_of_whom_no_word_was_recognised_has_spoken(spoken: Talk, specified: Specified) -> None:
    evaluation = await evaluate(specified(), spoken("agent: ", "caller: Hi."), judge=None)
    assert evaluation.outcome is Outcome.PASSED
    assert evaluation.nothing_asserted


def judged(answer: str, *quotes: tuple[int, str, str], absence: bool = False) -> dict[str, Any]:
    evidence = [{"entry": entry, "speaker": speaker, "quote": words} for entry, speaker, words in quotes]
    return {"explanation": "So it is.", "evidence": evidence, "absence": absence, "answer": answer}


def verdict(part: str, answer: str, *quotes: tuple[int, str, str], absence: bool = False) -> dict[str, Any]:
    return {"parts": [{"part": part, **judged(answer, *quotes, absence=absence)}]}


async def test_an_expectation_that_is_not_met_is_inconclusive(
    spoken: Talk, specified: Specified, judge_of: JudgeOf
) -> None:
    conversation = spoken("agent: Hello, we are closed.", "caller: Hi.", "agent: ", "agent: ")
    judge = judge_of(verdict("The agent books.", "not_met", (1, "agent", "we are closed")))
    evaluation = await evaluate(specified(expected_outcome="The agent books."), conversation, judge=judge)
    assert evaluation.outcome is Outcome.INCONCLUSIVE
    assert evaluation.reason.startswith(
        "Expected outcome: Entries 3, 4 of the agent were not recognised, so it cannot be told. "
    )
    said = judge.asked[0][1][1].content
    assert "[3] agent: (not recognised)" in said
    assert "In the lines 3, 4 the agent spoke" in said


async def test_what_is_met_by_a_quote_passes(spoken: Talk, specified: Specified, judge_of: JudgeOf) -> None:
    conversation = spoken("agent: You are booked.", "agent: ")
    judge = judge_of(verdict("The agent books.", "met", (1, "agent", "You are booked")))
    evaluation = await evaluate(specified(expected_outcome="The agent books."), conversation, judge=judge)
    assert evaluation.outcome is Outcome.PASSED


async def test_nothing_is_absent_from_what_nobody_heard(spoken: Talk, specified: Specified, judge_of: JudgeOf) -> None:
    part = "The agent never offers a refund."
    judge = judge_of(verdict(part, "met", absence=True))
    evaluation = await evaluate(specified(expected_outcome=part), spoken("agent: Hello.", "agent: "), judge=judge)
    assert evaluation.outcome is Outcome.INCONCLUSIVE
    assert evaluation.expected_outcome is not None
    (answered,) = evaluation.expected_outcome.parts
    assert answered.answer is Answer.CANNOT_TELL
    assert answered.explanation == "Entry 2 of the agent was not recognised. So it is."


@pytest.mark.parametrize("words", ["(not recognised)", "not recognised", ""])
async def test_nothing_that_was_not_recognised_can_be_quoted(
    spoken: Talk, specified: Specified, judge_of: JudgeOf, words: str
) -> None:
    made_up = verdict("The agent books.", "met", (2, "agent", words))
    judge = judge_of(made_up, made_up)
    conversation = spoken("agent: Hello.", "agent: ")
    evaluation = await evaluate(specified(expected_outcome="The agent books."), conversation, judge=judge)
    assert evaluation.outcome is Outcome.INCONCLUSIVE
    assert evaluation.expected_outcome is not None
    assert "Entry 2 was not recognised, so nothing in it can be quoted." in evaluation.expected_outcome.rejected[0]


@pytest.mark.parametrize(
    ("answer", "cannot_tell"),
    [
        ({"value": False, "evidence": [{"entry": 1, "speaker": "agent", "quote": "Hello."}]}, False),
        ({"value": False, "absence": True}, True),
        ({"value": True, "absence": True}, True),
    ],
)
async def test_a_judged_metric_fails_nobody_for_words_that_are_missing(
    spoken: Talk, specified: Specified, judge_of: JudgeOf, answer: dict[str, Any], cannot_tell: bool
) -> None:
    metric = {"slug": "m", "name": "M", "description": "It never shouts.", "kind": MetricKind.BINARY}
    conversation = spoken("agent: Hello.", "agent: ")
    evaluation = await evaluate(specified(metrics=[metric]), conversation, judge=judge_of(*[answer] * 3))
    assert evaluation.outcome is Outcome.INCONCLUSIVE
    assert evaluation.metrics[-1].cannot_tell is cannot_tell
    assert "Entry 2 of the agent was not recognised" in evaluation.reason


def rule(slug: str, op: str, value: Any) -> dict[str, Any]:
    return {"rules": [{"metric_id": slug, "conditions": {"conditions": [{"op": op, "value": value}]}}]}


@pytest.mark.parametrize(
    ("rubric", "outcome"),
    [
        (rule("word_share", "lte", 0.1), Outcome.INCONCLUSIVE),
        (rule("word_share", "lte", 0.9), Outcome.INCONCLUSIVE),
        (rule("turns", "gte", 5), Outcome.FAILED),
        (rule("latency", "lte", 0.5), Outcome.FAILED),
        (rule("agent_interruptions", "eq", 0), Outcome.PASSED),
        (rule("caller_interruptions", "gte", 1), Outcome.FAILED),
    ],
)
async def test_a_rule_on_words_is_inconclusive_and_every_other_decides(
    spoken: Talk, specified: Specified, rubric: dict[str, Any], outcome: Outcome
) -> None:
    conversation = spoken("agent: Hello there.", "caller: Hi.", "agent: ")
    evaluation = await evaluate(specified(rubric=rubric), conversation, judge=None)
    assert evaluation.outcome is outcome


@pytest.mark.parametrize("slug", ["latency", "agent_interruptions", "stop_time"])
async def test_a_rule_on_times_of_a_degraded_call_fails_nobody(spoken: Talk, specified: Specified, slug: str) -> None:
    voice = replace(_VOICE, caller_speech=(*_VOICE.caller_speech, Span(start=4, end=4.5)), degraded=("Late.",))
    conversation = spoken("agent: Hello.", "caller: Hi.", "agent: Yes?", voice=voice)
    evaluation = await evaluate(specified(rubric=rule(slug, "lt", 0)), conversation, judge=None)
    assert evaluation.outcome is Outcome.INCONCLUSIVE
    assert "Not trusted: Late." in evaluation.reason
    check = {"type": "latency", "max": 0.1}
    assert (await evaluate(specified(checks=[check]), conversation, judge=None)).outcome is Outcome.INCONCLUSIVE


async def test_metrics_of_speech_are_measured_on_calls_and_on_text_only_where_they_are_named(
    spoken: Talk, talk: Talk, specified: Specified
) -> None:
    heard = (AgentTranscript(at=1.0, text="Ada"),)
    call = spoken("agent: Hello.", "caller: Hi.", voice=replace(_VOICE, agent_transcripts=heard))
    on_call = {metric.slug: metric for metric in (await evaluate(specified(), call, judge=None)).metrics}
    assert on_call["talk_ratio"].value == pytest.approx(0.23)
    assert on_call["latency"].value == pytest.approx(0.7)
    assert (on_call["transcription_accuracy"].value, on_call["word_error_rate"].value) == (80.0, 1.0)
    on_text = await evaluate(specified(), talk("agent: Hello."), judge=None)
    assert [metric.slug for metric in on_text.metrics] == ["latency", "turns", "tool_call_success", "word_share"]
    named = specified(metrics=[{"slug": "no_long_silence", "name": "Silence", "kind": "binary"}])
    evaluation = await evaluate(named, talk("agent: Hello."), judge=None)
    assert evaluation.nothing_asserted
    assert evaluation.metrics[-1].explanation == "It is measured on spoken calls only."
