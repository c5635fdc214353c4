"""Handshakes that fail, each with its cause in words and whether another try can help."""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest
import trustme
from agent_servers import Serve
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from ringback.channels.refusals import channel_error
from ringback.channels.websocket import WebSocketChannel
from ringback.errors import ChannelError, HandshakeFailed, NotConnected, Refused


async def _error(url: str, session: aiohttp.ClientSession, **options: Any) -> ChannelError:
    channel = WebSocketChannel(url, {"X-VOCERA-SECRET": "hush"}, session=session, **options)
    with pytest.raises(ChannelError) as failed:
        await channel.open()
    await channel.close()
    return failed.value


def _answers(status: int, **options: Any) -> Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]:
    async def respond(_: web.BaseRequest) -> web.StreamResponse:
        return web.Response(status=status, **options)

    return respond


@pytest.mark.parametrize("status", [401, 403])
async def test_a_wrong_secret_is_refused(status: int, serve: Serve, session: aiohttp.ClientSession) -> None:
    error = await _error((await serve(respond=_answers(status))).url, session)
    assert isinstance(error, Refused)
    assert not error.retryable
    assert str(status) in str(error)
    assert "secret" in str(error)


@pytest.mark.parametrize(
    ("status", "words", "retryable"),
    [
        (200, "no WebSocket", False),
        (400, "400", False),
        (404, "path", False),
        (429, "429", True),
        (500, "server error 500", True),
        (501, "server error 501", False),
        (502, "server error 502", True),
        (503, "server error 503", True),
    ],
)
async def test_other_answers_fail_the_handshake(
    status: int, words: str, *, retryable: bool, serve: Serve, session: aiohttp.ClientSession
) -> None:
    agent = await serve(respond=_answers(status))
    error = await _error(agent.url, session)
    assert isinstance(error, HandshakeFailed)
    assert words in str(error)
    assert error.retryable is retryable
    assert error.status == status
    assert len(agent.requests) == 1


async def test_a_redirect_is_not_followed_with_our_secret(serve: Serve, session: aiohttp.ClientSession) -> None:
    other = await serve(respond=_answers(200))
    location = f"http://user:pw@127.0.0.1:{other.port}/there?token=abc"
    agent = await serve(respond=_answers(302, headers={"Location": location}))
    error = await _error(agent.url, session)
    assert isinstance(error, HandshakeFailed)
    assert "redirects" in str(error)
    assert "/there" in str(error)
    assert "abc" not in str(error)
    assert "pw" not in str(error)
    assert other.requests == []
    assert not error.retryable


async def test_a_redirect_loop_is_one_request(serve: Serve, session: aiohttp.ClientSession) -> None:
    agent = await serve(respond=_answers(307, headers={"Location": "/"}))
    assert isinstance(await _error(agent.url, session), HandshakeFailed)
    assert len(agent.requests) == 1


async def test_a_server_that_never_answers(serve_raw: Serve, session: aiohttp.ClientSession) -> None:
    async def speak(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    agent = await serve_raw(speak, handshake=False)
    error = await _error(agent.url, session, connect_timeout=0.1)
    assert isinstance(error, HandshakeFailed)
    assert error.retryable
    assert "0.1 s" in str(error)


async def test_a_server_that_hangs_up_is_asked_once(serve_raw: Serve, session: aiohttp.ClientSession) -> None:
    async def speak(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")

    agent = await serve_raw(speak, handshake=False)
    error = await _error(agent.url, session)
    assert isinstance(error, HandshakeFailed)
    assert error.retryable
    assert agent.connections == 1


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH_9\r\n\r\n",
        b"\x00\xff\x00\xff\r\n\r\n",
        (
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: bm9wZQ==\r\n\r\n"
        ),
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
    ],
)
async def test_a_server_of_another_kind(answer: bytes, serve_raw: Serve, session: aiohttp.ClientSession) -> None:
    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await reader.read()

    error = await _error((await serve_raw(speak, handshake=False)).url, session)
    assert isinstance(error, HandshakeFailed)
    assert not error.retryable


async def test_nobody_listens(session: aiohttp.ClientSession) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        error = await _error(f"ws://127.0.0.1:{unused.getsockname()[1]}/chat?key=abc", session)
    assert isinstance(error, NotConnected)
    assert error.retryable
    assert "refused" in str(error)
    assert "abc" not in str(error)


class _NoSuchHost(AbstractResolver):
    def __init__(self, code: int) -> None:
        self._code = code

    async def resolve(self, host: str, port: int = 0, family: int = 0) -> list[ResolveResult]:
        raise OSError(self._code, f"Name or service not known: {host} {port} {family}")

    async def close(self) -> None:
        pass


@pytest.mark.parametrize(("code", "retryable"), [(socket.EAI_NONAME, False), (socket.EAI_AGAIN, True)])
async def test_a_host_that_does_not_exist(code: int, *, retryable: bool) -> None:
    connector = aiohttp.TCPConnector(resolver=_NoSuchHost(code))
    async with aiohttp.ClientSession(connector=connector) as session:
        error = await _error("ws://nowhere.invalid/", session)
    assert isinstance(error, NotConnected)
    assert error.retryable is retryable
    assert "DNS" in str(error)


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/", "ws://", "nonsense", "ws://127.0.0.1:99999/", ""])
async def test_an_address_that_cannot_be_used(url: str, session: aiohttp.ClientSession) -> None:
    error = await _error(url, session)
    assert isinstance(error, NotConnected)
    assert not error.retryable


async def test_credentials_of_the_url_are_sent_and_never_shown(serve: Serve, session: aiohttp.ClientSession) -> None:
    agent = await serve(respond=_answers(404))
    error = await _error(agent.url.replace("ws://", "ws://ann:pw@"), session)
    assert agent.requests[0].headers["Authorization"].startswith("Basic ")
    assert "pw" not in str(error)


@pytest.fixture
async def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
async def secure_agent(serve: Serve, authority: trustme.CA) -> str:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)  # pyright: ignore[reportUnknownMemberType] - pyOpenSSL is not here
    return (await serve(tls=tls)).url


async def test_a_private_authority_that_we_know(
    secure_agent: str, authority: trustme.CA, session: aiohttp.ClientSession
) -> None:
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)  # pyright: ignore[reportUnknownMemberType] - pyOpenSSL is not here
    channel = WebSocketChannel(secure_agent, {}, session=session, ssl_context=trusting)
    await channel.open()
    await channel.close()


async def test_a_private_authority_that_we_do_not_know(secure_agent: str, session: aiohttp.ClientSession) -> None:
    error = await _error(secure_agent, session)
    assert isinstance(error, NotConnected)
    assert not error.retryable
    assert "certificate" in str(error)


async def test_a_certificate_of_another_host(
    secure_agent: str, authority: trustme.CA, session: aiohttp.ClientSession
) -> None:
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)  # pyright: ignore[reportUnknownMemberType] - pyOpenSSL is not here
    error = await _error(secure_agent.replace("127.0.0.1", "localhost"), session, ssl_context=trusting)
    assert isinstance(error, NotConnected)
    assert "certificate" in str(error)


async def test_tls_with_an_agent_that_speaks_none(serve: Serve, session: aiohttp.ClientSession) -> None:
    error = await _error((await serve()).url.replace("ws://", "wss://"), session)
    assert isinstance(error, NotConnected)
    assert not error.retryable
    assert "TLS" in str(error)


async def test_a_host_that_swallows_packets_is_not_connected() -> None:
    """The library's time-out of the TCP connection is told from an unanswered handshake."""
    error = channel_error(aiohttp.ConnectionTimeoutError("timeout"), "ws://10.255.255.1/", 10.0)
    assert isinstance(error, NotConnected)
    assert error.retryable
    assert "no answer" in str(error)


async def test_an_unforeseen_failure_is_named_by_its_kind() -> None:
    error = channel_error(aiohttp.ClientPayloadError("secret detail"), "ws://a/", 10.0)
    assert isinstance(error, HandshakeFailed)
    assert "ClientPayloadError" in str(error)
    assert "secret detail" not in str(error)
