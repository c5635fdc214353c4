"""The server snippets of the reference's chat page, completed, hold conversations that pass.

They run on websockets 13.1, for which they were written, in an environment of their own (`tools/reference_env.sh`).
"""

import fcntl
import json
import os
import re
import subprocess
import sysconfig
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).parents[2]
SNIPPETS = Path(__file__).parent / "reference_snippets"
SERVERS = sorted(file.stem for file in SNIPPETS.glob("*.py") if file.stem != "serving")
SECRET = "the-agent-and-the-tester-know-it"
RINGBACK = str(Path(sysconfig.get_path("scripts")) / "ringback")
GREETERS = {"greets_first", "plain_text"}

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(scope="session")
def interpreter() -> Path:
    """The Python that has websockets 13.1."""
    (PROJECT / ".tools").mkdir(exist_ok=True)
    with (PROJECT / ".tools" / "reference.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several test processes may come here at once
        subprocess.run(["sh", "tools/reference_env.sh", *_uv()], cwd=PROJECT, check=True)
    return PROJECT / ".tools" / "reference" / "bin" / "python"


def _uv() -> list[str]:
    brought = PROJECT / ".tools" / "bin" / "uv"
    return [str(brought)] if brought.exists() else []


@pytest.fixture
def start(interpreter: Path) -> Iterator[Callable[[str], str]]:
    """Starts a snippet's server as a process; returns its URL."""
    with ExitStack() as servers:

        def started(name: str) -> str:
            # -W: that its form of handler will be given up one day is known, and the point.
            command = [str(interpreter), "-W", "ignore::DeprecationWarning", str(SNIPPETS / f"{name}.py")]
            server = servers.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
            servers.callback(server.terminate)
            assert server.stdout
            return server.stdout.readline().strip()

        yield started


def hold(
    name: str, url: str, folder: Path, *, secret: str = SECRET
) -> tuple[subprocess.CompletedProcess[str], dict[str, Any]]:
    """`ringback run` of the server's scenario, in a folder of its own."""
    report = folder / "report.json"
    command = [RINGBACK, "run", str(SNIPPETS / "suite.yaml"), "--only", name, "--agent", url]
    done = subprocess.run(
        [*command, "--secret", "env:SNIPPET_SECRET", "--no-store", "--json", str(report)],
        check=False,
        cwd=folder,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "SNIPPET_SECRET": secret,
            "RINGBACK_GRACE": "0.2",
            # Who greets does so at once; where nobody does there is nothing to wait for.
            "RINGBACK_OPENING_WAIT": "10" if name in GREETERS else "0.3",
        },
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done, json.loads(report.read_text()) if report.exists() else {}


@pytest.mark.parametrize("name", SERVERS)
def test_a_snippet_of_the_chat_page_holds_a_conversation_that_passes(
    name: str, start: Callable[[str], str], tmp_path: Path
) -> None:
    done, report = hold(name, start(name), tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert [run["outcome"] for run in runs_of(report)] == ["passed"]


def runs_of(report: dict[str, Any]) -> list[dict[str, Any]]:
    """The runs of a JSON report, each with its outcome beside it."""
    return [{**run, "outcome": run["evaluation"]["outcome"]} for run in report["result"]["runs"]]


def test_a_wrong_secret_is_an_error_that_names_the_refusal(start: Callable[[str], str], tmp_path: Path) -> None:
    """The snippet refuses after the handshake, with close code 1008; that says nothing about the agent's quality."""
    done, _ = hold("secret_check", start("secret_check"), tmp_path, secret="a-wrong-one")
    assert done.returncode == 3, done.stdout + done.stderr
    assert "1008" in done.stdout
    assert "Unauthorized" in done.stdout
    assert "a-wrong-one" not in done.stdout + done.stderr


def test_every_server_has_its_scenario() -> None:
    assert sorted(re.findall(r"- key: (\w+)", (SNIPPETS / "suite.yaml").read_text())) == SERVERS
