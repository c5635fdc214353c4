"""What is known of a spoken call beside its transcript, for those who read runs over the API."""

from typing import Any

from ringback.domain.conversation import Conversation
from ringback.domain.voice import MediaRecord, Span


def voice_fields(conversation: Conversation | None) -> dict[str, Any]:
    """`voice`: who was heard when, how it was heard, and whether its times are to be trusted; nothing for text."""
    voice = conversation.voice if conversation is not None else None
    if voice is None:
        return {}
    return {
        "voice": {
            "transport": voice.transport,
            "sample_rate": voice.rate,
            "duration": round(voice.duration, 3),
            "recognition": voice.recognition.value,
            "speech_to_text": voice.speech_to_text,
            "text_to_speech": voice.text_to_speech,
            "main_speaking": _edges(voice.agent_speech),
            "testing_speaking": _edges(voice.caller_speech),
            "backchannels": _edges(voice.backchannels),
            "protected": _edges(voice.protected),
            "keys": [{"at": round(key.at, 3), "digit": key.digit, "by": key.by.value} for key in voice.keys],
            "lateness": {
                "frames": voice.lateness.frames,
                "p50": round(voice.lateness.p50, 4),
                "p99": round(voice.lateness.p99, 4),
                "worst": round(voice.lateness.worst, 4),
            },
            "degraded": list(voice.degraded),
            "seed": voice.seed,
            "ringing": _rounded(voice.ringing),
            "media": None if voice.media is None else _media(voice.media),
            "holds": _edges(voice.holds),
            "transferred_to": voice.transfer,
        }
    }


def _media(media: MediaRecord) -> dict[str, Any]:
    """Packets and seconds; None is what nobody measured."""
    return {
        "codec": media.codec,
        "packets_sent": media.packets_sent,
        "packets_received": media.packets_received,
        "lost_received": media.lost_received,
        "lost_sent": media.lost_sent,
        "jitter_received": _rounded(media.jitter_received),
        "jitter_sent": _rounded(media.jitter_sent),
        "round_trip": _rounded(media.round_trip),
    }


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 4)


def _edges(spans: tuple[Span, ...]) -> list[list[float]]:
    """`[[start, end], …]` in seconds, as the reference product gives stretches of speech."""
    return [[round(span.start, 3), round(span.end, 3)] for span in spans]
