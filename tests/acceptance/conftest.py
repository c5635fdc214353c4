"""The real command line, in an empty folder, with nothing of the machine's environment in its way."""

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "telephony"))

from command_line import QUICK, CommandLine, measuring


@pytest.fixture
def ringback(request: pytest.FixtureRequest, tmp_path: Path) -> CommandLine:
    """The command line in an empty folder; waits that the protocol wants are set to 0.

    Coverage is measured in the commands of tests with the mark `measured`; the others' carry out the same lines.
    """
    keep = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    measured = measuring() if request.node.get_closest_marker("measured") else {}
    return CommandLine(tmp_path, {**keep, **measured, **QUICK, "COLUMNS": "200"})
