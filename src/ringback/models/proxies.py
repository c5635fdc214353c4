"""Which proxy the environment names for an address."""

from urllib.request import getproxies, proxy_bypass

from yarl import URL


def proxy_for(address: str) -> str | None:
    """To be looked up once, not with every request. WebSockets go by the proxy of the HTTP that they begin as."""
    url = URL(address)
    host = url.host or ""
    if host in ("localhost", "127.0.0.1", "::1") or proxy_bypass(host):
        return None
    return getproxies().get({"ws": "http", "wss": "https"}.get(url.scheme, url.scheme))
