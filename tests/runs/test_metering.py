"""What one run's model calls used."""

import pytest
from pydantic import BaseModel

from ringback.errors import BadModelReply, CostLimitReached, ModelError, ModelRejected, ModelUnavailable
from ringback.evaluation.judge_session import JudgeSession
from ringback.models.budget import Budget
from ringback.models.build import open_model
from ringback.models.model import CallKey, Message
from ringback.models.retrying import Retries
from ringback.runs.metering import MeteredModel
from ringback.testing import RawAnswer, ScriptedModelServer, refused, server_error

KEY = CallKey(role="judge", run="booking", repeat=1, number=1)
ASKED = [Message("user", "Was it met?")]


class Verdict(BaseModel):
    """What a judge answers."""

    met: bool


async def test_what_a_reply_of_no_use_has_used_counts_too() -> None:
    async with ScriptedModelServer(usage=(1000, 100)) as server:
        server.on("", "I would rather talk about the weather.")
        model = open_model("openai:gpt-4o-mini", base_url=server.url, api_key="sk-x")
        metered = MeteredModel(model)
        await metered.reply([Message("user", "Hello?")], key=KEY)
        with pytest.raises(BadModelReply):
            await metered.reply(ASKED, key=KEY, shape=Verdict)
        await model.close()
    assert (metered.usage.calls, metered.usage.input_tokens, metered.usage.output_tokens) == (3, 3000, 300)


@pytest.mark.parametrize(
    ("trouble", "error"), [(server_error(), ModelUnavailable), (refused(), ModelRejected)], ids=["no answer", "refused"]
)
async def test_an_answer_that_did_not_fit_counts_where_nothing_better_followed(
    trouble: RawAnswer, error: type[ModelError]
) -> None:
    async with ScriptedModelServer(usage=(1000, 100)) as server:
        server.on("", "I would rather talk about the weather.", times=1)
        server.on("", trouble)
        model = open_model("openai:gpt-4o-mini", base_url=server.url, api_key="sk-x", retries=Retries(attempts=1))
        metered = MeteredModel(model)
        with pytest.raises(error):
            await metered.reply(ASKED, key=KEY, shape=Verdict)
        await model.close()
    assert (metered.usage.calls, metered.usage.input_tokens, metered.usage.output_tokens) == (1, 1000, 100)


async def test_an_answer_that_did_not_fit_counts_where_the_money_was_spent_with_it() -> None:
    async with ScriptedModelServer(usage=(1000, 100)) as server:
        server.on("", "I would rather not.")
        model = open_model("openai:gpt-4o-mini", base_url=server.url, api_key="sk-x", budget=Budget(0.00001))
        judge = JudgeSession(model, run="booking", repeat=1)
        with pytest.raises(CostLimitReached):
            await judge.ask(ASKED, Verdict, call=1)
        await model.close()
    assert (judge.usage.calls, judge.usage.input_tokens) == (1, 1000)
