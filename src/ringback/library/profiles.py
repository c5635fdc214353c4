"""Keeps test profiles: the data of customers."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from pydantic import AliasChoices, ConfigDict, Field, field_validator
from pydantic_core import PydanticCustomError
from sqlalchemy import ColumnElement, Connection

from ringback.domain.scenario import TestProfile
from ringback.errors import InvalidFields
from ringback.library.agents import agent_names
from ringback.library.form import AnyProject, Form, RecordNumber, does_not_exist, filled_in, missing_among
from ringback.library.headers import check_headers
from ringback.library.kept_rows import KeptRows
from ringback.storage import tables
from ringback.storage.database import Database
from ringback.storage.records import Row

SECTIONS = ("main_agent_variables", "testing_agent_variables")
"""Parts of a profile's data: for the agent, and for the caller."""

_rows = KeptRows(tables.test_profiles, "test profile")


class ProfileFields(Form, frozen=True):
    """Data of one customer."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"information": {"main_agent_variables": {}, "testing_agent_variables": {"name": "Ada Quill"}}}
            ]
        }
    )

    name: str = Field(default="", max_length=255, description="What lists and reports call it.")
    agent: RecordNumber | None = Field(
        default=None,
        validation_alias=AliasChoices("agent", "agent_id"),
        description="The agent that it is meant for; `agent_id` is understood too.",
    )
    project: AnyProject = Field(default=None, description="There is one project; any value is accepted.")
    information: dict[str, Any] = Field(
        default_factory=dict[str, Any],
        description=(
            "`main_agent_variables` and `testing_agent_variables`, each an object; or one flat object for both. Keys "
            "that begin with `X-` become headers of the connection. A change replaces it as a whole."
        ),
        examples=[
            {"main_agent_variables": {"X-Customer": "C-17"}, "testing_agent_variables": {"name": "Ada Quill"}},
        ],
    )

    @field_validator("information")
    @classmethod
    def _in_sections(cls, value: dict[str, Any]) -> dict[str, Any]:
        if value and set(SECTIONS).issuperset(value):
            for section in SECTIONS:
                if not isinstance(value.get(section, {}), dict | None):
                    raise PydanticCustomError("section", "{section} has to be an object.", {"section": section})
        return value


class ProfileForm(ProfileFields, frozen=True):
    """A whole test profile."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "Ada Quill",
                    "agent": 1,
                    "information": {
                        "main_agent_variables": {"X-Customer": "C-17"},
                        "testing_agent_variables": {"name": "Ada Quill", "birthday": "4 May 1991"},
                    },
                }
            ]
        }
    )

    name: str = Field(min_length=1, max_length=255, description="What lists and reports call it.")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptProfile:
    """A test profile and what is known of it."""

    id: int
    agent_id: int | None
    agent_name: str | None
    name: str
    information: dict[str, Any]
    """As it was written: in sections or flat."""
    created_at: datetime
    updated_at: datetime

    @property
    def profile(self) -> TestProfile:
        """What runs use."""
        return _profile(self.name, self.information)


class ProfileLibrary:
    """The test profiles of a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, number: int) -> KeptProfile:
        """Raises `NotFound`."""
        return await self._database.read(lambda connection: _kept(connection, [_rows.get(connection, number)])[0])

    async def page(self, *, agent_id: int | None = None, offset: int, limit: int) -> tuple[int, list[KeptProfile]]:
        """How many there are of an agent or, without one, at all; and some of them, the lowest number first."""
        conditions: list[ColumnElement[bool]] = []
        if agent_id is not None:
            conditions.append(tables.test_profiles.c.agent_id == agent_id)

        def page(connection: Connection) -> tuple[int, list[KeptProfile]]:
            count, rows = _rows.page(connection, *conditions, offset=offset, limit=limit)
            return count, _kept(connection, rows)

        return await self._database.read(page)

    async def get_many(self, numbers: Iterable[int]) -> dict[int, TestProfile]:
        """Profiles by number. Raises `InvalidFields` where one is missing."""
        wanted = list(numbers)
        found = await self._database.read(lambda connection: _rows.find_many(connection, wanted))
        if missing := missing_among(wanted, found):
            raise InvalidFields({"test_profile_ids": missing})
        return {number: _profile(row.columns["name"], row.document["information"]) for number, row in found.items()}

    async def add(self, form: ProfileForm) -> KeptProfile:
        """Keep a new one. Raises `InvalidFields`."""

        def add(connection: Connection) -> KeptProfile:
            _check(connection, form)
            number = _rows.add(connection, _document(form), name=form.name, agent_id=form.agent)
            return _kept(connection, [_rows.get(connection, number)])[0]

        return await self._database.write(add)

    async def change(self, number: int, form: Form, *, whole: bool = False) -> KeptProfile:
        """Replace the fields that the form names; with `whole`, all of them. Raises `NotFound`, `InvalidFields`."""

        def change(connection: Connection) -> KeptProfile:
            row = _rows.to_change(connection, number)
            before = {"name": row.columns["name"], "agent": row.columns["agent_id"], **row.document}
            fields = filled_in(ProfileForm, {**({} if whole else before), **form.given()})
            _check(connection, fields)
            _rows.change(connection, number, _document(fields), name=fields.name, agent_id=fields.agent)
            return _kept(connection, [_rows.get(connection, number)])[0]

        return await self._database.write(change)

    async def remove(self, number: int) -> None:
        """Raises `NotFound`."""

        def remove(connection: Connection) -> None:
            _rows.to_change(connection, number)
            _rows.remove(connection, [number])

        await self._database.write(remove)


def profiles_among(connection: Connection, numbers: Iterable[int]) -> dict[int, KeptProfile]:
    """The test profiles of those numbers that there are."""
    rows = list(_rows.find_many(connection, numbers).values())
    return {profile.id: profile for profile in _kept(connection, rows)}


def _document(fields: ProfileFields) -> dict[str, Any]:
    return {"information": fields.information}


def _check(connection: Connection, fields: ProfileFields) -> None:
    if fields.agent is not None and fields.agent not in agent_names(connection, [fields.agent]):
        raise InvalidFields({"agent": [does_not_exist(fields.agent)]})
    profile = _profile(fields.name, fields.information)
    if wrong := check_headers({}, profile=profile):
        raise InvalidFields({"information": [wrong]})


def _profile(name: str, information: dict[str, Any]) -> TestProfile:
    if not (information and set(SECTIONS).issuperset(information)):
        return TestProfile(name=name, agent_variables=information, caller_variables=information)
    agent, caller = (cast("dict[str, Any]", information.get(section) or {}) for section in SECTIONS)
    return TestProfile(name=name, agent_variables=agent, caller_variables=caller)


def _kept(connection: Connection, rows: list[Row]) -> list[KeptProfile]:
    names = agent_names(connection, [row.columns["agent_id"] for row in rows if row.columns["agent_id"]])
    return [
        KeptProfile(
            id=row.id,
            agent_id=row.columns["agent_id"],
            agent_name=names.get(row.columns["agent_id"]),
            name=row.columns["name"],
            information=row.document["information"],
            created_at=row.created_at,
            updated_at=row.updated_at,
        )
        for row in rows
    ]
