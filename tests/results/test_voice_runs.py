"""Spoken runs in the reference product's shapes and in reports."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from ringback.domain.conversation import Conversation, Entry, Role
from ringback.domain.ending import Ending, EndingCode
from ringback.domain.run import Provenance, Result, Run, RunSpecification, RunStatus
from ringback.domain.scenario import Scenario, ScenarioType
from ringback.domain.voice import Key, Lateness, Recognition, RecognitionMode, Side, Span, VoiceRecord
from ringback.evaluation.evaluator import evaluate
from ringback.results.brief import brief_of, halves
from ringback.results.export import markdown
from ringback.results.reference_scores import metric_entries, rubric_entries, unheard_in
from ringback.results.reference_transcript import transcript_object, transcript_text
from ringback.results.reference_voice import voice_fields
from ringback.results.summary import latency_of, latency_trusted, summarise
from ringback.results.words import entry_words

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
HEARD = Recognition(mode=RecognitionMode.GRAMMAR, confidence=0.9)
LOST = Recognition(mode=RecognitionMode.GRAMMAR, matched=False)
RUBRIC: dict[str, Any] = {
    "rules": [
        {"metric_id": "word_share", "conditions": {"conditions": [{"op": "lte", "value": 0.1}]}},
        {"metric_id": "latency", "conditions": {"conditions": [{"op": "lte", "value": 1}]}},
    ]
}


@pytest.fixture
def call() -> Conversation:
    """The agent greets, answers after 0.7 s and after 1.7 s, and is not understood the second time."""

    def said(number: int, role: Role, content: str, start: float, end: float, **more: Any) -> Entry:
        return Entry(number=number, role=role, content=content, start=start, end=end, turn=0, **more)

    voice = VoiceRecord(
        transport="media-streams",
        rate=8_000,
        duration=70.0,
        recognition=RecognitionMode.GRAMMAR,
        speech_to_text="pocketsphinx:grammar",
        text_to_speech="flite:slt",
        recording="1/2-1",
        caller_speech=(Span(start=3, end=4), Span(start=62, end=63)),
        agent_speech=(Span(start=1, end=2), Span(start=4.7, end=6), Span(start=64.7, end=66)),
        keys=(Key(at=50.0, digit="5", by=Side.CALLER),),
        lateness=Lateness(frames=3500, p50=0.001, p99=0.004, worst=0.01),
    )
    return Conversation(
        started_at=NOON,
        duration=70.4,
        entries=(
            said(1, Role.AGENT, "Hello.", 1, 2, recognition=HEARD),
            said(2, Role.CALLER, "Hi, a table", 3, 4, interrupted=True),
            said(3, Role.AGENT, "For how many?", 4.7, 6, recognition=HEARD, latency=0.75),
            said(4, Role.CALLER, "Two.", 62, 63),
            said(5, Role.AGENT, "", 64.7, 66, recognition=LOST),
        ),
        ending=Ending(code=EndingCode.CALLER_ENDED, sentence="The caller hung up."),
        voice=voice,
    )


async def run_of(conversation: Conversation) -> Run:
    scenario = Scenario.model_validate({"key": "a", "name": "A", "type": ScenarioType.SCRIPT, "rubric": RUBRIC})
    specification = RunSpecification(scenario=scenario, scenario_id=1, repeat=1)
    return Run(
        id=2,
        result_id=1,
        specification=specification,
        status=RunStatus.DONE,
        conversation=conversation,
        evaluation=await evaluate(specification, conversation, judge=None),
        started_at=NOON,
        finished_at=NOON + timedelta(seconds=70),
    )


async def test_metrics_carry_the_reference_s_name_and_unit(call: Conversation) -> None:
    run = await run_of(call)
    entries = {entry["slug"]: entry for entry in metric_entries(run.evaluation, spoken=True)}
    latency = entries["latency"]
    assert (latency["score"], latency["extra"]["unit"]) == (pytest.approx(1.2), "s")
    reference = latency["extra"]["reference"]
    assert (reference["name"], reference["unit"], reference["value"]) == ("Latency", "ms", 1200.0)
    assert reference["percentiles"]["p50"] == 1200.0
    assert entries["talk_ratio"]["extra"]["reference"] == {
        "name": "Talk Ratio",
        "value": round(3.6 / 70, 6),
    }
    assert entries["answered_in_time"]["extra"]["reference"] == {"name": "Infrastructure Issues", "value": 0.0}
    assert "reference" not in entries["turns"]["extra"]
    assert "reference" not in entries["yield_time"]["extra"]
    text = await run_of(replace(call, voice=None))
    assert not any("reference" in entry["extra"] for entry in metric_entries(text.evaluation))
    _, members = halves(brief_of(run))
    brief = orjson.loads(f"{{{members}}}")
    assert brief["evaluation"]["metrics"][0]["extra"]["reference"]["value"] == 1200.0
    assert (brief["duration"], brief["duration_seconds"]) == ("01:10", 70.4)


async def test_rules_on_words_that_were_not_recognised_are_neither_passed_nor_failed(call: Conversation) -> None:
    run = await run_of(call)
    shown = rubric_entries(run.specification.scenario.rubric, run.evaluation, unheard_in(call))
    assert shown is not None
    assert [entry["passed"] for entry in shown] == [None, False]
    assert "Entry 5 of the agent was not recognised" in shown[0]["explanation"][0]
    assert unheard_in(None) == ()


def test_the_transcript_has_times_and_says_what_was_not_recognised(call: Conversation) -> None:
    assert transcript_text(call).splitlines() == [
        "[00:01] Main Agent: Hello.",
        "[00:03] Testing Agent: Hi, a table",
        "[00:04] Main Agent: For how many?",
        "[01:02] Testing Agent: Two.",
        "[01:04] Main Agent: (not recognised)",
    ]
    items = transcript_object(call)
    assert (items[2]["time"], items[2]["start_time"], items[2]["end_time"]) == ("00:04", 4.7, 6)
    assert items[2]["recognition"] == {"mode": "grammar", "matched": True, "confidence": 0.9}
    assert items[4]["content"] == ""
    assert items[4]["recognition"]["matched"] is False
    assert items[1]["interrupted"] is True
    assert "interrupted" not in items[3]
    assert [entry_words(entry) for entry in (call.entries[1], call.entries[4])] == [
        "Hi, a table (broken off)",
        "(not recognised)",
    ]


def test_what_is_known_of_the_sound_is_in_the_run(call: Conversation) -> None:
    voice = voice_fields(call)["voice"]
    assert voice["main_speaking"] == [[1, 2], [4.7, 6], [64.7, 66]]
    assert voice["testing_speaking"] == [[3, 4], [62, 63]]
    assert voice["keys"] == [{"at": 50.0, "digit": "5", "by": "caller"}]
    assert (voice["sample_rate"], voice["recognition"], voice["degraded"]) == (8_000, "grammar", [])
    assert "recording" not in voice  # it is reached by its signed link alone
    assert voice_fields(replace(call, voice=None)) == {}
    assert voice_fields(None) == {}


async def test_totals_take_latency_from_the_sound_and_say_when_it_is_not_trusted(call: Conversation) -> None:
    run = await run_of(call)
    latency = latency_of([run])
    assert latency is not None
    assert (latency.turns, latency.slowest, latency.trusted) == (2, pytest.approx(1.7), True)
    assert call.voice is not None
    late = replace(call, voice=replace(call.voice, degraded=("Late.",)))
    assert (latency_trusted(call), latency_trusted(late)) == (True, False)
    result = Result(
        id=1,
        name="R",
        agent_name="a",
        agent_url="ws://a",
        created_at=NOON,
        finished_at=NOON,
        provenance=Provenance(ringback_version="1"),
        runs=(replace(run, conversation=late),),
    )
    assert "| 1.6 s, not trusted |" in markdown.render(result, summarise(result))
