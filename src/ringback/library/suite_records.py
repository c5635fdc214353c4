"""Suite documents that come with a request: numbers in them mean what is kept here.

A suite file on a disk knows no records, so there `personality: 12` is something of a reference workspace. In a request
it is a personality of this database, and so are the numbers of test profiles and of metrics, and metrics' slugs.
"""

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, cast

from sqlalchemy import Connection, select

from ringback.domain.scenario import MetricDefinition, Personality, Scenario, TestProfile
from ringback.errors import Problem, SuiteError
from ringback.library.assembly import metric_slug
from ringback.library.document import Document, Place, spell
from ringback.library.files import LoadedSuite, load_document
from ringback.library.form import does_not_exist
from ringback.library.metrics import metrics_among
from ringback.library.personalities import personalities_among
from ringback.library.profiles import profiles_among
from ringback.library.suite_format import MetricEntry
from ringback.storage import tables
from ringback.storage.database import Database

NAME = "suite"
"""What a suite is called that has no name."""

_UNSAID = "-"
"""Stands for the prompt of a kept personality while the document is checked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadSuite:
    """A suite document, its numbers replaced by what they mean."""

    name: str
    scenarios: tuple[Scenario, ...]
    concurrency_limit: int | None
    warnings: tuple[str, ...]
    personality_ids: Mapping[int, int]
    """Number of each personality that is kept, by the identity of the record in the scenarios."""
    profile_ids: Mapping[int, int]
    """Number of each test profile that is kept, by the identity of the record in the scenarios."""


@dataclass(frozen=True, slots=True)
class _Records:
    """What is kept of what a document names."""

    personalities: Mapping[int, Personality]
    profiles: Mapping[int, TestProfile]
    metrics: Mapping[int, MetricDefinition]

    def metric(self, slug: object) -> MetricDefinition | None:
        return next((metric for metric in self.metrics.values() if metric.slug == slug), None)


@dataclass(slots=True)
class _Wanted:
    """What a document names by number or slug."""

    personalities: dict[int, Place] = field(default_factory=dict[int, Place])
    profiles: dict[int, Place] = field(default_factory=dict[int, Place])
    metrics: dict[int, Place] = field(default_factory=dict[int, Place])
    slugs: set[str] = field(default_factory=set[str])


class SuiteRecords:
    """Reads suite documents against what one database keeps."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(self, document: Any) -> ReadSuite:
        """The suite. Raises `SuiteError` with everything that is wrong in it."""
        value = deepcopy(document)
        sources = list(_sources(value))
        wanted = _wanted(sources)
        records = await self._database.read(lambda connection: _look_up(connection, wanted))
        problems = list(_missing(wanted, records))
        for _, source in sources:
            _write_out(source, records)
        try:
            loaded = load_document(Document(value), NAME)
        except SuiteError as error:
            raise SuiteError((*problems, *error.problems)) from None
        if problems:
            raise SuiteError(tuple(problems))
        return _read(loaded, document, records)


def _sources(value: Any) -> Iterator[tuple[Place, dict[str, Any]]]:
    """The objects of a document that refer to records."""
    if not isinstance(value, dict):
        return
    whole = cast("dict[str, Any]", value)
    if isinstance(whole.get("defaults"), dict):
        yield ("defaults",), whole["defaults"]
    scenarios = whole.get("scenarios")
    for index, entry in enumerate(cast("list[Any]", scenarios) if isinstance(scenarios, list) else ()):
        if isinstance(entry, dict):
            yield ("scenarios", index), cast("dict[str, Any]", entry)


def _references(source: Mapping[str, Any], one: str, several: str) -> list[tuple[Place, Any]]:
    if source.get(one) is not None:
        return [((one,), source[one])]
    listed = source.get(several)
    items = cast("list[Any]", listed) if isinstance(listed, list) else []
    return [((several, index), item) for index, item in enumerate(items)]


def _number(reference: Any) -> int | None:
    return reference if isinstance(reference, int) and not isinstance(reference, bool) else None


def _based_on(reference: Any) -> int | None:
    """The number of the personality that a reference means or is laid over."""
    if isinstance(reference, dict):
        return _number(cast("dict[str, Any]", reference).get("base"))
    return _number(reference)


def _metrics(source: Mapping[str, Any]) -> list[tuple[Place, Any]]:
    return _references(source, "", "metrics")


def _wanted(sources: Sequence[tuple[Place, Mapping[str, Any]]]) -> _Wanted:
    wanted, defined = _Wanted(), set[str | None]()
    for place, source in sources:
        for below, reference in _references(source, "personality", "personalities"):
            if (number := _based_on(reference)) is not None:
                wanted.personalities.setdefault(number, (*place, *below))
        for below, reference in _references(source, "test_profile", "profiles"):
            if (number := _number(reference)) is not None:
                wanted.profiles.setdefault(number, (*place, *below))
        for below, reference in (*_metrics(source), *_rules(source)):
            if (number := _number(reference)) is not None:
                wanted.metrics.setdefault(number, (*place, *below))
            elif isinstance(reference, str):
                wanted.slugs.add(reference)
            elif isinstance(reference, dict):
                defined.add(_slug_in(cast("dict[str, Any]", reference)))
    wanted.slugs -= defined  # what the document defines goes before what is kept
    return wanted


def _slug_in(entry: Mapping[str, Any]) -> str | None:
    """The slug of a metric that the document defines."""
    slug, name = entry.get("slug"), entry.get("name")
    if slug is None and isinstance(name, str):
        return metric_slug(MetricEntry.model_construct(slug=None, name=name))
    return slug if isinstance(slug, str) else None


def _rules(source: Mapping[str, Any]) -> Iterator[tuple[Place, Any]]:
    """The metrics that a rubric has rules about."""
    rubric = source.get("rubric")
    rules = cast("dict[str, Any]", rubric).get("rules") if isinstance(rubric, dict) else None
    for index, rule in enumerate(cast("list[Any]", rules) if isinstance(rules, list) else ()):
        if isinstance(rule, dict):
            yield ("rubric", "rules", index, "metric_id"), cast("dict[str, Any]", rule).get("metric_id")


def _look_up(connection: Connection, wanted: _Wanted) -> _Records:
    table = tables.metrics
    of_slugs = select(table.c.id).where(table.c.slug.in_(wanted.slugs), table.c.deleted_at.is_(None))
    slugs = connection.execute(of_slugs).scalars().all() if wanted.slugs else ()
    metrics = metrics_among(connection, [*wanted.metrics, *slugs])
    personalities = personalities_among(connection, wanted.personalities)
    profiles = profiles_among(connection, wanted.profiles)
    return _Records(
        personalities={number: kept.personality for number, kept in personalities.items()},
        profiles={number: kept.profile for number, kept in profiles.items()},
        metrics={number: kept.definition for number, kept in metrics.items()},
    )


def _missing(wanted: _Wanted, records: _Records) -> Iterator[Problem]:
    for places, found in (
        (wanted.personalities, records.personalities),
        (wanted.profiles, records.profiles),
        (wanted.metrics, records.metrics),
    ):
        for number, place in places.items():
            if number not in found:
                message = does_not_exist(number)
                yield Problem(file=NAME, line=None, column=None, path=spell(place), message=message, remedy="")


def _write_out(source: dict[str, Any], records: _Records) -> None:
    """Replace numbers by definitions as a file would have them, so that the rules of files hold for them too."""
    for below, reference in _references(source, "personality", "personalities"):
        kept = records.personalities.get(_based_on(reference) or 0)
        if kept is not None:
            own = cast("dict[str, Any]", reference) if isinstance(reference, dict) else {}
            _put(source, below, {"prompt": _UNSAID, **{key: own[key] for key in own if key != "base"}})
    for below, reference in _references(source, "test_profile", "profiles"):
        profile = records.profiles.get(_number(reference) or 0)
        if profile is not None:
            _put(source, below, profile.model_dump())
    for below, reference in _metrics(source):
        metric = records.metrics.get(_number(reference) or 0) or records.metric(reference)
        if metric is not None:
            _put(source, below, _entry(metric) if metric.description else metric.slug)
    for below, reference in _rules(source):
        metric = records.metrics.get(_number(reference) or 0)
        if metric is not None:
            _put(source, below, metric.slug)


def _entry(metric: MetricDefinition) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "slug": metric.slug,
        "name": metric.name,
        "description": metric.description,
        "kind": metric.kind.value,
    }
    return entry | ({"enum_values": list(metric.enum_values)} if metric.enum_values else {})


def _put(source: dict[str, Any], place: Place, value: Any) -> None:
    inside: Any = source
    for part in place[:-1]:
        inside = inside[part]
    inside[place[-1]] = value


def _read(loaded: LoadedSuite, document: Mapping[str, Any], records: _Records) -> ReadSuite:
    """The suite with the records in the place of what stood for them; `document` is as it was written."""
    written = list(_sources(document))
    defaults: Mapping[str, Any] = dict(written).get(("defaults",), {})
    entries = [source for place, source in written if place != ("defaults",)]
    personality_ids: dict[int, int] = {}
    profile_ids: dict[int, int] = {}
    scenarios: list[Scenario] = []
    for scenario, entry in zip(loaded.scenarios, entries, strict=True):
        personalities = list(scenario.personalities)
        for index, reference in enumerate(_chosen(entry, defaults, "personality", "personalities")):
            kept = records.personalities.get(_based_on(reference) or 0)
            if kept is None:
                continue
            personalities[index] = _laid_over(kept, personalities[index], reference)
            if (number := _number(reference)) is not None:
                personality_ids[id(personalities[index])] = number
        for profile, reference in zip(
            scenario.profiles, _chosen(entry, defaults, "test_profile", "profiles"), strict=False
        ):
            if (number := _number(reference)) is not None:
                profile_ids[id(profile)] = number
        metrics = tuple(records.metric(metric.slug) or metric for metric in scenario.metrics)
        scenarios.append(scenario.model_copy(update={"personalities": tuple(personalities), "metrics": metrics}))
    return ReadSuite(
        name=loaded.name,
        scenarios=tuple(scenarios),
        concurrency_limit=loaded.concurrency_limit,
        warnings=tuple(f"{warning.path}: {warning.message} {warning.remedy}".rstrip() for warning in loaded.warnings),
        personality_ids=personality_ids,
        profile_ids=profile_ids,
    )


def _chosen(entry: Mapping[str, Any], defaults: Mapping[str, Any], one: str, several: str) -> list[Any]:
    """The references that hold for a scenario: its own, or those of the defaults."""
    own = _references(entry, one, several)
    return [reference for _, reference in own or _references(defaults, one, several)]


def _laid_over(kept: Personality, own: Personality, reference: Any) -> Personality:
    if not isinstance(reference, dict):
        return kept
    said = cast("dict[str, Any]", reference)
    fields = {name: getattr(own, name) for name in ("name", "prompt", "language") if name in said}
    return kept.model_copy(update={"voice": {**kept.voice, **own.voice}, **fields})
