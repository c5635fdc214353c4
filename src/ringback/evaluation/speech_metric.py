"""What all metrics of spoken calls have in common."""

from collections.abc import Sequence
from dataclasses import dataclass

from ringback.domain.evaluation import Evidence, MetricScore
from ringback.domain.scenario import MetricKind
from ringback.domain.voice import VoiceRecord
from ringback.evaluation.percentiles import percentiles, rounded
from ringback.evaluation.record import Record
from ringback.evaluation.speech_turns import Floor

_SHOWN = 5
"""Places that an explanation names at most."""


@dataclass(frozen=True, slots=True)
class SpokenCall:
    """A record with the sound that was kept of it."""

    record: Record
    voice: VoiceRecord
    floor: Floor


@dataclass(frozen=True, slots=True)
class Measured:
    """What a metric found out about one call."""

    value: bool | float | None
    """None: it does not apply, or cannot be told."""
    explanation: str
    distribution: Sequence[float] = ()
    """The values that were averaged."""
    evidence: tuple[Evidence, ...] = ()
    cannot_tell: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechMetric:
    """A metric that is measured on spoken calls only; on text it does not apply."""

    slug: str
    name: str
    reference: str = ""
    """The reference product's name, where it has this metric."""
    kind: MetricKind = MetricKind.NUMERIC
    unit: str = ""
    timing: bool = False
    """Its value cannot be trusted where our own frames were late."""

    async def measure(self, record: Record) -> MetricScore:
        """The value with its explanation; None on text and where there is nothing to measure."""
        voice = record.conversation.voice
        if voice is None or record.floor is None:
            return self._score(Measured(None, "It is measured on spoken calls only."))
        measured = self.listen(SpokenCall(record, voice, record.floor))
        return self._score(untrusted(measured, voice, self.unit) if self.timing else measured)

    def listen(self, call: SpokenCall) -> Measured:
        """What the call says."""
        raise NotImplementedError

    def _score(self, measured: Measured) -> MetricScore:
        value, spread = measured.value, [rounded(one) for one in measured.distribution]
        return MetricScore(
            slug=self.slug,
            name=self.name,
            kind=self.kind,
            value=rounded(value) if isinstance(value, float) else value,
            explanation=measured.explanation,
            evidence=measured.evidence,
            unit=self.unit,
            percentiles=percentiles(spread) if spread else None,
            cannot_tell=measured.cannot_tell,
        )


def untrusted(measured: Measured, voice: VoiceRecord, unit: str) -> Measured:
    """The same, but for a call whose figures of time are not trusted: shown, and nobody can tell.

    What holds although we were late holds. A rule on it is else inconclusive: what we sent too late is not to be
    blamed on the agent.
    """
    if not voice.degraded or measured.value is None or measured.value is True:
        return measured
    figure = "no" if measured.value is False else f"{measured.value:.3g} {unit}".strip()
    return Measured(
        None,
        f"Not trusted: {' '.join(voice.degraded)} Measured was {figure}. {measured.explanation}",
        measured.distribution,
        measured.evidence,
        cannot_tell=True,
    )


def moments(times: Sequence[float]) -> str:
    """`at 1.20 s, 3.40 s and 2 more`."""
    more = f" and {len(times) - _SHOWN} more" if len(times) > _SHOWN else ""
    return f"at {', '.join(f'{time:.2f} s' for time in times[:_SHOWN])}{more}"
