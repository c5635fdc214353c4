"""Why no WebSocket came about, in words: each failure of a handshake as an error of ours, with what to do next."""

import errno
import socket
import ssl
from collections.abc import Callable
from typing import Any

import aiohttp
from yarl import URL

from ringback.errors import ChannelError, HandshakeFailed, NotConnected, Refused

_WORTH_ANOTHER_TRY = frozenset({408, 425, 429, 500, 502, 503, 504})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class Redirected(aiohttp.ClientError):
    """The agent's server redirects; following would hand our secrets to whatever address it names."""

    def __init__(self, status: int, location: str) -> None:
        super().__init__(status, location)
        self.status = status
        self.location = location


class Hung(aiohttp.ClientError):
    """The connection was closed or lost before the handshake was answered."""


def is_redirect(status: int) -> bool:
    """Whether an HTTP status names another address."""
    return status in _REDIRECTS


def shown_url(url: str) -> str:
    """The URL without user info, query and fragment, which may hold secrets."""
    try:
        parsed = URL(url)
        return str(parsed.with_user(None).with_query(None).with_fragment(None))
    except ValueError:
        return "the agent's URL"


def channel_error(error: Exception, url: str, seconds: float) -> ChannelError:
    """The error of ours for what the HTTP client raised while connecting to `url` within `seconds`."""
    shown = shown_url(url)
    if isinstance(error, TimeoutError) and not isinstance(error, aiohttp.ConnectionTimeoutError):
        message = f"{shown} did not answer the WebSocket handshake within {seconds:g} s."
        return HandshakeFailed(message, None, retryable=True)
    for kinds, explain in _EXPLANATIONS:
        if isinstance(error, kinds):
            return explain(error, shown)
    return HandshakeFailed(f"The handshake with {shown} failed: {type(error).__name__}.", None)


def _redirected(error: Any, shown: str) -> ChannelError:
    target = f" to {shown_url(error.location)}" if error.location else ""
    return HandshakeFailed(
        f"{shown} redirects{target} ({error.status}). Redirects are not followed, so that secrets stay with the "
        "agent; use the final address.",
        error.status,
    )


def _unusable(_: Any, shown: str) -> ChannelError:
    return NotConnected(f"{shown} is not a ws:// or wss:// address that can be used.", retryable=False)


def _not_http(_: Any, shown: str) -> ChannelError:
    return HandshakeFailed(f"{shown} answered the handshake with something that is not HTTP.", None)


def _hung_up(_: Any, shown: str) -> ChannelError:
    return HandshakeFailed(f"{shown} closed the connection during the handshake.", None, retryable=True)


def _tls(error: Any, shown: str) -> ChannelError:
    reason = getattr(error.os_error, "reason", None) or error.strerror
    return NotConnected(f"TLS with {shown} failed: {reason}. Does the agent speak wss://?", retryable=False)


def _no_answer(_: Any, shown: str) -> ChannelError:
    return NotConnected(f"No TCP connection to {shown}: no answer in time. Is the agent running there?")


def _by_status(error: Any, shown: str) -> ChannelError:
    status: int = error.status
    match status:
        case 101:
            message = f"{shown} switched protocols, but not to WebSocket ({error.message})."
        case 401 | 403:
            name = "unauthorized" if status == 401 else "forbidden"  # noqa: PLR2004 - the status is its own name
            return Refused(f"{shown} refused the handshake: {status} {name}. Check the agent's secret.", status)
        case 404:
            message = f"{shown} answered 404: there is nothing at this path. Check the URL."
        case _ if status >= 500:  # noqa: PLR2004 - the class of server errors
            message = f"{shown} answered the handshake with the server error {status}."
        case _:
            message = f"{shown} answered the handshake with {status}: this is no WebSocket endpoint."
    return HandshakeFailed(message, status, retryable=status in _WORTH_ANOTHER_TRY)


def _certificate(error: Any, shown: str) -> ChannelError:
    cause = error.certificate_error
    reason = cause.verify_message if isinstance(cause, ssl.SSLCertVerificationError) else str(cause)
    return NotConnected(
        f"TLS with {shown} failed: its certificate could not be verified ({reason}). "
        "For a private certificate authority, name its file in the agent's settings.",
        retryable=False,
    )


def _dns(error: Any, shown: str) -> ChannelError:
    temporary = getattr(error.os_error, "errno", None) == socket.EAI_AGAIN
    return NotConnected(
        f"The host name of {shown} could not be found (DNS: {error.strerror or error.os_error}). Check the URL.",
        retryable=temporary,
    )


def _tcp(error: Any, shown: str) -> ChannelError:
    code = error.os_error.errno
    reason = _TCP_REASONS.get(code) or error.strerror or "unknown cause"
    return NotConnected(f"No TCP connection to {shown}: {reason}. Is the agent running there?")


_TCP_REASONS = {
    errno.ECONNREFUSED: "connection refused",
    errno.EHOSTUNREACH: "no route to the host",
    errno.ENETUNREACH: "no route to the network",
    errno.ETIMEDOUT: "no answer in time",
    errno.ECONNRESET: "connection reset",
}

_EXPLANATIONS: tuple[tuple[Any, Callable[[Any, str], ChannelError]], ...] = (
    (aiohttp.WSServerHandshakeError, _by_status),
    (Redirected, _redirected),
    ((aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError), _unusable),
    (aiohttp.ClientConnectorCertificateError, _certificate),
    (aiohttp.ClientSSLError, _tls),
    (aiohttp.ClientConnectorDNSError, _dns),
    (aiohttp.ClientConnectorError, _tcp),
    (aiohttp.ConnectionTimeoutError, _no_answer),
    (aiohttp.ClientResponseError, _not_http),
    ((Hung, aiohttp.ServerDisconnectedError, aiohttp.ClientOSError), _hung_up),
    (ValueError, _unusable),
)
"""By the HTTP client's exceptions, the more special before the more general."""
