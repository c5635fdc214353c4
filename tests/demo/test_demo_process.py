"""The demo agent as a process: how it starts, and how it ends."""

import signal
import subprocess
import sys
from collections.abc import Generator

import pytest

SERVE = [sys.executable, "-m", "ringback.demo", "--serve"]


@pytest.fixture
def agent() -> Generator[subprocess.Popen[str]]:
    with subprocess.Popen(
        SERVE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("The demo agent listens on ws://127.0.0.1:")
        yield process
        process.kill()


def test_it_ends_with_whoever_started_it(agent: subprocess.Popen[str]) -> None:
    """Its standard input is the starter's end of a pipe, which closes however the starter ends."""
    out, err = agent.communicate(timeout=60)
    assert (agent.returncode, out, err) == (0, "", "")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_end_it_in_order(agent: subprocess.Popen[str], number: signal.Signals) -> None:
    agent.send_signal(number)
    assert agent.wait(timeout=60) == 0
    assert agent.stderr is not None
    assert agent.stderr.read() == ""
