"""The HTTP client that models of one request share: whoever asks the same server finds its connections open."""

import aiohttp

_KEEP_ALIVE = 30.0
"""Seconds for which a connection that nobody uses is kept."""


class Connections:
    """One HTTP client for several models: opened with the first request, closed when the last of them is done."""

    def __init__(self, session: aiohttp.ClientSession | None = None) -> None:
        """`session`: a client to use instead of an own one; it is then closed by whoever opened it."""
        self._given = session
        self._own: aiohttp.ClientSession | None = None
        self._users: set[int] = set()

    def session(self, user: object) -> aiohttp.ClientSession:
        """The client, kept open at least until this user is `done`."""
        if self._given is not None:
            return self._given
        self._users.add(id(user))
        if self._own is None:
            # How many requests there are at once is limited one layer up.
            connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=_KEEP_ALIVE)
            self._own = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
        return self._own

    async def done(self, user: object) -> None:
        """This user asks nothing more; safe to call more than once."""
        self._users.discard(id(user))
        if not self._users and self._own is not None:
            own, self._own = self._own, None
            await own.close()
