"""Telephone numbers, and the time in which an outbound agent may call one of ours."""

import re
from datetime import datetime, timedelta

from ringback.domain.fixed import fixed

_SEPARATORS = str.maketrans("", "", " -.()/\t")
"""What people write between digits (RFC 3966 calls them visual separators)."""
_NUMBER = re.compile(r"\+?[0-9*#]+")


@fixed
class DialWindow:
    """Within it an outbound agent has to call."""

    number: str
    """Ours, which belongs to this run alone until the run is over."""
    opens_at: datetime
    """When the number was given to the run."""
    seconds: int

    @property
    def closes_at(self) -> datetime:
        """A call that comes later is not taken."""
        return self.opens_at + timedelta(seconds=self.seconds)


def plain_number(text: str) -> str:
    """The user part of a SIP or telephone URI, or a number as a person writes it, without separators.

    `sip:+1 (555) 010-0100@host;transport=udp` and `+15550100100` give the same; `sip:front-desk@host` gives
    `front-desk`, for in a name a hyphen separates nothing.
    """
    text = text.strip()
    scheme, colon, rest = text.partition(":")
    if colon and scheme.lower() in ("sip", "sips", "tel"):
        text = rest
    user = text.partition("@")[0].partition(";")[0].strip()
    plain = user.translate(_SEPARATORS)
    return plain if _NUMBER.fullmatch(plain) else user
