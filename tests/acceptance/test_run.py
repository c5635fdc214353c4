"""`ringback run` as its user meets it."""

import asyncio
import json
import signal
from xml.etree import ElementTree as ET

import pytest
from command_line import CommandLine

from ringback.testing.agent_call import AgentCall
from ringback.testing.agent_server import ScriptedAgentServer, echo
from ringback.testing.steps import CloseLine, RawBytes, RawText, content, metadata, tool_call, tool_result

SUITE = """\
version: "1"
scenarios:
  - name: Asks for the opening hours
    script: ["Hello.", "When are you open?"]
    checks:
      - {type: agent_said, text: "nine to five"}
"""


async def test_a_good_agent_gets_a_green_light_with_n_and_interval(ringback: CommandLine) -> None:
    ringback.write("suite.yaml", SUITE)
    async with ScriptedAgentServer(replies=["Hi."], otherwise="We are open nine to five.") as agent:
        done = await ringback("run", "suite.yaml", "--agent", agent.url, "--repeat", 4)
    assert done.code == 0, done.text
    assert "4 of 4 passed (100 %), 95 % interval 51 to 100 %" in done.out
    assert "no model calls" in done.out


async def test_a_failing_check_shows_the_exchange_and_exits_1(ringback: CommandLine) -> None:
    ringback.write("suite.yaml", SUITE)
    async with ScriptedAgentServer(otherwise="We never sleep.") as agent:
        done = await ringback("run", "suite.yaml", "--agent", agent.url)
    assert done.code == 1, done.text
    assert "nine to five" in done.out
    assert "We never sleep." in done.out
    assert "When are you open?" in done.out


async def test_a_dead_agent_is_a_sentence_and_exit_3(ringback: CommandLine, unused_tcp_port: int) -> None:
    ringback.write("suite.yaml", SUITE)
    done = await ringback("run", "suite.yaml", "--agent", f"ws://127.0.0.1:{unused_tcp_port}/")
    assert done.code == 3, done.text
    assert "refused" in done.out.lower()
    assert "Traceback" not in done.text


async def test_headers_carry_positive_integers_and_one_result_id_for_the_batch(ringback: CommandLine) -> None:
    ringback.write("suite.yaml", SUITE)
    async with ScriptedAgentServer(otherwise="nine to five") as agent:
        await ringback("run", "suite.yaml", "--agent", agent.url, "--repeat", 3, "--header", "X-Team=blue")
        await ringback("run", "suite.yaml", "--agent", agent.url)
        headers = [call.headers for call in agent.calls]
    assert len({header["X-VOCERA-RESULT-ID"] for header in headers[:3]}) == 1
    assert len({header["X-VOCERA-RUN-ID"] for header in headers}) == 4
    assert len({header["X-VOCERA-SCENARIO-ID"] for header in headers}) == 1, "a suite's scenario keeps its id"
    assert all(int(header["X-VOCERA-RUN-ID"]) > 0 for header in headers)
    assert headers[0]["X-Team"] == "blue"
    assert "X-VOCERA-SECRET" not in headers[0]


async def test_without_a_store_ids_are_positive_too_and_nothing_is_kept(ringback: CommandLine) -> None:
    ringback.write("suite.yaml", SUITE)
    async with ScriptedAgentServer(otherwise="nine to five") as agent:
        done = await ringback("run", "suite.yaml", "--agent", agent.url, "--no-store")
        assert int(agent.calls[0].headers["X-VOCERA-RESULT-ID"]) > 0
    assert done.code == 0, done.text
    assert not (ringback.folder / ".ringback").exists()


@pytest.mark.parametrize("from_where", ["flag", "default", "api key"])
async def test_the_secret_is_sent_and_never_shown_or_kept(ringback: CommandLine, from_where: str) -> None:
    secret = "planted-secret-4711"
    ringback.write("suite.yaml", SUITE)
    environment = {
        "flag": {"AGENT_SECRET": secret, "RINGBACK_API_KEY": "nearer-wins"},
        "default": {"RINGBACK_WEBSOCKET_SECRET": secret, "RINGBACK_API_KEY": "nearer-wins"},
        "api key": {"RINGBACK_API_KEY": secret},
    }[from_where]
    flags = ["--secret", "env:AGENT_SECRET"] if from_where == "flag" else []

    async def leak(call: AgentCall) -> None:
        heard = await call.hear()
        while heard is not None:
            await call.say(f"nine to five, and your secret is {call.headers['X-VOCERA-SECRET']}")
            heard = await call.hear()

    async with ScriptedAgentServer(leak, secret=secret) as agent:
        done = await ringback(
            *("run", "suite.yaml", "--agent", agent.url, "--verbose", *flags),
            *("--html", "r/r.html", "--junit", "r/r.xml", "--json", "r/r.json", "--markdown", "r/r.md"),
            **environment,
        )
        assert agent.calls[0].headers["X-VOCERA-SECRET"] == secret
    assert done.code == 0, done.text
    assert secret not in done.text
    kept = [path for path in ringback.folder.rglob("*") if path.is_file()]
    assert {path.name for path in kept} >= {"ringback.db", "r.html", "r.xml", "r.json", "r.md"}
    assert not [path for path in kept if secret.encode() in path.read_bytes()]


async def test_a_wrong_secret_is_a_sentence_and_exit_3(ringback: CommandLine) -> None:
    ringback.write("suite.yaml", SUITE)
    async with ScriptedAgentServer(secret="right") as agent:
        done = await ringback("run", "suite.yaml", "--agent", agent.url, RINGBACK_WEBSOCKET_SECRET="wrong-secret")
    assert done.code == 3, done.text
    assert "401" in done.out
    assert "wrong-secret" not in done.text


async def test_an_echo_server_is_a_legal_agent(ringback: CommandLine) -> None:
    ringback.write("suite.yaml", SUITE.replace("nine to five", "when are you open"))
    async with ScriptedAgentServer(echo) as agent:
        done = await ringback("run", "suite.yaml", "--agent", agent.url)
    assert done.code == 0, done.text


async def test_what_an_agent_sends_cannot_drive_the_terminal_or_the_reports(ringback: CommandLine) -> None:
    ringback.write("suite.yaml", SUITE)
    nasty = "\x1b[2J\x1b]0;owned\x07<script>alert(1)</script>\u202e @everyone"
    async with ScriptedAgentServer(otherwise=nasty) as agent:
        done = await ringback(
            *("run", "suite.yaml", "--agent", agent.url, "--verbose"),
            *("--html", "r.html", "--junit", "r.xml", "--markdown", "r.md"),
        )
    assert done.code == 1
    reports = [(ringback.folder / name).read_text(encoding="utf-8") for name in ("r.html", "r.xml", "r.md")]
    for text in (done.text, *reports):
        assert "\x1b" not in text
        assert "\x07" not in text
        assert "\u202e" not in text
    assert "<script>alert(1)" not in reports[0]
    ET.fromstring(reports[1])  # noqa: S314 - our own file: what counts is that it is well formed


async def test_reports_tell_failures_from_errors_and_name_their_provenance(ringback: CommandLine) -> None:
    ringback.write("suite.yaml", SUITE)

    async def fail_once(call: AgentCall) -> None:
        await call.hear()
        if call.headers["X-VOCERA-RUN-ID"] == "1":
            await call.do(CloseLine(1000))
            return
        await call.say("No.")
        await call.hear()

    async with ScriptedAgentServer(fail_once) as agent:
        done = await ringback(
            *("run", "suite.yaml", "--agent", agent.url, "--repeat", 2, "--label", "build=77", "--concurrency", 1),
            *("--junit", "r.xml", "--json", "r.json"),
        )
    assert done.code == 1, done.text
    root = ET.fromstring((ringback.folder / "r.xml").read_text(encoding="utf-8"))  # noqa: S314 - our own file
    assert len(list(root.iter("error"))) == 1
    assert len(list(root.iter("failure"))) == 1
    report = json.loads((ringback.folder / "r.json").read_text(encoding="utf-8"))
    assert "build" in json.dumps(report)
    assert "suite.yaml" in json.dumps(report)


async def test_all_frames_of_a_lively_agent_are_in_the_record(ringback: CommandLine) -> None:
    ringback.write("suite.yaml", SUITE)

    async def lively(call: AgentCall) -> None:
        await call.do(metadata(plan="gold"))
        await call.hear()
        await call.do(content("Let me check…", {"step": 1}))
        await call.do(tool_call("opening_hours", {"day": "today"}, id="c1"))
        await call.do(metadata(keepalive=True))
        await call.do(tool_result('{"from": 9, "to": 17}', id="c1"))
        await call.do({"content": "nine to five", "confidence": 0.9})
        await call.do(RawText("plain words"))
        await call.do(RawText("[1, 2]"))
        await call.do(RawBytes(b"\x00\x01"))
        await call.do({"type": "typing"})
        await call.hear()
        await call.do({"content": "Bye.", "type": "end_call"})

    async with ScriptedAgentServer(lively) as agent:
        done = await ringback("run", "suite.yaml", "--agent", agent.url, "--json", "r.json", RINGBACK_SETTLE="0.2")
    assert done.code == 0, done.text
    record = json.dumps(json.loads((ringback.folder / "r.json").read_text(encoding="utf-8")), ensure_ascii=False)
    for part in (
        "gold",
        "Let me check…",
        "opening_hours",
        "confidence",
        "plain words",
        "binary_frame",
        "typing",
        "Bye.",
    ):
        assert part in record, part


@pytest.mark.measured
async def test_ctrl_c_ends_running_calls_reports_and_the_result_can_be_resumed(ringback: CommandLine) -> None:
    ringback.write("suite.yaml", SUITE)
    reached = asyncio.Event()
    held = True

    async def slow(call: AgentCall) -> None:
        await call.hear()
        if held:
            reached.set()
            await call.closed.wait()
            return
        await call.say("nine to five")
        await call.hear()

    async with ScriptedAgentServer(slow) as agent:
        process = await ringback.start(
            "run", "suite.yaml", "--agent", agent.url, "--repeat", 3, "--concurrency", 1, "--junit", "r.xml"
        )
        await reached.wait()
        process.send_signal(signal.SIGINT)
        out, err = await process.communicate()
        assert process.returncode == 130, (out, err)
        assert b"--resume 1" in out
        assert (ringback.folder / "r.xml").exists()
        held = False
        resumed = await ringback("run", "--resume", 1, "--agent", agent.url)
    assert resumed.code == 0, resumed.text
    assert "3 of 3 passed" in resumed.out


async def test_a_killed_run_loses_nothing_that_was_finished(ringback: CommandLine) -> None:
    ringback.write("suite.yaml", SUITE)
    second = asyncio.Event()
    held = True

    async def slow(call: AgentCall) -> None:
        await call.hear()
        if held and len(agent.calls) == 2:
            second.set()
            await call.closed.wait()
            return
        await call.say("nine to five")
        await call.hear()

    async with ScriptedAgentServer(slow) as agent:
        process = await ringback.start("run", "suite.yaml", "--agent", agent.url, "--repeat", 3, "--concurrency", 1)
        await second.wait()
        process.kill()
        await process.wait()
        listed = await ringback("results", "list")
        assert "interrupted" in listed.out
        held = False
        resumed = await ringback("run", "--resume", 1, "--agent", agent.url)
        assert resumed.code == 0, resumed.text
        assert len(agent.calls) == 4, "the finished run was not held again"
    assert "3 of 3 passed" in resumed.out


async def test_the_failed_scenarios_of_a_result_run_alone(ringback: CommandLine) -> None:
    ringback.write(
        "suite.yaml",
        'version: "1"\nscenarios:\n'
        '  - {name: Good, script: ["a"], checks: [{type: agent_said, text: "yes"}]}\n'
        '  - {name: Bad, script: ["a"], checks: [{type: agent_said, text: "no"}]}\n',
    )
    async with ScriptedAgentServer(otherwise="yes") as agent:
        first = await ringback("run", "suite.yaml", "--agent", agent.url)
        again = await ringback("run", "suite.yaml", "--agent", agent.url, "--failed-of", 1)
        only = await ringback("run", "suite.yaml", "--agent", agent.url, "--only", "good")
    assert (first.code, again.code, only.code) == (1, 1, 0), first.text + again.text + only.text
    assert "Good" not in again.out
    assert "Bad" in again.out


async def test_a_regression_against_a_baseline_is_said_in_words(ringback: CommandLine) -> None:
    ringback.write("suite.yaml", SUITE)
    async with ScriptedAgentServer(otherwise="nine to five") as agent:
        await ringback("run", "suite.yaml", "--agent", agent.url, "--repeat", 10)
    async with ScriptedAgentServer(otherwise="never") as agent:
        one = await ringback("run", "suite.yaml", "--agent", agent.url, "--baseline", 1)
        many = await ringback("run", "suite.yaml", "--agent", agent.url, "--repeat", 10, "--baseline", 1)
    assert "worse" in many.out
    assert "no evidence" in one.out
    compared = await ringback("results", "compare", 1, 3)
    assert "worse" in compared.out
    assert compared.code == 1


async def test_plain_lines_without_colour_where_there_is_no_terminal(ringback: CommandLine) -> None:
    ringback.write("suite.yaml", SUITE)
    async with ScriptedAgentServer(otherwise="nine to five") as agent:
        done = await ringback("run", "suite.yaml", "--agent", agent.url)
    assert "\x1b" not in done.out


async def test_a_home_that_cannot_be_made_is_a_sentence(ringback: CommandLine) -> None:
    ringback.write("suite.yaml", SUITE)
    ringback.write("file", "")
    done = await ringback("run", "suite.yaml", "--agent", "ws://127.0.0.1:1/", RINGBACK_HOME="file/home")
    assert done.code == 2
    assert "RINGBACK_HOME" in done.err
    assert "Traceback" not in done.text


async def test_a_damaged_database_is_a_sentence(ringback: CommandLine) -> None:
    ringback.write("suite.yaml", SUITE)
    ringback.write(".ringback/ringback.db", "not a database at all" * 500)
    done = await ringback("run", "suite.yaml", "--agent", "ws://127.0.0.1:1/")
    assert done.code == 2
    assert "Traceback" not in done.text


async def test_a_scenario_that_cannot_run_here_yet_is_an_error_alone(ringback: CommandLine) -> None:
    ringback.write(
        "suite.yaml",
        'version: "1"\nscenarios:\n'
        "  - {name: Real world, type: real_world_fixed, instructions: x}\n"
        '  - {name: Good, script: ["a"], checks: [{type: agent_said, text: "yes"}]}\n',
    )
    async with ScriptedAgentServer(otherwise="yes") as agent:
        done = await ringback("run", "suite.yaml", "--agent", agent.url)
    assert done.code == 3, done.text
    assert "not yet supported" in done.out
    assert "1 of 1 passed" in done.out
