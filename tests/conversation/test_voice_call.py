"""A spoken call, held on a virtual clock with real speech, heard by the real models."""

import wave
from pathlib import Path

import numpy as np
import pytest
from staging import ListedCaller
from voice_staging import Call, polite

from ringback.callers.caller import Say
from ringback.domain.ending import EndingCode
from ringback.domain.utterance import Utterance

BYE = Say(Utterance.of("Thank you, goodbye.", ends_call=True))
GREETING, ANSWER = "welcome to the clinic", "we open at nine"


def test_an_agent_greets_the_caller_answers_and_hangs_up(tmp_path: Path) -> None:
    """Both sides are in the transcript in their order, with times by sample positions, and recorded."""
    call = Call(
        ListedCaller("When do you open?", BYE),
        polite(GREETING, ANSWER),
        hears=(GREETING, ANSWER),
        recordings=tmp_path,
    )
    assert call.lines == [
        f"< {GREETING}",
        "> When do you open?",
        f"< {ANSWER}",
        "> Thank you, goodbye.!",
    ]
    assert call.conversation.ending.code is EndingCode.CALLER_ENDED
    asked, answered, farewell = call.conversation.entries[1:4]
    (asked_from, asked_until), *_ = call.caller_spans
    _, (answered_from, _) = call.agent_spans
    assert (asked.start, asked.end) == pytest.approx((asked_from, asked_until), abs=0.02)
    assert answered.start == pytest.approx(answered_from, abs=0.02)
    assert answered.latency == pytest.approx(answered_from - asked_until, abs=0.02)
    assert farewell.end < call.line.now
    assert call.voice.recording == "1/1-1"
    assert [span.start for span in call.voice.agent_speech] == pytest.approx(
        [start for start, _ in call.agent_spans], abs=0.02
    )
    with wave.open(str(tmp_path / "1" / "1-1.wav")) as file:
        stereo = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)
    assert np.array_equal(stereo[:, 0], call.line.caller_sound)
    assert np.array_equal(stereo[:, 1], call.line.agent_sound)
