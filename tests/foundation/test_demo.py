"""`make demo` in a fresh clone: one command, no key, and, once the packages are there, no network."""

import os
import shutil
import subprocess
import time
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

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


def make_demo(clone: Path) -> subprocess.CompletedProcess[str]:
    """`make demo` with no way out of this machine, and no setting of whoever runs the tests."""
    nowhere = "http://127.0.0.1:9"
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "UV_CACHE_DIR", "XDG_CACHE_HOME") if name in os.environ}
    environment = {**kept, "UV_OFFLINE": "1", "HTTP_PROXY": nowhere, "HTTPS_PROXY": nowhere, "NO_PROXY": "127.0.0.1"}
    return subprocess.run(["make", "demo"], cwd=clone, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.timeout(120)
def test_a_fresh_clone_shows_a_planted_fault_and_a_report(clone: Path) -> None:
    first = make_demo(clone)
    assert first.returncode == 0, first.stdout + first.stderr
    report = (clone / "demo-report" / "index.html").read_text()
    assert report.lower().startswith("<!doctype html>")
    cases = list(ET.parse(clone / "demo-report" / "junit.xml").iter("testcase"))  # noqa: S314 - our own report
    assert any(case.find("failure") is not None for case in cases)
    assert any(len(case) == 0 for case in cases)
    assert not [case for case in cases if case.find("error") is not None]

    before = time.monotonic()
    again = make_demo(clone)
    assert again.returncode == 0, again.stdout + again.stderr
    assert time.monotonic() - before < QUICK
