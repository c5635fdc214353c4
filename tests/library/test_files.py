"""What a suite file means: defaults, names, profiles, metrics, and what cannot run here yet."""

import hashlib
import time
from pathlib import Path

import pytest

from ringback.conversation.manner import Manner, manner_of
from ringback.domain.noise import BackgroundNoise
from ringback.domain.scenario import AfterScript, MetricKind, Scenario, ScenarioType
from ringback.errors import SuiteError
from ringback.library.files import LoadedSuites, load_suites

DATA = Path(__file__).parent / "data" / "good"

FIRST = "{id: 0, condition: FIRST_MESSAGE, action: Hi, type: standard, fixed_message: true}"


def load(tmp_path: Path, text: str) -> LoadedSuites:
    path = tmp_path / "suite.yaml"
    path.write_text(text, encoding="utf-8")
    return load_suites([path])


def only(tmp_path: Path, scenario: str, *, above: str = "") -> Scenario:
    """The one scenario of a file: its keys as a flow object, perhaps with something above."""
    loaded = load(tmp_path, f'version: "1"\n{above}\nscenarios:\n  - {scenario}\n')
    assert loaded.warnings == ()
    return loaded.scenarios[0]


def complaints(tmp_path: Path, text: str) -> str:
    with pytest.raises(SuiteError) as caught:
        load(tmp_path, text)
    return str(caught.value)


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ("script: [Hi]", ScenarioType.SCRIPT),
        ("script: [Hi], then: improvise, instructions: Go on", ScenarioType.SCRIPT),
        ("instructions: Go", ScenarioType.INSTRUCTION),
        (
            f"language: en, conditional_actions: {{conditions: [{FIRST}]}}",
            ScenarioType.CONDITIONAL_ACTIONS,
        ),
    ],
)
def test_the_type_follows_from_what_is_there(tmp_path: Path, fields: str, kind: ScenarioType) -> None:
    assert only(tmp_path, f"{{name: A, {fields}}}").type is kind


def test_a_script_hangs_up_unless_told_to_improvise(tmp_path: Path) -> None:
    assert only(tmp_path, "{name: A, script: [Hi]}").after_script is AfterScript.HANG_UP
    assert only(tmp_path, "{name: A, script: [Hi], then: improvise}").after_script is AfterScript.IMPROVISE


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Book a table, for 4!", "book-a-table-for-4"),
        ("  Spaces  ", "spaces"),
        ("予約をする", "予約をする"),
        ("???", "scenario-1"),
        ("snake_case", "snake-case"),
    ],
)
def test_the_key_is_made_from_the_name(tmp_path: Path, name: str, key: str) -> None:
    assert only(tmp_path, f'{{name: "{name}", script: [Hi]}}').key == key


def test_a_key_that_is_given_is_kept_as_it_is(tmp_path: Path) -> None:
    assert only(tmp_path, '{name: A, key: "Weird / Key", script: [Hi]}').key == "Weird / Key"


def test_two_files_may_not_share_a_key(tmp_path: Path) -> None:
    one, two = tmp_path / "one.yaml", tmp_path / "two.yaml"
    for path in (one, two):
        path.write_text('version: "1"\nscenarios:\n  - {name: A, script: [Hi]}\n')
    with pytest.raises(SuiteError, match=rf"two.yaml:3:12: .*already taken by the scenario at {one}:3"):
        load_suites([one, two])


def test_naming_a_file_twice_loads_it_once(tmp_path: Path) -> None:
    path = tmp_path / "one.yaml"
    path.write_text('version: "1"\nscenarios:\n  - {name: A, script: [Hi]}\n')
    assert len(load_suites([path, path]).scenarios) == 1


DEFAULTS = """
defaults:
  language: de
  frequency: 3
  max_duration: 30
  min_turns: 2
  max_turns: 9
  pass_rate: 0.5
  tags: [all]
  personality: {prompt: Calm., name: Calm}
  test_profile: {x: 1}
  metrics: [latency, {name: Polite, description: Was it polite?}]
  checks: [{type: ended_by, by: caller}]
"""


def test_defaults_hold_where_a_scenario_says_nothing(tmp_path: Path) -> None:
    scenario = only(tmp_path, "{name: A, script: [Hi]}", above=DEFAULTS)
    assert (scenario.language, scenario.frequency, scenario.max_duration) == ("de", 3, 30)
    assert (scenario.min_turns, scenario.max_turns, scenario.pass_rate) == (2, 9, 0.5)
    assert scenario.tags == ("all",)
    assert scenario.personalities[0].name == "Calm"
    assert scenario.personalities[0].language == "de"
    assert scenario.profiles[0].caller_variables == {"x": 1}
    assert [metric.slug for metric in scenario.metrics] == ["latency", "polite"]
    assert len(scenario.checks) == 1


def test_a_scenario_overrides_field_by_field_and_lists_of_metrics_and_checks_are_joined(tmp_path: Path) -> None:
    own = (
        "{name: A, script: [Hi], language: fr, tags: [mine], personalities: [{prompt: Loud.}, {prompt: Shy.}], "
        "metrics: [turns, {name: Polite, slug: polite, description: Another question?}], "
        "checks: [{type: turns, max: 2}], test_profile: {y: 2}}"
    )
    scenario = only(tmp_path, own, above=DEFAULTS)
    assert (scenario.language, scenario.frequency) == ("fr", 3)
    assert scenario.tags == ("mine",)
    assert [personality.prompt for personality in scenario.personalities] == ["Loud.", "Shy."]
    assert scenario.profiles[0].caller_variables == {"y": 2}
    assert [metric.slug for metric in scenario.metrics] == ["latency", "polite", "turns"]
    assert scenario.metrics[1].description == "Another question?"
    assert [check.type for check in scenario.checks] == ["ended_by", "turns"]


def test_a_flat_profile_goes_to_both_sides(tmp_path: Path) -> None:
    profile = only(tmp_path, "{name: A, script: [Hi], test_profile: {X-Tier: gold, town: Ulm}}").profiles[0]
    assert profile.agent_variables == profile.caller_variables == {"X-Tier": "gold", "town": "Ulm"}


def test_a_sectioned_profile_keeps_its_sides(tmp_path: Path) -> None:
    text = "{name: A, script: [Hi], test_profile: {name: Ada, agent_variables: {X-T: 1}, caller_variables: {b: 2}}}"
    profile = only(tmp_path, text).profiles[0]
    assert (profile.name, profile.agent_variables, profile.caller_variables) == ("Ada", {"X-T": 1}, {"b": 2})


def test_profiles_and_personalities_are_found_by_name(tmp_path: Path) -> None:
    above = "profiles: {ada: {n: 1}, bob: {caller_variables: {n: 2}}}\npersonalities: {calm: {prompt: Slow.}}"
    scenario = only(tmp_path, "{name: A, script: [Hi], profiles: [ada, bob], personality: calm}", above=above)
    assert [profile.name for profile in scenario.profiles] == ["ada", "bob"]
    assert [personality.name for personality in scenario.personalities] == ["calm"]


def test_what_a_personality_says_of_a_line_comes_to_the_caller(tmp_path: Path) -> None:
    line = "{packet_loss: 5%, jitter: 60, latency: 100, clipping: 0.5, narrow_band: true}"
    text = (
        "{name: A, script: [Hi], personality: {prompt: P, background_noise: cafe, "
        f"background_sound_volume: {{base: 2, reduced: 0.5}}, network_simulation: {line}, interruption_level: 0.25, "
        "message_plan: {idle_timeout_seconds: 4}, start_speaking_plan: 0.5, stop_speaking_plan: {voice_seconds: 0.4}, "
        "generation_config: {volume: 0.5}, backchannels: true, end_call_enabled: false}}"
    )
    assert manner_of(only(tmp_path, text).personalities[0]) == Manner(
        volume=0.5,
        interruption_chance=0.25,
        idle_timeout=4,
        start_delay=0.5,
        stop_seconds=0.4,
        end_call_enabled=False,
        backchannels=True,
        background=BackgroundNoise.CAFE,
        background_base=2,
        background_reduced=0.5,
        packet_loss=0.05,
        jitter=0.06,
        delay=0.1,
        clipping=0.5,
        narrow_band=True,
    )


@pytest.mark.parametrize(
    ("field", "place"),
    [
        ("network_simulation: {packet_loss: 5 percent}", "network_simulation.packet_loss"),
        ("network_simulation: {jitter: 3000}", "network_simulation.jitter"),
        ("network_simulation: {wobble: 1}", "network_simulation.wobble"),
        ("interruption_level: sometimes", "interruption_level"),
        ("interruption_level: 2", "interruption_level"),
        ("background_sound_volume: {base: loud}", "background_sound_volume.base"),
        ("start_speaking_plan: -1", "start_speaking_plan"),
    ],
)
def test_what_a_line_cannot_be_is_a_problem_at_its_place(tmp_path: Path, field: str, place: str) -> None:
    with pytest.raises(SuiteError) as error:
        only(tmp_path, f"{{name: A, script: [Hi], personality: {{prompt: P, {field}}}}}")
    assert [problem.path for problem in error.value.problems] == [f"scenarios[0].personality.{place}"]


def test_voice_fields_of_a_personality_are_kept(tmp_path: Path) -> None:
    text = "{name: A, script: [Hi], personality: {prompt: P, voice_id: v, speed: 1.1, background_noise: office}}"
    assert only(tmp_path, text).personalities[0].voice == {"voice_id": "v", "speed": 1.1, "background_noise": "office"}


def test_data_keeps_its_types_and_leading_zeros(tmp_path: Path) -> None:
    text = "{name: A, script: [Hi], test_profile: {id: 007, n: 7, r: 1.50, day: 2024-02-29, yes: no, t: true, z: null}}"
    assert only(tmp_path, text).profiles[0].caller_variables == {
        "id": "007",
        "n": 7,
        "r": 1.5,
        "day": "2024-02-29",
        "yes": "no",
        "t": True,
        "z": None,
    }


def test_metrics_may_be_defined_once_and_named_elsewhere(tmp_path: Path) -> None:
    text = """
version: "1"
scenarios:
  - {name: A, script: [Hi], metrics: [{name: Mood, description: Which?, kind: enum, enum_values: [good, bad]}]}
  - {name: B, script: [Hi], metrics: [mood]}
"""
    one, two = load(tmp_path, text).scenarios
    assert one.metrics == two.metrics
    assert (one.metrics[0].kind, one.metrics[0].enum_values) == (MetricKind.ENUM, ("good", "bad"))


def test_everything_of_the_reference_is_accepted() -> None:
    loaded = load_suites([DATA / "reference-complete.json"])
    assert [bool(scenario.unsupported) for scenario in loaded.scenarios] == [True] * 5
    assert loaded.concurrency_limit == 5
    first = loaded.scenarios[0]
    assert (first.key, first.frequency, first.language, first.max_duration) == ("booking.first", 3, "multi", 60)
    assert first.first_message == "Hello there"
    assert first.personalities[0].voice["voice_model"] == "eleven_flash_v2_5"
    assert first.profiles[0].agent_variables == {"X-Tier": "gold"}
    assert loaded.scenarios[1].conditional_actions is not None


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ("personality: 3", "personality 3 of a reference workspace"),
        ("personality: {base: 3}", "personality 3 of a reference workspace"),
        ("test_profile: 45", "test profile 45 of a reference workspace"),
        ("metrics: [12]", "metric 12 of a reference workspace"),
        ("metrics: [csat]", "metric `csat`"),
        ("type: real_world_smart", "a scenario of type real_world_smart"),
        (
            "rubric: {rules: [{metric_id: 5, conditions: {conditions: [{op: eq, value: true}]}}]}",
            "metric 5 of a reference workspace",
        ),
    ],
)
def test_what_cannot_run_yet_is_a_warning_and_ends_that_scenario_alone(tmp_path: Path, fields: str, named: str) -> None:
    text = f'version: "1"\nscenarios:\n  - {{name: A, instructions: "{{{{test_profile.x}}}}", {fields}}}\n'
    text = text.replace("{{test_profile.x}}", "Go") if "test_profile:" not in fields else text
    loaded = load(tmp_path, f"{text}  - {{name: B, script: [Hi]}}\n")
    strange, normal = loaded.scenarios
    assert strange.unsupported is not None
    assert named in strange.unsupported
    assert normal.unsupported is None
    assert len(loaded.warnings) == 1
    assert named in loaded.warnings[0].message
    assert loaded.warnings[0].line == 3


def test_what_the_defaults_name_is_warned_of_once(tmp_path: Path) -> None:
    scenarios = "".join(f"  - {{name: S{number}, script: [Hi]}}\n" for number in range(5))
    loaded = load(tmp_path, f'version: "1"\ndefaults: {{personality: 9}}\nscenarios:\n{scenarios}')
    assert len(loaded.warnings) == 1
    assert loaded.warnings[0].path == "defaults.personality"
    assert all(scenario.unsupported for scenario in loaded.scenarios)


def test_directives_in_a_script_are_warned_of(tmp_path: Path) -> None:
    loaded = load(tmp_path, 'version: "1"\nscenarios: [{name: A, script: ["Bye <endcall/>"]}]')
    assert "sent to the agent as words" in loaded.warnings[0].message


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ('checks: [{type: agent_said, text: "{{test_profile.a}}"}]', "scenarios[0].checks[0]"),
        ('facts: {always: {name: "{{ test_profile.a }}"}}', "scenarios[0].facts"),
    ],
)
def test_templates_where_none_are_filled_are_warned_of(tmp_path: Path, fields: str, place: str) -> None:
    """A check would look for the braces, and never find them."""
    loaded = load(tmp_path, f'version: "1"\nscenarios: [{{name: A, script: [Hi], test_profile: {{a: b}}, {fields}}}]')
    assert [warning.path for warning in loaded.warnings] == [place]
    assert "templates are not filled" in loaded.warnings[0].message


def test_a_rule_about_what_a_scenario_lacks_is_a_problem(tmp_path: Path) -> None:
    """It would hold for ever: a strict rubric would let everything pass."""
    rule = "{metric_id: checks, conditions: {conditions: [{op: eq, value: true}]}}"
    said = complaints(tmp_path, f'version: "1"\nscenarios: [{{name: A, script: [Hi], rubric: {{rules: [{rule}]}}}}]')
    assert "a rule about `checks`, which the scenario does not have" in said


def test_a_rule_of_the_defaults_may_be_skipped_with_a_warning(tmp_path: Path) -> None:
    rule = "{metric_id: expected_outcome, conditions: {conditions: [{op: eq, value: true}]}}"
    loaded = load(
        tmp_path, f'version: "1"\ndefaults: {{rubric: {{rules: [{rule}]}}}}\nscenarios: [{{name: A, script: [Hi]}}]'
    )
    assert "so this rule is skipped there" in loaded.warnings[0].message


def test_the_fingerprint_is_of_the_bytes_and_the_name_of_the_suite(tmp_path: Path) -> None:
    text = 'version: "1"\nsuite: {name: Front desk}\nscenarios: [{name: A, script: [Hi]}]\n'
    file = load(tmp_path, text).files[0]
    assert file.sha256 == hashlib.sha256(text.encode()).hexdigest()
    assert (file.name, file.path) == ("Front desk", tmp_path / "suite.yaml")
    assert load_suites([DATA / "reference-minimal.json"]).files[0].name == "reference-minimal"


def test_problems_of_all_files_come_together(tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text('version: "1"\nscenarios: []\n')
    (tmp_path / "two.json").write_text("[1]")
    with pytest.raises(SuiteError) as caught:
        load_suites([tmp_path / "one.yaml", tmp_path / "two.json", tmp_path / "none.yaml", tmp_path])
    assert [Path(problem.file).name for problem in caught.value.problems] == [
        "one.yaml",
        "two.json",
        "none.yaml",
        tmp_path.name,
    ]
    said = str(caught.value)
    assert f"{tmp_path / 'none.yaml'}: there is no such file. Check the path." in said.splitlines()
    assert "this is a directory, not a file" in said


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "the file is empty"),
        (b"  \n\n", "the file is empty"),
        (b"version: \xff", "1:10: document: the file is not UTF-8 text. Save it as UTF-8."),
        ('version: "1"'.encode("utf-16"), "not UTF-8"),
        (b"a: \x00", "1:4: document: the file holds a control character (U+0000)"),
        (b"a: " + b"x" * 6_000_000, "larger than 5 MiB"),
        (b"[" * 100_000, "nested more than 40 deep"),
        (b'{"a": ' * 100_000, "nested more than 40 deep"),
        (b'{"version": NaN}', "`NaN` is not a number that JSON knows"),
        (b'{"version": "\\ud800"}', "half a character"),
        (b"? [a]\n: b", "A key must be text".lower()),
        (b"a: &a [*a]", "stands inside of what it names"),
    ],
)
def test_files_that_are_no_documents_get_a_sentence(tmp_path: Path, data: bytes, message: str) -> None:
    path = tmp_path / "suite.yaml"
    path.write_bytes(data)
    with pytest.raises(SuiteError) as caught:
        load_suites([path])
    assert len(caught.value.problems) == 1
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("text", "where", "message"),
    [
        (
            '{"version": "1",\n "scenarios": [}',
            "2:16",
            "the file is not JSON: a value is missing here: there is a comma too many",
        ),
        (
            '{"version": "1"\n "scenarios": []}',
            "2:2",
            "the file is not JSON: a comma or a closing bracket is missing. Add it.",
        ),
        ('{"version": "1"\n "sc: [', "2:2", "the file is not JSON: a comma or a closing bracket is missing. Add it."),
        ('{"version": "1}', "1:13", "the file is not JSON: a quote is opened and never closed. Close it."),
        ("version: [", "1:1", "the file is not JSON: a value is missing here"),
        ("[" * 100_000, "1:42", "values are nested more than 40 deep."),
    ],
)
def test_a_file_that_is_called_json_is_told_its_mistakes_as_json(
    tmp_path: Path, text: str, where: str, message: str
) -> None:
    path = tmp_path / "suite.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SuiteError) as caught:
        load_suites([path])
    assert f"suite.json:{where}: document: {message}" in str(caught.value)


def test_what_cannot_run_yet_is_one_readable_list(tmp_path: Path) -> None:
    fields = "metrics: [12, sentiment], personality: 5, instructions: Go"
    loaded = load(tmp_path, f'version: "1"\nscenarios:\n  - {{name: A, {fields}}}\n')
    unsupported = loaded.scenarios[0].unsupported
    assert unsupported is not None
    assert "metric `sentiment` (neither computed nor defined in this file), personality 5" in unsupported
    assert ",," not in unsupported


def test_a_file_that_may_not_be_read_and_an_impossible_path_get_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(SuiteError, match="no such path is possible"):
        load_suites([Path("nul\0byte")])
    with pytest.raises(SuiteError, match="the file cannot be read: File name too long"):
        load_suites([tmp_path / ("x" * 300)])


def test_two_hundred_scenarios_are_read_at_once(tmp_path: Path) -> None:
    one = """
  - name: Scenario {n}
    script: ["Hello, I am {{{{test_profile.name}}}}", "Bye"]
    test_profile: {{name: Ada, agent_variables: {{X-Id: {n}}}, caller_variables: {{name: Ada}}}}
    tags: [a, b]
    checks:
      - {{type: agent_said, text: hello}}
      - {{type: tool_called, tool: book, arguments: {{day: Monday}}}}
      - {{type: turns, max: 4}}
"""
    text = 'version: "1"\nscenarios:' + "".join(one.format(n=number) for number in range(200))
    began = time.process_time()
    assert len(load(tmp_path, text).scenarios) == 200
    assert time.process_time() - began < 10
