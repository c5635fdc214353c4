"""The real command line, in an empty folder, with nothing of the machine's environment in its way."""

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "telephony"))

from command_line import QUICK, CommandLine, measuring
from command_server import CommandServer, shared

KEPT = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
"""Of the environment of this machine."""


@pytest.fixture
def command_server() -> CommandServer:
    """What starts commands that have loaded already."""
    return shared()


@pytest.fixture
def ringback(request: pytest.FixtureRequest, tmp_path: Path, command_server: CommandServer) -> CommandLine:
    """The command line in an empty folder; waits that the protocol wants are set to 0.

    Coverage is measured in the commands of tests with the mark `measured`; the others' carry out the same lines.
    """
    environment = {**KEPT, **QUICK, "COLUMNS": "200"}
    if request.node.get_closest_marker("measured"):
        environment |= measuring("cli")
    return CommandLine(tmp_path, environment, command_server)
