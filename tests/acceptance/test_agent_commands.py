"""`ringback chat`, `check-agent` and the stored results, against real servers."""

import pytest
from command_line import CommandLine

from ringback.testing.agent_call import AgentCall
from ringback.testing.agent_server import ScriptedAgentServer, Talk, echo
from ringback.testing.steps import CloseLine, RawText, Reply, tool_call, tool_result

SHORT = {"RINGBACK_SETTLE": "0.1", "RINGBACK_OPENING_WAIT": "0.1", "RINGBACK_GRACE": "0.2"}


@pytest.mark.measured
async def test_chat_talks_and_an_empty_line_hangs_up(ringback: CommandLine) -> None:
    async with ScriptedAgentServer(greeting="Welcome.", replies=["You said something."]) as agent:
        done = await ringback("chat", agent.url, "--frames", stdin="Hello there\n\n")
        assert agent.calls[0].heard == ["Hello there"]
    assert done.code == 0, done.text
    assert "Welcome." in done.out
    assert '{"content": "Hello there"}' in done.out
    assert '"type": "end_call"' in done.out


async def test_chat_shows_that_the_agent_hung_up(ringback: CommandLine) -> None:
    async with ScriptedAgentServer(greeting={"content": "We are closed.", "type": "end_call"}) as agent:
        done = await ringback("chat", agent.url)
    assert done.code == 0, done.text
    assert "We are closed." in done.out


async def test_chat_with_nobody_is_a_sentence_and_exit_3(ringback: CommandLine, unused_tcp_port: int) -> None:
    done = await ringback("chat", f"ws://127.0.0.1:{unused_tcp_port}/")
    assert done.code == 3
    assert "Traceback" not in done.text


@pytest.mark.parametrize("talk", [None, echo], ids=["scripted", "echo"])
async def test_an_agent_that_keeps_the_rules_passes_the_check(ringback: CommandLine, talk: Talk | None) -> None:
    async with ScriptedAgentServer(talk, otherwise="Yes.", secret="right") as agent:
        done = await ringback("check-agent", agent.url, RINGBACK_WEBSOCKET_SECRET="right", **SHORT)
    assert done.code == 0, done.text
    assert "a wrong secret is refused" in done.out
    assert "All" in done.out


@pytest.mark.parametrize(
    ("reply", "rule"),
    [
        (RawText("plain words"), "frames are well formed"),
        ({"content": "x", "metadata": [1]}, "frames are well formed"),
        ({"content": 7}, "frames are well formed"),
        (["x", tool_result("done", id="nobody")], "tool results name their call"),
        (["x", tool_call("book", "not json")], "tool calls are complete"),
        (CloseLine(1011), "a turn is answered"),
    ],
)
async def test_the_check_names_the_frame_that_breaks_a_rule(ringback: CommandLine, reply: Reply, rule: str) -> None:
    async with ScriptedAgentServer(otherwise=reply) as agent:
        done = await ringback("check-agent", agent.url, "--patience", 2, **SHORT)
    assert done.code == 1, done.text
    assert rule in done.out


async def test_a_voice_agent_is_told_which_channel_to_be_called_on(ringback: CommandLine) -> None:
    media = RawText('{"event":"media","streamSid":"MZ1","media":{"payload":"fn5+"}}')
    async with ScriptedAgentServer(otherwise=[media, media]) as agent:
        done = await ringback("check-agent", agent.url, "--patience", 0.5, **SHORT)
    assert done.code == 1, done.text
    assert "call it with --channel media-streams." in " ".join(done.out.split())
    assert "frames are well formed" not in done.out


async def test_an_agent_that_answers_no_pings_is_told_so(ringback: CommandLine) -> None:
    async with ScriptedAgentServer(otherwise="Yes.", answer_pings=False) as agent:
        done = await ringback("check-agent", agent.url, **SHORT)
    assert done.code == 1, done.text
    assert "pings are answered" in done.out


async def test_an_agent_that_mixes_its_sessions_is_told_so(ringback: CommandLine) -> None:
    calls: list[AgentCall] = []

    async def mixed(call: AgentCall) -> None:
        calls.append(call)
        while await call.hear() is not None:
            for other in calls:
                if not other.closed.is_set():
                    await other.say("Somebody said something.")

    async with ScriptedAgentServer(mixed) as agent:
        done = await ringback("check-agent", agent.url, "--patience", 2, **SHORT)
    assert done.code == 1, done.text
    assert "sessions are independent" in done.out


@pytest.mark.measured
async def test_stored_results_are_listed_shown_and_exported(ringback: CommandLine) -> None:
    ringback.write(
        "suite.yaml",
        'version: "1"\nscenarios: [{name: Greets, script: ["x"], checks: [{type: agent_said, text: "hi"}]}]\n',
    )
    async with ScriptedAgentServer(otherwise="No greeting.") as agent:
        await ringback("run", "suite.yaml", "--agent", agent.url)
    listed = await ringback("results", "list")
    assert "suite" in listed.out
    assert "0 of 1" in listed.out
    shown = await ringback("results", "show", 1)
    assert "No greeting." in shown.out
    whole = await ringback("results", "show", 1, "--run", 1)
    assert "caller" in whole.out
    for kind in ("junit", "html", "markdown", "json"):
        export = ringback.alone if kind == "html" else ringback
        exported = await export("results", "export", 1, "--format", kind, "-o", f"r.{kind}")
        assert exported.code == 0, exported.text
        assert "Greets" in (ringback.folder / f"r.{kind}").read_text(encoding="utf-8")
