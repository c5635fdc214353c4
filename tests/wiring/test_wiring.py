"""What is made of the settings."""

from aiohttp import web

from ringback.models.budget import Budget
from ringback.models.model import CallKey, LanguageModel, Message
from ringback.settings import Settings
from ringback.wiring.models import ModelChoice, Models, open_models


async def test_caller_and_judge_at_one_server_share_its_connections() -> None:
    ports: set[object] = set()

    async def answer(request: web.Request) -> web.Response:
        assert request.transport is not None
        ports.add(request.transport.get_extra_info("peername"))
        return web.json_response({"choices": [{"message": {"role": "assistant", "content": "Yes."}}]})

    app = web.Application()
    app.router.add_post("/v1/chat/completions", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    address = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    choices = [
        ModelChoice(role=role, name="local:llama", base_url=address, api_key=None) for role in ("caller", "judge")
    ]
    caller, judge = open_models(Models(caller=choices[0], judge=choices[1]), Settings(), Budget())
    try:
        assert caller is not None
        assert judge is not None
        assert await _said(caller) == "Yes."
        assert await _said(judge) == "Yes."
        await caller.close()
        assert await _said(judge) == "Yes."
        assert len(ports) == 1
        await judge.close()
        await judge.close()
    finally:
        await runner.cleanup()


async def _said(model: LanguageModel) -> str:
    key = CallKey(role="caller", run="booking", repeat=1, number=1)
    return (await model.reply([Message("user", "Are you there?")], key=key)).text
