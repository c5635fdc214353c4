"""The oldest form: bare sentences both ways; what it gets from us it takes for plain words."""

from serving import Connection, serve


async def handle(websocket: Connection, path: str) -> None:
    """One conversation."""
    await websocket.send("Hello, I speak plain text.")
    async for message in websocket:
        await websocket.send(f"I heard {len(message)} characters.")


serve(handle)
