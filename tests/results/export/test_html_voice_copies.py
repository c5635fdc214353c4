"""Recordings beside an HTML report: which, under what names, and what is said where one cannot be copied."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ringback.domain.outcome import Outcome
from ringback.results.export.html import PASSED_IN_FULL
from ringback.results.export.html_voice_copies import copy_recordings, folder_beside

Calls = Any  # conftest.py cannot be imported; its classes are documented there
Samples = Any


@pytest.mark.parametrize(
    ("report", "folder"),
    [
        ("r.html", "r.recordings"),
        ("index", "index.recordings"),
        ("a.b.html", "a.b.recordings"),
        ("r.recordings", "r.recordings.recordings"),
    ],
)
def test_the_folder_is_named_after_the_report(report: str, folder: str) -> None:
    assert folder_beside(Path("there") / report) == Path("there") / folder


def test_the_compressed_copy_lies_beside_the_report_with_its_loudness(calls: Calls, tmp_path: Path) -> None:
    calls.record()
    (tmp_path / "out").mkdir()
    [recorded] = copy_recordings(calls.result(), tmp_path / "out" / "a b#1.html", calls.recordings).values()
    assert recorded.source == "a%20b%231.recordings/101-1.mp3"
    copy = tmp_path / "out" / "a b#1.recordings" / "101-1.mp3"
    assert copy.read_bytes() == (calls.recordings / "7" / "101-1.mp3").read_bytes()
    assert [path.name for path in copy.parent.iterdir()] == ["101-1.mp3"]
    assert recorded.files == []  # the folder of recordings is not within the report's
    assert recorded.peaks is not None
    caller, agent = recorded.peaks
    assert len(caller) == len(agent) == 600
    assert max(caller[:99]) == 0 < min(caller[110:190])


def test_the_whole_recording_is_linked_where_it_lies_within_the_reports_folder(calls: Calls, tmp_path: Path) -> None:
    calls.record()
    (calls.recordings / "7" / "101-1.events.jsonl").write_text("{}\n")
    [recorded] = copy_recordings(calls.result(), tmp_path / "r.html", calls.recordings).values()
    assert recorded.files == [("WAV", "recordings/7/101-1.wav"), ("events", "recordings/7/101-1.events.jsonl")]


def test_a_copy_that_cannot_be_made_is_told(calls: Calls, tmp_path: Path) -> None:
    calls.record()
    (tmp_path / "r.recordings").write_text("a file where the folder would be")
    [recorded] = copy_recordings(calls.result(), tmp_path / "r.html", calls.recordings).values()
    assert recorded.source == ""
    assert recorded.note == "The recording could not be copied beside this page: File exists."
    assert recorded.peaks is not None


def test_half_a_copy_does_not_stay(calls: Calls, tmp_path: Path) -> None:
    calls.record()
    (tmp_path / "r.recordings" / "101-1.mp3" / "in the way").mkdir(parents=True)
    [recorded] = copy_recordings(calls.result(), tmp_path / "r.html", calls.recordings).values()
    assert "could not be copied" in recorded.note
    assert [path.name for path in (tmp_path / "r.recordings").iterdir()] == ["101-1.mp3"]


def test_a_recording_that_is_gone_or_has_no_compressed_copy_is_told(calls: Calls, tmp_path: Path) -> None:
    [gone] = copy_recordings(calls.result(), tmp_path / "r.html", calls.recordings).values()
    assert "no longer in the folder" in gone.note
    assert not (tmp_path / "r.recordings").exists()
    calls.record()
    (calls.recordings / "7" / "101-1.mp3").unlink()
    [plain] = copy_recordings(calls.result(), tmp_path / "r.html", calls.recordings).values()
    assert "no compressed copy" in plain.note
    assert plain.peaks is not None


def test_a_recording_that_is_no_sound_is_played_and_not_drawn(calls: Calls, tmp_path: Path) -> None:
    calls.record()
    (calls.recordings / "7" / "101-1.wav").write_bytes(b"no sound")
    [recorded] = copy_recordings(calls.result(), tmp_path / "r.html", calls.recordings).values()
    assert (recorded.source, recorded.peaks) == ("r.recordings/101-1.mp3", None)


def test_copies_of_a_former_report_go_and_other_files_stay(calls: Calls, tmp_path: Path) -> None:
    calls.record()
    place = tmp_path / "r.recordings"
    place.mkdir()
    for name in ("99-1.mp3", "99-2.ogg", "song.mp3", "99-1.wav"):
        (place / name).write_text("sound")
    copy_recordings(calls.result(), tmp_path / "r.html", calls.recordings)
    assert {path.name for path in place.iterdir()} == {"101-1.mp3", "song.mp3", "99-1.wav"}


@pytest.mark.parametrize("stem", ["../../etc/passwd", "7/../7/101-1", "/etc/passwd", "7/101-1.mp3#"])
def test_a_record_that_names_no_recording_of_ours_opens_no_file(calls: Calls, tmp_path: Path, stem: str) -> None:
    calls.record()
    [recorded] = copy_recordings(calls.result(recording=stem), tmp_path / "r.html", calls.recordings).values()
    assert recorded.source == ""
    assert not (tmp_path / "r.recordings").exists()


def test_only_runs_that_the_page_shows_in_full_are_copied(calls: Calls, tmp_path: Path) -> None:
    [run] = calls.result().runs
    runs = tuple(
        replace(
            run,
            id=number,
            evaluation=replace(run.evaluation, outcome=Outcome.PASSED),
            conversation=replace(run.conversation, voice=replace(run.conversation.voice, recording=f"7/{number}-1")),
        )
        for number in range(1, PASSED_IN_FULL + 4)
    )
    folder = calls.recordings / "7"
    folder.mkdir(parents=True)
    for one in runs:
        for ending in ("wav", "mp3"):
            (folder / f"{one.id}-1.{ending}").write_bytes(b"sound")
    copy_recordings(replace(calls.result(), runs=runs), tmp_path / "r.html", calls.recordings)
    assert len(list((tmp_path / "r.recordings").iterdir())) == PASSED_IN_FULL


def test_reports_of_text_copy_nothing_and_take_nothing_of_the_voice_in(samples: Samples, tmp_path: Path) -> None:
    assert copy_recordings(samples.result(), tmp_path / "r.html", tmp_path) == {}
    assert list(tmp_path.iterdir()) == []
    script = (
        "import sys\n"
        "import ringback.results.export.html, ringback.results.export.html_voice_copies\n"
        "print([name for name in ('numpy', 'soundfile', 'ringback.speech') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
