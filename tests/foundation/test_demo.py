"""`make demo` in a fresh clone: one command, no key, and, once the packages are there, no network."""

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from junitparser import Error, Failure, JUnitXml

QUICK = 20.0
"""Seconds that the demo may take after the set-up."""


@pytest.fixture
def clone(project: Path, project_files: list[Path], tmp_path: Path) -> Path:
    """The project as git keeps it, in a folder of its own."""
    for file in project_files:
        target = tmp_path / "clone" / file.relative_to(project)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(file, target)
    return tmp_path / "clone"


def carry_out(command: list[str], clone: Path) -> str:
    """A command with no way out of this machine, and no setting of whoever runs the tests; its output."""
    nowhere = "http://127.0.0.1:9"
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "UV_CACHE_DIR", "XDG_CACHE_HOME") if name in os.environ}
    environment = {**kept, "UV_OFFLINE": "1", "HTTP_PROXY": nowhere, "HTTPS_PROXY": nowhere, "NO_PROXY": "127.0.0.1"}
    done = subprocess.run(command, cwd=clone, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def seconds_of_a_demo(clone: Path) -> float:
    """How long one demo takes after the set-up."""
    before = time.monotonic()
    carry_out(["make", "demo"], clone)
    return time.monotonic() - before


@pytest.mark.timeout(240)
def test_a_fresh_clone_shows_a_planted_fault_and_a_report(clone: Path) -> None:
    carry_out(["sh", "tools/setup.sh", "demo"], clone)
    # Other tests keep this machine busy, so one quick demo of three is enough.
    assert any(seconds_of_a_demo(clone) < QUICK for _ in range(3))
    report = (clone / "demo-report" / "index.html").read_text()
    assert report.lower().startswith("<!doctype html>")
    suites = JUnitXml.fromfile(str(clone / "demo-report" / "junit.xml"))  # pyright: ignore[reportUnknownMemberType] - partly typed
    cases = [case for suite in suites for case in suite]
    kinds = {type(result) for case in cases for result in case.result}
    assert Failure in kinds
    assert Error not in kinds
    assert any(case.is_passed for case in cases)
