"""The tests of this folder share `pages`, `reader`, `servers` and `a_model`, and use servers of tests/acceptance."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "acceptance"))

from command_server import CommandServer, shared


@pytest.fixture(scope="module")
def model_url() -> Iterator[str]:
    """A language model on the loopback that plays callers and judges, so that nothing leaves this machine."""
    from a_model import scripted_model

    from ringback.testing import in_thread

    with in_thread(scripted_model()) as model:
        yield model.url


@pytest.fixture
def commands() -> CommandServer:
    """What carries out the commands of pages without loading the command line for each."""
    return shared()
