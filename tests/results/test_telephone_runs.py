"""Telephone calls as they are kept, read again, and shown over the API and in reports."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from ringback.domain.conversation import Conversation
from ringback.domain.ending import Ending, EndingCode
from ringback.domain.evaluation import Evaluation
from ringback.domain.outcome import Outcome
from ringback.domain.run import Run, RunSpecification, RunStatus
from ringback.domain.scenario import Scenario, ScenarioType
from ringback.domain.voice import MediaRecord, RecognitionMode, Span, VoiceRecord
from ringback.results.brief import brief_of, figures_of, halves, run_metadata
from ringback.results.reference_totals import overall_evaluation
from ringback.results.reference_voice import voice_fields
from ringback.results.summary import latency_of
from ringback.results.telephone_words import from_agent_words, telephone_facts, telephone_lines, to_agent_words
from ringback.storage.documents import dump_record, load_record

MEDIA = MediaRecord(
    codec="PCMU",
    packets_sent=1200,
    packets_received=1204,
    lost_received=3,
    lost_sent=0,
    jitter_received=0.004,
    jitter_sent=0.00212345,
    round_trip=0.031,
)
VOICE = VoiceRecord(
    transport="sip",
    rate=8_000,
    duration=24.0,
    recognition=RecognitionMode.GRAMMAR,
    speech_to_text="pocketsphinx:grammar",
    text_to_speech="flite:slt",
    call_id="a84b4c76e66710@127.0.0.1",
    ringing=1.2,
    media=MEDIA,
    holds=(Span(start=3.0, end=9.5),),
    transfer="sip:sales@clinic.example",
)


def held(**changes: Any) -> Conversation:
    conversation = Conversation(
        started_at=datetime(2026, 1, 1, tzinfo=UTC),
        duration=24.0,
        entries=(),
        ending=Ending(code=EndingCode.TRANSFERRED, sentence="The agent passed the call on."),
        voice=VOICE,
    )
    return replace(conversation, **changes)


def run_of(conversation: Conversation) -> Run:
    scenario = Scenario(key="a", name="A", type=ScenarioType.SCRIPT, script=("Hello.",))
    return Run(
        id=2,
        result_id=1,
        specification=RunSpecification(scenario=scenario, scenario_id=1, repeat=1),
        status=RunStatus.DONE,
        conversation=conversation,
        evaluation=Evaluation(outcome=Outcome.PASSED, reason="So."),
    )


def unanswered(rang: float | None) -> Conversation:
    ending = Ending(code=EndingCode.NO_ANSWER, sentence="It did not answer.")
    return held(voice=None, ending=ending, duration=0.0, rang_in_vain=rang)


@pytest.mark.parametrize("conversation", [held(), unanswered(30.0), unanswered(None)])
def test_what_is_known_of_a_telephone_call_is_read_as_it_was_written(conversation: Conversation) -> None:
    assert load_record(dump_record(run_of(conversation))).conversation == conversation


def test_records_from_before_there_were_telephones_are_read() -> None:
    document: dict[str, Any] = json.loads(dump_record(run_of(held())))
    for name in ("ringing", "media", "holds", "transfer"):
        del document["conversation"]["voice"][name]
    del document["conversation"]["rang_in_vain"]
    read = load_record(json.dumps(document)).conversation
    assert read is not None
    assert read.voice == replace(VOICE, ringing=None, media=None, holds=(), transfer=None)
    assert read.ringing is None


def test_over_the_api_a_call_has_its_packets_its_holds_and_where_it_went() -> None:
    voice = voice_fields(held())["voice"]
    assert voice["transport"] == "sip"
    assert voice["ringing"] == 1.2
    assert voice["media"] == {
        "codec": "PCMU",
        "packets_sent": 1200,
        "packets_received": 1204,
        "lost_received": 3,
        "lost_sent": 0,
        "jitter_received": 0.004,
        "jitter_sent": 0.0021,
        "round_trip": 0.031,
    }
    assert voice["holds"] == [[3.0, 9.5]]
    assert voice["transferred_to"] == "sip:sales@clinic.example"
    none = voice_fields(held(voice=replace(VOICE, media=None, holds=(), transfer=None, ringing=None)))["voice"]
    assert (none["ringing"], none["media"], none["holds"], none["transferred_to"]) == (None, None, [], None)


@pytest.mark.parametrize(
    ("conversation", "seconds"), [(held(), 1.2), (unanswered(30.0), 30.0), (unanswered(None), None)]
)
def test_how_long_it_rang_is_in_the_metadata_answered_or_not(conversation: Conversation, seconds: float | None) -> None:
    metadata = run_metadata(conversation, None)
    assert metadata.get("ringing_duration") == seconds
    assert ("ringing_duration" in metadata) is (seconds is not None)


def test_an_agent_s_metadata_of_that_name_is_overruled() -> None:
    assert run_metadata(held(metadata={"ringing_duration": "hostile"}), None)["ringing_duration"] == 1.2


def test_a_result_has_the_mean_of_the_ringing() -> None:
    briefs = [halves(brief_of(run_of(call)))[0] for call in (held(), unanswered(30.0), unanswered(None))]
    extra = overall_evaluation(figures_of(briefs), 0.0)["extra_metrics"]
    assert [(one["name"], one["value"], one["runs"]) for one in extra] == [("Average Ringing Duration", 15.6, 2)]


def test_briefs_from_before_there_were_telephones_are_read() -> None:
    old = orjson.dumps([50.0, [["turns", "Turns", "numeric", 2.0]]]).decode()
    extra = overall_evaluation(figures_of([old]), 0.0)["extra_metrics"]
    assert [one["id"] for one in extra] == ["expected_outcome"]


_REFERENCE = {
    EndingCode.BUSY: "Main agent-busy",
    EndingCode.NO_ANSWER: "Main agent-did-not-answer",
    EndingCode.CREDENTIALS_REFUSED: "sip-call-failed",
    EndingCode.CALL_FAILED: "call-failed-unknown-error",
    EndingCode.NO_MEDIA: "sip-call-failed",
    EndingCode.MEDIA_STOPPED: "Main agent-silence-timed-out",
    EndingCode.DID_NOT_CALL: "Main agent-call-not-connected",
    EndingCode.NOT_TRIGGERED: "Main agent-call-not-connected",
    EndingCode.TRANSFERRED: "Main agent-ended-call",
    EndingCode.TELEPHONE_FAILED: "Testing agent-bot-crashed",
    EndingCode.REFUSED: "call-rejected",
    EndingCode.NOT_CONNECTED: "Main agent-call-not-connected",
}


@pytest.mark.parametrize("code", _REFERENCE)
def test_endings_of_telephone_calls_are_told_in_the_reference_s_words(code: EndingCode) -> None:
    conversation = held(ending=Ending(code=code, sentence="So."))
    assert run_metadata(conversation, None)["ended_reason"] == _REFERENCE[code]
    _, members = halves(brief_of(run_of(conversation)))
    assert orjson.loads(f"{{{members}}}")["call_ended_reason"] == _REFERENCE[code]


def test_latencies_of_degraded_calls_say_that_it_was_the_calls() -> None:
    speech = {"caller_speech": (Span(start=2.0, end=3.0),), "agent_speech": (Span(start=3.7, end=5.0),)}
    bad = replace(VOICE, holds=(), degraded=("12.0% of the packets were lost.",), **speech)
    busy = replace(bad, transport="chirp", media=None)
    doubts = {name: latency_of([run_of(held(voice=voice))]) for name, voice in (("bad", bad), ("busy", busy))}
    assert {name: latency.doubt for name, latency in doubts.items() if latency} == {
        "bad": "calls were degraded",
        "busy": "this machine was busy",
    }
    good = latency_of([run_of(held(voice=replace(bad, degraded=())))])
    assert good is not None
    assert (good.trusted, good.doubt) == (True, "")


def test_a_telephone_call_is_told_in_words() -> None:
    assert list(telephone_lines(held(voice=replace(VOICE, degraded=("Bad.",))))) == [
        "telephone: rang 1.2 s; PCMU; round trip 31 ms",
        "from the agent: 1,204 packets, 3 lost (0.2 %); jitter 4.0 ms",
        "to the agent: 1,200 packets, 0 lost; jitter 2.1 ms",
        "on hold: 3.0 to 9.5 s",
        "passed on to: sip:sales@clinic.example",
        "degraded: Bad.",
    ]
    assert list(telephone_lines(unanswered(30.0))) == ["telephone: rang 30.0 s"]
    assert list(telephone_lines(unanswered(None))) == []


@pytest.mark.parametrize(
    ("media", "words"),
    [
        (MediaRecord(codec="PCMU"), ("0 packets, 0 lost", "0 packets; what came of them was not reported")),
        (
            MediaRecord(codec="PCMU", packets_sent=10, lost_sent=40, packets_received=99_999, lost_received=1),
            ("99,999 packets, 1 lost (< 0.1 %)", "10 packets, 40 lost (100.0 %)"),
        ),
    ],
)
def test_what_was_not_measured_is_said_to_be_unknown_and_shares_make_sense(
    media: MediaRecord, words: tuple[str, str]
) -> None:
    assert (from_agent_words(media), to_agent_words(media)) == words


def test_many_holds_and_an_agent_s_address_stay_on_their_line() -> None:
    holds = tuple(Span(start=at, end=at + 1) for at in range(0, 40, 2))
    facts = dict(telephone_facts(held(voice=replace(VOICE, holds=holds, transfer="sip:a\nb\x1b[31m"))))
    assert facts["on hold"].endswith("8.0 to 9.0 s and 15 more times")
    assert "\n" not in facts["passed on to"]
    assert "\x1b" not in facts["passed on to"]
