"""Local servers that both sides of a comparison talk to: an agent and a model, as cheap as they can be.

`python bench/servers.py agent --delay 0` and `python bench/servers.py model` print their port and serve until killed.
"""

import argparse
import asyncio
import json
from typing import Any

from aiohttp import WSMsgType, web

REPLY = json.dumps({"content": "I have noted that down. What else can I do for you?"})
CALLER_LINES = (
    "Hello, I would like to change my appointment.",
    "It is under the name of Ada Quill.",
    "Any morning would suit me well.",
    "That sounds fine to me.",
    "No, that was everything I wanted.",
)
VERDICT = {
    "parts": [
        {
            "part": "The agent notes the wish down.",
            "explanation": "It says so.",
            "answer": "met",
            "absence": False,
            "evidence": [{"entry": 2, "speaker": "agent", "quote": "I have noted that down."}],
        }
    ]
}


async def agent(delay: float) -> web.Application:
    """An agent that answers every frame with the same sentence, after a delay in seconds."""

    async def talk(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(compress=False)
        await socket.prepare(request)
        async for message in socket:
            if message.type is not WSMsgType.TEXT or "end_call" in message.data:
                break
            if delay:
                await asyncio.sleep(delay)
            await socket.send_str(REPLY)
        return socket

    app = web.Application()
    app.router.add_get("/", talk)
    return app


async def model() -> web.Application:
    """A model without latency: a caller's line by turn, or a verdict where a shape is asked for."""

    async def complete(request: web.Request) -> web.Response:
        body: dict[str, Any] = json.loads(await request.read())
        if "response_format" in body:
            content = json.dumps(VERDICT)
        else:
            said = sum(message["role"] == "assistant" for message in body["messages"])
            content = CALLER_LINES[said % len(CALLER_LINES)]
        return web.json_response(
            {
                "id": "1",
                "object": "chat.completion",
                "model": body["model"],
                "choices": [
                    {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": content}}
                ],
                "usage": {"prompt_tokens": 500, "completion_tokens": 20, "total_tokens": 520},
            }
        )

    app = web.Application(client_max_size=16 * 1024**2)
    app.router.add_post("/v1/chat/completions", complete)
    return app


async def main() -> None:
    """Serve one of them on a free port of the loopback interface."""
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", choices=("agent", "model"))
    parser.add_argument("--delay", type=float, default=0.0)
    options = parser.parse_args()
    app = await (agent(options.delay) if options.kind == "agent" else model())
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, backlog=4096)
    await site.start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    import uvloop

    uvloop.run(main())
