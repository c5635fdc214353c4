"""Lets tests import what stands beside them, and `command_server` of tests/acceptance."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "acceptance"))

from command_server import CommandServer


@pytest.fixture(scope="module")
def commands() -> Iterator[CommandServer]:
    """What carries out commands without loading the command line for each."""
    server = CommandServer({"PATH": os.environ["PATH"]})
    yield server
    server.close()
