"""Anthropic's and Google's protocols, against local servers that speak them."""

import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from aiohttp import web
from pydantic import BaseModel

from ringback.domain.secret import Redactor
from ringback.errors import ModelError, ModelRejected, ModelUnavailable
from ringback.models.model import CallKey, LanguageModel, Message, Tool, ToolUse
from ringback.models.provider_model import ProviderModel, SettingNames
from ringback.models.retrying import Retries

KEY = "sk-planted-secret"
TALK = [
    Message("system", "You are a patient."),
    Message("user", "How can I help?"),
    Message("assistant", "I need an appointment."),
    Message("user", "Which day?"),
]
HANG_UP = Tool(name="hang_up", description="End the call.", parameters={"type": "object", "properties": {}})


class Verdict(BaseModel):
    """What a judge answers."""

    met: bool


class HostedServer:
    """Answers `POST` with what is next in `answers`: a status and a JSON value or text."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, Any]] = []
        self.requests: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.url = ""

    async def handle(self, request: web.Request) -> web.Response:
        self.keys.append(
            request.headers.get("x-goog-api-key") or request.headers.get("Authorization", "").removeprefix("Bearer ")
        )
        self.requests.append(json.loads(await request.read()))
        status, body = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        text = body if isinstance(body, str) else json.dumps(body)
        return web.Response(status=status, text=text, content_type="application/json")


@pytest.fixture
async def hosted() -> AsyncIterator[HostedServer]:
    server = HostedServer()
    application = web.Application()
    application.router.add_post("/{path:.*}", server.handle)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield server
    await runner.cleanup()


@pytest.fixture(params=["anthropic:claude-haiku-4-5", "google:gemini-2.5-flash"])
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def model(hosted: HostedServer, name: str, retries: Retries) -> AsyncIterator[LanguageModel]:
    provider, _, of_it = name.partition(":")
    from ringback.models.hosted import Hosted  # takes two seconds, and all processes of the tests read this file

    client = Hosted(provider, of_it, api_key=KEY, base_url=hosted.url, timeout=5.0)
    settings = SettingNames(key="ITS_API_KEY", base_url=None)
    asked = ProviderModel(name=name, provider=client, retries=retries, settings=settings, redactor=Redactor([KEY]))
    yield asked
    await asked.close()


Say = Callable[..., tuple[int, Any]]


@pytest.fixture
def say(name: str) -> Say:
    """An answer in the provider's own form."""
    return _anthropic if name.startswith("anthropic") else _google


def _anthropic(text: str = "", tool: str | None = None) -> tuple[int, Any]:
    blocks: list[Any] = [{"type": "text", "text": text}] if text else []
    if tool:
        blocks.append({"type": "tool_use", "id": "t1", "name": tool, "input": {"reason": "done"}})
    return 200, {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-haiku-4-5",
        "content": blocks,
        "stop_reason": "tool_use" if tool else "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 1000, "output_tokens": 100},
    }


def _google(text: str = "", tool: str | None = None) -> tuple[int, Any]:
    parts: list[Any] = [{"text": text}] if text else []
    if tool:
        parts.append({"functionCall": {"name": tool, "args": {"reason": "done"}}})
    return 200, {
        "candidates": [{"content": {"role": "model", "parts": parts}, "finishReason": "STOP"}],
        "usageMetadata": {"promptTokenCount": 1000, "candidatesTokenCount": 100, "totalTokenCount": 1100},
        "modelVersion": "gemini-2.5-flash",
    }


async def test_a_reply_carries_words_tokens_and_cost(
    hosted: HostedServer, model: LanguageModel, key: CallKey, say: Say
) -> None:
    hosted.answers = [say("On Monday.")]
    reply = await model.reply(TALK, key=key)
    assert reply.text == "On Monday."
    assert (reply.usage.calls, reply.usage.input_tokens, reply.usage.output_tokens) == (1, 1000, 100)
    assert reply.usage.cost is not None
    assert reply.usage.cost > 0
    assert hosted.keys == [KEY]


async def test_the_whole_prompt_reaches_the_provider(
    hosted: HostedServer, model: LanguageModel, key: CallKey, say: Say
) -> None:
    hosted.answers = [say("On Monday.")]
    await model.reply(TALK, key=key)
    sent = json.dumps(hosted.requests[0])
    places = [sent.index(message.content) for message in TALK[1:]]
    assert places == sorted(places)
    assert "You are a patient." in sent


async def test_tool_calls_come_parsed(hosted: HostedServer, model: LanguageModel, key: CallKey, say: Say) -> None:
    hosted.answers = [say("Bye.", tool="hang_up")]
    reply = await model.reply(TALK, key=key, tools=[HANG_UP])
    assert reply.tool_uses == (ToolUse(name="hang_up", arguments={"reason": "done"}),)
    assert "hang_up" in json.dumps(hosted.requests[0])


async def test_a_shape_is_validated_and_a_misfit_sent_back(
    hosted: HostedServer, model: LanguageModel, key: CallKey, say: Say
) -> None:
    hosted.answers = [say("I would say yes."), say('{"met": true}')]
    reply = await model.reply(TALK, key=key, shape=Verdict)
    assert reply.parsed == Verdict(met=True)
    assert reply.usage.calls == 2
    assert "not a JSON object" in json.dumps(hosted.requests[1])


async def test_passing_trouble_is_tried_again_by_us_alone(
    hosted: HostedServer, model: LanguageModel, key: CallKey, say: Say, waits: list[float]
) -> None:
    hosted.answers = [(529, {"error": {"message": "Overloaded"}}), (500, "oops"), say("On Monday.")]
    assert (await model.reply(TALK, key=key)).text == "On Monday."
    assert waits == [0.5, 1.0]
    assert len(hosted.requests) == 3


async def test_a_wrong_key_is_told_and_masked(
    hosted: HostedServer, model: LanguageModel, name: str, key: CallKey
) -> None:
    hosted.answers = [(401, {"error": {"code": 401, "message": f"invalid key {KEY}", "status": "UNAUTHENTICATED"}})]
    with pytest.raises(ModelRejected) as raised:
        await model.reply(TALK, key=key)
    error: BaseException | None = raised.value
    while error is not None:
        assert KEY not in f"{error!s}{error!r}"
        error = error.__cause__ or error.__context__
    assert "the key was refused (HTTP 401" in str(raised.value)
    assert "Set ITS_API_KEY" in str(raised.value)
    assert f"{name} at 127.0.0.1:" in str(raised.value)
    assert len(hosted.requests) == 1


@pytest.mark.parametrize(
    "body",
    ["", "null", "[]", "<html>", "{}", '{"content": 5}', '{"candidates": []}', '{"candidates": [{"content": null}]}'],
)
async def test_nonsense_is_one_of_our_errors_or_an_empty_reply(
    hosted: HostedServer, model: LanguageModel, key: CallKey, body: str
) -> None:
    hosted.answers = [(200, body)]
    try:
        reply = await model.reply(TALK, key=key)
    except ModelError:
        return
    assert reply.text == ""


async def test_an_unknown_model_is_told_without_a_word_on_base_urls(
    hosted: HostedServer, model: LanguageModel, key: CallKey
) -> None:
    hosted.answers = [(404, {"error": {"code": 404, "message": "no such model", "status": "NOT_FOUND"}})]
    with pytest.raises(ModelRejected) as raised:
        await model.reply(TALK, key=key)
    assert str(raised.value).endswith("Check RINGBACK_CALLER_MODEL.")


async def test_a_dead_address_is_told(key: CallKey, name: str, retries: Retries) -> None:
    provider, _, of_it = name.partition(":")
    from ringback.models.hosted import Hosted

    client = Hosted(provider, of_it, api_key=KEY, base_url="http://127.0.0.1:9", timeout=5.0)
    model = ProviderModel(name=name, provider=client, retries=retries)
    with pytest.raises(ModelUnavailable, match="no connection"):
        await model.reply(TALK, key=key)
    await model.close()
