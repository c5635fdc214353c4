"""Run requests that bring a suite along, as JSON or as a file, and the plan that is answered to them."""

from typing import Any, Literal, cast

from pydantic import BaseModel, ConfigDict, Field

from ringback.api.closed_sets import ChannelName, PlannedKind
from ringback.api.forms.run_fields import Count, CountTo100, Headers, ProviderId, SocketUrl
from ringback.api.numbers import Number
from ringback.domain.scenario import Personality, Scenario, TestProfile
from ringback.errors import InvalidFields
from ringback.runs.selection import Selector
from ringback.runs.submission import Rehearsal
from ringback.runs.submission_request import Over, RunsWanted

_CHANNELS = {"text": Over.TEXT, "voice": Over.VOICE}


class SuiteForm(BaseModel):
    """A suite to run, and the agent to run it with."""

    model_config = ConfigDict(
        extra="ignore",
        json_schema_extra={
            "examples": [
                {
                    "agent_id": 3,
                    "channel": "text",
                    "spec": {
                        "version": "1",
                        "suite": {"name": "booking"},
                        "scenarios": [{"name": "Books a visit", "script": ["Hello", "Tuesday at nine, please"]}],
                    },
                }
            ]
        },
    )

    agent_id: Number | None = Field(default=None, description="The agent that is tested.")
    assistant_id: ProviderId | None = Field(
        default=None, description="The agent by its id at its provider, in place of `agent_id`."
    )
    project_id: Number | None = Field(default=None, description="There is one project; any value is accepted.")
    spec: Any = Field(
        default=None,
        description="The suite, as an object or as text in YAML or JSON. `json_schema/` has its schema.",
        json_schema_extra={"type": ["object", "string"]},
    )
    name: str | None = Field(
        default=None, max_length=255, description="What the result is called; the suite's name by default."
    )
    channel: Literal["text", "voice", "elevenlabs", "livekit_v2", "pipecat_v2"] | None = Field(
        default=None, description="`text` by default. `voice` runs over text where the agent has nothing else."
    )
    frequency: CountTo100 | None = Field(default=None, description="In place of every frequency in the suite.")
    concurrency_limit: Count | None = Field(
        default=None, description="Most conversations of this result at the same time; over the suite's own limit."
    )
    websocket_url: SocketUrl | None = Field(default=None, description="Where to connect in place of the agent's URL.")
    websocket_headers: Headers | None = Field(default=None, description="Headers of the connection, over the agent's.")

    def wanted(self, operation: str, spec: Any) -> RunsWanted:
        """The request with its suite as plain values. Raises `InvalidFields`."""
        over = _CHANNELS.get(self.channel or "text")
        if over is None:
            raise InvalidFields({"channel": [f"The channel {self.channel} is not available yet. Use text or voice."]})
        return RunsWanted(
            operation=operation,
            over=over,
            selector=Selector(agent_id=self.agent_id, assistant_id=self.assistant_id or None),
            frequency=self.frequency,
            name=self.name or None,
            concurrency_limit=self.concurrency_limit,
            websocket_url=self.websocket_url,
            websocket_headers=self.websocket_headers or {},
            spec=spec,
        )


class ScenarioPlan(BaseModel):
    """One scenario of a suite as it would run."""

    key: str = Field(description="What the suite calls it: its `key`, or one made of its name.")
    name: str = Field(description="What reports call it.")
    type: PlannedKind = Field(description="How its caller is played.")
    frequency: int = Field(description="Conversations for each personality and test profile.")
    metric_ids: list[int | str] = Field(description="Numbers of kept metrics; slugs of those that the suite defines.")
    tags: list[str] = Field(description="Its tags.")
    personality: dict[str, Any] = Field(
        description="`mode` (existing, inline or project_default), `id` and `name` of the first one."
    )
    test_profile: dict[str, Any] | None = Field(
        description="`mode` (existing or inline), `id` and `sections` of the first one; null where there is none."
    )


class SuitePlan(BaseModel):
    """What a suite would come to."""

    agent_id: int = Field(description="Number of the agent that would be tested.")
    project_id: int | None = Field(description="There is one project: null.")
    channel: ChannelName = Field(description="What conversations would be carried by, as asked.")
    suite_name: str = Field(description="What the result would be called.")
    scenario_count: int = Field(description="Scenarios of the suite.")
    total_runs: int = Field(description="Conversations that there would be.")
    estimated_cost: float | None = Field(description="US dollars for models; null where there is no known price.")
    scenarios: list[ScenarioPlan] = Field(description="Its scenarios, in the suite's order.")
    warnings: list[str] = Field(description="What cannot run here yet: those scenarios end as errors.")


class ValidatedSuite(BaseModel):
    """A suite that is in order."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=True)

    valid: Literal[True] = Field(default=True, description="Always true; a suite with mistakes is answered with 400.")
    plan: SuitePlan = Field(description="What it would come to.")


class DryRun(ValidatedSuite):
    """The answer to a run request of which nothing was carried out."""

    dry_run: Literal[True] = Field(default=True, description="Always true: nothing was carried out.")


def suite_plan(rehearsal: Rehearsal, form: SuiteForm) -> SuitePlan:
    """What the request would come to."""
    content = rehearsal.content
    return SuitePlan(
        agent_id=cast("int", content.agent.id),  # a suite is for an agent that is kept
        project_id=None,
        channel=form.channel or "text",
        suite_name=content.name,
        scenario_count=len(content.scenarios),
        total_runs=len(rehearsal.specifications),
        estimated_cost=rehearsal.estimated_cost,
        scenarios=[
            ScenarioPlan(
                key=scenario.key,
                name=scenario.name,
                type=scenario.type.value,
                frequency=form.frequency or scenario.frequency,
                metric_ids=[metric.slug if metric.id is None else metric.id for metric in scenario.metrics],
                tags=list(scenario.tags),
                personality=_personality(scenario, rehearsal),
                test_profile=_profile(scenario, rehearsal),
            )
            for scenario in content.scenarios
        ],
        warnings=list(content.warnings),
    )


def _personality(scenario: Scenario, rehearsal: Rehearsal) -> dict[str, Any]:
    first: Personality | None = next(iter(scenario.personalities), None)
    if first is None:
        return {"mode": "project_default", "id": None, "name": None}
    number = rehearsal.content.personality_ids.get(id(first))
    return {"mode": "inline" if number is None else "existing", "id": number, "name": first.name}


def _profile(scenario: Scenario, rehearsal: Rehearsal) -> dict[str, Any] | None:
    first: TestProfile | None = next(iter(scenario.profiles), None)
    if first is None:
        return None
    number = rehearsal.content.profile_ids.get(id(first))
    sections = {"main_agent_variables": first.agent_variables, "testing_agent_variables": first.caller_variables}
    return {
        "mode": "inline" if number is None else "existing",
        "id": number,
        "sections": [name for name, values in sections.items() if values],
    }
