"""The outermost net: what nobody caught becomes an answer, and no internals go out with it."""

import logging

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ringback.api.errors import answer_to

logger = logging.getLogger(__name__)


class Failures:
    """Answers with an error what is raised anywhere inside."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def noting(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, noting)
        except Exception as error:
            if begun:
                raise  # half an answer is out: the server cuts the connection, which is the only sign left
            await answer_to(error)(scope, receive, send)
