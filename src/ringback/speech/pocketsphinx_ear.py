"""Pocketsphinx with a grammar: hears the lines that it was told, keyless and offline, and says no match to all else."""

import asyncio
import hashlib
from collections.abc import Sequence
from typing import Final

from ringback.domain.voice import Recognition, RecognitionMode
from ringback.errors import UsageError
from ringback.speech.audio import Samples, Sound
from ringback.speech.dropouts import without_dropouts
from ringback.speech.grammar import network_of, with_abbreviations_spelled
from ringback.speech.grammar_decoding import RATE, NotLoaded, load
from ringback.speech.grammar_hearing import HeardLine, heard_line
from ringback.speech.pronunciations import without_pronunciation
from ringback.speech.resampling import resampled
from ringback.speech.speech_to_text import Hearing
from ringback.speech.speech_workers import Shared

LONGEST_TURN: Final = 120.0
"""Seconds; a longer turn is no match."""
_SECONDS: Final = 60.0
"""For one turn."""
_LOADING_SECONDS: Final = 300.0
"""For the worker's start and the lines: it takes four times as long for twice as many, 7 s for 600 of twelve words."""
_NO_MATCH: Final = Hearing("", Recognition(mode=RecognitionMode.GRAMMAR, matched=False))


class GrammarEar:
    """Hears an agent whose lines are known (see `grammar.py` for how they are written)."""

    def __init__(self, known_lines: Sequence[str]) -> None:
        """Read the lines.

        Raises:
            UsageError: the package is missing, a line cannot be read, or words have no known pronunciation.
        """
        network = network_of(known_lines)
        if not network.edges:
            raise UsageError("There are no known lines: pocketsphinx hears only lines that it knows.")
        unknown = without_pronunciation(network.words() - network.pronunciations.keys())
        network = with_abbreviations_spelled(network, unknown)
        if missing := sorted(unknown & network.words()):
            raise UsageError(
                f"The known lines have words whose pronunciation is not known: {', '.join(missing)}. Add a line for "
                f"each in the phones of the CMU dictionary, as in: {missing[0]} /P R AH N AH N S IY EY SH AH N/"
            )
        self._network = network
        self._key = hashlib.sha256(repr((network.edges, network.pronunciations)).encode()).hexdigest()
        self._workers = Shared.take()
        self._open = True

    @property
    def name(self) -> str:
        """`pocketsphinx:en-us`."""
        return "pocketsphinx:en-us"

    @property
    def mode(self) -> RecognitionMode:
        """It knows lines."""
        return RecognitionMode.GRAMMAR

    async def hear(self, sound: Sound, *, language: str = "en") -> Hearing:
        """The known lines that are said in the sound, as they are written; nothing where it is anything else.

        Raises:
            SpeechError: the recogniser failed.
        """
        del language  # the model is of English; in other languages nothing matches
        if not len(sound.samples) or sound.duration > LONGEST_TURN:
            return _NO_MATCH
        at_rate = await asyncio.to_thread(lambda: resampled(without_dropouts(sound), RATE))
        line = await self._heard(at_rate.samples, narrow=sound.rate < RATE)
        if line is None:
            return _NO_MATCH
        return Hearing(line.text, Recognition(mode=RecognitionMode.GRAMMAR, confidence=line.confidence))

    async def _heard(self, samples: Samples, *, narrow: bool) -> HeardLine | None:
        try:
            return await self._workers.run(_SECONDS, heard_line, samples, self._key, narrow=narrow)
        except NotLoaded:  # large networks take longer to hand over than turns to hear
            return await self._workers.run(
                _LOADING_SECONDS, heard_line, samples, self._key, self._network, narrow=narrow
            )

    async def warm_up(self, at_once: int | None = None) -> None:
        """Start the worker processes and load the lines in each; see `WarmsUp`."""
        await self._workers.run_in_each(at_once, _LOADING_SECONDS, load, self._key, self._network)

    async def close(self) -> None:
        """Let go of the worker processes."""
        if self._open:
            self._open = False
            await Shared.give_back()
