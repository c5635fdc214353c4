"""What is answered of results and runs is what the API's document says of them."""

from dataclasses import replace

from kept_results import conversation, keep
from running_service import Service

from ringback.api.reading_shapes import FullRun, ListedResult, ResultDetail, RunEntry, TranscriptEntry
from ringback.api.voice_shapes import RecognitionEntry, TelephoneMedia, VoiceFacts
from ringback.domain.conversation import Entry, Role
from ringback.domain.ending import EndingCode
from ringback.domain.voice import Key, MediaRecord, Recognition, RecognitionMode, Side, Span, VoiceRecord
from ringback.results.reference_transcript import transcript_object
from ringback.results.reference_voice import voice_fields

V1 = "/test_framework/v1"
OF_THE_REFERENCE = {
    "trace_id",
    "agent_version",
    "agent_number",
    "email_id",
    "critical_categories",
    "generated_mock_tool_entries",
    "mocked_tool_names",
    "provider_call_details",
    "outbound_dial_window_opens_at",
    "outbound_dial_window_seconds",
    "outbound_dial_window_closes_at",
}
"""Fields that clients of the reference product look for, and that are empty for all runs."""


async def test_every_field_of_a_run_is_described_and_is_what_it_is_said_to_be(service: Service) -> None:
    result = await keep(service.services, {"book": "PFI?ECT.e"})
    detail = (await service.get(f"{V1}/results/{result.id}/")).body
    described = ResultDetail.model_validate(detail)
    assert described.overall_evaluation.metric_summary
    assert described.overall_evaluation.model_extra == {}
    entries = detail["runs"].values()
    assert {name for entry in entries for name in entry} <= RunEntry.model_fields.keys()

    runs = [(await service.get(f"{V1}/runs/{run.id}/")).body for run in result.runs]
    for run in runs:
        FullRun.model_validate(run)
    shown = {name for run in runs for name in run}
    assert shown - FullRun.model_fields.keys() <= OF_THE_REFERENCE
    assert FullRun.model_fields.keys() - shown <= {"test_profile_name", "voice"}
    assert {
        name for run in runs for entry in run["transcript_object"] for name in entry
    } <= TranscriptEntry.model_fields.keys()


def test_every_field_of_a_call_is_described_and_is_what_it_is_said_to_be() -> None:
    heard = Recognition(mode=RecognitionMode.OPEN, confidence=0.5)
    entry = Entry(
        number=1,
        role=Role.AGENT,
        content="Hi",
        start=0,
        end=1,
        turn=0,
        recognition=heard,
        interrupted=True,
        latency=0.1,
    )
    voice = VoiceRecord(
        transport="chirp",
        rate=16_000,
        duration=1.0,
        recognition=RecognitionMode.OPEN,
        speech_to_text="deepgram:nova-3",
        text_to_speech="flite:slt",
        recording="1/1-1",
        agent_speech=(Span(start=0, end=1),),
        keys=(Key(at=0.5, digit="1", by=Side.AGENT),),
        ringing=1.0,
        media=MediaRecord(codec="PCMU"),
    )
    held = replace(conversation(EndingCode.CALLER_ENDED), entries=(entry,), voice=voice)
    shown = voice_fields(held)["voice"]
    VoiceFacts.model_validate(shown, strict=False)
    assert shown.keys() == VoiceFacts.model_fields.keys()
    assert shown["media"].keys() == TelephoneMedia.model_fields.keys()
    [item] = transcript_object(held)
    described = TranscriptEntry.model_validate(item)
    assert described.model_extra == {}
    assert item["recognition"].keys() == RecognitionEntry.model_fields.keys()


async def test_listed_results_are_what_they_are_said_to_be(service: Service) -> None:
    await keep(service.services, {"book": "PF"})
    [listed] = (await service.get(f"{V1}/results/")).body["results"]
    ListedResult.model_validate(listed)


def test_statuses_and_outcomes_are_named() -> None:
    fields = FullRun.model_json_schema()["properties"]
    assert {"running", "completed", "in_queue", "cancelled"} <= set(fields["status"]["enum"])
    [named, _] = fields["outcome"]["anyOf"]
    assert named["enum"] == ["passed", "failed", "invalid", "inconclusive", "error"]
