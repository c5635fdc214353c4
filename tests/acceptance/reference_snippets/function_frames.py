"""Calls a tool within its turn: words, call, result without a name, answer."""

import json

from serving import Connection, serve


async def handle(websocket: Connection, path: str) -> None:
    """One conversation."""
    async for message in websocket:
        data = json.loads(message)
        if data.get("type") == "end_call":
            return
        await websocket.send(json.dumps({"content": "Let me check the weather."}))
        arguments = json.dumps({"location": "New York"})
        call = {"id": "call_abc123", "name": "get_weather", "arguments": arguments}
        await websocket.send(json.dumps({"role": "Function Call", "data": call}))
        result = {"id": "call_abc123", "result": json.dumps({"temperature": 72, "unit": "fahrenheit"})}
        await websocket.send(json.dumps({"role": "Function Call Result", "data": result}))
        await websocket.send(json.dumps({"role": "agent", "content": "It is 72 degrees."}))


serve(handle)
