"""How far a database is: the version of its tables, and what it lacks."""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.engine import make_url

from ringback.storage import tables
from ringback.storage.failures import failures_as_sentences
from ringback.storage.opening import engine_for, refuse_newer
from ringback.storage.version import version_of


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaState:
    """The tables of a database beside those that this Ringback knows."""

    place: str
    """What to call the database."""
    found: int | None
    """Version of its tables; None where there are none yet."""
    known: int
    """Version of this Ringback's tables."""
    pending: tuple[str, ...]
    """What each step that it lacks brings, `version: sentence`; empty where it is up to date or holds nothing yet."""


def schema_state(url: str) -> SchemaState:
    """Look, and change nothing. Raises `StorageError` where the database cannot be used or is newer."""
    known = tables.SCHEMA_VERSION
    if url.startswith("sqlite") and (database := make_url(url).database) and not Path(database).exists():
        return SchemaState(place=database, found=None, known=known, pending=())
    engine, place = engine_for(url, busy_timeout=10.0)
    try:
        with failures_as_sentences(place), engine.connect() as connection:
            found = version_of(connection, place)
    finally:
        engine.dispose()
    if found is not None:
        refuse_newer(found, place)
    pending: tuple[str, ...] = ()
    if found is not None and found < known:
        from ringback.storage import upgrading  # noqa: PLC0415 - Alembic is heavy, and rarely needed

        pending = tuple(upgrading.steps_after(found))
    return SchemaState(place=place, found=found, known=known, pending=pending)
