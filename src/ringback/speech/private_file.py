"""Files that only their owner reads, and writing to them to the last byte."""

import errno
import fcntl
import os
from pathlib import Path
from typing import BinaryIO


def make_private_file(path: Path) -> BinaryIO:
    """A new file in the place of whatever was there (an older one, a link), open for reading and writing.

    Unbuffered: what is written is with the operating system, so an error comes where it belongs and nothing is left
    to fail when the file is closed.

    Raises:
        OSError: it cannot be made, or a file that was made here is in its place and still open, in any process.
    """
    _refuse_if_open(path)
    path.unlink(missing_ok=True)
    file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b", buffering=0)
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return file


def _refuse_if_open(path: Path) -> None:
    """Two runs without a database give their recordings the same names; the second must not take the first's."""
    try:
        there = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    except OSError:
        return  # nothing, or nothing of ours
    try:
        fcntl.flock(there, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        raise OSError(errno.EBUSY, "Another run is recording to it") from None
    finally:
        os.close(there)


def write_all(file: BinaryIO, content: bytes) -> None:
    """Write all of it: the operating system may take less at a time. Raises `OSError`."""
    rest = memoryview(content)
    while rest:
        rest = rest[file.write(rest) :]
