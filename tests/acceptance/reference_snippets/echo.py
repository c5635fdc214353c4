"""Sends back whatever it hears, our `end_call` included."""

from serving import Connection, serve


async def handle(websocket: Connection, path: str) -> None:
    """One conversation."""
    async for message in websocket:
        await websocket.send(message)


serve(handle)
