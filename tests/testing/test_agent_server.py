"""The scripted agent does what it is told, seen from a plain WebSocket client."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
import trustme
from aiohttp import ClientWebSocketResponse, WSMsgType, WSServerHandshakeError

from ringback.testing import (
    AgentCall,
    CloseLine,
    DropLine,
    Pause,
    RawBytes,
    RawText,
    ScriptedAgentServer,
    content,
    echo,
    end_call,
    metadata,
    tool_call,
    tool_result,
)


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as client:
        yield client


async def say(socket: ClientWebSocketResponse, text: str, **more: Any) -> None:
    await socket.send_json({"content": text, **more})


async def test_it_greets_answers_in_order_and_then_says_it_did_not_catch_that(session: aiohttp.ClientSession) -> None:
    async with (
        ScriptedAgentServer(greeting="Clinic, hello.", replies=["Which day?", "Booked."]) as agent,
        session.ws_connect(agent.url) as socket,
    ):
        heard = [await socket.receive_json()]
        for text in ("An appointment.", "Monday.", "Thanks."):
            await say(socket, text)
            heard.append(await socket.receive_json())
    assert [frame["content"] for frame in heard] == [
        "Clinic, hello.",
        "Which day?",
        "Booked.",
        "Sorry, I did not catch that.",
    ]


async def test_rules_go_before_replies_and_every_call_begins_anew(session: aiohttp.ClientSession) -> None:
    async with ScriptedAgentServer(replies=["One.", "Two."], rules=[(r"\bname\b", "Ann.")]) as agent:
        for _ in range(2):
            async with session.ws_connect(agent.url) as socket:
                heard: list[str] = []
                for text in ("Hello.", "Your NAME?", "Go on."):
                    await say(socket, text)
                    heard.append((await socket.receive_json())["content"])
            assert heard == ["One.", "Ann.", "Two."]
        assert [call.number for call in agent.calls] == [1, 2]


async def test_a_reply_may_be_any_frames_in_order(session: aiohttp.ClientSession) -> None:
    reply = [
        "Let me check.",
        tool_call("book", {"day": "Monday"}, id="c7"),
        metadata(step=2),
        Pause(0),
        tool_result({"ok": True}, id="c7", name="book"),
        content("Done.", {"step": 3}, mood="glad"),
        RawText("not JSON"),
        RawBytes(b"\x00\x01"),
        end_call("Bye."),
    ]
    async with ScriptedAgentServer(greeting=reply) as agent, session.ws_connect(agent.url) as socket:
        frames = [await socket.receive() for _ in range(8)]
        assert (await agent.call()).number == 1
    assert frames[5].data == "not JSON"
    assert (frames[6].type, frames[6].data) == (WSMsgType.BINARY, b"\x00\x01")
    assert [json.loads(frames[number].data) for number in (0, 1, 2, 3, 4, 7)] == [
        {"content": "Let me check."},
        {"role": "Function Call", "data": {"id": "c7", "name": "book", "arguments": '{"day": "Monday"}'}},
        {"metadata": {"step": 2}},
        {"role": "Function Call Result", "data": {"id": "c7", "result": {"ok": True}, "name": "book"}},
        {"content": "Done.", "mood": "glad", "metadata": {"step": 3}},
        {"content": "Bye.", "type": "end_call"},
    ]


def test_frames_may_leave_out_what_the_protocol_lets_them() -> None:
    assert end_call() == {"type": "end_call"}
    assert tool_call("f")["data"]["arguments"] == "{}"
    assert tool_call("f", "{broken")["data"]["arguments"] == "{broken"
    assert tool_result("ok") == {"role": "Function Call Result", "data": {"id": "call-1", "result": "ok"}}


async def test_it_records_headers_frames_and_how_the_caller_ended(session: aiohttp.ClientSession) -> None:
    async with ScriptedAgentServer() as agent:
        async with session.ws_connect(agent.url + "path?x=1", headers={"X-VOCERA-RUN-ID": "7"}) as socket:
            await say(socket, "Hello.")
            await socket.receive()
            await socket.send_str("[1, 2]")
            await socket.send_bytes(b"\x01")
            await say(socket, "", type="end_call")
            await socket.close(code=1001)
        call = await agent.call()
        await call.closed.wait()
    assert (call.path, call.header("x-vocera-run-id"), call.headers["X-VOCERA-RUN-ID"]) == ("/path?x=1", "7", "7")
    assert call.heard == ["Hello."]
    assert call.frames == ['{"content": "Hello."}', "[1, 2]", '{"content": "", "type": "end_call"}']
    assert call.binary == [b"\x01"]
    assert call.ended_by_caller
    assert call.close_code == 1001


async def test_the_end_of_the_call_is_not_answered(session: aiohttp.ClientSession) -> None:
    async with ScriptedAgentServer(greeting="Hi.") as agent, session.ws_connect(agent.url) as socket:
        await socket.receive()
        await say(socket, "Bye.", type="end_call")
        await socket.close()
        call = await agent.call()
        await call.closed.wait()
        assert call.heard == ["Bye."]


async def test_a_talk_function_holds_the_whole_conversation(session: aiohttp.ClientSession) -> None:
    async def talk(call: AgentCall) -> None:
        await call.say("Your name?", metadata={"step": 1})
        name = await call.hear()
        await call.send({"content": f"Thank you, {name}.", "type": "end_call"})

    async with ScriptedAgentServer(talk) as agent, session.ws_connect(agent.url) as socket:
        assert await socket.receive_json() == {"content": "Your name?", "metadata": {"step": 1}}
        await say(socket, "Ann")
        assert await socket.receive_json() == {"content": "Thank you, Ann.", "type": "end_call"}
        assert (await socket.receive()).type is WSMsgType.CLOSE
        assert socket.close_code == 1000


async def test_a_fault_in_a_talk_function_is_raised_when_the_server_closes(session: aiohttp.ClientSession) -> None:
    async def talk(_: AgentCall) -> None:
        raise LookupError("a mistake in the script")

    agent = ScriptedAgentServer(talk)
    await agent.start()
    async with session.ws_connect(agent.url) as socket:
        assert (await socket.receive()).data == 1011
    with pytest.raises(LookupError, match="a mistake in the script"):
        await agent.close()
    await agent.close()


async def test_the_tests_own_error_is_not_covered_by_the_scripts(session: aiohttp.ClientSession) -> None:
    async def talk(_: AgentCall) -> None:
        raise LookupError

    async def test() -> None:
        async with ScriptedAgentServer(talk) as agent, session.ws_connect(agent.url) as socket:
            await socket.receive()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await test()


async def test_sending_to_a_caller_that_is_gone_ends_the_talk_quietly(session: aiohttp.ClientSession) -> None:
    ended = asyncio.Event()

    async def talk(call: AgentCall) -> None:
        try:
            await call.closed.wait()
            assert await call.hear() is None
            assert await call.hear_frame() is None
            await call.say("Anybody there?")
        finally:
            ended.set()

    async with ScriptedAgentServer(talk) as agent:
        async with session.ws_connect(agent.url):
            pass
        await ended.wait()


@pytest.mark.parametrize(("step", "code"), [(CloseLine(4000, "enough"), 4000), (DropLine(), 1006)])
async def test_it_closes_with_a_code_or_drops_the_line(session: aiohttp.ClientSession, step: Any, code: int) -> None:
    async with ScriptedAgentServer(greeting=step) as agent, session.ws_connect(agent.url) as socket:
        await socket.receive()
        assert socket.close_code == code


async def test_it_can_send_text_that_is_not_utf_8(session: aiohttp.ClientSession) -> None:
    async with (
        ScriptedAgentServer(greeting=RawBytes(b"\xff\xfe", as_text=True)) as agent,
        session.ws_connect(agent.url) as socket,
    ):
        message = await socket.receive()
        assert message.type is WSMsgType.ERROR
        assert socket.close_code == 1007


async def test_handshakes_are_refused_as_told_and_then_accepted(session: aiohttp.ClientSession) -> None:
    async with ScriptedAgentServer(greeting="Hi.", refusals=[503, 403]) as agent:
        for status in (503, 403):
            with pytest.raises(WSServerHandshakeError) as raised:
                await session.ws_connect(agent.url)
            assert raised.value.status == status
        async with session.ws_connect(agent.url) as socket:
            assert (await socket.receive_json())["content"] == "Hi."
    assert len(agent.refused) == 2
    assert len(agent.calls) == 1


async def test_a_wrong_secret_is_refused_with_401(session: aiohttp.ClientSession) -> None:
    async with ScriptedAgentServer(greeting="Hi.", secret="planted") as agent:
        for headers in ({}, {"X-VOCERA-SECRET": "wrong"}):
            with pytest.raises(WSServerHandshakeError) as raised:
                await session.ws_connect(agent.url, headers=headers)
            assert raised.value.status == 401
        async with session.ws_connect(agent.url, headers={"X-VOCERA-SECRET": "planted"}) as socket:
            assert (await socket.receive_json())["content"] == "Hi."


async def test_plain_http_is_told_that_this_is_a_websocket_server(session: aiohttp.ClientSession) -> None:
    async with ScriptedAgentServer() as agent, session.get(agent.url.replace("ws:", "http:")) as response:
        assert response.status == 426


async def test_the_echo_sends_back_everything_end_call_included(session: aiohttp.ClientSession) -> None:
    async with ScriptedAgentServer(echo) as agent, session.ws_connect(agent.url) as socket:
        for text in ('{"content": "Hello."}', "plain", '{"content": "", "type": "end_call"}'):
            await socket.send_str(text)
            assert (await socket.receive()).data == text


async def test_pings_are_answered_even_while_the_agent_thinks(session: aiohttp.ClientSession) -> None:
    async with (
        ScriptedAgentServer(greeting=["Hm.", Pause(60)]) as agent,
        session.ws_connect(agent.url, autoping=False) as socket,
    ):
        await socket.receive()
        await socket.ping(b"?")
        assert (await socket.receive()).type is WSMsgType.PONG


async def test_pings_can_be_left_without_a_pong(session: aiohttp.ClientSession) -> None:
    async with (
        ScriptedAgentServer(replies=["Yes."], answer_pings=False) as agent,
        session.ws_connect(agent.url, autoping=False) as socket,
    ):
        await socket.ping(b"?")
        await say(socket, "Are you there?")
        assert (await socket.receive()).type is WSMsgType.TEXT


async def test_it_serves_tls(session: aiohttp.ClientSession) -> None:
    authority = trustme.CA()
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(server_side)  # pyright: ignore[reportUnknownMemberType] - also takes contexts of a package not here
    client_side = ssl.create_default_context()
    authority.configure_trust(client_side)  # pyright: ignore[reportUnknownMemberType] - as above
    async with (
        ScriptedAgentServer(greeting="Hi.", ssl_context=server_side) as agent,
        session.ws_connect(agent.url, ssl=client_side) as socket,
    ):
        assert agent.url.startswith("wss://localhost:")
        assert (await socket.receive_json())["content"] == "Hi."


async def test_many_calls_at_once_are_kept_apart(session: aiohttp.ClientSession) -> None:
    async def talk(call: AgentCall) -> None:
        async for text in call:
            await call.say(f"{text} back")

    async def caller(number: int) -> str:
        async with session.ws_connect(agent.url) as socket:
            await say(socket, str(number))
            return str((await socket.receive_json())["content"])

    async with ScriptedAgentServer(talk) as agent:
        heard = await asyncio.gather(*(caller(number) for number in range(50)))
    assert heard == [f"{number} back" for number in range(50)]
