"""The real command line, in an empty folder, with nothing of the machine's environment in its way."""

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from command_line import QUICK, CommandLine

_UNMEASURED = frozenset(
    {"test_models", "test_privacy", "test_reference_snippets", "test_resume_judging", "test_voice_survives"}
)
"""Modules whose commands others try, too, or may write no files: with the measuring of coverage each takes longer."""


@pytest.fixture
def ringback(request: pytest.FixtureRequest, tmp_path: Path) -> CommandLine:
    """The command line in an empty folder; waits that the protocol wants are set to 0."""
    measuring = [] if request.path.stem in _UNMEASURED else ["COVERAGE_PROCESS_CONFIG"]
    keep = {name: os.environ[name] for name in ("PATH", "HOME", *measuring) if name in os.environ}
    return CommandLine(tmp_path, {**keep, **QUICK, "COLUMNS": "200"})
