"""Which outcome a run gets: every ending, spoken or not, asserted or not, and the order of precedence."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from ringback.channels.chat_protocol import parse_binary, parse_frame
from ringback.domain.conversation import Conversation, Finding
from ringback.domain.ending import AGENT_FAULTS, CLEAN, LIMITS, EndingCode
from ringback.domain.evaluation import MetricScore
from ringback.domain.outcome import Outcome
from ringback.domain.run import RunSpecification
from ringback.errors import CallerInvalid, CostLimitReached, ModelUnavailable, NotConnected, RingbackError
from ringback.evaluation.evaluator import evaluate, judge_needs

Talk = Callable[..., Conversation]
Specified = Callable[..., RunSpecification]

_CLEAN = {EndingCode.CALLER_ENDED, EndingCode.AGENT_ENDED, EndingCode.AGENT_CLOSED, EndingCode.TRANSFERRED}
_LIMITS = {EndingCode.MAX_DURATION, EndingCode.MAX_TURNS}
_AGENT_S_DOING = {
    EndingCode.AGENT_DROPPED,
    EndingCode.AGENT_SILENT,
    EndingCode.AGENT_UNRESPONSIVE,
    EndingCode.FRAME_TOO_LARGE,
    EndingCode.INVALID_UTF8,
    EndingCode.AGENT_FLOODED,
    EndingCode.MEDIA_STOPPED,
}
_HOLDS = {"type": "agent_said", "text": "hello"}
_BROKEN = {"type": "agent_said", "text": "goodbye"}
_UNDECIDED = {"type": "latency", "max": 1}


def _expected(code: EndingCode, asserted: str) -> Outcome:
    """The design's section 5, written down a second time, for an agent that has spoken."""
    if code is EndingCode.CALLER_INVALID:
        return Outcome.INVALID
    if code in _AGENT_S_DOING:
        return Outcome.FAILED
    if code not in _CLEAN | _LIMITS:
        return Outcome.ERROR
    if asserted == "nothing":
        return Outcome.PASSED if code in _CLEAN else Outcome.INCONCLUSIVE
    return {"holds": Outcome.PASSED, "broken": Outcome.FAILED, "undecided": Outcome.INCONCLUSIVE}[asserted]


_ASSERTED: dict[str, list[dict[str, Any]]] = {
    "nothing": [],
    "holds": [_HOLDS],
    "broken": [_HOLDS, _UNDECIDED, _BROKEN],
    "undecided": [_HOLDS, _UNDECIDED],
}


@pytest.mark.parametrize("asserted", _ASSERTED)
@pytest.mark.parametrize("code", EndingCode)
async def test_every_ending_has_its_outcome(talk: Talk, specified: Specified, code: EndingCode, asserted: str) -> None:
    specification = specified(checks=_ASSERTED[asserted])
    conversation = talk("agent: Hello.", "caller: Hi.", ended=code)
    evaluation = await evaluate(specification, conversation, judge=None)
    assert evaluation.outcome is _expected(code, asserted)
    assert evaluation.reason
    assert len(evaluation.checks) == len(_ASSERTED[asserted])


@pytest.mark.parametrize("asserted", _ASSERTED)
@pytest.mark.parametrize("lines", [(), ("caller: Hi.",), ("agent: ", "caller: Hi."), ("call book: {}",)])
@pytest.mark.parametrize("code", EndingCode)
async def test_an_agent_without_a_word_is_an_error_whatever_happened(
    talk: Talk, specified: Specified, code: EndingCode, lines: tuple[str, ...], asserted: str
) -> None:
    """An empty frame is no content, and neither is a tool call. Where our side ended it, that is the reason given."""
    conversation = talk(*lines, ended=code)
    evaluation = await evaluate(specified(checks=_ASSERTED[asserted]), conversation, judge=None)
    assert evaluation.outcome is Outcome.ERROR
    ours = code not in CLEAN | LIMITS | AGENT_FAULTS | {EndingCode.CALLER_INVALID}
    never = f"The agent never sent any content. {conversation.ending.sentence}"
    if code is EndingCode.CALLER_INVALID:
        never = f"{conversation.ending.sentence} Before that, the agent never sent any content."
    assert evaluation.reason == (conversation.ending.sentence if ours else never)


@pytest.mark.parametrize(
    ("frame", "channel"),
    [
        ('{"event": "media", "streamSid": "MZ1", "media": {"payload": "fn5+"}}', "media-streams"),
        ('{"event":"media","streamSid":"MZ1","media":{"payload":"%s"}}' % ("f" * 8000), "media-streams"),
        ('{"event": "clear", "streamSid": "MZ1"}', "media-streams"),
        ('{"type": "speech.started", "id": "1", "data": {"utterance_id": "1"}}', "chirp"),
        (b"\0" * 640, "chirp"),
        ('{"event": "typing"}', None),
        ('{"type": "keepalive"}', None),
        ("", None),
    ],
)
async def test_a_voice_agent_that_was_called_as_a_chat_agent_is_told_from_its_frames(
    talk: Talk, specified: Specified, frame: str | bytes, channel: str | None
) -> None:
    heard = parse_frame(frame, 0.0) if isinstance(frame, str) else parse_binary(frame, 0.0)
    findings = tuple(
        Finding(at=1.0, code=remark.code, sentence=remark.sentence, detail=remark.detail) for remark in heard.remarks
    )
    conversation = replace(talk("caller: Hi.", ended=EndingCode.AGENT_SILENT), findings=findings)
    reason = (await evaluate(specified(), conversation, judge=None)).reason
    hint = f" It sends frames of a voice protocol: call it with --channel {channel}." if channel else ""
    assert reason == f"The agent never sent any content. {conversation.ending.sentence}{hint}"


@pytest.mark.parametrize(
    ("failure", "outcome"),
    [
        (CallerInvalid("The caller looped.", reason="loop"), Outcome.INVALID),
        (ModelUnavailable("The caller's model is down."), Outcome.ERROR),
        (CostLimitReached("The cost limit is reached."), Outcome.ERROR),
        (NotConnected("No connection."), Outcome.ERROR),
    ],
)
async def test_a_failure_of_ours_comes_before_a_failed_check(
    talk: Talk, specified: Specified, failure: RingbackError, outcome: Outcome
) -> None:
    conversation = talk("agent: Hello.", ended=EndingCode.CALLER_FAILED)
    evaluation = await evaluate(specified(checks=[_BROKEN]), conversation, judge=None, failure=failure)
    assert evaluation.outcome is outcome
    assert evaluation.reason == str(failure)


async def test_what_our_caller_did_before_the_agent_had_its_turn_is_said_first(
    talk: Talk, specified: Specified
) -> None:
    failure = CallerInvalid("the caller's reply was discarded 3 times.", reason="empty")
    evaluation = await evaluate(specified(), talk(ended=EndingCode.CALLER_INVALID), judge=None, failure=failure)
    assert evaluation.outcome is Outcome.ERROR
    said = "The caller's reply was discarded 3 times. Before that, the agent never sent any content."
    assert evaluation.reason == said


async def test_a_clean_conversation_with_nothing_attached_says_so(talk: Talk, specified: Specified) -> None:
    evaluation = await evaluate(specified(), talk("agent: Hello."), judge=None)
    assert evaluation.outcome is Outcome.PASSED
    assert evaluation.nothing_asserted
    assert evaluation.reason == "Nothing was asserted; the conversation took place."


@pytest.mark.parametrize("code", [EndingCode.AGENT_ENDED, EndingCode.AGENT_CLOSED, EndingCode.TRANSFERRED])
async def test_an_agent_that_leaves_before_the_caller_said_a_word_has_shown_nothing(
    talk: Talk, specified: Specified, code: EndingCode
) -> None:
    conversation = talk("agent: Hello.", ended=code)
    evaluation = await evaluate(specified(), conversation, judge=None)
    assert evaluation.outcome is Outcome.INCONCLUSIVE
    assert evaluation.nothing_asserted
    why = "Nothing was asserted, and the caller had not said a word."
    assert evaluation.reason == f"{why} {conversation.ending.sentence}"
    assert (await evaluate(specified(checks=[_HOLDS]), conversation, judge=None)).outcome is Outcome.PASSED
    spoken = await evaluate(specified(), talk("agent: Hello.", "caller: Hi.", ended=code), judge=None)
    assert spoken.outcome is Outcome.PASSED


async def test_the_reason_names_the_check_that_failed(talk: Talk, specified: Specified) -> None:
    evaluation = await evaluate(specified(checks=[_BROKEN, _BROKEN]), talk("agent: Hello."), judge=None)
    assert evaluation.reason == (
        "Check “agent said “goodbye””: None of the agent's 1 messages has “goodbye”; the last one, entry 1, "
        "is “Hello.”. (1 more like it.)"
    )


async def test_an_attached_binary_metric_must_hold_and_a_numeric_one_asserts_nothing(
    talk: Talk, specified: Specified
) -> None:
    conversation = talk("agent: Hello.", "call book: {}", "result book: error")
    strict = specified(metrics=[{"slug": "tool_call_success", "name": "Tools work"}])
    assert (await evaluate(strict, conversation, judge=None)).outcome is Outcome.FAILED
    loose = await evaluate(specified(metrics=[{"slug": "turns", "name": "Turns"}]), conversation, judge=None)
    assert loose.nothing_asserted
    assert next(metric for metric in loose.metrics if metric.slug == "turns").attached


async def test_a_metric_that_does_not_apply_asserts_nothing(talk: Talk, specified: Specified) -> None:
    specification = specified(metrics=[{"slug": "tool_call_success", "name": "Tools work"}])
    assert (await evaluate(specification, talk("agent: Hello."), judge=None)).nothing_asserted


async def test_a_crashed_binary_metric_counts_as_cannot_tell(talk: Talk, specified: Specified) -> None:
    specification = specified(metrics=[{"slug": "no_such", "name": "Unknown"}], checks=[_HOLDS])
    evaluation = await evaluate(specification, talk("agent: Hello."), judge=None)
    assert evaluation.outcome is Outcome.INCONCLUSIVE
    assert "No computed metric is called no_such" in evaluation.reason
    assert evaluation.metrics[-1].crashed


async def test_a_scenario_that_needs_a_judge_without_one_is_an_error(talk: Talk, specified: Specified) -> None:
    specification = specified(
        expected_outcome="It greets.", metrics=[{"slug": "polite", "name": "Polite", "description": "Polite?"}]
    )
    assert judge_needs(specification.scenario) == ("It has an expected outcome.", "Its metric polite is judged.")
    evaluation = await evaluate(specification, talk("agent: Hello."), judge=None)
    assert evaluation.outcome is Outcome.ERROR
    assert "RINGBACK_JUDGE_MODEL" in evaluation.reason


def _rule(metric: str, op: str, value: Any) -> dict[str, Any]:
    return {"metric_id": metric, "conditions": {"conditions": [{"op": op, "value": value}]}}


@pytest.mark.parametrize(
    ("rules", "outcome"),
    [
        ([_rule("turns", "lte", 2)], Outcome.PASSED),
        ([_rule("turns", "gt", 2)], Outcome.FAILED),
        ([_rule("turns", "in", [1, "2"])], Outcome.PASSED),
        ([_rule("turns", "neq", 2)], Outcome.FAILED),
        ([_rule("tool_call_success", "eq", True)], Outcome.PASSED),
        ([_rule("tool_call_success", "eq", 5)], Outcome.PASSED),
        ([_rule("tool_call_success", "gte", 3)], Outcome.PASSED),
        ([_rule("tool_call_success", "eq", 0)], Outcome.FAILED),
        ([_rule("checks", "eq", True)], Outcome.FAILED),
        ([_rule("turns", "lte", 2), _rule("checks", "eq", True)], Outcome.FAILED),
        ([_rule("turns", "lt", "two")], Outcome.FAILED),
        ([_rule("latency", "lt", 1)], Outcome.PASSED),
        ([_rule("unknown", "eq", True)], Outcome.PASSED),
    ],
)
async def test_with_a_rubric_only_its_rules_count(
    talk: Talk, specified: Specified, rules: list[dict[str, Any]], outcome: Outcome
) -> None:
    """The failing check decides only where a rule names the checks; what has no value is skipped."""
    conversation = talk("agent: Hello.", "caller: a", "caller: b", "call t: {}", "result t: ok")
    specification = specified(checks=[_BROKEN], rubric={"rules": rules})
    evaluation = await evaluate(specification, conversation, judge=None)
    assert evaluation.outcome is outcome
    assert evaluation.nothing_asserted is (rules[0]["metric_id"] in ("unknown", "latency"))


@pytest.mark.parametrize(
    ("rule", "outcome"),
    [
        (_rule("checks", "eq", True), Outcome.INCONCLUSIVE),
        (_rule("no_such", "eq", True), Outcome.INCONCLUSIVE),
        (_rule("turns", "eq", "few"), Outcome.FAILED),
    ],
)
async def test_a_rule_on_what_cannot_be_told_is_inconclusive(
    talk: Talk, specified: Specified, rule: dict[str, Any], outcome: Outcome
) -> None:
    specification = specified(
        checks=[_HOLDS, _UNDECIDED], metrics=[{"slug": "no_such", "name": "Unknown"}], rubric={"rules": [rule]}
    )
    assert (await evaluate(specification, talk("agent: Hello."), judge=None)).outcome is outcome


async def test_a_computed_metric_that_crashes_costs_only_itself(
    talk: Talk, specified: Specified, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted: no input is known to do this."""

    async def broken(*_: object) -> MetricScore:
        raise RuntimeError("boom")

    monkeypatch.setattr("ringback.evaluation.computed.Turns.measure", broken)
    evaluation = await evaluate(specified(checks=[_HOLDS]), talk("agent: Hello."), judge=None)
    assert evaluation.outcome is Outcome.PASSED
    turns = next(metric for metric in evaluation.metrics if metric.slug == "turns")
    assert turns.crashed
    assert turns.explanation == "The metric crashed: RuntimeError: boom"


async def test_all_rules_skipped_at_a_limit_is_inconclusive(talk: Talk, specified: Specified) -> None:
    specification = specified(rubric={"rules": [_rule("expected_outcome", "eq", True)]})
    conversation = talk("agent: Hello.", ended=EndingCode.MAX_TURNS)
    assert (await evaluate(specification, conversation, judge=None)).outcome is Outcome.INCONCLUSIVE
