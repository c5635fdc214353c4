"""The address that is called, as the stack can be given it."""

import asyncio
import re
import socket

from ringback.errors import NotConnected

_ADDRESS = re.compile(
    r"(?P<scheme>sips?):(?:(?P<user>[^\s<>\"@]+)@)?(?P<host>\[[0-9a-f:.]+\]|[^\s<>\"@:;?]+)(?P<rest>[:;?][^\s<>\"@]*)?",
    re.IGNORECASE,
)
_LONGEST = 1000


async def stack_address(uri: str) -> str:
    """The same address in words that the stack takes well.

    `sips:` is written as `sip:` over TLS, for the stack's own way with it corrupts its memory. A name without a dot
    (`localhost`, a neighbour in a container network) is looked up here: the stack asks DNS servers and no hosts file.

    Raises:
        NotConnected: it is no address, or its host is not known.
    """
    found = _ADDRESS.fullmatch(uri)
    if found is None or len(uri) > _LONGEST:
        raise NotConnected("That is no SIP address that can be called: sip:user@host is one.", retryable=False)
    host, rest = found["host"], found["rest"] or ""
    secure = found["scheme"].lower() == "sips"
    if secure:
        head, question, headers = rest.partition("?")
        head = re.sub(r";transport=[^;]*", "", head, flags=re.IGNORECASE)
        rest = f"{head};transport=tls{question}{headers}"
    if "." not in host and not host.startswith("[") and "transport=tls" not in rest.lower():
        host = await looked_up(host)
    user = f"{found['user']}@" if found["user"] else ""
    return f"sip:{user}{host}{rest}"


async def looked_up(host: str) -> str:
    """The numeric address of a host, that of IPv4 first; IPv6 in brackets. Raises NotConnected."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host.strip("[]"), None, type=socket.SOCK_DGRAM)
    except OSError as error:
        raise NotConnected(
            f"The host name {host} could not be found ({error.strerror}). Check the address.", retryable=False
        ) from None
    addresses = sorted({(entry[0] is not socket.AF_INET, str(entry[4][0])) for entry in found})
    version_6, address = addresses[0]
    return f"[{address}]" if version_6 else address
