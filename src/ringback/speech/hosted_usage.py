"""How much a hosted speech provider was used: what its bill is made of, and whose call asked for it."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechUsage:
    """Counts of what was answered; what failed is not in it."""

    calls: int = 0
    """Requests that got a usable answer."""
    characters: int = 0
    """Of texts that were spoken."""
    seconds: float = 0.0
    """Of sound that was made, or heard."""

    def __add__(self, other: "SpeechUsage") -> "SpeechUsage":
        return SpeechUsage(
            calls=self.calls + other.calls,
            characters=self.characters + other.characters,
            seconds=self.seconds + other.seconds,
        )


_payer: ContextVar[Callable[[SpeechUsage], None] | None] = ContextVar("payer", default=None)


@contextmanager
def paid_by(payer: Callable[[SpeechUsage], None]) -> Generator[None]:
    """Tell `payer` of every answer that is asked for within: not of words that are kept from an earlier one."""
    token = _payer.set(payer)
    try:
        yield
    finally:
        _payer.reset(token)


def tell_payer(usage: SpeechUsage) -> None:
    """Of one usable answer, by whoever got it from a provider."""
    if (payer := _payer.get()) is not None:
        payer(usage)
