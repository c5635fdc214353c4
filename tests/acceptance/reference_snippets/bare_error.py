"""Sends a bare sentence that is no JSON where its model fails, then goes on."""

import json

from serving import Connection, serve


async def handle(websocket: Connection, path: str) -> None:
    """One conversation."""
    failed = False
    async for message in websocket:
        data = json.loads(message)
        if failed:
            await websocket.send(json.dumps({"content": f"I am back. You said: {data['content']}"}))
        else:
            failed = True
            await websocket.send("Error: the model did not answer")


serve(handle)
