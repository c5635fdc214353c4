"""A spoken call as the HTML report shows it: what plays its recording, the picture of it, and how it was held."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ringback.domain.conversation import Conversation, Entry
from ringback.domain.evaluation import MetricScore
from ringback.domain.visible import one_line, visible
from ringback.domain.voice import RecognitionMode, VoiceRecord
from ringback.evaluation.record import Record
from ringback.evaluation.unheard import is_unheard
from ringback.results.export.html_voice_wave import Wave, draw
from ringback.results.words import milliseconds_words, percent

BUCKETS = 600
"""Stretches whose loudness is drawn, of a call of a minute or less."""
MOST_BUCKETS = 2400
_PER_SECOND = 4
"""Stretches of a second of longer calls."""

_MODES = {
    RecognitionMode.GRAMMAR: "grammar: known lines only",
    RecognitionMode.OPEN: "open: any words",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What a page can play and draw of one recording."""

    source: str = ""
    """Address of the compressed copy, as seen from the page; empty where there is none to play."""
    peaks: tuple[Sequence[float], Sequence[float]] | None = None
    """Loudness of the caller and of the agent, 0 to 1, in equal stretches."""
    files: Sequence[tuple[str, str]] = ()
    """What can be downloaded beside it: words and address."""
    note: str = ""
    """Why there is nothing to play, as a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceView:
    """A spoken call."""

    source: str
    note: str
    files: Sequence[tuple[str, str]]
    duration: float
    length: str
    wave: Wave
    distrust: Sequence[str]
    """Why its times are not trusted."""


def buckets_of(voice: VoiceRecord) -> int:
    """Into how many stretches the picture of a call is divided."""
    return min(MOST_BUCKETS, max(BUCKETS, round(_PER_SECOND * voice.duration)))


def voice_view(record: Record | None, recordings: Mapping[str, Recorded]) -> VoiceView | None:
    """All that the page shows of a call's sound; None for text, and where no call was held.

    `recordings` is what the page can play, by the recording's stem.
    """
    voice = record.conversation.voice if record else None
    floor = record.floor if record else None
    if voice is None or floor is None:
        return None
    recorded = recordings.get(voice.recording or "")
    if recorded is None:
        recorded = Recorded(note="Its recording is not with this page." if voice.recording else _unrecorded(voice))
    return VoiceView(
        source=recorded.source,
        note=visible(recorded.note),
        files=recorded.files,
        duration=round(voice.duration, 3),
        length=f"{voice.duration:.1f} s",
        wave=draw(floor, voice.keys, recorded.peaks),
        distrust=[visible(reason) for reason in voice.degraded],
    )


def _unrecorded(voice: VoiceRecord) -> str:
    return "No recording of it was kept." if voice.duration else "Nothing was said: the call was over at once."


def voice_facts(conversation: Conversation) -> Iterator[tuple[str, str]]:
    """How a spoken call was held, as names and values; nothing for text."""
    voice = conversation.voice
    if voice is None:
        return
    yield "line", f"{one_line(voice.transport)}, {voice.rate / 1000:g} kHz"
    yield "caller's voice", one_line(voice.text_to_speech)
    yield "agent heard by", f"{one_line(voice.speech_to_text)} ({_MODES[voice.recognition]})"
    late = voice.lateness
    if late.frames:
        figures = ", ".join(
            f"{name} {milliseconds_words(seconds)}"
            for name, seconds in (("median", late.p50), ("p99", late.p99), ("worst", late.worst))
        )
        yield "our frames were late by", figures
    yield "seed of the call", str(voice.seed)
    if voice.call_id:
        yield "call", one_line(voice.call_id)


def remarks_on(entry: Entry) -> Iterator[str]:
    """What a spoken line's words do not tell: how they were heard, or that they were broken off."""
    if is_unheard(entry) and entry.recognition is not None:
        yield entry.recognition.mode.value
    if entry.interrupted:
        yield "broken off"


def measured_words(metric: MetricScore) -> str:
    """A figure of a spoken call as people say it: `66 %`, `1 time`, `0.34 s`; empty where its unit is none of these."""
    value = metric.value
    if isinstance(value, bool) or not isinstance(value, float | int):
        return ""
    match metric.unit:
        case "share":
            return percent(value)
        case "times":
            return f"{value:.0f} time{'' if value == 1 else 's'}"
        case "s":
            return f"{value:.2f} s"
        case "words/min":
            return f"{value:.0f} words/min"
        case _:
            return ""
