"""Who may read one result: whoever has a key, or the token of a share link in a header."""

from typing import Annotated

from fastapi import Depends, Request
from starlette.datastructures import Headers
from starlette.types import Scope

from ringback.api.access import needs_read, token_of
from ringback.api.dependencies import ServicesDep
from ringback.api.twins import is_api
from ringback.domain.api_key import ApiKey
from ringback.errors import Forbidden

SHARE_HEADER = "x-vocera-shareable-link-token"
"""Where the token of a share link is read from, in small letters."""

SHARED = -1
"""Stands for all who come by a link, in the rate of requests; no key has this number."""


def comes_by_link(scope: Scope) -> bool:
    """Whether a request has the token of a share link and no key. Only what takes a `SharedResult` answers it."""
    if scope["method"] not in ("GET", "HEAD") or not is_api(scope["path"]):
        return False
    headers = Headers(scope=scope)
    return SHARE_HEADER in headers and token_of(headers) is None


def shared_result(request: Request, services: ServicesDep) -> int | None:
    """The one result that may be read; None: any, for the request has a key.

    Raises:
        Forbidden: the token is none of ours, or has expired.
        Unauthenticated: there is neither key nor token.
    """
    key: ApiKey | None = getattr(request.state, "api_key", None)
    token = request.headers.get(SHARE_HEADER)
    if key is None and token:
        return services.share_links.read(token).result_id
    needs_read(request)
    return None


SharedResult = Annotated[int | None, Depends(shared_result)]


def must_be_shared(result_id: int, shared: int | None) -> None:
    """Raises `Forbidden` where the token is another result's."""
    if shared is not None and shared != result_id:
        raise Forbidden("This link lets you read another result only.")
