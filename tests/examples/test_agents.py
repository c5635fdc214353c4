"""The example agents hold conversations as their readers will expect of what they build on them."""

import asyncio
import os
import sys
from pathlib import Path

import aiohttp
import pytest

from ringback.testing import ScriptedModelServer, Stall, server_error

from .conftest import StartAgent

GREETING = {"content": "Hello, this is the bicycle shop. How can I help you?"}


async def test_greets_first_and_answers_with_the_whole_history(
    start_agent: StartAgent, model: ScriptedModelServer, session: aiohttp.ClientSession
) -> None:
    model.on("inspection", "An inspection costs 60 euros.", role="user")
    async with session.ws_connect(await start_agent()) as line:
        assert await line.receive_json() == GREETING
        await line.send_json({"content": "When do you close?"})
        assert await line.receive_json() == {"content": "The shop is open until six."}
        await line.send_json({"content": "And an inspection?"})
        assert await line.receive_json() == {"content": "An inspection costs 60 euros."}
    asked = model.requests[-1]
    assert (asked.model, asked.headers["Authorization"]) == ("a-model", "Bearer a-key")
    assert [(message["role"], message["content"]) for message in asked.messages[1:]] == [
        ("assistant", GREETING["content"]),
        ("user", "When do you close?"),
        ("assistant", "The shop is open until six."),
        ("user", "And an inspection?"),
    ]


async def test_two_calls_at_once_share_no_history(
    start_agent: StartAgent, model: ScriptedModelServer, session: aiohttp.ClientSession
) -> None:
    url = await start_agent()
    async with session.ws_connect(url) as one, session.ws_connect(url) as other:
        for line, words in ((one, "I am the first."), (other, "I am the second.")):
            await line.receive_json()
            await line.send_json({"content": words})
            await line.receive_json()
    assert [asked.said_by("user") for asked in model.requests] == ["I am the first.", "I am the second."]


async def test_a_header_of_the_test_profile_reaches_the_prompt_as_data(
    start_agent: StartAgent, model: ScriptedModelServer, session: aiohttp.ClientSession
) -> None:
    url = await start_agent()
    async with session.ws_connect(url, headers={"X-Customer-Name": 'Ada "the first" Lovelace'}) as line:
        await line.receive_json()
        await line.send_json({"content": "Hello"})
        await line.receive_json()
    assert 'the customer "Ada \\"the first\\" Lovelace".' in model.requests[0].said_by("system")


async def test_metadata_keeps_the_line_alive_while_the_model_thinks(
    start_agent: StartAgent, model: ScriptedModelServer, session: aiohttp.ClientSession
) -> None:
    three_signs = asyncio.Event()

    async def think(_: object) -> str:
        await three_signs.wait()
        return "Found it."

    model.on("look it up", think)
    async with session.ws_connect(await start_agent("--keepalive", "0.02")) as line:
        await line.receive_json()
        await line.send_json({"content": "Please look it up."})
        assert [await line.receive_json() for _ in range(3)] == [{"metadata": {"keepalive": True}}] * 3
        three_signs.set()
        while "content" not in (frame := await line.receive_json()):
            assert frame == {"metadata": {"keepalive": True}}
        assert frame == {"content": "Found it."}


async def test_pings_are_answered_while_the_model_thinks(
    start_agent: StartAgent, model: ScriptedModelServer, session: aiohttp.ClientSession
) -> None:
    """A reader that waits for the model loses its caller after 40 seconds."""
    model.on("think", Stall())
    async with session.ws_connect(await start_agent(), autoping=False) as line:
        await line.receive_json()
        await line.send_json({"content": "Please think."})
        await line.ping(b"there?")
        answer = await line.receive()
        assert (answer.type, bytes(answer.data)) == (aiohttp.WSMsgType.PONG, b"there?")


async def test_with_the_secret_the_call_is_taken_and_without_it_the_handshake_is_refused_with_401(
    start_agent: StartAgent, session: aiohttp.ClientSession
) -> None:
    url = await start_agent(AGENT_SECRET="open sesame")
    refused: list[dict[str, str]] = [{}, {"X-VOCERA-SECRET": "wrong"}, {"X-VOCERA-SECRET": "open sesame, wrong"}]
    for headers in refused:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
            await session.ws_connect(url, headers=headers)
        assert refusal.value.status == 401, headers
    async with session.ws_connect(url, headers={"X-VOCERA-SECRET": "open sesame"}) as line:
        assert await line.receive_json() == GREETING


async def test_a_model_that_fails_is_answered_for_with_an_apology(
    start_agent: StartAgent, model: ScriptedModelServer, session: aiohttp.ClientSession
) -> None:
    model.fail(server_error())
    async with session.ws_connect(await start_agent()) as line:
        await line.receive_json()
        await line.send_json({"content": "Hello"})
        assert (await line.receive_json())["content"].startswith("I am sorry")
        await line.send_json({"content": "Hello again"})
        assert await line.receive_json() == {"content": "The shop is open until six."}


async def test_a_frame_that_says_nothing_is_not_answered_and_ends_nothing(
    start_agent: StartAgent, model: ScriptedModelServer, session: aiohttp.ClientSession
) -> None:
    url = await start_agent()
    frames = ("no JSON", "[1, 2]", "null", "{}", '{"content": 7}', '{"metadata": {"a": 1}}', b"\0")
    for asked, frame in enumerate(frames, start=1):
        async with session.ws_connect(url) as line:
            await line.receive_json()
            await (line.send_bytes(frame) if isinstance(frame, bytes) else line.send_str(frame))
            await line.send_json({"content": "Hello"})
            assert await line.receive_json() == {"content": "The shop is open until six."}, frame
        assert len(model.requests) == asked, frame


async def test_end_call_closes_the_line_without_an_answer(
    start_agent: StartAgent, model: ScriptedModelServer, session: aiohttp.ClientSession
) -> None:
    url = await start_agent()
    for goodbye in ({"type": "end_call"}, {"content": "Bye.", "type": "end_call"}):
        async with session.ws_connect(url) as line:
            await line.receive_json()
            await line.send_json(goodbye)
            assert (await line.receive()).type is aiohttp.WSMsgType.CLOSE
    assert not model.requests


async def test_keeps_every_rule_that_check_agent_tries(start_agent: StartAgent) -> None:
    url = await start_agent(AGENT_SECRET="open sesame")
    process = await asyncio.create_subprocess_exec(
        Path(sys.executable).parent / "ringback",
        *("check-agent", url, "--secret", "env:AGENT_SECRET"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, "AGENT_SECRET": "open sesame"},
    )
    output = (await process.communicate())[0].decode()
    assert process.returncode == 0, output
    assert "a wrong secret is refused" in output
