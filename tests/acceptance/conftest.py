"""The real command line, in an empty folder, with nothing of the machine's environment in its way."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "telephony"))

from command_line import QUICK, CommandLine, measuring
from command_server import CommandServer

KEPT = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
"""Of the environment of this machine."""


@pytest.fixture(scope="session")
def command_server() -> Iterator[CommandServer]:
    """What starts commands that have loaded already."""
    server = CommandServer(KEPT)
    yield server
    server.close()


@pytest.fixture
def ringback(request: pytest.FixtureRequest, tmp_path: Path) -> CommandLine:
    """The command line in an empty folder; waits that the protocol wants are set to 0.

    The commands of tests with the mark `measured` load all themselves, and coverage is measured in them; the others'
    carry out the same lines.
    """
    environment = {**KEPT, **QUICK, "COLUMNS": "200"}
    if request.node.get_closest_marker("measured"):
        return CommandLine(tmp_path, {**environment, **measuring("cli")})
    return CommandLine(tmp_path, environment, request.getfixturevalue("command_server"))
