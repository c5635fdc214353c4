"""Report files that a command was asked to write."""

import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ringback.cli.run_options import RunOptions
from ringback.domain.run import Result
from ringback.errors import UsageError
from ringback.results.compare import Comparison
from ringback.results.summary import ResultSummary

Render = Callable[[Result, ResultSummary, Comparison | None], str | bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFiles:
    """Format and place of each report."""

    paths: tuple[tuple[str, Path], ...]

    @classmethod
    def of(cls, options: RunOptions) -> "ReportFiles":
        """The reports that the flags ask for."""
        asked = (
            ("junit", options.junit),
            ("html", options.html),
            ("markdown", options.markdown),
            ("json", options.json_report),
        )
        return cls(paths=tuple((kind, path) for kind, path in asked if path is not None))

    def check(self) -> None:
        """Make the folders before anything runs. Raises `UsageError` where a report could not be written later."""
        taken: dict[Path, str] = {}
        for kind, path in self.paths:
            if not path.exists() or path.is_file():  # a device may well take two
                other = taken.setdefault(path.resolve(), kind)
                if other != kind:
                    raise UsageError(f"--{other} and --{kind} name the same file, {path}: give each its own.")
            if path.is_dir():
                raise UsageError(f"--{kind} {path}: this is a folder; name a file in it.")
            if _written_in_place(path) and path.exists() and not os.access(path, os.W_OK):
                raise UsageError(f"--{kind} {path}: it cannot be written to.")
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise UsageError(f"--{kind} {path}: the folder cannot be made: {error.strerror}.") from None
            if not _written_in_place(path) and not os.access(path.parent, os.W_OK):
                raise UsageError(f"--{kind} {path}: the folder cannot be written to.")

    def write(
        self,
        result: Result,
        summary: ResultSummary,
        comparison: Comparison | None,
        *,
        recordings: Path,
        stored: bool = False,
    ) -> Iterator[Path]:
        """Write each report whole or not at all, with the recordings beside it that it plays; yields the paths.

        Raises `UsageError` on a full disk; where the result is stored, it says how to get the report later.
        """
        for kind, path in self.paths:
            try:
                write_whole(path, rendered(kind, result, summary, comparison, path=path, recordings=recordings))
            except UsageError as error:
                later = f"ringback results export {result.id} --format {kind} --output {path}"
                raise UsageError(f"{error} `{later}` writes it later." if stored else str(error)) from None
            yield path


def rendered(
    kind: str,
    result: Result,
    summary: ResultSummary,
    comparison: Comparison | None,
    *,
    path: Path | None,
    recordings: Path,
) -> str | bytes:
    """A report as it is written to a file.

    Args:
        kind: of report: `junit`, `html`, …
        result: that it is about.
        summary: of the result.
        comparison: with another result.
        path: of the file; None where it goes elsewhere, and nothing can lie beside it.
        recordings: folder that recordings are kept in.
    """
    if kind != "html":
        return _renderer(kind)(result, summary, comparison)
    from ringback.results.export.html import is_spoken, render  # noqa: PLC0415 - only what is asked for

    if path is None or _written_in_place(path) or not is_spoken(result):
        return render(result, summary, comparison)
    from ringback.results.export.html_voice_copies import copy_recordings  # noqa: PLC0415 - where somebody spoke

    return render(result, summary, comparison, copy_recordings(result, path, recordings))


def _renderer(kind: str) -> Render:
    """The function that renders a format of one file; imported only when asked for."""
    match kind:
        case "junit":
            from ringback.results.export.junit import render  # noqa: PLC0415 - only what is asked for
        case "markdown":
            from ringback.results.export.markdown import render  # noqa: PLC0415 - only what is asked for
        case _:
            from ringback.results.export.json_report import render  # noqa: PLC0415 - only what is asked for
    return render


def _written_in_place(path: Path) -> bool:
    """Devices, pipes and links (`/dev/stdout` is one) stay what they are; a file would be put in their place."""
    return path.is_symlink() or (path.exists() and not path.is_file())


def write_whole(path: Path, text: str | bytes) -> None:
    """Write beside, then rename: a reader never sees half a file. Raises `UsageError` on a full disk."""
    content = text if isinstance(text, bytes) else text.encode()
    temporary: str | None = None
    try:
        if _written_in_place(path):
            path.write_bytes(content)
            return
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
            temporary = file.name
            file.write(content)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except OSError as error:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
        raise UsageError(f"{path} could not be written: {error.strerror}.") from None
