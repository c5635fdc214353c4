"""`ringback run` with an agent that calls us: what it needs beforehand, and how waiting for its call is ended."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from command_server import CommandServer

RINGBACK = Path(sys.executable).parent / "ringback"
SUITE = 'version: "1"\nscenarios:\n  - {name: Is reminded, script: ["Thank you."]}\n'
PROJECT = """\
[agents.reminder]
channel = "sip"
inbound = false
contact_number = "+1 555 0111"
known_lines = "lines.txt"

[agents.hotline]
channel = "sip"
phone_number = "+1 555 0199"
known_lines = "lines.txt"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "suite.yaml").write_text(SUITE)
    (tmp_path / "ringback.toml").write_text(PROJECT)
    (tmp_path / "lines.txt").write_text("This is a reminder.\n")
    return tmp_path


def environment(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RINGBACK_")}
    return {**kept, "COLUMNS": "200", **more}


def start(folder: Path, *words: str, **more: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [RINGBACK, "run", "suite.yaml", *words],
        cwd=folder,
        env=environment(**more),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--agent", "reminder"], "Agent 'reminder' calls us, and there is no number that it could call."),
        (["--agent", "hotline"], "Agent 'hotline' has a telephone number, and there is no trunk to call it through."),
        (["--agent", "hotline", "--hang-up-port", "0"], "--hang-up-port is not for the telephone"),
        (["--agent", "reminder", "--channel", "chirp"], "Agent 'reminder' calls us by telephone"),
    ],
)
async def test_what_a_run_by_telephone_lacks_is_said_before_anything_runs(
    folder: Path, commands: CommandServer, words: Sequence[str], sentence: str
) -> None:
    code, out, err = await commands.run(("run", "suite.yaml", *words), folder, environment())
    assert (code, out) == (2, ""), err
    assert sentence in err
    assert "Traceback" not in err


def test_ctrl_c_while_the_agent_s_call_is_awaited_ends_the_run_at_once(folder: Path) -> None:
    ours = {
        "RINGBACK_SIP_LISTEN": "127.0.0.1:0",
        "RINGBACK_SIP_INTERFACE": "127.0.0.1",
        "RINGBACK_PHONE_NUMBERS": "+15550100, +1 (555) 0101",
    }
    with start(folder, "--agent", "reminder", "--repeat", "3", **ours) as process:
        assert process.stdout is not None
        warned = process.stdout.readline()
        awaited = sorted(process.stdout.readline().rpartition(" until ")[0] for _ in range(2))
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=100)
    assert warned.startswith("warning: RINGBACK_SIP_LISTEN has no port of its own")
    waits = "Is reminded: waiting for the agent's call from +15550111 to"
    assert awaited == [f"{waits} +15550100", f"{waits} +15550101"]
    assert process.returncode == 130, out + err
    assert waits not in out  # the third run had no number to wait on
    assert "3 runs left" in out
    assert err == ""


async def test_a_dry_run_needs_no_number(folder: Path, commands: CommandServer) -> None:
    words = ("run", "suite.yaml", "--agent", "reminder", "--dry-run")
    code, out, err = await commands.run(words, folder, environment())
    assert (code, err) == (0, "")
    assert "1 conversation" in out
