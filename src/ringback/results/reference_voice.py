"""What is known of a spoken call beside its transcript, for those who read runs over the API."""

from typing import Any

from ringback.domain.conversation import Conversation
from ringback.domain.voice import Span


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
        }
    }


def _edges(spans: tuple[Span, ...]) -> list[list[float]]:
    """`[[start, end], …]` in seconds, as the reference product gives stretches of speech."""
    return [[round(span.start, 3), round(span.end, 3)] for span in spans]
