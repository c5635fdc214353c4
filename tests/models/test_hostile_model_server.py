"""The direct path against servers that fail, lie or hang: always one of our errors, never the key."""

import asyncio
import socket
import ssl
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
import trustme
from aiohttp.abc import AbstractResolver
from pydantic import BaseModel

from ringback.errors import ModelError, ModelRejected, ModelUnavailable
from ringback.models.connections import Connections
from ringback.models.model import CallKey, LanguageModel, Message
from ringback.testing import (
    DropConnection,
    RawAnswer,
    ScriptedModelServer,
    Stall,
    empty_choices,
    html_page,
    malformed_json,
    rate_limited,
    refused,
    server_error,
)

HELLO = [Message("user", "Hello?")]


class Verdict(BaseModel):
    """What a judge answers."""

    met: bool


@pytest.mark.parametrize(
    "fault",
    [
        rate_limited(),
        server_error(500),
        server_error(503),
        server_error(529),
        RawAnswer(408),
        malformed_json(),
        empty_choices(),
        DropConnection(),
        DropConnection(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"),
        DropConnection(b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"a'),
        DropConnection(b"SSH-2.0-OpenSSH_9.2\r\n"),
        RawAnswer(body=b"\xff\xfe\x00"),
        RawAnswer(body="[]"),
        RawAnswer(body="null"),
        RawAnswer(body="[" * 100_000),
        RawAnswer(body='{"choices": {"0": 1}}'),
        RawAnswer(body='{"choices": ["text"]}'),
        RawAnswer(body='{"choices": [{"message": null}]}'),
        RawAnswer(body='{"choices": [{"message": {"content": 5}}]}'),
        RawAnswer(body='{"choices": [{"message": {"tool_calls": "none"}}]}'),
        RawAnswer(body='{"choices": [{"message": {"tool_calls": [null]}}]}'),
        RawAnswer(body='{"error": {"message": "upstream is away"}}'),
        RawAnswer(headers={"Content-Encoding": "gzip"}, body=b"this is not gzip"),
    ],
    ids=lambda fault: repr(fault)[:60],
)
async def test_passing_trouble_is_tried_again(
    server: ScriptedModelServer, model: LanguageModel, key: CallKey, waits: list[float], fault: RawAnswer
) -> None:
    server.fail(fault, times=2)
    reply = await model.reply(HELLO, key=key)
    assert reply.text == "I see."
    assert waits == [0.5, 1.0]


async def test_trouble_that_stays_is_told_with_cause_place_and_setting(
    server: ScriptedModelServer, model: LanguageModel, key: CallKey, waits: list[float]
) -> None:
    server.fail(server_error(500), times=99)
    with pytest.raises(ModelUnavailable) as raised:
        await model.reply(HELLO, key=key)
    assert str(raised.value) == (
        f"openai:gpt-4o-mini at 127.0.0.1:{server.port}: the server had an error (HTTP 500: The server had an error.), "
        "tried 5 times. Try again later, or choose another model with RINGBACK_CALLER_MODEL."
    )
    assert waits == [0.5, 1.0, 2.0, 4.0]


async def test_retry_after_goes_before_our_own_backoff(
    server: ScriptedModelServer, model: LanguageModel, key: CallKey, waits: list[float]
) -> None:
    server.fail(rate_limited(retry_after=7), times=1)
    await model.reply(HELLO, key=key)
    assert waits == [7.5]


async def test_a_server_that_asks_for_an_hour_is_not_waited_for(
    server: ScriptedModelServer, model: LanguageModel, key: CallKey, waits: list[float]
) -> None:
    server.fail(rate_limited(retry_after=3600), times=1)
    with pytest.raises(ModelUnavailable, match=r"asks to wait 3600 s\. Lower RINGBACK_MODEL_CONCURRENCY"):
        await model.reply(HELLO, key=key)
    assert waits == []


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (
            refused(401),
            "the key was refused (HTTP 401: Incorrect API key provided.). Set OPENAI_API_KEY to a valid key.",
        ),
        (refused(403, "Country not supported"), "the key was refused (HTTP 403: Country not supported)."),
        (
            refused(404, "The model does not exist"),
            "there is no such model or path (HTTP 404: The model does not exist).",
        ),
        (refused(400, "max_tokens is required"), "the request was refused (HTTP 400: max_tokens is required)."),
        (
            RawAnswer(429, '{"error": {"message": "You exceeded your quota", "code": "insufficient_quota"}}'),
            "the account has no quota left (HTTP 429: You exceeded your quota). Add credit",
        ),
        (RawAnswer(302, headers={"Location": "http://127.0.0.1:1/"}), "no such model or path (HTTP 302)."),
        (RawAnswer(401, '{"error": "Unauthorized"}'), "(HTTP 401: Unauthorized)."),
        (RawAnswer(422, '{"detail": "no messages"}'), "(HTTP 422: no messages)."),
        (RawAnswer(400, "plain \x1b[31mwords\n here"), "(HTTP 400: plain [31mwords here)."),
        (RawAnswer(400, "x" * 5000), "HTTP 400: " + "x" * 300),
        (html_page(404), "there is no such model or path (HTTP 404: a web page)."),
        (html_page(200), "the answer makes no sense (it is a web page). Check that RINGBACK_CALLER_BASE_URL"),
    ],
    ids=lambda value: repr(value)[:60],
)
async def test_a_refusal_is_told_at_once(
    server: ScriptedModelServer,
    model: LanguageModel,
    key: CallKey,
    answer: RawAnswer,
    words: str,
) -> None:
    server.fail(answer, times=99)
    with pytest.raises(ModelRejected) as raised:
        await model.reply(HELLO, key=key)
    assert words in str(raised.value)
    assert str(raised.value).startswith(f"openai:gpt-4o-mini at 127.0.0.1:{server.port}: ")
    assert "\x1b" not in str(raised.value)
    assert len(server.requests) == 1


async def test_a_key_that_the_server_repeats_is_masked_everywhere(
    server: ScriptedModelServer, model: LanguageModel, key: CallKey
) -> None:
    server.fail(refused(401, "Incorrect API key provided: sk-planted-secret."), times=99)
    with pytest.raises(ModelRejected) as raised:
        await model.reply(HELLO, key=key)
    error: BaseException | None = raised.value
    while error is not None:
        assert "sk-planted-secret" not in f"{error!s}{error!r}"
        error = error.__cause__ or error.__context__
    assert "Incorrect API key provided: [secret]." in str(raised.value)


async def test_secrets_in_the_base_url_are_masked_too(
    server: ScriptedModelServer, open_at: Callable[..., LanguageModel], key: CallKey
) -> None:
    url = server.url.replace("http://", "http://planted-user:planted-word@") + "?token=planted-token"
    server.fail(refused(404, "No user planted-user with planted-word at /v1?token=planted-token"), times=99)
    with pytest.raises(ModelRejected) as raised:
        await open_at(url, api_key=None).reply(HELLO, key=key)
    assert "planted" not in str(raised.value)
    assert server.requests[0].headers["Authorization"].startswith("Basic ")


async def test_a_hanging_server_runs_into_the_time_limit(
    server: ScriptedModelServer, open_at: Callable[..., LanguageModel], key: CallKey, waits: list[float]
) -> None:
    server.fail(Stall(), times=99)
    with pytest.raises(
        ModelUnavailable,
        match=r"no answer came in time \(within 0\.05 s\), tried 5 times\. Raise RINGBACK_MODEL_TIMEOUT",
    ):
        await open_at(server.url, timeout=0.05).reply(HELLO, key=key)
    assert len(waits) == 4


async def test_a_huge_answer_is_not_read_to_its_end(
    server: ScriptedModelServer, model: LanguageModel, key: CallKey
) -> None:
    server.fail(RawAnswer(body=b'{"choices": "' + b"x" * (9 * 1024 * 1024) + b'"}'), times=99)
    with pytest.raises(ModelRejected, match=r"larger than 8 MiB"):
        await model.reply(HELLO, key=key)


async def test_a_dead_address_is_told(open_at: Callable[..., LanguageModel], key: CallKey) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        with pytest.raises(ModelUnavailable, match=r"no connection \(Connection refused\)"):
            await open_at(f"http://127.0.0.1:{port}/v1").reply(HELLO, key=key)


async def test_a_port_that_is_not_https_is_told(
    server: ScriptedModelServer, open_at: Callable[..., LanguageModel], key: CallKey
) -> None:
    with pytest.raises(ModelError, match="no connection"):
        await open_at(server.url.replace("http:", "https:")).reply(HELLO, key=key)


async def test_a_certificate_that_nobody_knows_is_told_and_not_tried_again(
    open_at: Callable[..., LanguageModel], key: CallKey, waits: list[float]
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("localhost").configure_cert(context)  # pyright: ignore[reportUnknownMemberType] - also takes contexts of a package not here
    running = await asyncio.start_server(lambda _, __: None, "127.0.0.1", 0, ssl=context)
    async with running:
        url = f"https://localhost:{running.sockets[0].getsockname()[1]}/v1"
        with pytest.raises(ModelRejected, match=r"no connection \(certificate: .*RINGBACK_CALLER_BASE_URL is right"):
            await open_at(url).reply(HELLO, key=key)
    assert waits == []


async def test_a_refusal_with_and_without_the_schema_is_told_as_the_first_was(
    server: ScriptedModelServer, model: LanguageModel, key: CallKey
) -> None:
    server.on("", [refused(400, "The prompt is too long."), refused(400, "Still too long.")])
    with pytest.raises(ModelRejected, match="The prompt is too long"):
        await model.reply(HELLO, key=key, shape=Verdict)
    assert [asked.wants_object for asked in server.requests] == [True, False]


class NoSuchHost(AbstractResolver):
    """A name service that knows nobody."""

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET) -> Any:
        raise OSError(f"{host}:{port} {family} is not known")

    async def close(self) -> None:
        """Nothing to close."""


async def test_a_name_that_no_host_has_is_told(open_at: Callable[..., LanguageModel], key: CallKey) -> None:
    connector = aiohttp.TCPConnector(resolver=NoSuchHost())
    async with aiohttp.ClientSession(connector=connector) as session:
        model = open_at("http://models.example/v1", connections=Connections(session))
        with pytest.raises(ModelUnavailable, match=r"no connection \(the host's name is not known\)"):
            await model.reply(HELLO, key=key)


@asynccontextmanager
async def raw_server(reply: bytes, *, half_close: bool) -> AsyncGenerator[str, None]:
    """A TCP server that answers any request with these bytes."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(reply)
        if half_close:
            writer.write_eof()
            await reader.read()
        writer.close()

    running = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with running:
        yield f"http://127.0.0.1:{running.sockets[0].getsockname()[1]}/v1"


@pytest.mark.parametrize("half_close", [False, True])
@pytest.mark.parametrize(
    "reply",
    [
        b"",
        b"\x00\x01\x02\x03\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000 + b"\r\n\r\n",
        b"HTTP/1.1 999999 What\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 429 No\r\nRetry-After: soon\r\nContent-Length: 0\r\n\r\n",
    ],
    ids=["nothing", "noise", "too short", "bad length", "huge header", "bad status", "bad encoding", "bad Retry-After"],
)
async def test_broken_http_is_one_of_our_errors(
    open_at: Callable[..., LanguageModel], key: CallKey, reply: bytes, half_close: bool
) -> None:
    async with raw_server(reply, half_close=half_close) as url:
        model = open_at(url)
        with pytest.raises(ModelError):
            await model.reply(HELLO, key=key)
        await model.close()
