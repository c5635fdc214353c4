"""Flags and settings of `ringback run` that other tests do not come across, as their user meets them."""

import asyncio
import json
import re
import signal
import ssl
from typing import Any

import trustme
from command_line import CommandLine

from ringback.testing.agent_call import AgentCall
from ringback.testing.agent_server import ScriptedAgentServer

SUITE = """\
version: "1"
scenarios:
  - name: Asks for the opening hours
    script: ["When are you open?"]
    checks:
      - {type: agent_said, text: "nine to five"}
"""


async def test_ctrl_c_twice_stops_at_once_and_what_was_left_can_be_resumed(ringback: CommandLine) -> None:
    ringback.write("suite.yaml", SUITE)
    reached = asyncio.Event()

    async def never_answers(call: AgentCall) -> None:
        await call.hear()
        reached.set()
        await call.closed.wait()

    async with ScriptedAgentServer(never_answers) as agent:
        process = await ringback.start("run", "suite.yaml", "--agent", agent.url, RINGBACK_GRACE="60")
        await reached.wait()
        process.send_signal(signal.SIGINT)
        assert process.stdout is not None
        async for line in process.stdout:
            if b"Ctrl-C again stops at once" in line:
                break
        # Without it the agent would have 5 s to answer, and 60 s of grace after the end of the call.
        process.send_signal(signal.SIGINT)
        out, err = await process.communicate()
    assert process.returncode == 130, (out, err)
    assert b"Traceback" not in err
    assert "interrupted" in (await ringback("results", "list")).out
    async with ScriptedAgentServer(otherwise="nine to five") as agent:
        resumed = await ringback("run", "--resume", 1, "--agent", agent.url)
    assert resumed.code == 0, resumed.text


async def test_an_agent_with_a_private_certificate_is_spoken_to_where_its_authority_is_known(
    ringback: CommandLine,
) -> None:
    ringback.write("suite.yaml", SUITE)
    authority = trustme.CA()
    authority.cert_pem.write_to_path(ringback.folder / "ca.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)  # pyright: ignore[reportUnknownMemberType] - pyOpenSSL is absent
    async with ScriptedAgentServer(otherwise="nine to five", ssl_context=context) as agent:
        stranger = await ringback("run", "suite.yaml", "--agent", agent.url)
        known = await ringback("run", "suite.yaml", "--agent", agent.url, RINGBACK_CA_FILE="ca.pem")
    assert stranger.code == 3, stranger.text
    assert "certificate" in stranger.out
    assert known.code == 0, known.text


async def test_a_pass_rate_may_be_asked_for_and_a_seed_repeats_itself(ringback: CommandLine) -> None:
    ringback.write("suite.yaml", SUITE)
    reports: list[dict[str, Any]] = []
    for rate, code in (("0.7", 0), ("0.8", 1)):
        calls = iter(range(4))

        async def wrong_once(call: AgentCall) -> None:
            await call.hear()
            await call.say("never" if next(calls) == 0 else "nine to five")  # noqa: B023 - within this round
            await call.hear()

        async with ScriptedAgentServer(wrong_once) as agent:
            done = await ringback(
                *("run", "suite.yaml", "--agent", agent.url, "--repeat", 4, "--concurrency", 1),
                *("--min-pass-rate", rate, "--seed", 7, "--json", "r.json"),
            )
        assert done.code == code, done.text
        assert "3 of 4 passed (75 %)" in done.out
        reports.append(json.loads((ringback.folder / "r.json").read_text(encoding="utf-8"))["result"])
    first, second = ([run["specification"]["seed"] for run in report["runs"]] for report in reports)
    assert first == second
    assert len(set(first)) == 4
    assert all(report["provenance"]["seed"] == 7 for report in reports)


async def test_no_more_handshakes_are_under_way_at_once_than_the_settings_allow(ringback: CommandLine) -> None:
    ringback.write("suite.yaml", SUITE)
    under_way: list[asyncio.Event] = []
    most = 0

    async def turn_two_away_together(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal most
        await reader.readuntil(b"\r\n\r\n")
        answered = asyncio.Event()
        under_way.append(answered)
        most = max(most, len(under_way))
        if len(under_way) >= 2:
            for waiting in under_way:
                waiting.set()
            under_way.clear()
        await answered.wait()
        writer.write(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(turn_two_away_together, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        done = await ringback(
            *("run", "suite.yaml", "--agent", f"ws://127.0.0.1:{port}/", "--repeat", 20, "--concurrency", 20),
            RINGBACK_MAX_CONNECTING="2",
        )
    assert done.code == 3, done.text
    assert most == 2


async def test_colours_are_left_out_where_the_user_wants_none(ringback: CommandLine) -> None:
    ringback.write("suite.yaml", SUITE)
    async with ScriptedAgentServer(otherwise="nine to five") as agent:
        in_colour, plain = [
            await _on_a_terminal(ringback, agent.url, environment) for environment in ({}, {"NO_COLOR": "1"})
        ]
    assert _COLOUR.search(in_colour)
    assert "1 of 1 passed" in plain
    assert not _COLOUR.search(plain)


_COLOUR = re.compile(r"\x1b\[(?:[\d;]*;)?(?:3[0-7]|9[0-7]|38)[;m]")
"""ECMA-48's SGR with a colour of the foreground."""


async def _on_a_terminal(ringback: CommandLine, url: str, environment: dict[str, str]) -> str:
    """What `script` (util-linux) keeps of a command that it gives a terminal."""
    process = await asyncio.create_subprocess_exec(
        *("script", "-qec", f"{ringback.server.words} run suite.yaml --agent {url}", "/dev/null"),
        cwd=ringback.folder,
        env=ringback.environment | {"TERM": "xterm-256color"} | environment,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        pass_fds=[ringback.server.fileno()],
    )
    out, _ = await process.communicate()
    assert process.returncode == 0, out
    return out.decode()
