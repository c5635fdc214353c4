"""What the telephone line did to the sound of a call, out of the stack's figures."""

from typing import Any, cast

from ringback.channels.line import FRAME_SECONDS
from ringback.channels.sip.messages import Control
from ringback.domain.voice import MediaRecord

MOST_LOSS = 0.01
"""Share of packets; a bound of ours: from there on words may be missing that were said."""
MOST_JITTER = 0.030
"""Seconds; a bound of ours: the buffer that evens jitter out holds 40 ms."""
MOST_LATE = 0.01
"""Share of packets; a bound of ours: what comes later than that buffer holds back is played in the wrong place."""
_HELD_BACK = 40
"""Milliseconds that the stack's buffer holds sound back (see `stack_config`)."""
_MOST_DROPPED = 0.1
"""Seconds of sound that we may drop before it is told."""
_G711_STEP = 80
_KEY_BYTES = 4
_KEY_PACKETS = 20
"""The most that a key of ours takes; the stack sends one for 200 to 300 ms."""


def media_record(codec: str, message: Control) -> MediaRecord:
    """The record of a call that is over; what nobody measured is None."""
    stats = _part(message, "stats")
    sent, received = _part(stats, "tx"), _part(stats, "rx")
    rtcp, buffer = _part(stats, "rtcp"), _part(stats, "jbuf")
    reported = bool(message.get("rtcp"))
    # Of a call whose sound stopped the stack has forgotten what came; the frames that were read are as many.
    came = _count(received, "packets") or _count(message, "heard")
    return MediaRecord(
        codec=codec,
        packets_sent=_count(sent, "packets"),
        packets_received=came,
        lost_received=max(0, _count(buffer, "lost") - _keys_of(received, message) - _count(message, "blocked")),
        lost_sent=_count(rtcp, "tx_lost") if reported else None,
        # Filled by the stack with the first report; what its buffer calls jitter is always 0 where its size is fixed.
        jitter_received=_jitter(rtcp, "rx_jitter_us", keys=_count(message, "keys")) if reported else None,
        jitter_sent=_jitter(rtcp, "tx_jitter_us", keys=_count(message, "keys_sent")) if reported else None,
        round_trip=_count(rtcp, "rtt_us") / 1e6 if reported and _count(rtcp, "rtt_us") else None,
    )


def _jitter(rtcp: Control, name: str, *, keys: int) -> float | None:
    """Seconds; None where there were keys, whose packets all bear the time of their first and look like jitter."""
    return _count(rtcp, name) / 1e6 if name in rtcp and not keys else None


def _keys_of(received: Control, message: Control) -> int:
    """Packets that were keys and no sound.

    They have numbers among those of the sound (RFC 4733, section 2.1), and the stack takes them for gaps. Each has four
    bytes and one of sound a multiple of 80 (10 ms of G.711), so the bytes of all tell how many were keys.
    """
    packets, size = _count(received, "packets"), _count(received, "bytes")
    if not message.get("keys") or not packets:
        return 0
    of_sound = -(-size // (packets * _G711_STEP)) * _G711_STEP
    return round((of_sound * packets - size) / (of_sound - _KEY_BYTES))


def degraded_by(media: MediaRecord, message: Control, *, dropped: float) -> tuple[str, ...]:
    """Why the sound of a call is not to be trusted, and on whose way it suffered."""
    found: list[str] = []
    expected = media.packets_received + media.lost_received
    if expected and media.lost_received / expected > MOST_LOSS:
        share = media.lost_received / expected
        found.append(f"{share:.1%} of the packets were lost on the way from the agent.")
    # Some receivers take keys of ours for gaps in the sound.
    lost_sent = (media.lost_sent or 0) - _KEY_PACKETS * _count(message, "keys_sent")
    if media.packets_sent and lost_sent / media.packets_sent > MOST_LOSS:
        share = lost_sent / media.packets_sent
        found.append(f"{share:.1%} of the packets were lost on the way to the agent, as its side reported.")
    if (share := _late(media, message)) > MOST_LATE:
        found.append(f"{share:.1%} of the packets came more than 40 ms late on the way from the agent.")
    if media.jitter_received is not None and media.jitter_received > MOST_JITTER:
        found.append(f"Packets came with a jitter of {media.jitter_received * 1000:.0f} ms on the way from the agent.")
    if media.jitter_sent is not None and media.jitter_sent > MOST_JITTER:
        found.append(
            f"Packets arrived with a jitter of {media.jitter_sent * 1000:.0f} ms on the way to the agent, as its side"
            " reported."
        )
    late = (_count(message, "gaps") + _count(message, "left_out")) * FRAME_SECONDS
    if late > _MOST_DROPPED:
        found.append(f"{late:.1f} s of our own sound came too late, or too much at once, to be sent in time.")
    if dropped > _MOST_DROPPED:
        found.append(f"{dropped:.1f} s of the agent's sound were dropped, because we could not play them in time.")
    return tuple(found)


def _late(media: MediaRecord, message: Control) -> float:
    """Share of the packets that came when their turn was over.

    None of an agent whose RTP time has left ours behind, as where it stands still in pauses: its packets are on time.
    """
    buffer = _part(_part(message, "stats"), "jbuf")
    skew: Any = buffer.get("skew_ms")
    if not media.packets_received or not isinstance(skew, (int, float)) or abs(skew) > _HELD_BACK:
        return 0.0
    return _count(buffer, "late") / media.packets_received


def _part(values: Control, key: str) -> Control:
    found: Any = values.get(key)
    return cast("Control", found) if isinstance(found, dict) else {}


def _count(values: Control, key: str) -> int:
    found: Any = values.get(key)
    return max(0, int(found)) if isinstance(found, (int, float)) else 0
