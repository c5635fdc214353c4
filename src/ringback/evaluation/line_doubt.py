"""Whether an agent that was heard no more is to blame for it: not where the line itself may have lost it."""

from ringback.domain.conversation import Conversation
from ringback.domain.ending import EndingCode
from ringback.domain.voice import MediaRecord

MUCH_LOSS = 0.2
"""Share of the packets of one way; a bound of ours: of so bad a line nobody can tell whether the agent was silent or
not heard, or did not hear us."""


def doubt_about_line(conversation: Conversation) -> str:
    """Why the ending may not be the agent's doing, as sentences; empty where nothing speaks for that.

    Sound that stopped for good may have stopped on our side or on the way where anything else was wrong with the call.
    Silence of the agent is its own unless the line was hardly one.
    """
    voice = conversation.voice
    if voice is None or not voice.degraded:
        return ""
    code = conversation.ending.code
    stopped = code is EndingCode.MEDIA_STOPPED
    hardly_a_line = code is EndingCode.AGENT_SILENT and voice.media is not None and worst_loss(voice.media) >= MUCH_LOSS
    return " ".join(voice.degraded) if stopped or hardly_a_line else ""


def worst_loss(media: MediaRecord) -> float:
    """The share of packets that were lost, 0 to 1, on the worse of the two ways; what was not measured counts as 0."""
    return max(loss(media.lost_received, media.packets_received + media.lost_received), lost_to_agent(media) or 0.0)


def lost_to_agent(media: MediaRecord) -> float | None:
    """The share of our packets that never came, as the agent's side reported; None where it reported nothing."""
    return None if media.lost_sent is None else loss(media.lost_sent, media.packets_sent)


def loss(lost: int, packets: int) -> float:
    """`lost` of so many packets as a share, 0 to 1."""
    return min(1.0, lost / packets) if packets else 0.0
