"""Keeps personalities: people's own, and the ready ones, which nobody changes."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, update

from ringback.domain.scenario import Personality
from ringback.errors import InvalidFields
from ringback.library.form import Form, filled_in
from ringback.library.kept_rows import KeptRows
from ringback.library.personality_form import PersonalityFields, PersonalityForm, domain_personality
from ringback.library.ready_personalities import DEFAULT, READY
from ringback.storage import tables
from ringback.storage.database import Database
from ringback.storage.records import Row, alone

_rows = KeptRows(
    tables.personalities,
    "personality",
    ready="Predefined personalities are shared and cannot be changed. Copy it: POST …/fork/.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptPersonality:
    """A personality and what is known of it."""

    id: int
    predefined: bool
    """Ready from the start, and not to be changed."""
    fields: PersonalityFields
    created_at: datetime
    updated_at: datetime

    @property
    def personality(self) -> Personality:
        """What runs use."""
        return domain_personality(self.fields)


class PersonalityLibrary:
    """The personalities of a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def make_ready(self) -> None:
        """Put the ready personalities where they are missing; safe beside other processes that do the same."""
        if len(await self._database.read(_ready_names)) == len(READY):
            return

        def add(connection: Connection) -> None:
            alone(connection, tables.personalities)
            there = _ready_names(connection)
            for fields in READY:
                if fields.name not in there:
                    _rows.add(connection, fields.model_dump(mode="json"), name=fields.name, predefined=True)

        await self._database.write(add)

    async def get(self, number: int) -> KeptPersonality:
        """Raises `NotFound`."""
        return await self._database.read(lambda connection: _kept(_rows.get(connection, number)))

    async def page(self, *, offset: int, limit: int) -> tuple[int, list[KeptPersonality]]:
        """How many there are, and some of them, the lowest number first."""
        count, rows = await self._database.read(lambda connection: _rows.page(connection, offset=offset, limit=limit))
        return count, [_kept(row) for row in rows]

    async def get_many(self, numbers: Iterable[int]) -> dict[int, Personality]:
        """Personalities by number. Raises `InvalidFields` where one is missing."""
        wanted = list(numbers)
        found = await self._database.read(lambda connection: _rows.find_many(connection, wanted))
        if any(number not in found for number in wanted):
            raise InvalidFields({"personality_ids": ["Invalid personalities provided."]})
        return {number: _kept(row).personality for number, row in found.items()}

    async def add(self, form: PersonalityForm) -> KeptPersonality:
        """Keep a new one."""
        return await self._database.write(lambda connection: _add(connection, form))

    async def change(self, number: int, form: Form, *, whole: bool = False) -> KeptPersonality:
        """Replace the fields that the form names; with `whole`, all of them.

        Raises:
            NotFound: there is no such personality.
            Forbidden: it is a ready one.
            InvalidFields: it would not be a personality any more.
        """

        def change(connection: Connection) -> KeptPersonality:
            row = _rows.to_change(connection, number)
            before = {} if whole else row.document
            fields = filled_in(PersonalityForm, {**before, **form.given()})
            _rows.change(connection, number, fields.model_dump(mode="json"), name=fields.name)
            return _kept(_rows.get(connection, number))

        return await self._database.write(change)

    async def remove(self, number: int) -> None:
        """Remove one; its scenarios have the default one from then on.

        Raises `NotFound`, and `Forbidden` where it is a ready one.
        """

        def remove(connection: Connection) -> None:
            _rows.to_change(connection, number)
            _rows.remove(connection, [number])
            scenarios = update(tables.scenarios).where(tables.scenarios.c.personality_id == number)
            connection.execute(scenarios.values(personality_id=default_personality(connection)))

        await self._database.write(remove)

    async def copy(self, number: int, name: str | None = None) -> KeptPersonality:
        """Keep a copy, which may be changed, under a name of its own. Raises `NotFound`."""

        def copy(connection: Connection) -> KeptPersonality:
            fields = _kept(_rows.get(connection, number)).fields
            called = name or f"{fields.name[:240]} (copy)"
            return _add(connection, fields.model_copy(update={"name": called}))

        return await self._database.write(copy)


def default_personality(connection: Connection) -> int:
    """The number of the personality of a scenario that names none."""
    table = tables.personalities
    query = select(table.c.id).where(table.c.predefined, table.c.name == DEFAULT).order_by(table.c.id).limit(1)
    return connection.execute(query).scalar_one()


def personalities_among(connection: Connection, numbers: Iterable[int]) -> dict[int, KeptPersonality]:
    """The personalities of those numbers that there are."""
    return {number: _kept(row) for number, row in _rows.find_many(connection, numbers).items()}


def _add(connection: Connection, fields: PersonalityFields) -> KeptPersonality:
    number = _rows.add(connection, fields.model_dump(mode="json"), name=fields.name, predefined=False)
    return _kept(_rows.get(connection, number))


def _ready_names(connection: Connection) -> set[str]:
    table = tables.personalities
    return set(connection.execute(select(table.c.name).where(table.c.predefined)).scalars())


def _kept(row: Row) -> KeptPersonality:
    return KeptPersonality(
        id=row.id,
        predefined=row.columns["predefined"],
        fields=PersonalityFields.model_validate(row.document),
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
