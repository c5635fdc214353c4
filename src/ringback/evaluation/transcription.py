"""How well the agent heard our caller: what its channel says that it heard against what was spoken.

The score's bands and weights are those of the reference product; the word error rate is the usual one, (substituted +
left out + inserted) / spoken, on the alignment with the fewest errors.
"""

from dataclasses import dataclass

from ringback.domain.conversation import Role
from ringback.evaluation.speech_metric import Measured, SpeechMetric, SpokenCall
from ringback.evaluation.transcription_words import NOUN, REST, VERB, weight, words

_MOST_WORDS = 10_000
"""Of each side; what an agent sends beyond cannot be compared in a time worth it."""
_BANDS = ((0.0, 100.0), (3.0, 80.0), (6.0, 60.0), (12.0, 40.0))
"""Weighted errors up to which a score is given."""
_LOWEST = 20.0
_TURNS = 10
"""Turns to which the errors of longer calls are scaled."""
_SMALL = 0.1
"""Points that an error without weight costs."""


@dataclass(frozen=True, slots=True)
class Misheard:
    """One place where what was heard is not what was spoken; a word is empty where it was left out or put in."""

    spoken: str
    heard: str

    @property
    def weight(self) -> float:
        """That of the heavier word: a number heard for an article matters as much as the number."""
        return max(weight(word) for word in (self.spoken, self.heard) if word)

    def __str__(self) -> str:
        return f"“{self.spoken}” → “{self.heard}”"


@dataclass(frozen=True, slots=True)
class Accuracy:
    """A comparison of what was spoken with what was heard."""

    spoken: int
    """Words."""
    errors: tuple[Misheard, ...]
    turns: int

    @property
    def word_error_rate(self) -> float:
        """Errors per spoken word; may exceed 1 where much was put in."""
        return len(self.errors) / self.spoken

    @property
    def weighted(self) -> float:
        """The sum of the errors' weights, scaled to ten turns where there are more."""
        return sum(error.weight for error in self.errors) * min(1.0, _TURNS / max(1, self.turns))

    @property
    def score(self) -> float:
        """0 to 100."""
        band = next((score for most, score in _BANDS if self.weighted <= most), _LOWEST)
        small = sum(1 for error in self.errors if error.weight == REST)
        return max(0.0, band - _SMALL * small)


def compare(spoken: list[str], heard: list[str], turns: int) -> Accuracy:
    """The errors on the alignment with the fewest of them. `spoken` must not be empty."""
    from rapidfuzz.distance import Levenshtein  # noqa: PLC0415 - text runs need no library for it

    errors = [
        Misheard(
            "" if edit.tag == "insert" else spoken[edit.src_pos], "" if edit.tag == "delete" else heard[edit.dest_pos]
        )
        for edit in Levenshtein.editops(spoken, heard)
    ]
    return Accuracy(len(spoken), tuple(errors), turns)


def accuracy_of(call: SpokenCall) -> Accuracy | str:
    """What the agent heard of the caller, or why that cannot be told."""
    if not call.voice.agent_transcripts:
        return "The agent's channel gave no text of what it heard of the caller."
    said = [entry for entry in call.record.entries if entry.role is Role.CALLER and entry.content]
    spoken = [word for entry in said for word in words(entry.content)]
    heard = [
        word
        for transcript in sorted(call.voice.agent_transcripts, key=lambda one: one.at)
        for word in words(transcript.text)
    ]
    if not spoken:
        return "The caller said nothing."
    if max(len(spoken), len(heard)) > _MOST_WORDS:
        return f"There are more than {_MOST_WORDS} words, too many to compare."
    return compare(spoken, heard, len(said))


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptionAccuracy(SpeechMetric):
    """How well the agent understood the caller's words, 0 to 100, where its channel tells what it heard. Names, nouns,
    numbers and denials weigh 1, verbs 0.5, other words nearly nothing.
    """

    slug: str = "transcription_accuracy"
    name: str = "Transcription accuracy"
    reference: str = "Transcription Accuracy"
    unit: str = "of 100"

    def listen(self, call: SpokenCall) -> Measured:
        """By the reference's weights and bands."""
        accuracy = accuracy_of(call)
        if isinstance(accuracy, str):
            return Measured(None, accuracy)
        heavy = sorted((error for error in accuracy.errors if error.weight), key=lambda error: -error.weight)[:5]
        counts = [sum(1 for error in accuracy.errors if error.weight == one) for one in (NOUN, VERB, REST)]
        places = f" Such as {', '.join(map(str, heavy))}." if heavy else ""
        return Measured(
            accuracy.score,
            f"{counts[0]} errors in names, nouns, numbers or denials, {counts[1]} in verbs, {counts[2]} in others; "
            f"weighted {accuracy.weighted:g} in {accuracy.turns} turns. "
            f"Word error rate {accuracy.word_error_rate:.3f}.{places}",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class WordErrorRate(SpeechMetric):
    """The share of the caller's words that the agent misheard, where its channel tells what it heard."""

    slug: str = "word_error_rate"
    name: str = "Word error rate"
    unit: str = "share"

    def listen(self, call: SpokenCall) -> Measured:
        """All words alike."""
        accuracy = accuracy_of(call)
        if isinstance(accuracy, str):
            return Measured(None, accuracy)
        return Measured(accuracy.word_error_rate, f"{len(accuracy.errors)} errors in {accuracy.spoken} words.")
