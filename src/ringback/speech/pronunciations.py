"""Which words can be heard: the dictionary of pronunciations that comes with pocketsphinx (CMUdict, BSD)."""

from collections.abc import Set as AbstractSet
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


def pronunciations_of(words: AbstractSet[str]) -> dict[str, str]:
    """The phones of the words, as the dictionary has them; one that is spoken in two ways is there as `a(2)`, too."""
    found: dict[str, str] = {}
    with (model_folder() / "cmudict-en-us.dict").open(encoding="utf-8") as dictionary:
        for entry in dictionary:
            word, _, phones = entry.partition(" ")
            if word in words or ("(" in word and word.partition("(")[0] in words):
                found[word] = phones.strip()
    return found


def without_pronunciation(words: frozenset[str]) -> frozenset[str]:
    """Those of the words that the dictionary does not have."""
    return words - pronunciations_of(words).keys()
