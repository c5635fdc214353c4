"""What `check-agent` says of agents whose sessions end early, or whose frames end them."""

from collections.abc import Callable
from dataclasses import replace

import aiohttp
import pytest

from ringback.channels.websocket import WebSocketChannel, agent_session
from ringback.runs.conformance import Level, Patience, Verdict, check_agent
from ringback.testing.agent_call import AgentCall
from ringback.testing.agent_server import ScriptedAgentServer, Talk
from ringback.testing.steps import CloseLine, DropLine, Pause, RawBytes, Reply, Step, end_call

PATIENT = Patience(greeting=1000.0, answer=1000.0, quiet=0.05, after_end=0.05, ping=0.05)
"""Waits beyond a test's own limit, which catches whoever waits where nothing can come any more."""
OPENS_SILENT = replace(PATIENT, greeting=0.05)


async def verdicts(agent: ScriptedAgentServer, patience: Patience = PATIENT) -> list[Verdict]:
    async with agent_session(connect_timeout=30.0) as session:
        opener = _opener(agent.url, session)
        return [verdict async for verdict in check_agent(opener, patience=patience)]


def _opener(url: str, session: aiohttp.ClientSession) -> Callable[..., WebSocketChannel]:
    def open_line(on_frame: Callable[[str, str], None], ping_interval: float) -> WebSocketChannel:
        return WebSocketChannel(url, {}, session=session, on_frame=on_frame, ping_interval=ping_interval)

    return open_line


def broken(found: list[Verdict]) -> list[str]:
    return [f"{verdict.rule}: {verdict.sentence}" for verdict in found if verdict.level is Level.BROKEN]


def steps(*then: Step) -> Talk:
    async def talk(call: AgentCall) -> None:
        await call.do(list(then))
        await call.closed.wait()

    return talk


@pytest.mark.parametrize(
    ("then", "how"),
    [
        ([CloseLine(1000)], "the agent closed the line with code 1000 (normal) before anybody had spoken."),
        ([DropLine()], "the line dropped without a close frame before anybody had spoken."),
        ([end_call("")], "the agent ended the call before anybody had spoken."),
        (
            ["Hello.", CloseLine(1011, "oops")],
            "the agent closed the line with the abnormal code 1011: oops after its greeting, unasked.",
        ),
    ],
)
async def test_a_session_that_ends_before_the_caller_spoke_is_named_at_once(then: list[Step], how: str) -> None:
    async with ScriptedAgentServer(steps(*then)) as agent:
        found = await verdicts(agent)
    assert broken(found) == [f"the session stays open: {how}"]


@pytest.mark.parametrize(
    ("reply", "level", "how"),
    [
        (["Yes.", CloseLine(1011, "oops")], Level.BROKEN, "with the abnormal code 1011: oops after its answer."),
        (["Yes.", CloseLine(1000)], Level.NOTE, "after its answer: later turns could not be tried."),
        (end_call("Bye."), Level.NOTE, "the agent ended the call"),
    ],
)
async def test_a_session_that_ends_after_an_answer_is_named_at_once(reply: Reply, level: Level, how: str) -> None:
    async with ScriptedAgentServer(otherwise=reply) as agent:
        found = await verdicts(agent, OPENS_SILENT)
    assert any(verdict.level is level and how in verdict.sentence for verdict in found), found
    assert not any("no content frame" in verdict.sentence for verdict in found)


@pytest.mark.parametrize(
    ("step", "what"),
    [
        ({"content": "x" * 1_100_000}, "a frame over the limit of 1048576 bytes"),
        (RawBytes(b"\xff", as_text=True), "a text frame that is not UTF-8"),
    ],
)
async def test_a_frame_that_ends_the_session_is_no_well_formed_one(step: Step, what: str) -> None:
    async with ScriptedAgentServer(greeting="Hello.", otherwise=[step]) as agent:
        found = await verdicts(agent)
    about_frames = [verdict for verdict in found if verdict.rule == "frames are well formed"]
    assert [verdict.level for verdict in about_frames] == [Level.BROKEN]
    assert about_frames[0].sentence == f"what came after one frame was {what}, and the line had to be closed."


async def test_nothing_is_ticked_where_no_frame_came() -> None:
    async with ScriptedAgentServer(steps(CloseLine(1000))) as agent:
        found = await verdicts(agent)
    assert [verdict.level for verdict in found if verdict.rule == "frames are well formed"] == [Level.NOTE]


async def test_an_agent_that_never_stops_talking_is_told_so() -> None:
    async def talks(call: AgentCall) -> None:
        while True:
            await call.do(["and", Pause(0.01)])

    async with ScriptedAgentServer(talks) as agent:
        found = await verdicts(agent, replace(PATIENT, answer=0.1, quiet=1000.0))
    why = "sent content for 0.1 s without 1000 s of quiet, which end its turn."
    assert broken(found) == [f"who speaks first: the agent greets, and {why}"]
