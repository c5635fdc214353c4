"""What the work at hand is about, for every line that is logged meanwhile: result, run, request."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType

_about: ContextVar[Mapping[str, int | str]] = ContextVar("ringback_about", default=MappingProxyType({}))


@contextmanager
def logged_with(**about: int | str) -> Generator[None]:
    """Name what the work inside the `with` is about, e.g. `run_id=12`. Tasks that are begun inside inherit it."""
    token = _about.set({**_about.get(), **about})
    try:
        yield
    finally:
        _about.reset(token)


def log_also(**about: int | str) -> None:
    """Name what the work at hand turned out to be about, until the end of the innermost `logged_with` around it.

    Where there is none, nothing would end it: then nothing is named.
    """
    if _about.get():
        _about.set({**_about.get(), **about})


def about() -> Mapping[str, int | str]:
    """What the work at hand is about."""
    return _about.get()
