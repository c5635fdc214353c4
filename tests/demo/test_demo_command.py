"""`python -m ringback.demo`: the whole of it, as `make demo` runs it."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ringback.demo.finding import FAULT_CHECK, FAULTY, read_verdict


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
FOUND = run_of(FAULTY, "failed", **{FAULT_CHECK.replace(" ", "_"): False, "another": True})


def test_the_fault_found_and_all_else_passed_is_as_planned() -> None:
    verdict = read_verdict(report(PASSED, FOUND))
    assert verdict.as_planned
    assert FAULT_CHECK in verdict.fault


@pytest.mark.parametrize(
    ("text", "surprise"),
    [
        (report(PASSED, run_of(FAULTY, "passed")), "The fault was not found"),
        (report(PASSED, run_of(FAULTY, "failed", another=False)), "The fault was not found"),
        (report(run_of("other", "error"), FOUND), "other ended as error"),
        (report(FOUND), "not every scenario"),
        (report(PASSED), "not every scenario"),
        ("{}", "cannot be understood"),
        ("no json", "cannot be understood"),
        ("[]", "cannot be understood"),
    ],
)
def test_anything_else_is_a_surprise(text: str, surprise: str) -> None:
    verdict = read_verdict(text)
    assert not verdict.as_planned
    assert surprise in verdict.surprise


def demo(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RINGBACK_")}
    return subprocess.run(
        [sys.executable, "-m", "ringback.demo", *arguments],
        cwd=folder,
        env=kept | environment,
        capture_output=True,
        text=True,
        timeout=50,
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
