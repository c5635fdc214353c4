"""Looks at the secret first, and closes with 1008 where it is wrong."""

import json

from serving import Connection, serve

SECRET = "the-agent-and-the-tester-know-it"


async def handle(websocket: Connection, path: str) -> None:
    """One conversation."""
    if websocket.request_headers.get("X-VOCERA-SECRET") != SECRET:
        await websocket.close(1008, "Unauthorized")
        return
    async for message in websocket:
        words = json.loads(message)["content"]
        await websocket.send(json.dumps({"content": f"You are let in and said: {words}"}))


serve(handle)
