"""Coverage of this process, from the moment at which `measure` is called: of modules that are loaded after it."""

import json
import os
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path

from slipcover import FileMatcher, ImportManager, Slipcover  # pyright: ignore[reportMissingTypeStubs] - it has none

PROJECT = Path(__file__).parents[2]
_NEVER = 2**31 - 1
"""Hits after which what is known is not told any more: to take that out of the code stops all for a quarter second."""


def measure(sources: Sequence[str], folder: Path, *, unseen: bool = False) -> Callable[[], None]:
    """Measure; what is returned leaves what was carried out, as a file of the folder.

    Args:
        sources: folders of the modules.
        folder: of the files that `slipcover --merge` puts together.
        unseen: whether modules that nobody loads are told of, too.
    """
    chosen = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))["tool"]["slipcover"]
    seen = Slipcover(
        branch=chosen["branch"],
        d_miss_threshold=_NEVER,
        source=list(sources) if unseen else None,
        omit=chosen["omit"],
        exclude_also=chosen["exclude-also"],
    )
    ImportManager(seen, FileMatcher(sources=sources, omit=chosen["omit"])).__enter__()

    def leave() -> None:
        (folder / f"{os.getpid()}.json").write_text(json.dumps(seen.get_coverage()), encoding="utf-8")

    return leave
