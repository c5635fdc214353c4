"""Sends metadata before anything else and with each answer; never greets, and needs `content` in every frame."""

import json

from serving import Connection, serve


async def handle(websocket: Connection, path: str) -> None:
    """One conversation."""
    await websocket.send(json.dumps({"metadata": {"internal_session_id": "sess_abc", "environment": "staging"}}))
    answers = 0
    async for message in websocket:
        data = json.loads(message)
        answers += 1
        words = f"Answer {answers} to: {data['content']}"
        metadata = {"environment": "production", "response_latency_ms": 342}
        await websocket.send(json.dumps({"content": words, "metadata": metadata}))


serve(handle)
