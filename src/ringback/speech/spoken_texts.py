"""What was spoken before, so that the same words are not made twice: bounded by the size of the sound."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Final

from cachetools import LRUCache

from ringback.speech.audio import Sound

LARGEST: Final = 64 * 1024 * 1024
"""Bytes of sound that are kept: half an hour at 16 kHz."""


class SpokenTexts:
    """Sounds by what they were made of; those that were not asked for the longest go first."""

    def __init__(self, largest: int = LARGEST) -> None:
        self._kept: LRUCache[Hashable, Sound] = LRUCache(largest, getsizeof=_size)
        self._made: dict[Hashable, asyncio.Lock] = {}

    async def get(self, key: Hashable, make: Callable[[], Awaitable[Sound]]) -> Sound:
        """The sound that is kept, or the one that `make` makes; whoever asks meanwhile for the same waits for it."""
        lock = self._made.setdefault(key, asyncio.Lock())
        try:
            async with lock:
                sound = self._kept.get(key)
                if sound is None:
                    sound = await make()
                    sound.samples.setflags(write=False)
                    if _size(sound) <= self._kept.maxsize:
                        self._kept[key] = sound
                return sound
        finally:
            if not lock.locked():
                self._made.pop(key, None)

    def forget(self) -> None:
        """Let go of all of them."""
        self._kept.clear()


def _size(sound: Sound) -> int:
    return sound.samples.nbytes
