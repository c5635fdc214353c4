"""What one run's model calls used."""

import pytest
from pydantic import BaseModel

from ringback.errors import BadModelReply
from ringback.models.build import open_model
from ringback.models.model import CallKey, Message
from ringback.runs.metering import MeteredModel
from ringback.testing import ScriptedModelServer


class Verdict(BaseModel):
    """What a judge answers."""

    met: bool


async def test_what_a_reply_of_no_use_has_used_counts_too() -> None:
    key = CallKey(role="judge", run="booking", repeat=1, number=1)
    async with ScriptedModelServer(usage=(1000, 100)) as server:
        server.on("", "I would rather talk about the weather.")
        model = open_model("openai:gpt-4o-mini", base_url=server.url, api_key="sk-x")
        metered = MeteredModel(model)
        await metered.reply([Message("user", "Hello?")], key=key)
        with pytest.raises(BadModelReply):
            await metered.reply([Message("user", "Was it met?")], key=key, shape=Verdict)
        await model.close()
    assert (metered.usage.calls, metered.usage.input_tokens, metered.usage.output_tokens) == (3, 3000, 300)
