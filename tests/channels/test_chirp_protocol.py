"""CHIRP without a socket: our events, and what becomes of anything that an agent sends."""

import json
import uuid
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringback.channels.chirp_protocol import ChirpProtocol
from ringback.channels.line import (
    AgentHeard,
    AgentStartedSpeaking,
    AgentStoppedSpeaking,
    Happened,
    MetadataCame,
    Remarked,
    SoundArrived,
)
from ringback.domain.conversation import FindingCode
from ringback.domain.secret import Redactor

SILENCE = bytes(640)


@pytest.fixture
def protocol() -> ChirpProtocol:
    return ChirpProtocol(wall_clock=lambda: 1_700_000_000.25)


def event(kind: str, **data: Any) -> str:
    return json.dumps({"type": kind, "id": "c0e1a39f-92d1-4f1c-9d8a-2a1b3c4d5e6f", "ts_ms": 1, "data": data})


def answered(protocol: ChirpProtocol, frame: str | bytes) -> tuple[FindingCode, str | None]:
    """The code of the one remark that a frame leaves, and that of the error that it is answered with."""
    received = protocol.heard(frame, 1.0)
    [remark] = [remark for event in received.events if isinstance(event, Remarked) for remark in event.remarks]
    answers = [json.loads(answer) for answer in received.answers]
    assert all(answer["type"] == "session.error" for answer in answers)
    assert all(answer["data"]["message"] for answer in answers)
    return remark.code, answers[0]["data"]["code"] if answers else None


def kinds(events: tuple[Happened, ...]) -> list[type[Happened]]:
    return [type(event) for event in events]


def test_our_speech_is_begun_and_completed_once_under_one_id(protocol: ChirpProtocol) -> None:
    assert protocol.opening() == ()
    assert protocol.stopped_speaking() is None
    started = json.loads(protocol.began_speaking() or "")
    assert protocol.began_speaking() is None
    completed = json.loads(protocol.stopped_speaking() or "")
    assert protocol.stopped_speaking() is None
    assert started["type"] == "speech.started"
    assert completed["type"] == "speech.completed"
    assert started["data"] == completed["data"]
    assert started["data"]["utterance_id"]
    assert started["ts_ms"] == 1_700_000_000_250
    assert uuid.UUID(started["id"]) != uuid.UUID(completed["id"])
    second = json.loads(protocol.began_speaking() or "")
    assert second["data"] != started["data"]


def test_the_end_of_a_call_completes_what_is_being_said(protocol: ChirpProtocol) -> None:
    assert protocol.ending() == ()
    protocol.began_speaking()
    [completed] = map(json.loads, protocol.ending())
    assert completed["type"] == "speech.completed"


def test_sound_of_any_even_length_is_played_in_frames(protocol: ChirpProtocol) -> None:
    assert protocol.sound(SILENCE) == SILENCE
    assert protocol.heard(b"\x01\x02" * 400, 1.0).events == (SoundArrived(at=1.0, seconds=0.025),)
    assert protocol.played(1.0)[0] == b"\x01\x02" * 320
    assert protocol.played(1.0)[0] == b"\x01\x02" * 80 + bytes(480)
    assert protocol.played(1.0)[0] == SILENCE


@pytest.mark.parametrize("sound", [b"", b"\x01", b"\x01" * 641])
def test_empty_and_odd_frames_are_answered_with_an_error_and_not_played(protocol: ChirpProtocol, sound: bytes) -> None:
    assert answered(protocol, sound) == (FindingCode.BAD_FRAME, "INVALID_AUDIO_FRAME")
    assert protocol.played(1.0)[0] == SILENCE


def test_the_agents_speech_events(protocol: ChirpProtocol) -> None:
    started = protocol.heard(event("speech.started", utterance_id="u1"), 1.0)
    assert started.events == (AgentStartedSpeaking(at=1.0),)
    completed = protocol.heard(event("speech.completed", utterance_id="u1"), 2.0)
    assert completed.events == (AgentStoppedSpeaking(at=2.0),)


def test_events_need_no_id_and_no_time(protocol: ChirpProtocol) -> None:
    frame = '{"type": "speech.started", "data": {"utterance_id": "u1"}}'
    assert protocol.heard(frame, 1.0).events == (AgentStartedSpeaking(at=1.0),)


def test_a_completion_of_what_was_not_begun_counts_and_is_remarked(protocol: ChirpProtocol) -> None:
    received = protocol.heard(event("speech.completed", utterance_id="u9"), 1.0)
    assert kinds(received.events) == [AgentStoppedSpeaking, Remarked]
    assert received.answers == ()


@pytest.mark.parametrize(
    ("frame", "code", "error"),
    [
        ("", FindingCode.NOT_JSON, "INVALID_MESSAGE"),
        ("not json", FindingCode.NOT_JSON, "INVALID_MESSAGE"),
        ("[" * 9_000, FindingCode.NOT_JSON, "INVALID_MESSAGE"),
        ("[" * 100_000, FindingCode.BAD_FRAME, "INVALID_MESSAGE"),
        ("[]", FindingCode.NOT_AN_OBJECT, "INVALID_MESSAGE"),
        ("{}", FindingCode.BAD_FRAME, "MISSING_FIELD"),
        ('{"type": null}', FindingCode.BAD_FRAME, "MISSING_FIELD"),
        ('{"type": 7}', FindingCode.UNKNOWN_TYPE, "INVALID_MESSAGE"),
        ('{"type": ["speech.started"]}', FindingCode.UNKNOWN_TYPE, "INVALID_MESSAGE"),
        (event("speech.paused"), FindingCode.UNKNOWN_TYPE, "INVALID_MESSAGE"),
        (event("speech.started"), FindingCode.BAD_FRAME, "MISSING_FIELD"),
        ('{"type": "speech.started", "data": []}', FindingCode.BAD_FRAME, "MISSING_FIELD"),
        (event("speech.started", utterance_id=7), FindingCode.BAD_FRAME, "MISSING_FIELD"),
        (event("speech.completed", utterance_id=""), FindingCode.BAD_FRAME, "MISSING_FIELD"),
        ('{"type": "metadata", "data": 7}', FindingCode.BAD_METADATA, None),
        (event("transcript", words="x"), FindingCode.BAD_FRAME, None),
    ],
)
def test_a_wrong_message_is_remarked_and_answered_with_the_right_error(
    protocol: ChirpProtocol, frame: str, code: FindingCode, error: str | None
) -> None:
    assert answered(protocol, frame) == (code, error)


def test_an_error_of_the_agent_is_remarked_kept_for_the_close_and_never_answered(protocol: ChirpProtocol) -> None:
    assert protocol.last_error() == ""
    frame = event("session.error", code="INTERNAL_ERROR", message="no voice")
    assert answered(protocol, frame) == (FindingCode.ERROR_FRAME, None)
    assert protocol.last_error() == "INTERNAL_ERROR: no voice"
    assert answered(protocol, event("session.error", code=["x"])) == (FindingCode.ERROR_FRAME, None)
    assert protocol.last_error() == "an unknown code"
    assert answered(protocol, '{"type": "session.error"}') == (FindingCode.ERROR_FRAME, None)


def test_transcripts_and_metadata(protocol: ChirpProtocol) -> None:
    heard = protocol.heard(event("transcript", role="user", text="hello"), 1.0)
    assert heard.events == (AgentHeard(at=1.0, text="hello"),)
    came = protocol.heard(event("metadata", a=1), 1.0)
    assert came.events == (MetadataCame(at=1.0, values={"a": 1}),)


def test_sound_beyond_the_bound_is_dropped_and_told_once() -> None:
    protocol = ChirpProtocol(max_queued_seconds=1)
    protocol.heard(bytes(32_000), 1.0)
    assert answered(protocol, bytes(640)) == (FindingCode.QUEUE_OVERRUN, None)
    assert protocol.heard(bytes(640), 1.0).sound


def test_secrets_are_taken_out_of_errors() -> None:
    protocol = ChirpProtocol(redactor=Redactor(["swordfish"]))
    received = protocol.heard(event("session.error", code="swordfish", message="swordfish"), 1.0)
    assert "swordfish" not in repr(received)
    assert "swordfish" not in protocol.last_error()


@settings(max_examples=60, deadline=None)
@given(
    st.one_of(
        st.binary(max_size=40),
        st.text(max_size=40),
        st.recursive(
            st.none() | st.booleans() | st.floats() | st.text(max_size=8),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(["type", "data", "utterance_id", "code", "message", "text", "x"]),
                    inner | st.sampled_from(["speech.started", "speech.completed", "session.error", "transcript"]),
                    max_size=5,
                )
            ),
            max_leaves=10,
        ).map(json.dumps),
    )
)
def test_anything_at_all_is_taken(frame: str | bytes) -> None:
    """Any frame: at least one event, storable as JSON where it is kept, and the line plays on."""
    protocol = ChirpProtocol()
    received = protocol.heard(frame, 1.0)
    assert received.events
    for happened in received.events:
        if isinstance(happened, Remarked):
            json.dumps([remark.detail for remark in happened.remarks], allow_nan=False).encode()
    assert len(protocol.played(1.0)[0]) == 640
