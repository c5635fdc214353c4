"""Loads the customer whom the headers of the test profile name, before the conversation begins."""

import json

from serving import Connection, serve

CUSTOMERS = {"CUST-98765": "Sarah Johnson"}


async def handle(websocket: Connection, path: str) -> None:
    """One conversation."""
    headers = websocket.request_headers
    customer = CUSTOMERS[headers["X-Customer-ID"]]
    desk = "premium desk" if headers.get("X-Account-Tier") == "premium" else "front desk"
    run = {name: int(headers[f"X-VOCERA-{name}-ID"]) for name in ("SCENARIO", "RESULT", "RUN")}
    await websocket.send(json.dumps({"metadata": {"desk": desk, "ids_are_positive": min(run.values()) > 0}}))
    async for message in websocket:
        words = json.loads(message)["content"]
        if words:
            await websocket.send(json.dumps({"content": f"{customer}, this is the {desk}."}))


serve(handle)
