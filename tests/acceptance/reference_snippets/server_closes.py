"""Ends the conversation by returning, which closes the connection."""

import json

from serving import Connection, serve


async def handle(websocket: Connection, path: str) -> None:
    """One conversation."""
    words = json.loads(await websocket.recv())["content"]
    await websocket.send(json.dumps({"content": f"That was all: {words}"}))


serve(handle)
