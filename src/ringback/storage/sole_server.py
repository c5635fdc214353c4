"""One SQLite file, one serving process: a lock that the system lets go of when its holder dies, however it dies."""

import contextlib
import fcntl
from collections.abc import Generator
from pathlib import Path

from sqlalchemy.engine import make_url

from ringback.errors import StorageError


@contextlib.contextmanager
def sole_server(database_url: str) -> Generator[None]:
    """Be the one server of an SQLite file while the context lasts; nothing for other databases.

    Raises:
        StorageError: another process serves it, or the lock's file cannot be made.
    """
    url = make_url(database_url)
    if url.get_backend_name() != "sqlite" or not url.database:
        yield
        return
    path = Path(f"{url.database}-server")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = path.open("w")
    except OSError as error:
        raise StorageError(
            f"{path} cannot be made: {error.strerror}. Set RINGBACK_HOME to a folder that can."
        ) from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise StorageError(
                f"Another Ringback server uses {url.database}. Stop it first, set RINGBACK_HOME to another folder, or"
                " use PostgreSQL (RINGBACK_DATABASE_URL), which many servers and workers can share."
            ) from None
        yield
