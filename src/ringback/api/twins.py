"""One path for all spellings of it: `-external` twins, v2 twins, with and without the slash at the end.

Paths are put into the canonical spelling before they are routed, so that each operation is one route and stands once in
the API's document, and nothing is ever redirected: a redirect turns a POST into a GET in some HTTP libraries.
"""

import re
from collections.abc import Callable

from starlette.types import ASGIApp, Receive, Scope, Send

API_BASES = ("/test_framework/", "/user/", "/schedules/", "/observability/", "/dashboards/", "/slack/")
"""What lies under these needs a key."""

_TEST_FRAMEWORK = re.compile(r"/test_framework/v([12])/([^/]+?)(?:-external)?(/.*)")
_OTHER = re.compile(r"(/(?:schedules|observability)/v1/[^/]+?)-external(/.*)")


def is_api(path: str) -> bool:
    """Whether a path is one of the API's, which need a key."""
    return path.startswith(API_BASES)


def canonical(path: str, *, has_own_v2: Callable[[str], bool]) -> str:
    """The spelling that is routed.

    Args:
        path: as it was asked for.
        has_own_v2: tells of a v2 path without twin and with slash whether v2 has a form of its own there.
    """
    if not is_api(path):
        return path.rstrip("/") or "/"
    path = path if path.endswith("/") else path + "/"
    if found := _TEST_FRAMEWORK.fullmatch(path):
        version, family, rest = found.groups()
        plain = f"/test_framework/v{version}/{family}{rest}"
        if version == "2" and not has_own_v2(plain):
            return f"/test_framework/v1/{family}{rest}"
        return plain
    if found := _OTHER.fullmatch(path):
        return "".join(found.groups())
    return path


class OneSpelling:
    """Puts the path of each request into its canonical spelling; the one that was asked for is kept beside it."""

    def __init__(self, app: ASGIApp, has_own_v2: Callable[[str], bool]) -> None:
        self._app = app
        self._has_own_v2 = has_own_v2

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http":
            asked = scope["path"]
            # In place, as the router does, so that the layers outside see which route was taken.
            scope["path"] = canonical(asked, has_own_v2=self._has_own_v2)
            scope["ringback.asked_path"] = asked
        await self._app(scope, receive, send)
