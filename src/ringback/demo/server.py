"""The demo agent's server: the clinic's front desk behind a WebSocket."""

import asyncio
import contextlib
import json
import os
import signal
import sys
import threading
from dataclasses import dataclass
from typing import Any, cast

from aiohttp import WSMsgType, web

from ringback.demo.front_desk import Frame, FrontDesk
from ringback.errors import UsageError
from ringback.wiring.collector import tune_garbage_collector

MAX_FRAME_BYTES = 256 * 1024
_IDLE = 600.0
"""Seconds without a word after which a caller is let go."""
_MOST_UTTERANCES = 500
_LINES = web.AppKey("lines", set[web.WebSocketResponse])
_THINKING = web.AppKey("thinking", float)


@dataclass(slots=True)
class Server:
    """A running demo agent."""

    url: str
    """`ws://host:port`."""
    runner: web.AppRunner

    async def close(self) -> None:
        """Hang up on everybody and stop listening."""
        await self.runner.cleanup()


async def serve(host: str = "127.0.0.1", port: int = 0, *, thinking: float = 0.0) -> Server:
    """Start the demo agent in the running event loop; port 0 takes a free one.

    Args:
        host: address to listen on.
        port: port to listen on.
        thinking: seconds before each answer and for each tool, so that the agent has a pace to be measured.

    Raises:
        UsageError: the port is taken, or the address is not one of this machine.
    """
    app = web.Application()
    app[_LINES] = set()
    app[_THINKING] = thinking
    app.router.add_get("/{path:.*}", _take_call)
    app.on_shutdown.append(_hang_up)
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=1.0)
    await runner.setup()
    site = web.TCPSite(runner, host, port)
    try:
        await site.start()
    except (OSError, OverflowError) as error:
        await runner.cleanup()
        cause = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"The demo agent cannot listen on {host}:{port}: {cause}. Choose another --port.") from None
    actual = cast("int", runner.addresses[0][1])
    shown = f"[{host}]" if ":" in host else host
    return Server(f"ws://{shown}:{actual}", runner)


def run_forever(
    host: str = "127.0.0.1", port: int = 8765, *, thinking: float = 0.2, while_stdin_is_open: bool = False
) -> None:
    """Run the demo agent until Ctrl-C, SIGTERM or (if asked to) the end of the standard input."""
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_run(host, port, thinking, while_stdin_is_open=while_stdin_is_open))


async def _run(host: str, port: int, thinking: float, *, while_stdin_is_open: bool) -> None:
    server = await serve(host, port, thinking=thinking)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    with contextlib.suppress(NotImplementedError):  # Windows has no signal handlers in its event loop
        loop.add_signal_handler(signal.SIGTERM, stop.set)
    if while_stdin_is_open:
        threading.Thread(target=_watch_stdin, args=(loop, stop), daemon=True).start()
    tune_garbage_collector()
    sys.stdout.write(f"The demo agent listens on {server.url} (Ctrl-C stops it).\n")
    sys.stdout.flush()
    try:
        await stop.wait()
    finally:
        await server.close()


def _watch_stdin(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    # Not through the buffered reader: the interpreter could not shut down while this thread holds its lock.
    while os.read(sys.stdin.fileno(), 1024):
        pass
    with contextlib.suppress(RuntimeError):  # the loop may be closed already
        loop.call_soon_threadsafe(stop.set)


async def _take_call(request: web.Request) -> web.StreamResponse:
    """Hold one conversation, from the handshake until either side hangs up."""
    line = web.WebSocketResponse(max_msg_size=MAX_FRAME_BYTES, compress=False, timeout=1.0)
    if not line.can_prepare(request):
        return web.Response(status=426, text="This is a WebSocket server: connect with ws://.\n")
    await line.prepare(request)
    lines = request.app[_LINES]
    lines.add(line)
    try:
        await _converse(line, FrontDesk.for_headers(request.headers), request.app[_THINKING])
    except (ConnectionError, TimeoutError):
        pass  # the caller is gone, or has nothing to say any more
    finally:
        lines.discard(line)
        with contextlib.suppress(ConnectionError):
            await line.close()
    return line


async def _converse(line: web.WebSocketResponse, desk: FrontDesk, thinking: float) -> None:
    await _send(line, desk.greet(), 0)
    for _ in range(_MOST_UTTERANCES):
        message = await line.receive(timeout=_IDLE)
        if message.type is WSMsgType.BINARY:
            continue
        if message.type is not WSMsgType.TEXT:
            return
        words, ends = read_frame(cast("str", message.data))
        if ends:
            return
        if words is not None:
            await asyncio.sleep(thinking)
            await _send(line, desk.hear(words), thinking)
        if desk.ended:
            return


async def _send(line: web.WebSocketResponse, frames: list[Frame], thinking: float) -> None:
    for frame in frames:
        if frame.get("role") == "Function Call Result":
            await asyncio.sleep(thinking)
        await line.send_str(json.dumps(frame, ensure_ascii=False))


def read_frame(text: str) -> tuple[str | None, bool]:
    """The words of a caller's frame, and whether it ends the call; what is no such frame is taken as words."""
    try:
        value: Any = json.loads(text)
    except (ValueError, RecursionError):
        return text, False
    if not isinstance(value, dict):
        return str(value), False
    frame = cast("dict[str, Any]", value)
    words = frame.get("content")
    return (words if isinstance(words, str) else None), frame.get("type") == "end_call"


async def _hang_up(app: web.Application) -> None:
    for line in list(app[_LINES]):
        with contextlib.suppress(ConnectionError):
            await line.close(code=1001, message=b"The demo agent stops.")
