"""The trigger of an outbound agent, against servers that take it, refuse it, and misbehave."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from pydantic import SecretStr

from ringback.channels.dial_trigger import ask_to_call
from ringback.channels.websocket import agent_session
from ringback.domain.agent import DialTrigger
from ringback.errors import CallFailed

SECRET = "planted-trigger-secret"
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def trigger_server(answer: Answer) -> AsyncGenerator[str]:
    """The URL of a server that answers so; its query carries a token."""
    app = web.Application()
    app.router.add_post("/call", answer)
    runner = web.AppRunner(app, shutdown_timeout=0)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/call?token=planted-token"
    finally:
        await runner.cleanup()


async def ask(url: str, *, secret: str | None = SECRET, seconds: float = 30.0) -> str | None:
    trigger = DialTrigger(url=SecretStr(url), secret=SecretStr(secret) if secret else None)
    async with agent_session() as session:
        return await ask_to_call(
            trigger,
            from_number="+15550199",
            to_number="+15550100",
            dynamic_variables={"name": "Ada", "visits": 2},
            session=session,
            seconds=seconds,
        )


async def sentence_of(answer: Answer) -> str:
    async with trigger_server(answer) as url:
        with pytest.raises(CallFailed) as caught:
            await ask(url)
    assert caught.value.reason == "not_triggered"
    assert "planted" not in str(caught.value)
    return str(caught.value)


async def test_the_agent_is_told_the_numbers_and_the_variables_and_its_id_is_kept() -> None:
    seen: list[tuple[str | None, Any]] = []

    async def answer(request: web.Request) -> web.Response:
        seen.append((request.headers.get("X-CEKURA-SECRET"), await request.json()))
        return web.json_response({"success": True, "call_id": "call-7"}, status=202)

    async with trigger_server(answer) as url:
        assert await ask(url) == "call-7"
        assert await ask(url, secret=None) == "call-7"
    body = {"from_number": "+15550199", "to_number": "+15550100"}
    body |= {"dynamic_variables": {"name": "Ada", "visits": 2}}
    assert seen == [(SECRET, body), (None, body)]


@pytest.mark.parametrize(
    "body",
    [b"", b"fine", b"[1]", b'{"call_id": null}', b'{"success": true}', b"[" * 100_000, b"\xff", b'{"call_id": {}}'],
)
async def test_an_answer_need_not_say_anything(body: bytes) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=body)

    async with trigger_server(answer) as url:
        assert await ask(url) is None


async def test_a_number_is_an_id_too_and_a_long_one_is_cut() -> None:
    ids: list[Any] = [7, "x" * 300]

    async def answer(_: web.Request) -> web.Response:
        return web.json_response({"call_id": ids.pop(0)})

    async with trigger_server(answer) as url:
        assert await ask(url) == "7"
        assert await ask(url) == "x" * 255


async def test_an_agent_that_will_not_call_says_so() -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.json_response({"success": False})

    assert '"success": false' in await sentence_of(answer)


@pytest.mark.parametrize("status", [400, 401, 404, 500, 503])
async def test_other_answers_are_refusals(status: int) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=status, text=SECRET)

    assert f"answered {status}" in await sentence_of(answer)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(status: int) -> None:
    reached: list[str] = []

    async def elsewhere(request: web.Request) -> web.Response:
        reached.append(request.path)
        return web.Response()

    async with trigger_server(elsewhere) as other:

        async def answer(_: web.Request) -> web.Response:
            return web.Response(status=status, headers={"Location": other})

        assert f"redirects ({status})" in await sentence_of(answer)
    assert reached == []


async def test_a_redirect_is_not_followed_by_an_ordinary_client_either() -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=307, headers={"Location": "http://127.0.0.1:9/"})

    async with trigger_server(answer) as url, aiohttp.ClientSession() as session:
        with pytest.raises(CallFailed, match=r"redirects \(307\)"):
            await ask_to_call(
                DialTrigger(url=SecretStr(url)), from_number="1", to_number="2", dynamic_variables={}, session=session
            )


async def test_who_does_not_answer_in_time_is_not_waited_for() -> None:
    gone = asyncio.Event()

    async def answer(_: web.Request) -> web.Response:
        await gone.wait()
        return web.Response()

    async with trigger_server(answer) as url:
        with pytest.raises(CallFailed, match=r"did not answer within 0\.05 s"):
            await ask(url, seconds=0.05)
        gone.set()


async def test_an_answer_without_end_is_read_to_a_bound() -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            while True:
                await response.write(b" " * 65_536)
        except (ConnectionError, asyncio.CancelledError):
            return response

    async with trigger_server(answer) as url:
        assert await ask(url) is None


async def test_nobody_there_and_no_url_are_said_in_words() -> None:
    for url in ("http://127.0.0.1:9/call?token=planted-token", "http://user:planted-word@[bad/"):
        with pytest.raises(CallFailed) as caught:
            await ask(url)
        assert caught.value.reason == "not_triggered"
        assert "planted" not in str(caught.value)
