"""Greets at once, keeps the line alive with metadata while it thinks, and answers our `end_call` with words."""

import asyncio
import json

from serving import Connection, serve


async def handle(websocket: Connection, path: str) -> None:
    """One conversation."""
    await websocket.send(json.dumps({"content": "Hi! How can I help you today?"}))
    async for message in websocket:
        words = json.loads(message).get("content", "")
        for _ in range(3):
            await websocket.send(json.dumps({"metadata": {"keepalive": True}}))
            await asyncio.sleep(0)
        await websocket.send(json.dumps({"content": f"Certainly: {words or 'nothing was said'}"}))


serve(handle)
