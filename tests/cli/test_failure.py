"""What a person sees of a run that is over."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from ringback.cli.failure import failure_lines, transcript_lines
from ringback.domain.conversation import Conversation, Entry, Finding, FindingCode, Role
from ringback.domain.ending import Ending, EndingCode
from ringback.domain.evaluation import CheckScore, Evaluation, Evidence
from ringback.domain.outcome import Outcome
from ringback.domain.run import Run, RunSpecification, RunStatus
from ringback.domain.scenario import Scenario, ScenarioType
from ringback.domain.voice import RecognitionMode, VoiceRecord

SPOKEN = VoiceRecord(
    transport="chirp",
    rate=16_000,
    duration=9.0,
    recognition=RecognitionMode.OPEN,
    speech_to_text="test:ear",
    text_to_speech="flite:slt",
)


def run_of(*said: tuple[Role, str, float, float], evidence: int = 1, **more: Any) -> Run:
    entries = tuple(
        Entry(number=number, role=role, content=words, start=start, end=end, turn=1)
        for number, (role, words, start, end) in enumerate(said, 1)
    )
    check = CheckScore(
        name="price was said", passed=False, explanation="no agent line has it", evidence=(Evidence(entry=evidence),)
    )
    return Run(
        id=7,
        result_id=1,
        specification=RunSpecification(
            scenario=Scenario(key="a", name="A", type=ScenarioType.SCRIPT), scenario_id=1, repeat=1
        ),
        status=RunStatus.DONE,
        conversation=Conversation(
            started_at=datetime.now(UTC),
            duration=9.0,
            entries=entries,
            ending=Ending(code=EndingCode.CALLER_ENDED, sentence="Over."),
            **more,
        ),
        evaluation=Evaluation(
            outcome=Outcome.FAILED, reason='Check "price was said": no agent line has it.', checks=(check,)
        ),
    )


OVERLAP = (
    (Role.AGENT, "hello", 0.0, 1.0),
    (Role.CALLER, "wait", 2.5, 3.0),
    (Role.AGENT, "a long story", 1.5, 4.0),
    (Role.CALLER, "thanks", 5.0, 6.0),
)


def test_a_failed_check_is_told_once_beside_the_whole_transcript() -> None:
    text = "\n".join(line.plain for line in transcript_lines(run_of(*OVERLAP)))
    assert text.count("no agent line has it") == 1


def test_a_reason_that_no_fault_tells_is_kept() -> None:
    run = run_of(*OVERLAP)
    assert run.evaluation is not None
    other = replace(run, evaluation=replace(run.evaluation, reason="Rule 2: turns is 4."))
    lines = [line.plain for line in transcript_lines(other)]
    assert lines[0] == "    run 7: Rule 2: turns is 4."


@pytest.mark.parametrize(("voice", "numbers"), [(SPOKEN, [1, 3, 2, 4]), (None, [1, 2, 3, 4])])
def test_entries_of_a_call_are_shown_as_they_began_with_the_numbers_they_have(
    voice: VoiceRecord | None, numbers: list[int]
) -> None:
    run = run_of(*OVERLAP, evidence=4, voice=voice)
    transcript = [line.plain.split()[0] for line in transcript_lines(run)]
    assert [int(word) for word in transcript if word.isdigit()] == numbers
    excerpt = [line.plain.split()[0] for line in failure_lines(run)]
    assert [int(word) for word in excerpt if word.isdigit()] == numbers[1:]


def test_a_discarded_reply_that_a_finding_of_its_own_told_is_not_told_again() -> None:
    def found(code: FindingCode, sentence: str, **detail: Any) -> Finding:
        return Finding(at=1.0, code=code, sentence=sentence, detail=detail)

    findings = (
        found(FindingCode.CALLER_FINDING, "hang-up refused: too early", kind="early_hang_up"),
        found(FindingCode.DISCARDED_REPLY, "discarded (early_hang_up): too early", kinds=["early_hang_up"]),
        found(FindingCode.DISCARDED_REPLY, "discarded (loop, assistant_voice): no", kinds=["loop", "assistant_voice"]),
    )
    text = "\n".join(line.plain for line in transcript_lines(run_of(*OVERLAP, findings=findings)))
    assert text.count("too early") == 1
    assert "discarded (loop, assistant_voice)" in text
