"""Reads suite files: every problem of every file at once, or the scenarios."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

from ringback.domain.scenario import Scenario
from ringback.errors import Problem, SuiteError
from ringback.library.assembly import Surroundings, assemble, key_of, metrics_defined
from ringback.library.document import Document, Place, Unreadable, parse, problem, read_bytes, sha256, spell
from ringback.library.rules import name_rules, personality_rules, shared_rules, template_warnings
from ringback.library.salvage import what_is_valid
from ringback.library.suite_format import (
    Defaults,
    ScenarioEntry,
    SuiteFile,
    SuiteHead,
)
from ringback.library.validation import Finding, validate


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedSuite:
    """One suite file and what is in it."""

    path: Path
    """As it was given."""
    name: str
    """The suite's name, or the file's without its ending."""
    sha256: str
    """Of the file's bytes, in hexadecimal digits."""
    scenarios: tuple[Scenario, ...]
    concurrency_limit: int | None = None
    """How many runs at once, where the file says so."""
    warnings: tuple[Problem, ...] = ()
    """What cannot run here yet, where the suite was loaded alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedSuites:
    """All suite files of one request."""

    files: tuple[LoadedSuite, ...]
    warnings: tuple[Problem, ...] = ()
    """What cannot run here yet."""

    @property
    def scenarios(self) -> tuple[Scenario, ...]:
        """The scenarios of all files, in order; their keys are unique."""
        return tuple(scenario for file in self.files for scenario in file.scenarios)

    @property
    def concurrency_limit(self) -> int | None:
        """The smallest limit that a file sets."""
        return min((file.concurrency_limit for file in self.files if file.concurrency_limit), default=None)


def load_suites(paths: Sequence[Path]) -> LoadedSuites:
    """The scenarios of all files.

    Raises:
        SuiteError: everything that is wrong in any of the files.
    """
    readings = [_Reading(path) for path in dict.fromkeys(paths)]
    seen: dict[str, str] = {}
    files = [reading.suite(seen) for reading in readings]
    problems = [found for reading in readings for found in _from_the_top(reading.problems)]
    if problems:
        raise SuiteError(tuple(problems))
    return LoadedSuites(
        files=tuple(file for file in files if file is not None),
        warnings=tuple(warning for reading in readings for warning in _from_the_top(reading.warnings)),
    )


def load_document(document: Document, name: str) -> LoadedSuite:
    """The scenarios of a suite that is in no file, and the warnings about it.

    Args:
        document: what was parsed.
        name: stands for the file, and for the suite where it has no name of its own.

    Raises:
        SuiteError: everything that is wrong in it.
    """
    reading = _Reading(Path(name), document=document)
    suite = reading.document_suite("", {})
    if suite is None or reading.problems:
        raise SuiteError(tuple(_from_the_top(reading.problems)))
    return replace(suite, warnings=tuple(_from_the_top(reading.warnings)))


@dataclass(slots=True)
class _Reading:
    """One file while it is being read."""

    path: Path
    problems: list[Problem] = field(default_factory=list[Problem])
    warnings: list[Problem] = field(default_factory=list[Problem])
    document: Document = field(default_factory=lambda: Document(None))

    def suite(self, seen: dict[str, str]) -> LoadedSuite | None:
        """The file's suite, or None where it has problems. `seen`: keys of all files so far, and where they stand."""
        file = str(self.path)
        try:
            data = read_bytes(self.path)
            self.document = parse(data, is_json=self.path.suffix.lower() == ".json")
        except Unreadable as error:
            self.problems.append(
                Problem(
                    file=file,
                    line=error.line,
                    column=error.column,
                    path="",
                    message=error.sentence,
                    remedy=error.remedy,
                )
            )
            return None
        return self.document_suite(sha256(data), seen)

    def document_suite(self, fingerprint: str, seen: dict[str, str]) -> LoadedSuite | None:
        """The suite in the document, or None where it has problems."""
        file = "the file" if fingerprint else "the document"
        for place in self.document.duplicates:
            message = f"`{place[-1]}` stands twice in the same object."
            self._report((), (place, message, "Keep one of them.", True))
        value = self.document.value
        if not isinstance(value, dict):
            what = "a list" if isinstance(value, list) else "a single value"
            message = f"{file} is {what}, not a suite."
            self._report((), ((), message, 'Begin with `version: "1"` and `scenarios:`.', False))
            return None
        return self._suite(cast("dict[str, Any]", value), fingerprint, seen)

    def _suite(self, value: dict[str, Any], fingerprint: str, seen: dict[str, str]) -> LoadedSuite | None:
        suite, problems = validate(SuiteFile, value)
        self._report((), *problems)
        wrong = {place for place, *_ in problems}
        if suite is None:
            head, entries = what_is_valid(value)
        else:
            head, entries = suite, dict(enumerate(suite.scenarios))
        around = self._surroundings(head, entries)
        scenarios: list[Scenario] = []
        for index, entry in entries.items():
            place: Place = ("scenarios", index)
            key = key_of(entry, index)
            self._unique(key, place, seen)
            self._report(place, *shared_rules(entry))
            self._warn(place, *template_warnings(entry))
            assembled = assemble(entry, place, key, around)
            self._report((), *(found for found in assembled.problems if not _has_one_already(found[0], wrong)))
            self._warn((), *assembled.warnings)
            if assembled.scenario is not None:
                scenarios.append(assembled.scenario)
        info = head.suite
        return LoadedSuite(
            path=self.path,
            name=(info.name if info else None) or self.path.stem,
            sha256=fingerprint,
            scenarios=tuple(scenarios),
            concurrency_limit=around.defaults.concurrency_limit,
        )

    def _surroundings(self, head: SuiteHead, entries: Mapping[int, ScenarioEntry]) -> Surroundings:
        defaults = head.defaults or Defaults()
        personalities, profiles = head.personalities or {}, head.profiles or {}
        self._report(("defaults",), *shared_rules(defaults), *name_rules(defaults, personalities, profiles))
        self._warn(("defaults",), *template_warnings(defaults))
        for name, personality in personalities.items():
            self._report((), *personality_rules(personality, ("personalities", name)))
        metrics = metrics_defined([defaults.metrics, *(entry.metrics for entry in entries.values())])
        return Surroundings(defaults=defaults, personalities=personalities, profiles=profiles, metrics=metrics)

    def _unique(self, key: str, place: Place, seen: dict[str, str]) -> None:
        line, _ = self.document.position(place)
        if key in seen:
            message = f"the key `{key}` is already taken by the scenario at {seen[key]}."
            has_key = (*place, "key") in self.document.positions
            remedy = "Give each scenario its own key." if has_key else "Add `key: …`, or change the name."
            self._report(place, (("key",) if has_key else ("name",), message, remedy, False))
        else:
            seen[key] = f"{self.path}:{line}" if self.document.positions else spell(place)

    def _report(self, below: Place, *findings: Finding) -> None:
        self.problems += [self._problem(below, finding) for finding in findings]

    def _warn(self, below: Place, *findings: Finding) -> None:
        self.warnings += [self._problem(below, finding) for finding in findings]

    def _problem(self, below: Place, finding: Finding) -> Problem:
        place, message, remedy, key = finding
        return problem(self.document, str(self.path), (*below, *place), message, remedy, key=key)


def _has_one_already(place: Place, wrong: set[Place]) -> bool:
    """Whether a field of conditional actions, or the condition around it, does not even fit the format."""
    return "conditional_actions" in place and any(place[:end] in wrong for end in range(4, len(place) + 1))


def _from_the_top(problems: Iterable[Problem]) -> list[Problem]:
    """Each once, from the top of the file down."""
    return sorted(dict.fromkeys(problems), key=lambda found: found.order)
