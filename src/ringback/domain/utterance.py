"""What a caller says in one go: words and directives, in order."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Words:
    """Words to say."""

    text: str


@dataclass(frozen=True, slots=True)
class Silence:
    """Say nothing for a time; the agent may break in."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Hold:
    """Put the agent on hold for a time: what it says meanwhile is heard, not answered."""

    seconds: float


@dataclass(frozen=True, slots=True)
class EndCall:
    """Hang up after what was said before."""


@dataclass(frozen=True, slots=True)
class Spell:
    """Say the text letter by letter."""

    text: str


@dataclass(frozen=True, slots=True)
class VoiceDirective:
    """A directive that only a voice channel can carry out (`dtmf`, `speed`, `noise`, …); text channels skip it."""

    name: str
    attributes: tuple[tuple[str, str], ...] = ()
    text: str = ""
    """Words inside the directive; a text channel says them."""


Part = Words | Silence | Hold | EndCall | Spell | VoiceDirective


@dataclass(frozen=True, slots=True)
class Utterance:
    """Parts in the order in which they are to be said."""

    parts: tuple[Part, ...]

    @classmethod
    def of(cls, text: str, *, ends_call: bool = False) -> "Utterance":
        """An utterance of plain words, perhaps with the end of the call behind them."""
        return cls((Words(text), EndCall()) if ends_call else (Words(text),))

    @property
    def text(self) -> str:
        """The words as a text channel sends them."""
        if len(self.parts) == 1 and isinstance(words := self.parts[0], Words):
            return words.text.strip()  # nearly every utterance, and asked for several times
        return _joined(self.parts)

    @property
    def ends_call(self) -> bool:
        """Whether the caller hangs up with this utterance."""
        if len(self.parts) == 1:  # nearly every utterance
            return isinstance(self.parts[0], EndCall)
        return any(isinstance(part, EndCall) for part in self.parts)


def _joined(parts: tuple[Part, ...]) -> str:
    """The words of all parts; where a part without words stood between two blanks, one of them is left."""
    text = ""
    cut = False
    for part in parts:
        words = part.text if isinstance(part, Words | Spell | VoiceDirective) else ""
        if not words:
            cut = True
            continue
        text += words.lstrip(" ") if cut and text[-1:].isspace() else words
        cut = False
    return text.strip()
