# /// script
# requires-python = ">=3.11"
# dependencies = ["aiohttp>=3.13"]
# ///
"""A chat agent in one file: a WebSocket server in front of any OpenAI-compatible language model.

Start it, and let Ringback look at it:

    export OPENAI_API_KEY=...                            # your key; or, for a model on this machine:
    export OPENAI_BASE_URL=http://127.0.0.1:11434/v1
    uv run openai_agent.py --port 8765
    ringback check-agent ws://127.0.0.1:8765

OPENAI_MODEL names the model. AGENT_SECRET, where it is set, must come in the header X-VOCERA-SECRET of whoever calls.
"""

import argparse
import asyncio
import contextlib
import hmac
import json
import logging
import os
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass
from typing import Any, cast

import aiohttp
from aiohttp import web

INSTRUCTIONS = (
    "You answer the telephone of a bicycle shop. It is open from Monday to Saturday, 9 to 18. An inspection costs 60 "
    "euros, a new chain 40. Answer in one or two short sentences, and never invent a price or an appointment."
)
GREETING = "Hello, this is the bicycle shop. How can I help you?"
APOLOGY = "I am sorry, I cannot look that up right now. Please call again in a few minutes."

log = logging.getLogger("agent")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the environment and the flags say."""

    base_url: str
    api_key: str
    model: str
    secret: str
    """Empty: anybody may call."""
    keepalive: float
    """Seconds between two signs of life while the model thinks."""


SETTINGS = web.AppKey("settings", Settings)
SESSION = web.AppKey("session", aiohttp.ClientSession)


class Call:
    """One conversation: its line to the caller and all that was said, and nothing shared with other calls."""

    def __init__(self, request: web.Request, line: web.WebSocketResponse) -> None:
        self.settings = request.app[SETTINGS]
        self.session = request.app[SESSION]
        self.line = line
        self.unanswered: asyncio.Queue[str] = asyncio.Queue()
        # Test profiles arrive as X- headers; a customer who is known is greeted by name.
        name = request.headers.get("X-Customer-Name", "")
        known = f" You are talking to the customer {json.dumps(name)}." if name else ""
        self.history = [{"role": "system", "content": INSTRUCTIONS + known}, {"role": "assistant", "content": GREETING}]

    async def answer(self) -> None:
        """Answer what the caller says, one message after the other, until the call is over."""
        while True:
            self.history.append({"role": "user", "content": await self.unanswered.get()})
            async with self.signs_of_life():
                words = await self.ask_model()
            self.history.append({"role": "assistant", "content": words})
            await self.line.send_json({"content": words})

    async def ask_model(self) -> str:
        """The model's next words; an apology where it has none, for silence tells a caller nothing."""
        headers = {"Authorization": f"Bearer {self.settings.api_key}"} if self.settings.api_key else {}
        try:
            async with self.session.post(
                f"{self.settings.base_url}/chat/completions",
                json={"model": self.settings.model, "messages": self.history},
                headers=headers,
            ) as response:
                response.raise_for_status()
                reply = await response.json()
                return reply["choices"][0]["message"]["content"] or APOLOGY
        except (aiohttp.ClientError, TimeoutError, LookupError, TypeError, ValueError) as problem:
            log.warning("no answer from the model: %s", problem)
            return APOLOGY

    @contextlib.asynccontextmanager
    async def signs_of_life(self) -> AsyncGenerator[None]:
        """Send a frame of metadata now and then: it is no turn, and it shows that somebody is working."""

        async def send() -> None:
            while True:
                await asyncio.sleep(self.settings.keepalive)
                await self.line.send_json({"metadata": {"keepalive": True}})

        sender = asyncio.create_task(send())
        try:
            yield
        finally:
            sender.cancel()


async def take_call(request: web.Request) -> web.WebSocketResponse:
    """Hold one conversation, from the handshake until either side hangs up."""
    given, wanted = request.headers.get("X-VOCERA-SECRET", ""), request.app[SETTINGS].secret
    if not hmac.compare_digest(given.encode(), wanted.encode()) and wanted:
        raise web.HTTPUnauthorized(text="X-VOCERA-SECRET is missing or wrong")
    line = web.WebSocketResponse()
    await line.prepare(request)
    call = Call(request, line)
    await line.send_json({"content": GREETING})
    answering = asyncio.create_task(call.answer())
    try:
        # Reading never waits for the model: pings are answered while it thinks, and a caller may hang up meanwhile.
        async for frame in line:
            heard = understand(frame)
            if heard is None:
                continue
            if heard.get("type") == "end_call":
                break
            if isinstance(words := heard.get("content"), str):
                call.unanswered.put_nowait(words)
    finally:
        answering.cancel()
        # A line that broke while something was being sent has nothing to tell beyond that it broke.
        await asyncio.gather(answering, return_exceptions=True)
    await line.close()
    return line


def understand(frame: aiohttp.WSMessage) -> dict[str, Any] | None:
    """The JSON object in a frame; None for anything else."""
    if frame.type is not aiohttp.WSMsgType.TEXT:
        return None
    try:
        heard = json.loads(frame.data)
    except ValueError:
        return None
    return cast("dict[str, Any]", heard) if isinstance(heard, dict) else None


async def with_session(app: web.Application) -> AsyncIterator[None]:
    """One pool of connections to the model, for all calls."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=120)) as session:
        app[SESSION] = session
        yield


async def serve(settings: Settings, host: str, port: int) -> None:
    """Take calls until the process is stopped."""
    app = web.Application()
    app[SETTINGS] = settings
    app.cleanup_ctx.append(with_session)
    app.router.add_get("/{path:.*}", take_call)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, host, port)
    await site.start()
    # Port 0 lets the system choose; the address that was chosen stands in this line.
    print(f"listening on ws://{host}:{runner.addresses[0][1]}", flush=True)
    try:
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()


def main() -> None:
    """Read flags and environment, then serve."""
    parser = argparse.ArgumentParser(description="A chat agent in front of an OpenAI-compatible model.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8765)
    parser.add_argument("--keepalive", type=float, default=8.0, help="seconds between signs of life")
    flags = parser.parse_args()
    settings = Settings(
        base_url=os.environ.get("OPENAI_BASE_URL", "https://api.openai.com/v1").rstrip("/"),
        api_key=os.environ.get("OPENAI_API_KEY", ""),
        model=os.environ.get("OPENAI_MODEL", "gpt-4.1-mini"),
        secret=os.environ.get("AGENT_SECRET", ""),
        keepalive=flags.keepalive,
    )
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(settings, flags.host, flags.port))


if __name__ == "__main__":
    main()
