"""Ends the conversation itself, with the same frame that the caller would use."""

import json

from serving import Connection, serve


async def handle(websocket: Connection, path: str) -> None:
    """One conversation."""
    await websocket.recv()
    await websocket.send(json.dumps({"content": "Goodbye, have a great day!", "type": "end_call"}))
    async for _ in websocket:
        pass


serve(handle)
