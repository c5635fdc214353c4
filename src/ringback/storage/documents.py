"""Records to JSON documents and back.

Whatever an agent sends ends up in a document, so nothing in it may keep one from being written: lone surrogates become
U+FFFD, objects nested deeper than a hundred levels are cut, NaN and infinities (no JSON) become null.
"""

import dataclasses
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError, to_json

from ringback.domain.conversation import Conversation
from ringback.domain.evaluation import Evaluation
from ringback.domain.run import Attempt, Provenance, Run, RunSpecification
from ringback.domain.scenario import Personality, Scenario, TestProfile
from ringback.domain.usage import Usage
from ringback.storage.kept_texts import KeptTexts

_DEEPEST = 100
"""Parser and serialiser both give up at about twice that."""

_CUT = "(nested too deeply)"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """The document of a run: what came of it."""

    conversation: Conversation | None = None
    evaluation: Evaluation | None = None
    earlier_attempts: tuple[Attempt, ...] = ()
    usage: dict[str, Usage] = field(default_factory=dict[str, Usage])


_RECORD = TypeAdapter(RunRecord)


def dump_record(run: Run) -> str:
    """What came of a run, as JSON text."""
    record = RunRecord(
        conversation=run.conversation,
        evaluation=run.evaluation,
        earlier_attempts=run.earlier_attempts,
        usage=run.usage,
    )
    try:
        return _RECORD.dump_json(record).decode()
    except PydanticSerializationError:
        return to_json(plain(record)).decode()


def load_record(text: str | None) -> RunRecord:
    """The record that `dump_record` wrote. Raises `ValueError` where the text is no such record."""
    if text is None:
        return RunRecord()
    try:
        return _RECORD.validate_json(text)
    except ValidationError:
        # Python's own parser goes deeper than pydantic's.
        return _RECORD.validate_python(json.loads(text))


def dump_specification(specification: RunSpecification) -> str:
    """What was asked for, as JSON text, but for the repeat and the seed, which each run has beside it.

    A scenario's only personality, and its only test profile, are those of the run, and stand there once.
    """
    scenario, personality, profile = specification.scenario, specification.personality, specification.profile
    text = _SCENARIOS.of(scenario)
    if not _is_all(personality, scenario.personalities):
        text = _with_member(text, "personalities", scenario.personalities)
    if not _is_all(profile, scenario.profiles):
        text = _with_member(text, "profiles", scenario.profiles)
    return (
        f'{{"scenario":{text},"scenario_id":{specification.scenario_id},"repeat":1,'
        f'"personality":{_CALLERS.of(personality) if personality else "null"},'
        f'"profile":{_CALLERS.of(profile) if profile else "null"},"seed":0}}'
    )


def load_specification(text: str) -> RunSpecification:
    """Raises `ValueError` where the text is no specification."""
    specification = RunSpecification.model_validate_json(text)
    scenario = specification.scenario
    of_the_run = {"personalities": specification.personality, "profiles": specification.profile}
    left_out = {name: (one,) for name, one in of_the_run.items() if one and name not in scenario.model_fields_set}
    if not left_out:
        return specification
    return specification.model_copy(update={"scenario": scenario.model_copy(update=left_out)})


def dump_provenance(provenance: Provenance) -> str:
    """Where a result comes from, as JSON text."""
    return _dump_model(provenance)


def load_provenance(text: str) -> Provenance:
    """Raises `ValueError` where the text is no provenance."""
    return Provenance.model_validate_json(text)


WITHOUT_PROFILE = ',"profile":null,"seed":0}'
"""How the text that `dump_specification` writes ends where there is no test profile."""


def _dump_model(model: BaseModel, *, without: Collection[str] = ()) -> str:
    try:
        return model.model_dump_json(exclude=set(without))
    except PydanticSerializationError:
        return to_json({name: value for name, value in plain(model).items() if name not in without}).decode()


_SCENARIOS = KeptTexts[Scenario](lambda scenario: _dump_model(scenario, without=("personalities", "profiles")))
_CALLERS = KeptTexts[Personality | TestProfile](_dump_model)


def _is_all(one: Personality | TestProfile | None, records: Sequence[Personality | TestProfile]) -> bool:
    """Whether the records are that one and no other, or where it is None, none."""
    return not records if one is None else len(records) == 1 and records[0] is one


def _with_member(text: str, name: str, records: Sequence[Personality | TestProfile]) -> str:
    """The JSON object with one more member, a list of records."""
    return f'{text[:-1]},"{name}":[{",".join(map(_CALLERS.of, records))}]}}'


def plain(value: object, depth: int = 0) -> Any:
    """The value as JSON can hold it; the slow way round, taken when the fast one failed."""
    if depth > _DEEPEST:
        return _CUT
    if isinstance(value, BaseModel):
        value = {name: getattr(value, name) for name in type(value).model_fields}
    elif dataclasses.is_dataclass(value):
        value = {part.name: getattr(value, part.name) for part in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        items = cast("Mapping[object, object]", value).items()
        return {_whole(str(key)): plain(item, depth + 1) for key, item in items}
    if isinstance(value, list | tuple):
        return [plain(item, depth + 1) for item in cast("list[object]", value)]
    if value is None or isinstance(value, bool | int | float | datetime):
        return value
    return _whole(str(value))


def _whole(text: str) -> str:
    """The text with lone surrogates replaced."""
    return "".join("\ufffd" if "\ud800" <= letter <= "\udfff" else letter for letter in text)
