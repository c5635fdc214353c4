"""`python -m ringback.demo`: the whole of it, as `make demo` runs it."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ringback.demo.finding import CHAT, VOICE, read_verdict


def run_of(key: str, outcome: str, **checks: bool) -> dict[str, Any]:
    """A run as the JSON report has it."""
    scores = [
        {"name": name.replace("_", " "), "passed": held, "explanation": f"{name} saw something."}
        for name, held in checks.items()
    ]
    return {"specification": {"scenario": {"key": key}}, "evaluation": {"outcome": outcome, "checks": scores}}


def report(*runs: dict[str, Any]) -> str:
    return json.dumps({"result": {"runs": runs}})


PASSED = run_of("other", "passed", a_check=True)
FOUND = run_of(CHAT.faulty, "failed", **{CHAT.fault.replace(" ", "_"): False, "another": True})


def test_the_fault_found_and_all_else_passed_is_as_planned() -> None:
    verdict = read_verdict(CHAT, report(PASSED, FOUND))
    assert verdict.as_planned
    assert CHAT.fault in verdict.fault


@pytest.mark.parametrize(
    ("text", "surprise"),
    [
        (report(PASSED, run_of(CHAT.faulty, "passed")), "The fault was not found"),
        (report(PASSED, run_of(CHAT.faulty, "failed", another=False)), "The fault was not found"),
        (report(run_of("other", "error"), FOUND), "other ended as error"),
        (report(FOUND), "not every scenario"),
        (report(PASSED), "not every scenario"),
        ("{}", "cannot be understood"),
        ("no json", "cannot be understood"),
        ("[]", "cannot be understood"),
    ],
)
def test_anything_else_is_a_surprise(text: str, surprise: str) -> None:
    verdict = read_verdict(CHAT, text)
    assert not verdict.as_planned
    assert surprise in verdict.surprise


def spoken(outcome: str, reason: str = "It is 4.7, the rule wants lte 1.", *, held: bool = True) -> dict[str, Any]:
    run = run_of(VOICE.faulty, outcome, agent_said=held)
    run["evaluation"] |= {"reason": reason, "metrics": [{"slug": "stop_time", "value": 4.7}]}
    return run


def test_the_fault_of_the_spoken_demo_is_that_its_agent_talks_over_its_caller() -> None:
    verdict = read_verdict(VOICE, report(PASSED, spoken("failed")))
    assert verdict.as_planned
    assert "talks over" in verdict.fault
    assert "4.7" in verdict.fault


def test_a_machine_that_was_too_busy_to_tell_is_named_as_the_spoken_demo_s_surprise() -> None:
    verdict = read_verdict(VOICE, report(PASSED, spoken("inconclusive", "The machine was too busy.")))
    assert "too busy" in verdict.surprise


def test_another_fault_of_the_spoken_agent_is_a_surprise() -> None:
    assert "agent said" in read_verdict(VOICE, report(PASSED, spoken("failed", held=False))).surprise


def demo(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RINGBACK_")}
    return subprocess.run(
        [sys.executable, "-m", "ringback.demo", *arguments],
        cwd=folder,
        env=kept | environment,
        capture_output=True,
        text=True,
        timeout=170,
        check=False,
    )


def test_the_demo_finds_the_fault_and_leaves_its_reports(tmp_path: Path) -> None:
    done = demo(tmp_path, "--report", "out/demo-report", PATH="/usr/bin:/bin")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    assert "found a real fault" in done.stdout
    assert "cancel_appointment was never called" in done.stdout
    assert f"Next: `{os.path.relpath(Path(sys.executable).with_name('ringback'), tmp_path)} init`" in done.stdout
    assert {path.name for path in (tmp_path / "out/demo-report").iterdir()} == {
        "index.html",
        "junit.xml",
        "report.json",
    }


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    done = demo(tmp_path, "--report", "file/report")
    assert done.returncode == 1
    assert "cannot be written" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_a_run_that_cannot_begin_is_not_taken_for_a_demo(tmp_path: Path) -> None:
    """An old report in the folder does not count as one of this run."""
    (tmp_path / "r").mkdir()
    (tmp_path / "r" / "report.json").write_text(report(PASSED, FOUND))
    done = demo(tmp_path, "--report", "r", RINGBACK_SETTLE="no number")
    assert done.returncode == 2
    assert "did not come to its end" in done.stdout


@pytest.mark.timeout(180)
def test_the_spoken_demo_holds_real_calls_and_leaves_recordings_and_a_report(tmp_path: Path) -> None:
    done = demo(tmp_path, "--voice", "--report", "out")
    # The calls take place in real time, and other tests may keep this machine too busy for the demo's own verdict.
    meaning = {0: "talks over whoever interrupts it", 1: "This is not how the demo should end"}
    assert meaning[done.returncode] in done.stdout, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    runs = json.loads((tmp_path / "out" / "report.json").read_text())["result"]["runs"]
    assert len(runs) == 3
    for run in runs:
        entries = run["conversation"]["entries"]
        assert entries[0]["content"] == "Hello, this is the Riverside Clinic. How can I help you?"
        assert run["conversation"]["voice"]["agent_speech"]
        recording = tmp_path / ".ringback" / "recordings" / run["conversation"]["voice"]["recording"]
        assert recording.with_name(f"{recording.name}.wav").stat().st_size > 500_000
    assert (tmp_path / "out" / "index.html").read_text().lower().startswith("<!doctype html>")
