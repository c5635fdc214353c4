"""The transport under a WebSocket of the client library."""

import asyncio

import aiohttp


def transport_of(socket: aiohttp.ClientWebSocketResponse) -> asyncio.WriteTransport | None:
    """Where bytes are written, to bound what waits there and to drop the line; None: the connection is gone."""
    connection = socket._response.connection  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - no public way
    return None if connection is None else connection.transport
