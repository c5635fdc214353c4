"""Lets tests import what stands beside them, and `command_server` of tests/acceptance."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "acceptance"))

from command_server import CommandServer, shared


@pytest.fixture
def commands() -> CommandServer:
    """What carries out commands without loading the command line for each."""
    return shared()
