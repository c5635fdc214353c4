"""HEAD wherever there is GET, and OPTIONS wherever there is anything; neither is a route of its own.

A path that a route has word by word takes the methods of that route only: `GET scenarios/run_scenarios_text/` is not
the scenario of that name.
"""

from collections.abc import Callable

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class HeadAndOptions:
    """Answers HEAD as GET without its body, and OPTIONS with the methods that a path has.

    Args:
        app: what answers the rest.
        methods: those that a path has.
        literal: those that a path has which is written out in some route.
    """

    def __init__(self, app: ASGIApp, methods: Callable[[str], set[str]], literal: Callable[[str], set[str]]) -> None:
        self._app = app
        self._methods = methods
        self._literal = literal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request. Raises `HTTPException`."""
        if scope["type"] == "http":
            self._check(scope["method"], scope["path"])
        if scope["type"] != "http" or scope["method"] not in ("HEAD", "OPTIONS"):
            await self._app(scope, receive, send)
        elif scope["method"] == "OPTIONS":
            await self._options(scope["path"])(scope, receive, send)
        else:
            head = _Head(receive, send)
            inner = {**scope, "method": "GET"}
            await self._app(inner, head.receive, head.send)
            scope["route"] = inner.get("route")

    def _check(self, method: str, path: str) -> None:
        methods = self._literal(path)
        if methods and method != "OPTIONS" and ("GET" if method == "HEAD" else method) not in methods:
            raise HTTPException(405, headers={"Allow": allowed(methods)})

    def _options(self, path: str) -> Response:
        methods = self._methods(path)
        if not methods:
            raise HTTPException(404)
        return Response(status_code=204, headers={"Allow": allowed(methods)})


def allowed(methods: set[str]) -> str:
    """The value of `Allow`."""
    return ", ".join(sorted(methods | {"OPTIONS"} | ({"HEAD"} if "GET" in methods else set())))


class _Head:
    """Lets the head of an answer through, then tells whoever answers that nobody listens any more."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._answered = False

    async def receive(self) -> Message:
        if self._answered:
            return {"type": "http.disconnect"}
        return await self._receive()

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._answered = True
            await self._send(message)
            await self._send({"type": "http.response.body", "body": b""})
