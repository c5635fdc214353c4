"""The recogniser itself, in a worker process: sound and a network of words in, words with their likeness out."""

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final, Protocol

import numpy as np

from ringback.speech.audio import Samples
from ringback.speech.grammar import Network

RATE: Final = 16_000
"""Hz, of the acoustic model."""
FRAME_SECONDS: Final = 0.01
_MOST_DECODERS: Final = 4
"""Kept in each worker, about 60 MB each."""


@dataclass(frozen=True, slots=True)
class HeardPhone:
    """One phone where the recogniser placed it."""

    word: str
    """That it is part of; empty: silence or noise between words."""
    phone: str
    start: int
    """Frame of 10 ms."""
    frames: int
    score: float
    """Logarithm of how likely the sound is under the phone against the likeliest of all phones, of all its frames."""


@dataclass(frozen=True, slots=True)
class Way:
    """A way through the network."""

    text: str
    """As it is written."""
    phones: tuple[HeardPhone, ...]


class _Segment(Protocol):
    word: str


class _Entry(Protocol):
    name: str
    start: int
    duration: int
    score: int

    def __iter__(self) -> Iterator["_Entry"]: ...


class _Decoder(Protocol):
    def create_fsg(self, name: str, start: int, final: int, transitions: Sequence[Any]) -> object: ...
    def add_fsg(self, name: str, fsg: object) -> None: ...
    def activate_search(self, name: str) -> None: ...
    def add_word(self, word: str, phones: str, update: bool) -> int: ...
    def start_utt(self) -> None: ...
    def end_utt(self) -> None: ...
    def process_raw(self, data: bytes, no_search: bool = False, full_utt: bool = False) -> int: ...
    def hyp(self) -> object | None: ...
    def seg(self) -> Iterable[_Segment] | None: ...
    def set_alignment(self) -> None: ...
    def get_alignment(self) -> Iterable[_Entry] | None: ...


_LEADS: Final = (0.1, 0.15, 0.2, 0.05, 0.25, 0.0)
"""Seconds of almost silence before the sound, tried one after the other."""
_TAIL: Final = 0.1

_decoders: OrderedDict[str, _Decoder] = OrderedDict()


def way_in(samples: Samples, key: str, network: Network) -> Way | None:
    """The way through the network that is likeliest for the sound; None where no way is.

    Args:
        samples: At 16 kHz.
        key: Of the network, under which its decoder is kept.
        network: What may be said.
    """
    decoder = _kept(key, network)
    for lead in _LEADS:
        sound = _bytes(np.concatenate([_soft(lead), samples, _soft(_TAIL)]))
        decoder.activate_search("turn")
        _process(decoder, sound)
        words = [_bare(segment.word) for segment in (decoder.seg() or ())] if decoder.hyp() else []
        text = network.written([word for word in words if word])
        if not text:
            return None
        try:
            # The second pass knows the words and finds the phones, each with its own score.
            decoder.set_alignment()
            _process(decoder, sound)
        except RuntimeError:
            # It fails where the first pass gave the silence before the first word fewer than three frames.
            continue
        return Way(text, tuple(_phones(decoder.get_alignment() or (), lead)))
    return None


def _kept(key: str, network: Network) -> _Decoder:
    decoder = _decoders.get(key)
    if decoder is None:
        decoder = _decoders[key] = _decoder(network)
        if len(_decoders) > _MOST_DECODERS:
            _decoders.popitem(last=False)
    _decoders.move_to_end(key)
    return decoder


def _soft(seconds: float) -> Samples:
    """Noise that nobody hears: the model was never trained on digital silence."""
    return np.random.default_rng(0).integers(-3, 4, round(seconds * RATE)).astype(np.int16)


def _bytes(samples: Samples) -> bytes:
    return np.ascontiguousarray(samples, "<i2").tobytes()


def _phones(alignment: Iterable[_Entry], lead: float) -> Iterator[HeardPhone]:
    before = round(lead / FRAME_SECONDS)
    for entry in alignment:
        word = _bare(entry.name)
        for phone in entry:
            yield HeardPhone(word, phone.name, phone.start - before, phone.duration, phone.score)


def _process(decoder: _Decoder, sound: bytes) -> None:
    decoder.start_utt()
    decoder.process_raw(sound, full_utt=True)
    decoder.end_utt()


def _bare(word: str) -> str:
    """Without the number of the pronunciation; empty for fillers, as `<sil>` and `[NOISE]`."""
    return "" if word.startswith(("<", "[", "+", "(")) else word.partition("(")[0]


def _decoder(network: Network) -> _Decoder:
    pocketsphinx: Any = import_module("pocketsphinx")
    # All sounds are weighed in each frame, so that the scores of words can be compared with the best of any.
    decoder: _Decoder = pocketsphinx.Decoder(lm=None, samprate=RATE, compallsen=True, loglevel="FATAL")
    add_words(decoder, network.pronunciations)
    states = network.states
    # The turn ends in a state of its own; from there the next line begins.
    ways = [_way(edge.source, edge.target or states, edge.word) for edge in network.edges]
    fsg = decoder.create_fsg("turn", 0, states, [*ways, (states, 0, 1.0)])
    decoder.add_fsg("turn", fsg)
    decoder.activate_search("turn")
    return decoder


def add_words(decoder: _Decoder, pronunciations: Mapping[str, str]) -> None:
    """Give the decoder words with the phones that they are spoken with."""
    for word, phones in pronunciations.items():
        decoder.add_word(word, phones, True)


def _way(source: int, target: int, word: str | None) -> tuple[int, int, float] | tuple[int, int, float, str]:
    return (source, target, 1.0) if word is None else (source, target, 1.0, word)
