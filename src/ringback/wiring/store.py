"""The database of the settings."""

from pathlib import Path

from ringback.errors import UsageError
from ringback.settings import Settings, environment_variable
from ringback.storage.store import Store


async def open_store(settings: Settings, *, temporary: bool = False) -> Store:
    """The database of the settings, or one that is gone when it is closed.

    Raises:
        StorageError: it cannot be opened.
    """
    if temporary:
        return await Store.temporary()
    if settings.database_url is None:
        _make_home(settings.home)
    return await Store.open(settings.effective_database_url, patience=settings.database_patience)


def _make_home(home: Path) -> None:
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)  # transcripts are nobody else's business
        ignore = home / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n")
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise UsageError(
            f"{home} cannot be written: {why}. Set {environment_variable('home')} to a folder that can,"
            " or run with --no-store."
        ) from None
