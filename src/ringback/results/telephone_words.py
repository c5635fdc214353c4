"""What a telephone line did to a call, in words: what every report says alike."""

from collections.abc import Iterator

from ringback.domain.conversation import Conversation
from ringback.domain.visible import one_line
from ringback.domain.voice import MediaRecord
from ringback.evaluation.line_doubt import loss
from ringback.results.words import milliseconds_words, seconds_words

_LEAST_SHOWN = 0.0005
"""The share of packets that is 0.1 % when it is rounded."""

_HOLDS_SHOWN = 5


def telephone_facts(conversation: Conversation) -> Iterator[tuple[str, str]]:
    """How the telephone rang and what came through, as names and values; nothing where there was no telephone."""
    voice = conversation.voice
    media = voice.media if voice is not None else None
    telephone = list(_telephone(conversation, media))
    if telephone:
        yield "telephone", "; ".join(telephone)
    if media is not None:
        yield "from the agent", from_agent_words(media)
        yield "to the agent", to_agent_words(media)
    if voice is not None and voice.holds:
        times = ", ".join(f"{hold.start:.1f} to {hold.end:.1f} s" for hold in voice.holds[:_HOLDS_SHOWN])
        more = len(voice.holds) - _HOLDS_SHOWN
        yield "on hold", times + (f" and {more} more times" if more > 0 else "")
    if voice is not None and voice.transfer is not None:
        yield "passed on to", one_line(voice.transfer) or "somebody else"


def _telephone(conversation: Conversation, media: MediaRecord | None) -> Iterator[str]:
    if conversation.ringing is not None:
        yield f"rang {seconds_words(conversation.ringing)}"
    if media is not None:
        yield one_line(media.codec)
        if media.round_trip is not None:
            yield f"round trip {milliseconds_words(media.round_trip)}"


def from_agent_words(media: MediaRecord) -> str:
    """`1,204 packets, 3 lost (0.2 %); jitter 4 ms`: what came of the agent's sound."""
    lost = _lost(media.lost_received, media.packets_received + media.lost_received)
    return f"{media.packets_received:,} packets, {lost}{_jitter(media.jitter_received)}"


def to_agent_words(media: MediaRecord) -> str:
    """`1,200 packets, 0 lost; jitter 2 ms`: what came of ours, as far as the agent's side has told."""
    sent = f"{media.packets_sent:,} packets"
    if media.lost_sent is None:
        return f"{sent}; what came of them was not reported"
    return f"{sent}, {_lost(media.lost_sent, media.packets_sent)}{_jitter(media.jitter_sent)}"


def _lost(lost: int, packets: int) -> str:
    if not lost:
        return "0 lost"
    share = loss(lost, packets)
    return f"{lost:,} lost ({'< 0.1' if share < _LEAST_SHOWN else f'{100 * share:.1f}'} %)"


def _jitter(seconds: float | None) -> str:
    return "" if seconds is None else f"; jitter {milliseconds_words(seconds)}"


def telephone_lines(conversation: Conversation) -> Iterator[str]:
    """The facts as lines of text, and why the call was degraded where it was: `telephone: rang 1.2 s; PCMU`."""
    for name, value in telephone_facts(conversation):
        yield f"{name}: {value}"
    if conversation.voice is not None:
        for reason in conversation.voice.degraded:
            yield f"degraded: {one_line(reason)}"
