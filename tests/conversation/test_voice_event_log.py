"""What is written beside a recording: edges of the voice, keys and words, with their times."""

import json
from pathlib import Path
from typing import Any

import pytest
from staging import ListedCaller
from voice_staging import Call, polite

from ringback.callers.caller import Say
from ringback.callers.directives import parse_directives

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
