"""Agents to talk to: what the fixtures of this folder hand out."""

import asyncio
import base64
import hashlib
from collections.abc import Awaitable, Callable

from aiohttp import web

Talk = Callable[[web.WebSocketResponse], Awaitable[None]]
Speak = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Agent:
    """A server that was started."""

    def __init__(self, port: int, scheme: str = "ws") -> None:
        self.port = port
        self.url = f"{scheme}://127.0.0.1:{port}/"
        self.requests: list[web.BaseRequest] = []
        """Every request that reached it."""
        self.connections = 0


Serve = Callable[..., Awaitable[Agent]]


async def shake_hands(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer a WebSocket handshake by hand."""
    request = (await reader.readuntil(b"\r\n\r\n")).decode()
    key = next(
        line.split(":", 1)[1].strip() for line in request.splitlines() if line.lower().startswith("sec-websocket-key")
    )
    magic = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
    accept = base64.b64encode(hashlib.sha1(key.encode() + magic, usedforsecurity=False).digest()).decode()
    writer.write(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + accept.encode() + b"\r\n\r\n"
    )
    await writer.drain()
