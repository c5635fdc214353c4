"""The server snippets of the reference's chat page, completed, hold conversations that pass.

They run on websockets 13.1, for which they were written, in an environment of their own (`tools/reference_env.sh`).
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Protocol

import pytest

SNIPPETS = Path(__file__).parent / "reference_snippets"
SUITE = SNIPPETS / "suite.yaml"
SERVERS = sorted(file.stem for file in SNIPPETS.glob("*.py") if file.stem != "serving")
PYTHON = Path(__file__).parents[2] / ".tools" / "reference" / "bin" / "python"
SECRET = "the-agent-and-the-tester-know-it"
GREETERS = {"greets_first", "plain_text"}

Start = Callable[[str], Awaitable[str]]


class Finished(Protocol):
    code: int | None

    @property
    def text(self) -> str: ...


class CommandLine(Protocol):
    folder: Path

    async def __call__(self, *arguments: object, **environment: str) -> Finished: ...


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    """Starts a snippet's server as a process; returns its URL."""
    assert PYTHON.exists(), "tools/setup.sh test makes the environment of the snippets"
    async with AsyncExitStack() as servers:

        async def started(name: str) -> str:
            # -W: that handlers of this form were given up later is known, and the point.
            command = [str(PYTHON), "-W", "ignore::DeprecationWarning", str(SNIPPETS / f"{name}.py")]
            server = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)

            async def stop() -> None:
                server.terminate()
                await server.wait()

            servers.push_async_callback(stop)
            assert server.stdout
            return (await server.stdout.readline()).decode().strip()

        yield started


async def hold(ringback: CommandLine, name: str, url: str, *, secret: str = SECRET) -> Finished:
    """`ringback run` of the server's scenario."""
    return await ringback(
        *("run", SUITE, "--only", name, "--agent", url, "--secret", "env:SNIPPET_SECRET", "--json", "report.json"),
        SNIPPET_SECRET=secret,
        RINGBACK_SETTLE="0.2",
        RINGBACK_GRACE="0.2",
        # Who greets does so at once; where nobody does, there is nothing to wait for.
        RINGBACK_OPENING_WAIT="10" if name in GREETERS else "0.2",
    )


@pytest.mark.parametrize("name", SERVERS)
async def test_a_snippet_of_the_chat_page_holds_a_conversation_that_passes(
    name: str, start: Start, ringback: CommandLine
) -> None:
    done = await hold(ringback, name, await start(name))
    assert done.code == 0, done.text
    report = json.loads((ringback.folder / "report.json").read_text(encoding="utf-8"))
    assert [run["evaluation"]["outcome"] for run in report["result"]["runs"]] == ["passed"]


async def test_bare_words_are_content_and_flagged(start: Start, ringback: CommandLine) -> None:
    """What is no JSON is what the agent said, with a remark on it."""
    await hold(ringback, "bare_error", await start("bare_error"))
    report = json.loads((ringback.folder / "report.json").read_text(encoding="utf-8"))
    conversation = report["result"]["runs"][0]["conversation"]
    assert "not_json" in [finding["code"] for finding in conversation["findings"]]
    assert "Error: the model did not answer" in [entry["content"] for entry in conversation["entries"]]


async def test_an_echo_of_our_end_call_is_recorded_and_not_answered(start: Start, ringback: CommandLine) -> None:
    await hold(ringback, "echo", await start("echo"))
    report = json.loads((ringback.folder / "report.json").read_text(encoding="utf-8"))
    conversation = report["result"]["runs"][0]["conversation"]
    assert conversation["ending"]["code"] == "caller_ended"
    assert "after_end" in [finding["code"] for finding in conversation["findings"]]


async def test_a_wrong_secret_is_an_error_that_names_the_refusal(start: Start, ringback: CommandLine) -> None:
    """The snippet refuses after the handshake, with close code 1008; that says nothing about how good the agent is."""
    done = await hold(ringback, "secret_check", await start("secret_check"), secret="a-wrong-one")
    assert done.code == 3, done.text
    assert "1008" in done.text
    assert "Unauthorized" in done.text
    assert "a-wrong-one" not in done.text


def test_every_server_has_its_scenario() -> None:
    assert sorted(re.findall(r"- key: (\w+)", SUITE.read_text(encoding="utf-8"))) == SERVERS
