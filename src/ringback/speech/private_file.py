"""Files that only their owner reads, and writing to them to the last byte."""

import os
from pathlib import Path
from typing import BinaryIO


def make_private_file(path: Path) -> BinaryIO:
    """A new file in the place of whatever was there (an older one, a link), open for reading and writing.

    Unbuffered: what is written is with the operating system, so an error comes where it belongs and nothing is left
    to fail when the file is closed.

    Raises:
        OSError: it cannot be made.
    """
    path.unlink(missing_ok=True)
    return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b", buffering=0)


def write_all(file: BinaryIO, content: bytes) -> None:
    """Write all of it: the operating system may take less at a time. Raises `OSError`."""
    rest = memoryview(content)
    while rest:
        rest = rest[file.write(rest) :]
