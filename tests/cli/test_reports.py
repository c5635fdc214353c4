"""Reports that a command writes: recordings beside a page of spoken calls, and nothing beside any other."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ringback.cli.reports import ReportFiles
from ringback.domain.conversation import Conversation
from ringback.domain.ending import Ending, EndingCode
from ringback.domain.run import Provenance, Result, Run, RunSpecification, RunStatus
from ringback.domain.scenario import Scenario, ScenarioType
from ringback.domain.voice import RecognitionMode, VoiceRecord
from ringback.errors import UsageError
from ringback.results.summary import summarise

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
TALK = Scenario(key="talk", name="Talk", type=ScenarioType.SCRIPT)
RECORDED = VoiceRecord(
    transport="chirp",
    rate=16000,
    duration=2.0,
    recognition=RecognitionMode.OPEN,
    speech_to_text="deepgram",
    text_to_speech="flite:slt",
    recording="1/1-1",
)


def result(voice: VoiceRecord | None) -> Result:
    conversation = Conversation(
        started_at=NOON,
        duration=2.0,
        entries=(),
        ending=Ending(code=EndingCode.CALLER_ENDED, sentence="The caller hung up."),
        voice=voice,
    )
    run = Run(
        id=1,
        result_id=1,
        specification=RunSpecification(scenario=TALK, scenario_id=1, repeat=1),
        status=RunStatus.DONE,
        conversation=conversation,
    )
    return Result(
        id=1,
        name="suite",
        agent_name="clinic",
        agent_url="ws://localhost:1",
        created_at=NOON,
        finished_at=NOON,
        provenance=Provenance(ringback_version="1"),
        runs=(run,),
    )


def written(page: Path, of: Result, recordings: Path) -> str:
    [path] = ReportFiles(paths=(("html", page),)).write(of, summarise(of), None, recordings=recordings)
    return path.read_text(encoding="utf-8")


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    folder = tmp_path / "kept"
    (folder / "1").mkdir(parents=True)
    for ending in ("wav", "mp3", "events.jsonl"):
        (folder / "1" / f"1-1.{ending}").write_bytes(b"sound")
    return folder


def test_a_page_of_spoken_calls_has_their_recordings_beside_it(tmp_path: Path, recordings: Path) -> None:
    page = written(tmp_path / "r.html", result(RECORDED), recordings)
    assert 'src="r.recordings/1-1.mp3"' in page
    assert 'href="kept/1/1-1.events.jsonl" download>events</a>' in page
    assert (tmp_path / "r.recordings" / "1-1.mp3").read_bytes() == b"sound"


def test_a_page_whose_recordings_cannot_lie_beside_it_is_written_all_the_same(tmp_path: Path, recordings: Path) -> None:
    (tmp_path / "r.recordings").write_text("in the way")
    page = written(tmp_path / "r.html", result(RECORDED), recordings)
    assert "The recording could not be copied beside this page: File exists." in page
    assert "<audio" not in page


def test_a_page_that_is_written_through_a_link_takes_no_recordings_along(tmp_path: Path, recordings: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "r.html").symlink_to(tmp_path / "there" / "page.html")
    page = written(tmp_path / "r.html", result(RECORDED), recordings)
    assert "Its recording is not with this page." in page
    assert not list(tmp_path.rglob("*.recordings"))


@pytest.mark.parametrize("voice", [None, replace(RECORDED, recording=None)])
def test_nothing_lies_beside_a_page_without_recordings(
    tmp_path: Path, recordings: Path, voice: VoiceRecord | None
) -> None:
    written(tmp_path / "r.html", result(voice), recordings)
    assert {path.name for path in tmp_path.iterdir()} == {"r.html", "kept"}


def test_two_reports_in_one_file_are_refused_before_anything_runs(tmp_path: Path) -> None:
    same = tmp_path / "same"
    for other in (same, tmp_path / "x" / ".." / "same"):
        with pytest.raises(UsageError, match=r"--html and --junit name the same file, .*same: give each its own"):
            ReportFiles(paths=(("html", same), ("junit", other))).check()
    ReportFiles(paths=(("html", same), ("junit", tmp_path / "another"))).check()
    ReportFiles(paths=(("html", Path("/dev/null")), ("junit", Path("/dev/null")))).check()


@pytest.mark.parametrize("stored", [True, False])
def test_a_report_that_could_not_be_written_can_be_had_later_where_the_result_is_stored(
    tmp_path: Path, stored: bool
) -> None:
    of, gone = result(None), tmp_path / "gone" / "report.md"
    with pytest.raises(UsageError) as caught:
        list(
            ReportFiles(paths=(("markdown", gone),)).write(of, summarise(of), None, recordings=tmp_path, stored=stored)
        )
    later = f" `ringback results export 1 --format markdown --output {gone}` writes it later." if stored else ""
    assert str(caught.value) == f"{gone} could not be written: No such file or directory.{later}"
