"""How a telephone call came to its end, out of what the stack says and what SIP's statuses mean (RFC 3261, 21)."""

import re

from ringback.channels.sip.call import Closed
from ringback.channels.sip.messages import Control
from ringback.channels.wire_reading import Clean
from ringback.domain.ending import EndingCode
from ringback.errors import CallFailed, ChannelError, NotConnected, Refused

_STATUS = re.compile(r"([3-6]\d\d)(?: +(.*))?", re.DOTALL)
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
_ERRNO = re.compile(r" *\[\d+\]$")
_IN_WORDS = {
    "Destination address required": "its host name could not be found",
    "Connection timed out": "nothing was heard from there",
    "Protocol error": "TLS with it failed (it speaks none, or its certificate cannot be verified)",
}
_LONGEST_REASON = 200
_UNREADABLE = 488
"""What we would have answered: Not Acceptable Here."""

_BUSY = frozenset({486, 600})
_REFUSED = frozenset({403, 603})
_UNREACHABLE = frozenset({404, 410, 484, 503})
_NO_ANSWER = frozenset({408, 480, 487})
_CREDENTIALS = frozenset({401, 407})


def closed_of(message: Control, at: float, clean: Clean) -> Closed:
    """The end of a call as the process tells it."""
    text = _UNPRINTABLE.sub(" ", clean(str(message.get("text") or "")))[:_LONGEST_REASON].strip()
    by_us, established = bool(message.get("by_us")), bool(message.get("established"))
    found = _STATUS.fullmatch(text)
    if established:
        cause = ""
        if text == "rtp stream error":  # the stack's own words for sound that does not come
            cause = "media_stopped" if message.get("heard") else "no_media"
        return Closed(at=at, status=None, reason=text, cause=cause, by_us=by_us)
    if by_us:
        return Closed(at=at, status=None, reason=text, by_us=True)
    if found is not None:
        status = int(found[1])
        cause = "credentials_refused" if status in _CREDENTIALS else ""
        return Closed(at=at, status=status, reason=found[2] or "", cause=cause)
    if text.startswith("Bad message"):  # the stack's words for an answer that it cannot read
        return Closed(at=at, status=_UNREADABLE, reason="its answer makes no sense")
    text = _ERRNO.sub("", text)
    return Closed(at=at, status=None, reason=_IN_WORDS.get(text, text), cause="not_connected")


def no_call(closed: Closed, shown: str, *, ringing: float | None) -> ChannelError:  # noqa: PLR0911 - a table
    """Why an agent that was called did not answer.

    Args:
        closed: the end of the call.
        shown: whom we called, without secrets.
        ringing: seconds for which it rang; None: it did not.
    """
    status, reason = closed.status, f" {closed.reason}" if closed.reason else ""
    rang = f" after {ringing:.0f} s of ringing" if ringing is not None else ""
    if closed.cause == EndingCode.TELEPHONE_FAILED:
        return CallFailed(closed.reason, reason=EndingCode.TELEPHONE_FAILED, ringing=ringing)
    if status is None:
        why = f": {closed.reason}" if closed.reason else ""
        return NotConnected(
            f"No telephone call to {shown} came about{why}. Is the agent's server running there?", retryable=False
        )
    if status in _CREDENTIALS:
        return CallFailed(
            f"{shown} did not take our user and password ({status}{reason}). Check them in the agent's or the trunk's"
            " settings.",
            reason=EndingCode.CREDENTIALS_REFUSED,
            ringing=ringing,
        )
    if status in _BUSY:
        return CallFailed(f"{shown} is busy ({status}{reason}).", reason=EndingCode.BUSY, ringing=ringing)
    if status in _REFUSED:
        refused = Refused(f"{shown} rejected the call{rang} ({status}{reason}).", status)
        refused.ringing = ringing
        return refused
    if status in _NO_ANSWER:
        return CallFailed(
            f"{shown} did not answer{rang} ({status}{reason}).", reason=EndingCode.NO_ANSWER, ringing=ringing
        )
    if status in _UNREACHABLE:
        return NotConnected(f"{shown} cannot be reached ({status}{reason}). Check the address.", retryable=False)
    return CallFailed(f"The call to {shown} failed ({status}{reason}).", reason=EndingCode.CALL_FAILED, ringing=ringing)


def plain_address(text: str) -> str:
    """A SIP address without what may hold secrets or is of no interest: display name, password, parameters, headers."""
    found = re.search(r"<([^<>]*)>", text)
    address = _UNPRINTABLE.sub(" ", found[1] if found else text).strip()
    scheme, colon, rest = address.partition(":")
    if not colon or scheme.lower() not in ("sip", "sips", "tel"):
        scheme, rest = "", address
    rest = rest.partition(";")[0].partition("?")[0]
    user, at, host = rest.rpartition("@")
    user = user.partition(":")[0]
    return f"{scheme.lower()}:{user}{at}{host}" if scheme else f"{user}{at}{host}"
