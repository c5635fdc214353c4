"""The direct path against a real server that behaves."""

import asyncio
from collections.abc import Callable
from typing import Any

import aiohttp
import pytest
from pydantic import BaseModel

from ringback.errors import BadModelReply, CostLimitReached
from ringback.models.budget import Budget
from ringback.models.connections import Connections
from ringback.models.model import CallKey, LanguageModel, Message, Tool, ToolUse
from ringback.testing import Asked, CallTool, RawAnswer, ScriptedModelServer

HELLO = [Message("system", "You are a patient."), Message("user", "Good morning, how can I help?")]
HANG_UP = Tool(
    name="hang_up",
    description="End the call.",
    parameters={"type": "object", "properties": {"reason": {"type": "string"}}, "required": ["reason"]},
)


class Verdict(BaseModel):
    """What a judge answers."""

    met: bool
    quotes: list[str] = []


async def test_a_reply_carries_words_tokens_cost_and_time(
    server: ScriptedModelServer, key: CallKey, open_at: Any
) -> None:
    async with ScriptedModelServer("I need an appointment.", usage=(1000, 100)) as counting:
        reply = await open_at(counting.url).reply(HELLO, key=key)
    assert reply.text == "I need an appointment."
    assert (reply.usage.calls, reply.usage.input_tokens, reply.usage.output_tokens) == (1, 1000, 100)
    assert reply.usage.cost == pytest.approx(1000 * 0.15e-6 + 100 * 0.6e-6)
    assert reply.usage.seconds > 0


async def test_the_prompt_goes_out_as_it_is_with_the_key_as_bearer_token(
    server: ScriptedModelServer, model: LanguageModel, key: CallKey
) -> None:
    await model.reply(HELLO, key=key)
    (asked,) = server.requests
    assert asked.body == {
        "model": "gpt-4o-mini",
        "messages": [
            {"role": "system", "content": "You are a patient."},
            {"role": "user", "content": "Good morning, how can I help?"},
        ],
    }
    assert asked.headers["Authorization"] == "Bearer sk-planted-secret"


async def test_without_a_key_no_authorization_is_sent(
    server: ScriptedModelServer, open_at: Callable[..., LanguageModel], key: CallKey
) -> None:
    await open_at(server.url, "local:llama", api_key=None, temperature=0.0).reply(HELLO, key=key)
    assert "Authorization" not in server.requests[0].headers
    assert server.requests[0].body["temperature"] == 0.0


async def test_a_trailing_slash_and_a_query_of_the_base_url_are_kept_in_order(
    server: ScriptedModelServer, open_at: Callable[..., LanguageModel], key: CallKey
) -> None:
    reply = await open_at(server.url + "/?api-version=1").reply(HELLO, key=key)
    assert reply.text == "I see."


async def test_tools_are_offered_and_their_calls_come_parsed(
    server: ScriptedModelServer, model: LanguageModel, key: CallKey
) -> None:
    server.on("help", CallTool("hang_up", {"reason": "booked"}, text="Bye."))
    reply = await model.reply(HELLO, key=key, tools=[HANG_UP])
    assert server.requests[0].tools == ("hang_up",)
    assert reply.tool_uses == (ToolUse(name="hang_up", arguments={"reason": "booked"}),)
    assert reply.text == "Bye."


async def test_a_tool_call_may_have_no_words_and_no_arguments(
    server: ScriptedModelServer, model: LanguageModel, key: CallKey
) -> None:
    server.on("", CallTool("hang_up", ""))
    reply = await model.reply(HELLO, key=key, tools=[HANG_UP])
    assert (reply.text, reply.tool_uses[0].arguments) == ("", {})


@pytest.mark.parametrize(
    "bad",
    [CallTool("hang_up", '{"reason": '), CallTool("hang_up", "[1]"), CallTool("launch_rocket", {})],
    ids=["broken JSON", "no object", "unknown tool"],
)
async def test_a_malformed_tool_call_is_sent_back_once(
    server: ScriptedModelServer, model: LanguageModel, key: CallKey, bad: CallTool
) -> None:
    server.on("", [bad, CallTool("hang_up", {"reason": "booked"})])
    reply = await model.reply(HELLO, key=key, tools=[HANG_UP])
    assert reply.tool_uses[0].arguments == {"reason": "booked"}
    assert reply.usage.calls == 2
    assert "hang_up" in server.requests[1].last


async def test_a_shape_is_asked_for_as_a_strict_schema_and_comes_back_validated(
    server: ScriptedModelServer, model: LanguageModel, key: CallKey
) -> None:
    server.on(wants_object=True, answer={"met": True, "quotes": ["Booked."]})
    reply = await model.reply(HELLO, key=key, shape=Verdict)
    assert reply.parsed == Verdict(met=True, quotes=["Booked."])
    asked = server.requests[0]
    assert (asked.shape, asked.body["response_format"]["json_schema"]["strict"]) == ("Verdict", True)
    assert asked.schema["required"] == ["met", "quotes"]
    assert asked.schema["additionalProperties"] is False


async def test_a_server_without_schemas_gets_the_shape_in_the_prompt_from_then_on(
    open_at: Callable[..., LanguageModel], key: CallKey
) -> None:
    async with ScriptedModelServer('Sure! ```json\n{"met": false}\n```', supports_schema=False) as plain:
        model = open_at(plain.url)
        first = await model.reply(HELLO, key=key, shape=Verdict)
        second = await model.reply(HELLO, key=key, shape=Verdict)
    assert first.parsed == second.parsed == Verdict(met=False)
    assert [asked.wants_object for asked in plain.requests] == [True, False, False]
    assert '"met"' in plain.requests[1].last
    assert plain.requests[1].messages[-1]["role"] == "user"


async def test_a_reply_that_does_not_fit_is_sent_back_once_with_what_is_wrong(
    server: ScriptedModelServer, model: LanguageModel, key: CallKey
) -> None:
    server.on("", ['{"met": "perhaps"}', '{"met": true}'])
    reply = await model.reply(HELLO, key=key, shape=Verdict)
    assert reply.parsed == Verdict(met=True)
    assert reply.usage.calls == 2
    assert "met: Input should be a valid boolean" in server.requests[1].last
    assert server.requests[1].messages[-2] == {"role": "assistant", "content": '{"met": "perhaps"}'}


async def test_a_second_misfit_is_an_error_but_its_cost_is_counted(
    server: ScriptedModelServer, open_at: Callable[..., LanguageModel], key: CallKey
) -> None:
    server.on("", "I would rather talk about the weather.")
    budget = Budget()
    with pytest.raises(
        BadModelReply, match=r"^openai:gpt-4o-mini twice .* not a JSON object\. .*RINGBACK_JUDGE_MODEL\.$"
    ):
        await open_at(server.url, budget=budget, role="judge").reply(HELLO, key=key, shape=Verdict)
    assert budget.usage.calls == 2
    assert budget.spent > 0


async def test_no_more_requests_are_under_way_than_allowed(open_at: Callable[..., LanguageModel], key: CallKey) -> None:
    under_way = 0
    most = 0
    three_came = asyncio.Event()

    async def answer(asked: Asked) -> str:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        if under_way == 3:
            three_came.set()
        await three_came.wait()
        # Give a fourth the chance to come, were it let through.
        for _ in range(20):
            await asyncio.sleep(0)
        under_way -= 1
        return "Yes."

    async with ScriptedModelServer(answer) as slow:
        model = open_at(slow.url, concurrency=3)
        await asyncio.gather(*(model.reply(HELLO, key=key) for _ in range(9)))
    assert most == 3


async def test_connections_are_kept_and_used_again(server: ScriptedModelServer, open_at: Any, key: CallKey) -> None:
    ports: set[Any] = set()

    def answer(_: Asked) -> str:
        return "Yes."

    class Counting(aiohttp.TCPConnector):
        async def _create_connection(self, *arguments: Any, **options: Any) -> Any:
            made = await super()._create_connection(*arguments, **options)
            ports.add(id(made))
            return made

    server.on("", answer)
    async with aiohttp.ClientSession(connector=Counting()) as session:
        model = open_at(server.url, connections=Connections(session))
        for _ in range(5):
            await model.reply(HELLO, key=key)
        await model.close()
        assert not session.closed
    assert len(ports) == 1


async def test_once_the_limit_is_spent_nothing_more_is_asked(
    open_at: Callable[..., LanguageModel], key: CallKey
) -> None:
    async with ScriptedModelServer(usage=(1_000_000, 0)) as dear:
        model = open_at(dear.url, budget=Budget(0.2))
        await model.reply(HELLO, key=key)
        await model.reply(HELLO, key=key)
        with pytest.raises(CostLimitReached, match=r"cost limit of \$0\.20 is reached \(\$0\.30 spent\)"):
            await model.reply(HELLO, key=key)
    assert len(dear.requests) == 2


async def test_a_server_that_reports_no_tokens_cannot_be_held_to_a_limit(
    open_at: Callable[..., LanguageModel], key: CallKey
) -> None:
    async with ScriptedModelServer(reports_usage=False) as silent:
        reply = await open_at(silent.url).reply(HELLO, key=key)
        assert (reply.usage.tokens, reply.usage.cost) == (0, None)
        limited = open_at(silent.url, budget=Budget(1.0))
        await limited.reply(HELLO, key=key)
        with pytest.raises(CostLimitReached, match="does not report its tokens"):
            await limited.reply(HELLO, key=key)


async def test_half_a_surrogate_pair_does_not_get_out(
    server: ScriptedModelServer, model: LanguageModel, key: CallKey
) -> None:
    server.on("", RawAnswer(body=r'{"choices": [{"message": {"content": "Caf\u00e9 \ud83d"}}]}'))
    reply = await model.reply(HELLO, key=key)
    assert reply.text == "Café ?"


async def test_content_in_parts_is_joined(server: ScriptedModelServer, model: LanguageModel, key: CallKey) -> None:
    parts = '[{"type": "text", "text": "One "}, {"type": "image"}, {"type": "text", "text": "two."}]'
    server.on("", RawAnswer(body='{"choices": [{"message": {"content": ' + parts + "}}]}"))
    assert (await model.reply(HELLO, key=key)).text == "One two."


async def test_a_cancelled_call_frees_its_place(open_at: Callable[..., LanguageModel], key: CallKey) -> None:
    came = asyncio.Event()

    async def never(_: Asked) -> str:
        came.set()
        await asyncio.Event().wait()
        return ""

    async with ScriptedModelServer([]) as held:
        held.on("", never, times=1)
        held.on("", "Yes.")
        model = open_at(held.url, concurrency=1)
        waiting = asyncio.create_task(model.reply(HELLO, key=key))
        await came.wait()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert (await model.reply(HELLO, key=key)).text == "Yes."


async def test_closing_twice_does_no_harm(model: LanguageModel, key: CallKey) -> None:
    await model.reply(HELLO, key=key)
    await model.close()
    await model.close()
