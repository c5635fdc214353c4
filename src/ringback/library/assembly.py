"""From a suite file's entries to scenarios: defaults merged in, names looked up, what cannot run yet named."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from ringback.domain.scenario import (
    AfterScript,
    Facts,
    MetricDefinition,
    MetricKind,
    Personality,
    Scenario,
    ScenarioType,
    TestProfile,
)
from ringback.domain.template import fill
from ringback.errors import UsageError
from ringback.library.document import Place
from ringback.library.rules import conditional_actions, name_rules, scenario_rules, script_warnings
from ringback.library.suite_format import (
    Defaults,
    MetricEntry,
    MetricReference,
    PersonalityEntry,
    PersonalityReference,
    ProfileData,
    ProfileEntry,
    ProfileReference,
    ScenarioEntry,
)
from ringback.library.validation import Finding, did_you_mean

if TYPE_CHECKING:
    from ringback.evaluation.computed import ComputedMetric

_VOICE = {
    "voice_model", "voice_id", "provider", "background_noise", "background_sound_volume", "speed", "interruption_level",
    "network_simulation", "message_plan", "start_speaking_plan", "stop_speaking_plan", "generation_config",
    "backchannels", "end_call_enabled",
}  # fmt: skip
_ELSEWHERE = "of a reference workspace"


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a file says outside of its scenarios."""

    defaults: Defaults
    personalities: Mapping[str, PersonalityEntry]
    profiles: Mapping[str, ProfileData]
    metrics: Mapping[str, MetricEntry]
    """Metrics defined anywhere in the file, by slug."""


@dataclass(slots=True)
class Assembled:
    """A scenario with what was found on the way."""

    scenario: Scenario | None = None
    problems: list[Finding] = field(default_factory=list[Finding])
    warnings: list[Finding] = field(default_factory=list[Finding])


def slug_of(name: str, *, joint: str = "-") -> str:
    """The name in lower case with everything but letters and digits replaced."""
    plain = unicodedata.normalize("NFKC", name).lower()
    return re.sub(r"[\W_]+", joint, plain).strip(joint)


def metric_slug(entry: MetricEntry) -> str:
    """The metric's slug: as written, or made from its name."""
    plain = unicodedata.normalize("NFKD", entry.name).lower()
    return entry.slug or re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:64] or "metric"


def key_of(entry: ScenarioEntry, index: int) -> str:
    """The scenario's key: as written, or made from its name."""
    return entry.key or slug_of(entry.name) or f"scenario-{index + 1}"


def assemble(entry: ScenarioEntry, place: Place, key: str, around: Surroundings) -> Assembled:
    """The scenario behind the entry at a place, with every problem and warning about it."""
    return _Assembly(entry, place, key, around).assembled()


class _Assembly:
    def __init__(self, entry: ScenarioEntry, place: Place, key: str, around: Surroundings) -> None:
        self._entry = entry
        self._place = place
        self._key = key
        self._around = around
        self._out = Assembled()
        self._unsupported: list[str] = []

    def assembled(self) -> Assembled:
        entry = self._entry
        kind = _type_of(entry)
        language = self._either("language")
        self._problems(scenario_rules(entry, kind, language))
        self._problems(name_rules(entry, self._around.personalities, self._around.profiles))
        self._out.warnings += [self._below(warning) for warning in script_warnings(entry)]
        if kind.startswith("real_world"):
            self._cannot((*self._place, "type"), f"a scenario of type {kind}")
        if kind == "conditional_actions" and entry.conditional_actions and entry.conditional_actions.functions:
            self._cannot((*self._place, "conditional_actions", "functions"), "`functions`")
        scenario = self._scenario(kind, language or "en")
        self._rubric_rules(scenario)
        if self._knows_profiles():
            self._template_rules(scenario)
        if not self._out.problems:
            sentence = f"Not yet supported: {', '.join(self._unsupported)}." if self._unsupported else None
            self._out.scenario = scenario.model_copy(update={"unsupported": sentence})
        return self._out

    def _below(self, finding: Finding) -> Finding:
        place, message, remedy, key = finding
        return (*self._place, *place), message, remedy, key

    def _problems(self, findings: Iterable[Finding]) -> None:
        self._out.problems += [self._below(finding) for finding in findings]

    def _scenario(self, kind: str, language: str) -> Scenario:
        entry = self._entry
        conditions = entry.conditional_actions if kind == "conditional_actions" else None
        optional: dict[str, Any] = {
            "frequency": self._either("frequency"),
            "min_turns": self._either("min_turns"),
            "max_turns": self._either("max_turns"),
            "max_duration": self._either("max_duration"),
            "pass_rate": self._either("pass_rate"),
        }
        facts = entry.facts
        return Scenario(
            key=self._key,
            name=entry.name,
            type=ScenarioType(kind),
            language=language,
            instructions=entry.instructions or "",
            script=tuple(entry.script or ()),
            after_script=AfterScript(entry.then or "hang_up"),
            conditional_actions=conditional_actions(conditions) if conditions else None,
            first_message=entry.first_message or None,
            expected_outcome=entry.expected_outcome or None,
            facts=Facts(always=facts.always or {}, if_asked=facts.if_asked or {}, never=facts.never or {})
            if facts
            else Facts(),
            checks=(*(self._around.defaults.checks or ()), *(entry.checks or ())),
            metrics=self._metrics(),
            rubric=self._either("rubric"),
            personalities=tuple(self._personalities(language)),
            profiles=tuple(self._profiles()),
            tags=tuple(dict.fromkeys(self._either("tags") or ())),
            tools=tuple(entry.tools or ()),
            **{name: value for name, value in optional.items() if value is not None},
        )

    def _either(self, name: str) -> Any:
        own = getattr(self._entry, name)
        return own if own is not None else getattr(self._around.defaults, name)

    def _cannot(self, place: Place, what: str, remedy: str = "The other scenarios run.") -> None:
        self._unsupported.append(what)
        # What the defaults say is said once, not once for every scenario.
        whom = "the scenarios that use it" if place[0] == "defaults" else f"scenario '{self._key}'"
        ends = "end as errors" if place[0] == "defaults" else "ends as an error"
        self._out.warnings.append((place, f"{what} is not yet supported here: {whom} {ends}.", remedy, False))

    def _sources(self) -> tuple[tuple[Place, ScenarioEntry | Defaults], ...]:
        return (self._place, self._entry), (("defaults",), self._around.defaults)

    def _chosen(self, one: str, several: str) -> Iterator[tuple[Place, Any]]:
        """The references of the scenario or, where it has none, of the defaults; with their places."""
        for place, source in self._sources():
            single, many = getattr(source, one), getattr(source, several)
            if single is not None:
                yield (*place, one), single
                return
            if many is not None:
                for index, reference in enumerate(many):
                    yield (*place, several, index), reference
                return

    def _personalities(self, language: str) -> Iterator[Personality]:
        for place, found in self._chosen("personality", "personalities"):
            reference: PersonalityReference = found
            if isinstance(reference, int):
                self._cannot(place, f"personality {reference} {_ELSEWHERE}")
                continue
            named = isinstance(reference, str)
            entry = self._around.personalities.get(reference) if named else reference
            if entry is None:
                continue  # named in the defaults and missing: already a problem there
            if entry.base is not None:
                self._cannot(place, f"personality {entry.base} {_ELSEWHERE}")
                continue
            name = reference if named else entry.name or "inline"
            yield _personality(entry, name, language)

    def _knows_profiles(self) -> bool:
        """Whether every test profile is in the file, so that templates can be looked at."""
        references = [reference for _, reference in self._chosen("test_profile", "profiles")]
        known = self._around.profiles
        return all(
            reference in known if isinstance(reference, str) else not isinstance(reference, int)
            for reference in references
        )

    def _profiles(self) -> Iterator[TestProfile]:
        for place, found in self._chosen("test_profile", "profiles"):
            reference: ProfileReference = found
            if isinstance(reference, int):
                self._cannot(place, f"test profile {reference} {_ELSEWHERE}")
            elif isinstance(reference, str):
                if reference in self._around.profiles:
                    yield _profile(self._around.profiles[reference], reference)
            else:
                yield _profile(reference, "")

    def _metrics(self) -> tuple[MetricDefinition, ...]:
        found: dict[str, MetricDefinition] = {}
        for place, source in reversed(self._sources()):
            for index, reference in enumerate(source.metrics or ()):
                definition = self._metric(reference, (*place, "metrics", index))
                if definition is not None:
                    found[definition.slug] = definition
        return tuple(found.values())

    def _metric(self, reference: MetricReference, place: Place) -> MetricDefinition | None:
        if isinstance(reference, int):
            self._cannot(place, f"metric {reference} {_ELSEWHERE}")
            return None
        if isinstance(reference, str):
            computed = _computed()
            if reference in computed:
                metric = computed[reference]
                return MetricDefinition(slug=reference, name=metric.name, kind=metric.kind)
            if reference not in self._around.metrics:
                known = [*computed, *self._around.metrics]
                what = f"metric `{reference}` (neither computed nor defined in this file)"
                self._cannot(place, what, f"{did_you_mean(reference, known)} The other scenarios run.")
                return None
            reference = self._around.metrics[reference]
        return MetricDefinition(
            slug=metric_slug(reference),
            name=reference.name,
            description=reference.description,
            kind=MetricKind(reference.kind),
            enum_values=tuple(reference.enum_values or ()),
        )

    def _rubric_rules(self, scenario: Scenario) -> None:
        if scenario.rubric is None:
            return
        own = self._entry.rubric is not None
        attached = {metric.slug for metric in scenario.metrics} | set(_computed())
        attached |= {"expected_outcome"} if scenario.expected_outcome else set()
        attached |= {"checks"} if scenario.checks else set()
        above = self._place if own else ("defaults",)
        for index, rule in enumerate(scenario.rubric.rules):
            place: Place = (*above, "rubric", "rules", index, "metric_id")
            if isinstance(rule.metric_id, int):
                self._cannot(place, f"metric {rule.metric_id} {_ELSEWHERE}")
            elif rule.metric_id not in attached and not self._unsupported:
                self._unattached(rule.metric_id, place, attached, own=own)

    def _unattached(self, slug: str, place: Place, attached: set[str], *, own: bool) -> None:
        """A rule about what is not there never fails: what looks like a strict rubric would let all pass."""
        anywhere = {"expected_outcome", "checks", *_computed(), *self._around.metrics}
        if own:
            message = f"the rubric has a rule about `{slug}`, which the scenario does not have."
            self._out.problems.append((place, message, did_you_mean(slug, attached), False))
        elif slug not in anywhere:
            message = f"the rubric has a rule about `{slug}`, and there is no such metric."
            self._out.problems.append((place, message, did_you_mean(slug, anywhere), False))
        else:
            message = f"scenario '{self._key}' has no `{slug}`, so this rule is skipped there."
            self._out.warnings.append(
                (place, message, "Give that scenario a rubric of its own if this is wrong.", False)
            )

    def _template_rules(self, scenario: Scenario) -> None:
        for place, text in _texts(scenario):
            for profile in scenario.profiles or (None,):
                try:
                    fill(text, profile, where=f"scenario '{self._key}'")
                except UsageError as error:
                    remedy = "Correct the name, or add it to the test profile."
                    self._problems([(place, str(error), remedy, False)])
                    break


def _computed() -> "Mapping[str, ComputedMetric]":
    from ringback.evaluation.computed import COMPUTED  # noqa: PLC0415 - suites without metrics load nothing of it

    return COMPUTED


def _type_of(entry: ScenarioEntry) -> str:
    if entry.type is not None:
        return entry.type
    if entry.script is not None:
        return "script"
    # The reference's default where both are given.
    return "conditional_actions" if entry.conditional_actions and entry.instructions is None else "instruction"


def _texts(scenario: Scenario) -> Iterator[tuple[Place, str]]:
    """Every templated text that is one, with its place in the entry."""
    yield from _templated((("instructions",), scenario.instructions))
    yield from _templated((("first_message",), scenario.first_message))
    yield from _templated((("expected_outcome",), scenario.expected_outcome))
    yield from _templated(*((("script", index), line) for index, line in enumerate(scenario.script)))
    if actions := scenario.conditional_actions:
        yield from _templated((("conditional_actions", "role"), actions.role))
        for index, condition in enumerate(actions.conditions):
            place: Place = ("conditional_actions", "conditions", index)
            yield from _templated(((*place, "condition"), condition.condition), ((*place, "action"), condition.action))


def _templated(*texts: tuple[Place, object]) -> Iterator[tuple[Place, str]]:
    return ((place, text) for place, text in texts if isinstance(text, str) and "{{" in text)


def _personality(entry: PersonalityEntry, name: str, language: str) -> Personality:
    voice = entry.model_dump(include=_VOICE, exclude_none=True)
    return Personality(name=name, prompt=entry.prompt or "", language=entry.language or language, voice=voice)


def _profile(data: ProfileEntry | Mapping[str, Any], name: str) -> TestProfile:
    if isinstance(data, ProfileEntry):
        return TestProfile(
            name=data.name or name,
            agent_variables=data.agent_variables or {},
            caller_variables=data.caller_variables or {},
        )
    flat = dict(data)
    return TestProfile(name=name, agent_variables=flat, caller_variables=flat)


def metrics_defined(entries: Iterable[Sequence[Any] | None]) -> dict[str, MetricEntry]:
    """Metrics defined in any of these lists, by slug."""
    return {
        metric_slug(metric): metric
        for metrics in entries
        for metric in cast("Sequence[MetricReference]", metrics or ())
        if isinstance(metric, MetricEntry)
    }
