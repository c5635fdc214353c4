"""What goes wrong between an HTTP client and a provider, as troubles in words; for models and for speech."""

import os

import aiohttp

from ringback.models.provider import Cause, Trouble


async def body_of(response: aiohttp.ClientResponse, largest: int) -> bytes:
    """The body of at most `largest` bytes. Raises `Trouble` where it is larger."""
    length = response.content_length
    if length is not None and length <= largest and "Content-Encoding" not in response.headers:
        return await response.read()
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > largest:
            raise too_large(largest)
    return bytes(body)


def too_large(largest: int) -> Trouble:
    """The answer has more bytes than are taken."""
    return Trouble(Cause.ANSWER, f"it is larger than {largest // 1024 // 1024} MiB", retryable=False)


def no_answer(error: Exception, timeout: float) -> Trouble:
    """What it means that a request with so many seconds of patience got no answer."""
    match error:
        case TimeoutError():
            return Trouble(Cause.TIMEOUT, f"within {timeout:g} s", retryable=True)
        case aiohttp.ClientConnectorCertificateError():
            return Trouble(Cause.CONNECTION, f"certificate: {error.certificate_error}", retryable=False)
        case _:
            return Trouble(Cause.CONNECTION, _words(error), retryable=True)


def _words(error: Exception) -> str:
    match error:
        case aiohttp.ClientConnectorDNSError():
            return "the host's name is not known"
        case aiohttp.ClientConnectorError():
            number = error.os_error.errno
            return os.strerror(number) if number and number > 0 else "it cannot be reached"
        case aiohttp.ServerDisconnectedError():
            return "the server closed the connection without an answer"
        case aiohttp.ClientPayloadError():
            return "the answer broke off"
        case _:
            return type(error).__name__
