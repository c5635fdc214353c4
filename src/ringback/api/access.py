"""Who may do what: the key of a request, and the scope that a route asks for.

`Gate` finds the key before anything else of a request is read; a route names the scope that it needs by taking a
`Reader`, a `Runner` or an `Admin`.
"""

import hmac
from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Request
from starlette.datastructures import Headers

from ringback.domain.api_key import ApiKey, Scope
from ringback.errors import Forbidden, Unauthenticated
from ringback.storage.keys import KeyStore, digest_of

KEY_HEADERS = ("x-vocera-api-key", "x-cekura-api-key")
_SHOWN = 4
_MISSING = "Authentication credentials were not provided."
_WRONG = "Invalid API key."


class Access:
    """Finds the key of a request: in the database, or the one of the settings, which may do everything."""

    def __init__(self, keys: KeyStore, settings_key: str | None) -> None:
        self._keys = keys
        self._settings_digest = digest_of(settings_key) if settings_key else None
        self._settings_prefix = settings_key[:_SHOWN] if settings_key else ""

    async def key_of(self, headers: Headers) -> ApiKey:
        """The key that a request was made with.

        Raises:
            Unauthenticated: there is none, or none that is known, or it was revoked.
            StorageError: the database cannot be used.
        """
        token = token_of(headers)
        if token is None:
            raise Unauthenticated(_MISSING)
        digest = digest_of(token)
        if self._settings_digest is not None and hmac.compare_digest(digest, self._settings_digest):
            return ApiKey(id=0, name="settings", prefix=self._settings_prefix, scope=Scope.ADMIN)
        key = await self._keys.find(token)
        if key is None:
            raise Unauthenticated(_WRONG)
        return key


def token_of(headers: Headers) -> str | None:
    """The token of the first header that has one."""
    for name in KEY_HEADERS:
        if token := headers.get(name, "").strip():
            return token
    kind, _, token = headers.get("authorization", "").partition(" ")
    return (token.strip() or None) if kind.lower() == "bearer" else None


def needs(scope: Scope) -> Callable[[Request], ApiKey]:
    """A dependency that lets keys of a scope pass."""

    def key(request: Request) -> ApiKey:
        found: ApiKey | None = getattr(request.state, "api_key", None)
        if found is None:
            raise Unauthenticated(_MISSING)
        if not found.scope.reaches(scope):
            raise Forbidden(f"This needs an API key of scope {scope}; the one that was sent has scope {found.scope}.")
        return found

    key.__name__ = f"key_of_scope_{scope}"
    return key


needs_read = needs(Scope.READ)
needs_run = needs(Scope.RUN)
needs_admin = needs(Scope.ADMIN)

Reader = Annotated[ApiKey, Depends(needs_read)]
"""Any key."""
Runner = Annotated[ApiKey, Depends(needs_run)]
"""A key of scope run or admin."""
Admin = Annotated[ApiKey, Depends(needs_admin)]
"""A key of scope admin."""

NEEDED = {needs_read: Scope.READ, needs_run: Scope.RUN, needs_admin: Scope.ADMIN}
"""The scope that each dependency asks for, for the API's document."""
