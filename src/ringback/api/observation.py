"""Sees each request come and go: its number, its line in the log, its place in the measures, its answer's headers."""

import logging
import re
import secrets
import time
from collections.abc import Callable

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ringback.api.measures import Measures
from ringback.domain.log_context import logged_with
from ringback.storage.retrying import asker_waits

logger = logging.getLogger(__name__)

_GIVEN_ID = re.compile(r"[A-Za-z0-9_.-]{8,64}")
_ABOUT = re.compile(r"/(result|run)s(?:-external)?/([0-9]{1,18})(?:/|$)")
_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
_QUIET = ("/healthz", "/healthz/ready", "/metrics")
"""Asked for every few seconds by machines: no line each."""

_LONGEST_OUTAGE = 5.0
"""Seconds without a database that a request waits through; clients give up after 10 to 30, and learn less."""

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}
"""Of every answer that does not say otherwise itself: results are nobody else's business, also not that of caches."""


class Observation:
    """The outermost layer of the application."""

    def __init__(self, app: ASGIApp, measures: Measures, template: Callable[[Scope], str]) -> None:
        """`template` names the route that a request was given to."""
        self._app = app
        self._measures = measures
        self._template = template

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        request_id = given if _GIVEN_ID.fullmatch(given) else secrets.token_hex(8)
        method = scope["method"] if scope["method"] in _METHODS else "other"
        named = _ABOUT.search(scope["path"])
        about = {f"{named[1]}_id": int(named[2])} if named else {}
        begun = time.perf_counter()
        status = 500  # where nothing is answered, the server answers this

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-ID"] = request_id
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        with logged_with(request_id=request_id, **about), asker_waits(_LONGEST_OUTAGE):
            try:
                await self._app(scope, receive, noting)
            finally:
                seconds = time.perf_counter() - begun
                self._measures.answered(method, self._template(scope), status, seconds)
                self._log(method, scope, status, seconds)

    def _log(self, method: str, scope: Scope, status: int, seconds: float) -> None:
        """The route's template and no query: paths may hold tokens of share links."""
        route = self._template(scope)
        level = logging.DEBUG if route in _QUIET else logging.INFO
        key = scope.get("state", {}).get("api_key")
        details = {"status": status, "milliseconds": round(seconds * 1000, 1)}
        if key is not None:
            details["key_id"] = key.id
        logger.log(level, "%s %s", method, route, extra=details)
