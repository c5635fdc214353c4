"""Where SIP is heard: the address as a person writes it, whether it can be had, and whether it was had in the end."""

import errno
import fcntl
import ipaddress
import re
import socket
import struct
from contextlib import suppress

ANYWHERE = ("0.0.0.0", "[::]")  # noqa: S104 - compared, not bound

_WRITTEN = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\s:\[\]]*):(\d{1,5})")
_HIGHEST = 65534
"""TLS takes the port behind."""
_PORTS = re.compile(r"(\d{4,5}) *- *(\d{4,5})")
_LOWEST_OF_SOUND, _HIGHEST_OF_SOUND = 1024, 65535
_ADDRESS_OF = 0x8915
"""SIOCGIFADDR of Linux; Python has no name for it."""
_LONGEST_INTERFACE = 15


def host_and_port(listen: str) -> tuple[str, int]:
    """`HOST:PORT` in parts, `[…]:PORT` for IPv6; no host is any. Raises ValueError in words."""
    found = _WRITTEN.fullmatch(listen.strip())
    if found is None or int(found[2]) > _HIGHEST:
        raise ValueError(
            f"{listen!r} is no HOST:PORT, as 0.0.0.0:5060 is one, with a port up to {_HIGHEST} (0: any that is free)"
        )
    return found[1] or ANYWHERE[0], int(found[2])


def port_range(ports: str) -> tuple[int, int]:
    """`FIRST-LAST`, the UDP ports of sound. Raises ValueError in words."""
    found = _PORTS.fullmatch(ports.strip())
    first, last = (int(found[1]), int(found[2])) if found is not None else (0, 0)
    first += first % 2  # sound takes an even port, and its reports the odd one behind (RFC 3550, section 11)
    if not _LOWEST_OF_SOUND <= first < last <= _HIGHEST_OF_SOUND:
        raise ValueError(
            f"{ports!r} is no range of ports, as 20000-29999 is one, within {_LOWEST_OF_SOUND}-{_HIGHEST_OF_SOUND}"
        )
    return first, last


def is_loopback(host: str) -> bool:
    """Whether a numeric address is one that no other machine reaches."""
    return ipaddress.ip_address(host.strip("[]")).is_loopback


def address_of(interface: str) -> str:
    """The numeric address of an interface, given by its name or address; empty where it has none of IPv4."""
    with suppress(ValueError):
        address = ipaddress.ip_address(interface.strip("[]"))
        return f"[{address}]" if address.version == 6 else str(address)  # noqa: PLR2004 - IPv6
    request = struct.pack("256s", interface.encode()[:_LONGEST_INTERFACE])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket, suppress(OSError):
        return socket.inet_ntoa(fcntl.ioctl(any_socket, _ADDRESS_OF, request)[20:24])
    return ""


def free_port(host: str, port: int) -> int:
    """A port at which SIP can be heard: by UDP and TCP, and by TLS at the one behind it. Raises ValueError in words."""
    address, family = _socket_address(host)
    for left in range(20, 0, -1):
        with (
            socket.socket(family, socket.SOCK_DGRAM) as udp,
            socket.socket(family, socket.SOCK_STREAM) as tcp,
            socket.socket(family, socket.SOCK_STREAM) as tls,
        ):
            for stream in (tcp, tls):
                stream.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                udp.bind((address, port))
                found: int = udp.getsockname()[1]
                tcp.bind((address, found))
                tls.bind((address, found + 1))
            except (OSError, OverflowError) as error:
                if port or left == 1 or getattr(error, "errno", None) == errno.EADDRNOTAVAIL:
                    raise ValueError(_in_words(error, host, port)) from None
                continue
            return found
    raise AssertionError("the last try raises")


def _in_words(error: Exception, host: str, port: int) -> str:
    match getattr(error, "errno", None):
        case errno.EADDRINUSE:
            return (
                f"port {port} is taken already, or {port + 1}, which it needs for TLS; take another,"
                " or port 0 for any (of runs: RINGBACK_SIP_LISTEN)"
            )
        case errno.EADDRNOTAVAIL:
            return f"{host} is no address of this machine"
        case errno.EACCES:
            return f"this user may not take port {port}; one from 1024 on needs no rights"
        case _:
            return str(error)


def is_held(host: str, port: int) -> bool:
    """Whether somebody hears UDP there, so that nobody else can."""
    address, family = _socket_address(host)
    with socket.socket(family, socket.SOCK_DGRAM) as another:
        try:
            another.bind((address, port))
        except OSError:
            return True
    return False


def _socket_address(host: str) -> tuple[str, socket.AddressFamily]:
    address = host.strip("[]")
    return address, socket.AF_INET6 if ":" in address else socket.AF_INET
