"""The recogniser itself, in a worker process: sound and a network of words in, words with their likeness out."""

import math
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from itertools import islice
from typing import Any, Final, Protocol, TypeAlias

import numpy as np

from ringback.speech.audio import Samples
from ringback.speech.decoys import decoys_of
from ringback.speech.grammar import Network
from ringback.speech.pronunciations import pronunciations_of

FRAME_SECONDS: Final = 0.01
RATE: Final = 16_000
"""Hz, of the acoustic model."""
_MOST_DECODERS: Final = 4
"""Kept in each worker, about 10 MB each."""


@dataclass(frozen=True, slots=True)
class HeardWord:
    """One word where the recogniser placed it."""

    word: str
    """Empty: silence or noise between words."""
    start: int
    """Frame of 10 ms."""
    frames: int
    score: float
    """Natural logarithm of how likely its sound is under the word against the likeliest of all phones, at most 0."""


@dataclass(frozen=True, slots=True)
class Way:
    """A way through the network."""

    text: str
    """As it is written."""
    words: tuple[HeardWord, ...]


_Transition: TypeAlias = tuple[int, int, float] | tuple[int, int, float, str]
"""From a state to another, how probable it is, and the word that is spoken."""


class _Segment(Protocol):
    word: str
    start_frame: int
    end_frame: int
    ascore: float


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


_PAUSE: Final = 0.05
"""Probability of a pause before a word."""
_DECOY: Final = 1e-18
"""Probability of a word that no line has: its sound must fit that much better."""
_MOST_DECOYS: Final = 100_000
"""In one network."""
_SCORE_UNIT: Final = 1024
"""The recogniser adds logarithms up in units of this many (2 to the power of `SENSCR_SHIFT` in its `hmm.h`)."""
_LEAST: Final = 1e-300
"""Under it a likelihood cannot be told from nought."""


class NotLoaded(Exception):
    """This process has no network under the key."""


@dataclass(frozen=True, slots=True)
class _Loaded:
    network: Network
    decoder: _Decoder


_loaded: OrderedDict[str, _Loaded] = OrderedDict()


def way_in(samples: Samples, key: str, network: Network | None = None) -> Way | None:
    """The way through the network that is likeliest for the sound; None where no way is.

    Args:
        samples: At 16 kHz.
        key: Of the network, under which its decoder is kept.
        network: What may be said; may be left out where it is loaded.

    Raises:
        NotLoaded: without a network, where none is loaded under the key.
    """
    load(key, network)
    loaded = _loaded[key]
    decoder = loaded.decoder
    decoder.start_utt()
    decoder.process_raw(np.ascontiguousarray(samples, "<i2").tobytes(), full_utt=True)
    decoder.end_utt()
    words = [_heard(segment) for segment in (decoder.seg() or ())] if decoder.hyp() else []
    text = loaded.network.written([word.word for word in words if word.word])
    return Way(text, tuple(words)) if text else None


def load(key: str, network: Network | None) -> None:
    """Make what hears the network's lines, unless it is there. Raises as `way_in` does."""
    if key not in _loaded:
        if network is None:
            raise NotLoaded(key)
        _loaded[key] = _Loaded(network, _decoder(network))
        if len(_loaded) > _MOST_DECODERS:
            _loaded.popitem(last=False)
    _loaded.move_to_end(key)


def _heard(segment: _Segment) -> HeardWord:
    frames = segment.end_frame + 1 - segment.start_frame
    score = math.log(max(segment.ascore, _LEAST)) * _SCORE_UNIT
    return HeardWord(_bare(segment.word), segment.start_frame, frames, score)


def _bare(word: str) -> str:
    """Without the number of the pronunciation; empty for fillers, as `<sil>` and `[NOISE]`."""
    return "" if word.startswith(("<", "[", "+", "(")) else word.partition("(")[0]


def _decoder(network: Network) -> _Decoder:
    pocketsphinx: Any = import_module("pocketsphinx")
    # All sounds are weighed in each frame, so that the scores of words can be compared with the best of any. The way is
    # the search's own: looking for a better one in a lattice takes as long again, and in one of ten turns finds none.
    # The usual beams: wider ones find a few more lines in noise, and as many that were not said. Of the dictionary it
    # gets the words that it is to hear: to take all 130,000 in takes longer than all else.
    decoder: _Decoder = pocketsphinx.Decoder(
        lm=None, dict=None, samprate=RATE, compallsen=True, bestpath=False, fsgusefiller=False, loglevel="FATAL"
    )
    states = network.states
    # The turn ends in a state of its own; from there the next line begins.
    ways: list[_Transition] = list(_ways(network, states))
    # Pauses are part of the network: of its own accord the recogniser takes noise for words sooner than for silence.
    pauses = [(state, state, _PAUSE, "<sil>") for state in range(states + 1)]
    decoys = list(islice(_decoys(ways), _MOST_DECOYS))
    said = {way[3] for way in (*ways, *decoys) if len(way) == 4}  # noqa: PLR2004 - those with a word
    add_words(decoder, network.pronunciations)
    add_words(decoder, pronunciations_of(said - network.pronunciations.keys()))
    fsg = decoder.create_fsg("turn", 0, states, [*ways, *decoys, *pauses, (states, 0, 1.0)])
    decoder.add_fsg("turn", fsg)
    decoder.activate_search("turn")
    return decoder


def add_words(decoder: _Decoder, pronunciations: Mapping[str, str]) -> None:
    """Give the decoder words with the phones that they are spoken with."""
    for word, phones in pronunciations.items():
        decoder.add_word(word, phones, True)


def _decoys(ways: Sequence[_Transition]) -> Iterator[_Transition]:
    """Other words where a line has one that is easily changed; a way with one of them is none of the network."""
    known = {(way[0], way[1], way[3]) for way in ways if len(way) == 4}  # noqa: PLR2004 - those with a word
    added = {
        (source, target, decoy)
        for source, target, word in known
        for decoy in decoys_of(word)
        if (source, target, decoy) not in known
    }
    return ((source, target, _DECOY, decoy) for source, target, decoy in sorted(added))


def _ways(network: Network, final: int) -> Iterator[_Transition]:
    """Its edges without those that nothing is spoken on: the recogniser follows no chains of them.

    Each word is led to from all states from which only silent edges lead to where it begins.
    """
    spoken: dict[int, set[tuple[int, str]]] = {}
    silent: dict[int, set[int]] = {}
    for edge in network.edges:
        target = edge.target or final
        if edge.word is None:
            silent.setdefault(edge.source, set()).add(target)
        else:
            spoken.setdefault(edge.source, set()).add((target, edge.word))
    for source in {*spoken, *silent}:
        near = _reached(source, silent)
        if final in near:
            yield source, final, 1.0
        for target, word in sorted({way for state in near for way in spoken.get(state, ())}):
            yield source, target, 1.0, word


def _reached(source: int, silent: Mapping[int, set[int]]) -> set[int]:
    reached, waiting = {source}, [source]
    while waiting:
        for target in silent.get(waiting.pop(), ()):
            if target not in reached:
                reached.add(target)
                waiting.append(target)
    return reached
