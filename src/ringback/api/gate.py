"""The gate of the API: a request without a known key gets no further, and none of its body is read."""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from ringback.api.access import Access
from ringback.api.rate import RequestRate
from ringback.api.sharing import SHARED, comes_by_link
from ringback.api.twins import is_api


class Gate:
    """Finds the key of each request to the API, and counts it against the key's rate."""

    def __init__(self, app: ASGIApp, access: Access, rate: RequestRate) -> None:
        self._app = app
        self._access = access
        self._rate = rate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http" and comes_by_link(scope):
            await self._rate.spend(SHARED)
        elif scope["type"] == "http" and is_api(scope["path"]):
            key = await self._access.key_of(Headers(scope=scope))
            await self._rate.spend(key.id)
            scope.setdefault("state", {})["api_key"] = key
        await self._app(scope, receive, send)
