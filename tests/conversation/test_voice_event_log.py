"""What is written beside a recording: edges of the voice, keys and words, with their times."""

import json
from pathlib import Path
from typing import Any

import pytest
from staging import ListedCaller
from voice_staging import Call, polite

from ringback.callers.caller import Say
from ringback.callers.directives import parse_directives
from ringback.channels.line import LineReport
from ringback.conversation.voice_record import VoiceNotes
from ringback.domain.voice import Lateness, RecognitionMode
from ringback.speech.recording import Recording

GREETING, ANSWER = "hello this is the clinic", "we are closed on sunday"


def test_edges_keys_and_words_are_in_the_log(tmp_path: Path) -> None:
    caller = ListedCaller("When do you open?", Say(parse_directives('<dtmf digits="5#"/>')))
    call = Call(caller, polite(GREETING, ANSWER), hears=(GREETING, ANSWER), recordings=tmp_path)
    text = (tmp_path / "1" / "1-1.events.jsonl").read_text()
    log: list[dict[str, Any]] = [json.loads(line) for line in text.splitlines()]

    def of(event: str) -> list[dict[str, Any]]:
        return [line for line in log if line["event"] == event]

    edges = sorted((line["at"], line["event"]) for line in log if line["event"].startswith("voice_"))
    assert [event for _, event in edges] == ["voice_began", "voice_ended"] * (len(edges) // 2)
    assert len(edges) >= 4
    assert [(line["digit"], line["by"]) for line in of("key")] == [("5", "caller"), ("#", "caller")]
    words, *_ = of("caller_speech")  # questions whether anybody is there follow
    entry = next(entry for entry in call.conversation.entries if entry.content == "When do you open?")
    assert (words["start"], words["end"]) == (pytest.approx(entry.start), pytest.approx(entry.end))


async def test_sound_that_comes_all_at_once_is_one_line(tmp_path: Path) -> None:
    recording = Recording(tmp_path, "1/1-1", 8_000)
    notes = VoiceNotes(recording, 8_000)
    for at in (0.02, 0.04):
        for _ in range(100):
            notes.arrived(at, 0.02)
    notes.note(0.04, "cleared", seconds=1.0)
    notes.arrived(0.04, 0.5)
    await notes.finish(
        transport="media-streams",
        mode=RecognitionMode.OPEN,
        speech_to_text="test:ear",
        text_to_speech="flite:slt",
        stem="1/1-1",
        lateness=Lateness(),
        seed=0,
        line=LineReport(),
    )
    log = [json.loads(line) for line in (tmp_path / "1" / "1-1.events.jsonl").read_text().splitlines()]
    assert log == [
        {"at": 0.02, "event": "sound_arrived", "seconds": 2.0},
        {"at": 0.04, "event": "sound_arrived", "seconds": 2.0},
        {"at": 0.04, "event": "cleared", "seconds": 1.0},
        {"at": 0.04, "event": "sound_arrived", "seconds": 0.5},
    ]
