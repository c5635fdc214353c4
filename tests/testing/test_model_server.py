"""The scripted model answers, counts and fails as told, seen from a plain HTTP client."""

import json
from collections.abc import AsyncIterator
from enum import Enum
from typing import Any, Literal

import aiohttp
import pytest
from pydantic import BaseModel, Field

from ringback.testing import (
    Asked,
    CallTool,
    RawAnswer,
    ScriptedModelServer,
    Stall,
    rate_limited,
    refused,
    server_error,
)
from ringback.testing.smallest import smallest


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as client:
        yield client


async def ask(session: aiohttp.ClientSession, server: ScriptedModelServer, text: str = "Hello.", **more: Any) -> Any:
    body = {"model": "m", "messages": [{"role": "system", "content": "You are."}, {"role": "user", "content": text}]}
    async with session.post(f"{server.url}/chat/completions", json={**body, **more}) as response:
        response.raise_for_status()
        return await response.json()


def words(completion: Any) -> str:
    return str(completion["choices"][0]["message"]["content"])


def object_wanted(schema: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"type": "json_schema", "json_schema": {"name": "Verdict", "schema": schema or {"type": "object"}}}


async def test_the_first_rule_that_matches_answers(session: aiohttp.ClientSession) -> None:
    async with ScriptedModelServer("Go on.") as server:
        server.on("insurance", "Aetna.", role="user")
        server.on("you are", "Once.", role="system", times=1)
        server.on(when=lambda asked: asked.last.isupper(), answer=lambda asked: asked.last.lower())
        heard = [words(await ask(session, server, text)) for text in ("Your INSURANCE?", "Hm.", "LOUD", "Else.")]
    assert heard == ["Aetna.", "Once.", "loud", "Go on."]


async def test_several_answers_are_given_in_turn_the_last_again_and_again(session: aiohttp.ClientSession) -> None:
    async with ScriptedModelServer(["One.", "Two."]) as server:
        assert [words(await ask(session, server)) for _ in range(3)] == ["One.", "Two.", "Two."]


async def test_objects_are_answered_to_those_who_ask_for_objects(session: aiohttp.ClientSession) -> None:
    async with ScriptedModelServer("Words.") as server:
        server.on(wants_object=True, shape="Verdict", answer={"met": True})
        judged = await ask(session, server, response_format=object_wanted())
        said = await ask(session, server)
    assert json.loads(words(judged)) == {"met": True}
    assert words(said) == "Words."
    assert [asked.wants_object for asked in server.requests] == [True, False]
    assert (server.requests[0].shape, server.requests[0].schema) == ("Verdict", {"type": "object"})


async def test_without_a_rule_an_object_is_the_smallest_of_its_schema(session: aiohttp.ClientSession) -> None:
    schema = {"type": "object", "properties": {"met": {"type": "boolean"}, "why": {"type": "string"}}}
    async with ScriptedModelServer() as server:
        judged = await ask(session, server, response_format=object_wanted(schema))
    assert json.loads(words(judged)) == {"met": False, "why": ""}


async def test_a_tool_is_called(session: aiohttp.ClientSession) -> None:
    tools = [{"type": "function", "function": {"name": "hang_up", "parameters": {"type": "object"}}}]
    async with ScriptedModelServer(CallTool("hang_up", {"reason": "done"})) as server:
        completion = await ask(session, server, tools=tools)
    choice = completion["choices"][0]
    assert choice["finish_reason"] == "tool_calls"
    assert choice["message"]["content"] is None
    assert choice["message"]["tool_calls"][0]["function"] == {"name": "hang_up", "arguments": '{"reason": "done"}'}
    assert server.requests[0].tools == ("hang_up",)


async def test_tokens_are_counted_or_given_or_left_out(session: aiohttp.ClientSession) -> None:
    async with ScriptedModelServer("Twelve chars") as server:
        counted = (await ask(session, server))["usage"]
    async with ScriptedModelServer(usage=(7, 3)) as server:
        given = (await ask(session, server))["usage"]
    async with ScriptedModelServer(reports_usage=False) as server:
        left_out = await ask(session, server)
    assert counted["completion_tokens"] == 4
    assert given == {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}
    assert "usage" not in left_out


async def test_faults_come_before_rules_as_often_as_told(session: aiohttp.ClientSession) -> None:
    async with ScriptedModelServer() as server:
        server.on("", "Yes.")
        server.fail([rate_limited(retry_after=2), server_error(503)], times=2)
        statuses: list[int] = []
        for _ in range(3):
            body = {"messages": [{"role": "user", "content": "Hi."}]}
            async with session.post(f"{server.url}/chat/completions", json=body) as response:
                statuses.append(response.status)
                if response.status == 429:
                    assert response.headers["Retry-After"] == "2"
    assert statuses == [429, 503, 200]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not JSON",
        b"[]",
        b"{}",
        b'{"messages": "Hi."}',
        b'{"messages": [], "stream": true}',
        b"\xff",
        b"[" * 99_999,
    ],
    ids=lambda data: repr(data)[:20],
)
async def test_requests_that_make_no_sense_are_refused_with_400(session: aiohttp.ClientSession, data: bytes) -> None:
    async with (
        ScriptedModelServer() as server,
        session.post(f"{server.url}/chat/completions", data=data) as response,
    ):
        assert response.status == 400
        assert "message" in (await response.json())["error"]


async def test_a_key_may_be_required(session: aiohttp.ClientSession) -> None:
    async with ScriptedModelServer(api_key="sk-planted") as server:
        with pytest.raises(aiohttp.ClientResponseError, match="401"):
            await ask(session, server)
        assert server.requests == []
        url = f"{server.url}/chat/completions"
        headers = {"Authorization": "Bearer sk-planted"}
        async with session.post(url, json={"messages": []}, headers=headers) as response:
            assert response.status == 200


async def test_models_are_listed(session: aiohttp.ClientSession) -> None:
    async with ScriptedModelServer() as server, session.get(f"{server.url}/models") as response:
        assert (await response.json())["data"][0]["id"] == "scripted"


async def test_a_fault_in_a_function_is_raised_when_the_server_closes(session: aiohttp.ClientSession) -> None:
    def broken(_: Asked) -> str:
        raise LookupError("a mistake in the script")

    server = ScriptedModelServer(broken)
    await server.start()
    with pytest.raises(aiohttp.ClientResponseError, match="500"):
        await ask(session, server)
    with pytest.raises(LookupError, match="a mistake"):
        await server.close()


async def test_a_stalled_request_does_not_keep_the_server_from_closing(session: aiohttp.ClientSession) -> None:
    async with ScriptedModelServer(Stall()) as server:
        url = f"{server.url}/chat/completions"
        with pytest.raises(TimeoutError):
            await session.post(url, json={"messages": []}, timeout=aiohttp.ClientTimeout(total=0.05))
    assert len(server.requests) == 1


async def test_latency_is_waited_and_any_answer_may_be_raw(session: aiohttp.ClientSession) -> None:
    async with ScriptedModelServer(RawAnswer(body='{"choices": []}'), latency=0.001) as server:
        server.on("slow", refused(403, "No."), latency=0.001)
        assert await ask(session, server) == {"choices": []}
        with pytest.raises(aiohttp.ClientResponseError, match="403"):
            await ask(session, server, "slow")


class Colour(Enum):
    """For the schema below."""

    RED = "red"


class Inner(BaseModel):
    """For the schema below."""

    text: str = Field(min_length=2)


class Everything(BaseModel):
    """One field of each kind."""

    flag: bool
    count: int = Field(ge=3)
    ratio: float
    colour: Colour
    only: Literal["a"]
    maybe: str | None
    inner: list[Inner] = Field(min_length=1)
    anything: Any


def test_the_smallest_value_fits_its_schema() -> None:
    value = smallest(Everything.model_json_schema())
    assert Everything.model_validate(value).inner == [Inner(text="xx")]


def test_a_schema_that_refers_to_itself_has_an_end() -> None:
    schema = {"$ref": "#/$defs/A", "$defs": {"A": {"type": "object", "properties": {"a": {"$ref": "#/$defs/A"}}}}}
    assert smallest(schema)["a"] is not None
