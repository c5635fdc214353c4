"""Which words can be heard: the dictionary of pronunciations that comes with pocketsphinx (CMUdict, BSD)."""

from importlib import import_module
from pathlib import Path
from typing import Any

from ringback.errors import UsageError

INSTALL = "pip install 'ringback[pocketsphinx]'"


def model_folder() -> Path:
    """Where pocketsphinx keeps its model of American English.

    Raises:
        UsageError: the package is not installed.
    """
    try:
        pocketsphinx: Any = import_module("pocketsphinx")
    except ImportError as error:
        raise UsageError(f"The package pocketsphinx, which hears agents, is not installed: {INSTALL}") from error
    return Path(str(pocketsphinx.get_model_path("en-us")))


def without_pronunciation(words: frozenset[str]) -> frozenset[str]:
    """Those of the words that the dictionary does not have."""
    left = set(words)
    with (model_folder() / "cmudict-en-us.dict").open(encoding="utf-8") as dictionary:
        for entry in dictionary:
            left.discard(entry.partition(" ")[0])
    return frozenset(left)
