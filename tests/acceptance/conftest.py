"""The real command line, in an empty folder, with nothing of the machine's environment in its way."""

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from command_line import QUICK, CommandLine


@pytest.fixture
def ringback(tmp_path: Path) -> CommandLine:
    """The command line in an empty folder; waits that the protocol wants are set to 0."""
    keep = {name: os.environ[name] for name in ("PATH", "HOME", "COVERAGE_PROCESS_CONFIG") if name in os.environ}
    return CommandLine(tmp_path, {**keep, **QUICK, "COLUMNS": "200"})
