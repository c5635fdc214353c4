"""Addresses of agents: which are possible, and how they are shown without what is secret in them."""

from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from ringback.errors import UsageError
from ringback.library.telephone_addresses import looks_like_telephone, shown_telephone

_MASK = "***"
_INSTEAD = {"http": "ws", "https": "wss"}


def checked_url(url: str) -> str:
    """The URL, if a WebSocket can be opened to it.

    Raises:
        UsageError: it cannot; the message shows the URL without its secrets and says what would be right.
    """
    shown = shown_url(url)
    if looks_like_telephone(url):
        raise UsageError(
            f"{shown} is not a WebSocket address but one of the telephone: agents called there have the channel sip."
        )
    if any(ord(character) <= ord(" ") or character == "\x7f" for character in url):
        raise UsageError(f"{shown}: a URL has no blanks or line breaks in it.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise UsageError(f"{shown} is not a URL: {str(error).rstrip('.')}.") from None
    if parts.scheme in _INSTEAD:
        raise UsageError(
            f"{shown} is not a WebSocket address. Did you mean {_INSTEAD[parts.scheme]}{shown[len(parts.scheme) :]}?"
        )
    if parts.scheme not in {"ws", "wss"} or not parts.netloc:
        instead = "" if "://" in url else f" Did you mean ws://{shown}?"
        raise UsageError(f"{shown} is not a WebSocket address: it has to begin with ws:// or wss://.{instead}")
    if not parts.hostname or port == 0:
        raise UsageError(f"{shown} names no host and port to connect to. Write e.g. ws://localhost:8765.")
    return urlunsplit(parts._replace(fragment=""))


def shown_url(url: str) -> str:
    """The URL with user info left out and the values of its query masked; of SIP addresses only the password is."""
    if looks_like_telephone(url):
        return shown_telephone(url)
    printable = "".join(character if character.isprintable() else "?" for character in url)
    try:
        parts = urlsplit(printable)
        fields = parse_qsl(parts.query, keep_blank_values=True)
    except ValueError:
        return printable.split("?", 1)[0].rsplit("@", 1)[-1]
    query = urlencode([(name, _MASK) for name, _ in fields], safe="*", quote_via=quote)
    if parts.query and not query:
        query = _MASK
    return urlunsplit(parts._replace(netloc=parts.netloc.rsplit("@", 1)[-1], query=query, fragment=""))
