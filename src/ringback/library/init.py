"""Files to start from: a small suite and a project file."""

from importlib.resources import files
from pathlib import Path

from ringback.errors import UsageError

_TEMPLATES = ("suite.yaml", "ringback.toml")


def init_project(directory: Path, *, overwrite: bool = False) -> list[Path]:
    """Write the files that are not there yet; those that are stay as they are unless `overwrite`.

    Returns:
        The files written, in order; none where all were there.

    Raises:
        UsageError: the folder cannot be written to.
    """
    written: list[Path] = []
    templates = files("ringback.library") / "templates"
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for name in _TEMPLATES:
            text = (templates / name).read_text(encoding="utf-8")
            try:
                with (directory / name).open("w" if overwrite else "x", encoding="utf-8", newline="\n") as file:
                    file.write(text)
            except FileExistsError:
                continue
            written.append(directory / name)
    except OSError as error:
        raise UsageError(f"{directory} cannot be written: {error.strerror}. Choose another folder.") from None
    return written
