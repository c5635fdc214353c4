"""Addresses of agents on the telephone: SIP addresses and numbers, which are possible, and how they are shown."""

import re

from ringback.domain.telephone import plain_number
from ringback.errors import UsageError

_SCHEMES = ("sip:", "sips:", "tel:")
_NUMBER = re.compile(r"\+?[0-9*#]{2,32}")
_CALLER = re.compile(r"[+*#0-9A-Za-z._~!$&=%-]{1,200}")
"""A telephone number, or the user of a SIP address (RFC 3261, section 25.1), without separators."""
_WRITTEN_NUMBER = re.compile(r"\+?[0-9(][0-9 ()*#/-]+")
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,62})"
_SIP = re.compile(
    r"(?P<scheme>sips?):"
    r"(?:(?P<user>[^\s@<>\",?]{1,200})@)?"
    rf"(?P<host>\[[0-9A-Fa-f:.]+\]|{_LABEL}(?:\.{_LABEL})*\.?)"
    r"(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<parameters>(?:;[A-Za-z0-9_.!~*'%+-]+(?:=[A-Za-z0-9_.!~*'%+:\[\]/-]*)?)*)",
    re.IGNORECASE,
)
"""A SIP or SIPS URI without headers (RFC 3261, section 25.1), a little narrower."""
_LAST_PORT = 65_535


def looks_like_telephone(text: str) -> bool:
    """Whether it is meant as a SIP address or a telephone number, right or wrong."""
    return text.lower().startswith(_SCHEMES) or bool(_WRITTEN_NUMBER.fullmatch(text))


def checked_telephone(text: str) -> str:
    """The address, if a telephone call can be made to it: `sip:…` and `sips:…` as they are, numbers as `tel:…`.

    Raises:
        UsageError: it cannot; the message shows it without its password and says what would be right.
    """
    if text.lower().startswith("tel:") or not text.lower().startswith(_SCHEMES):
        return f"tel:{checked_number(text)}"
    shown = shown_telephone(text)
    match = _SIP.fullmatch(text)
    if match is None:
        headers = " A SIP address here has no ?headers." if "?" in text else ""
        raise UsageError(f"{shown} is not a SIP address.{headers} Write e.g. sip:agent@192.0.2.10:5060.")
    if ":" in (match["user"] or ""):
        raise UsageError(f"{shown}: a SIP address has no password in it. Give user and password as sip_auth.")
    if match["port"] is not None and not 0 < int(match["port"]) <= _LAST_PORT:
        raise UsageError(f"{shown} names no port to call: ports go from 1 to {_LAST_PORT}.")
    return text


def checked_number(text: str) -> str:
    """A telephone number without separators.

    Raises:
        UsageError: it is none.
    """
    number = plain_number(text)
    if not _NUMBER.fullmatch(number):
        raise UsageError(
            f"{shown_telephone(text)} is neither a SIP address nor a telephone number. Write e.g. sip:agent@192.0.2.10"
            " or +15550100."
        )
    return number


def checked_caller(text: str) -> str:
    """Whom a call comes from, without separators: a telephone number, or the user of a SIP address.

    Raises:
        UsageError: it is neither.
    """
    found = plain_number(text)
    if not _CALLER.fullmatch(found):
        raise UsageError("A telephone number like +15550100 is needed, or the user of a SIP address.")
    return found


def shown_telephone(text: str) -> str:
    """The address without a password, parameters and headers."""
    printable = "".join(character if character.isprintable() else "?" for character in text)
    if not printable.lower().startswith(_SCHEMES):
        return printable
    scheme, _, rest = printable.partition(":")
    if scheme.lower() == "tel":
        return rest
    address, at, host = rest.rpartition("@")
    user = address.partition(":")[0]
    host = re.split(r"[;?]", host, maxsplit=1)[0]
    return f"{scheme}:{user}{at}{host}"
