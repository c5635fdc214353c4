"""Results as they lie in the database: `keep(service.services, {"book": "PF"})`, a letter for each run."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import update

from ringback.domain.conversation import Conversation, Entry, Role, ToolData
from ringback.domain.ending import Ending, EndingCode
from ringback.domain.evaluation import (
    Answer,
    CheckScore,
    Evaluation,
    Evidence,
    ExpectedOutcomeScore,
    MetricScore,
    OutcomePart,
)
from ringback.domain.outcome import Outcome
from ringback.domain.run import Asked, Provenance, Result, Run, RunOrigin, RunSpecification, RunStatus
from ringback.domain.scenario import MetricDefinition, MetricKind, Personality, Scenario, ScenarioType, TestProfile
from ringback.domain.voice import RecognitionMode, VoiceRecord
from ringback.results.brief import brief_of
from ringback.storage.owner import Owner
from ringback.storage.store import Store
from ringback.storage.tables import runs
from ringback.wiring.service import Services

BEGAN = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)

OUTCOMES = {
    "P": (Outcome.PASSED, EndingCode.CALLER_ENDED),
    "F": (Outcome.FAILED, EndingCode.AGENT_DROPPED),
    "I": (Outcome.INVALID, EndingCode.CALLER_INVALID),
    "?": (Outcome.INCONCLUSIVE, EndingCode.MAX_TURNS),
    "E": (Outcome.ERROR, EndingCode.NOT_CONNECTED),
    "C": (Outcome.ERROR, EndingCode.CANCELLED),
    "T": (Outcome.ERROR, EndingCode.AGENT_SILENT),
}
UNDER_WAY = {
    ".": RunStatus.QUEUED,
    "a": RunStatus.ADMITTED,
    "c": RunStatus.CONVERSING,
    "e": RunStatus.EVALUATING,
}


def conversation(
    code: EndingCode, *, metadata: Mapping[str, Any] | None = None, duration: float = 75.0
) -> Conversation:
    """A short one, with a tool."""
    entries = (
        Entry(number=1, role=Role.AGENT, content="Clinic, hello.", start=0.2, end=0.2, turn=0),
        Entry(number=2, role=Role.CALLER, content="Book me\n in.", start=3.0, end=3.0, turn=1),
        Entry(
            number=3,
            role=Role.TOOL_CALL,
            content="",
            start=4.0,
            end=4.0,
            turn=1,
            tool=ToolData(id="t1", name="book", arguments={"day": "Monday"}),
        ),
        Entry(
            number=4,
            role=Role.TOOL_RESULT,
            content="",
            start=4.5,
            end=4.5,
            turn=1,
            tool=ToolData(id="t1", name="book", result={"ok": True}),
        ),
        Entry(number=5, role=Role.AGENT, content="Booked.", start=65.0, end=65.0, turn=1, latency=0.5),
        Entry(number=6, role=Role.CALLER, content="", start=70.0, end=70.0, turn=2, ends_call=True),
    )
    return Conversation(
        started_at=BEGAN,
        duration=duration,
        entries=entries if code is not EndingCode.NOT_CONNECTED else (),
        ending=Ending(code=code, sentence="So it ended."),
        metadata=dict(metadata or {"call": "c-1"}),
    )


def spoken(call_id: str | None) -> VoiceRecord | None:
    """What makes a conversation a call of that name; nothing for none."""
    if call_id is None:
        return None
    return VoiceRecord(
        transport="sip",
        rate=8000,
        duration=75.0,
        recognition=RecognitionMode.OPEN,
        speech_to_text="scripted:words",
        text_to_speech="scripted:tones",
        call_id=call_id,
    )


def evaluation(outcome: Outcome) -> Evaluation:
    """With a check, metrics of each kind, and an expected outcome."""
    held = outcome is Outcome.PASSED
    parts = (
        OutcomePart(part="greets", answer=Answer.MET, explanation="It did.", evidence=(Evidence(entry=1),)),
        OutcomePart(part="books", answer=Answer.MET if held else Answer.NOT_MET, explanation="Look.", evidence=()),
    )
    return Evaluation(
        outcome=outcome,
        reason=f"Because it {outcome}.",
        checks=(CheckScore(name="said hello", passed=held, explanation="entry 1"),),
        metrics=(
            MetricScore(
                slug="latency",
                name="Latency",
                kind=MetricKind.NUMERIC,
                value=0.5,
                unit="s",
                percentiles={"p50": 0.5},
            ),
            MetricScore(slug="polite", name="Polite", kind=MetricKind.BINARY, value=held, attached=True, id=41),
            MetricScore(slug="mood", name="Mood", kind=MetricKind.ENUM, value="glad" if held else "cross"),
            MetricScore(slug="care", name="Care", kind=MetricKind.RATING, value=None, cannot_tell=True),
        ),
        expected_outcome=ExpectedOutcomeScore(parts=parts, score=100.0 if held else 50.0, explanation="See the parts."),
    )


async def keep(
    services: Services,
    letters: Mapping[str, str],
    *,
    name: str = "nightly",
    agent_id: int | None = 7,
    run_type: str = "Text",
    metadata: Mapping[str, Any] | None = None,
    first_scenario: int = 1,
    briefs: bool = True,
    kind: str = "service",
    tags: Sequence[str] = (),
    call_id: str | None = None,
) -> Result:
    """Store a result; the letters are those of `OUTCOMES` and `UNDER_WAY`."""
    store = Store(
        services.database,
        Owner.this_process(kind),
        brief_of=brief_of if briefs else None,
        metric_numbers=services.metric_numbers,
    )
    profile = TestProfile(name="VIP", agent_variables={"X-Id": "5"}, caller_variables={"name": "Ann"})
    specifications: list[RunSpecification] = []
    origins: list[RunOrigin] = []
    for number, (key, states) in enumerate(letters.items(), first_scenario):
        scenario = Scenario(
            key=key,
            name=key.title(),
            type=ScenarioType.INSTRUCTION,
            instructions="Book.",
            expected_outcome="greets and books",
            metrics=(MetricDefinition(id=41, slug="polite", name="Polite"),),
            tags=tuple(tags),
        )
        for repeat in range(1, len(states) + 1):
            specifications.append(
                RunSpecification(
                    scenario=scenario,
                    scenario_id=number,
                    repeat=repeat,
                    personality=Personality(name="Hasty"),
                    profile=profile,
                )
            )
            origins.append(RunOrigin(agent_id=agent_id or 0, personality_id=2, test_profile_id=3, number=str(repeat)))
    asked = Asked(
        agent_id=agent_id,
        sealed_agent=services.seal.close("{}"),
        run_type=run_type,
        request={"frequency": 2},
        origins=tuple(origins),
    )
    result = await store.add_result(
        name=name,
        agent_name="clinic",
        agent_url="ws://clinic",
        provenance=Provenance(ringback_version="1", seed=3),
        specifications=specifications,
        asked=asked if kind == "service" else None,
    )
    states = "".join(letters.values())
    for run, state in zip(result.runs, states, strict=True):
        await settle(services, store, run, state, metadata, call_id=call_id)
    return replace(result)


async def settle(
    services: Services,
    store: Store,
    run: Run,
    state: str,
    metadata: Mapping[str, Any] | None = None,
    *,
    call_id: str | None = None,
) -> None:
    """Bring a stored run to where a letter says."""
    if state in OUTCOMES:
        outcome, code = OUTCOMES[state]
        error = outcome is Outcome.ERROR
        done = replace(
            run,
            status=RunStatus.DONE,
            conversation=replace(conversation(code, metadata=metadata), voice=spoken(call_id)),
            evaluation=Evaluation(outcome=outcome, reason="No way to the agent.") if error else evaluation(outcome),
            started_at=BEGAN + timedelta(seconds=run.id),
            finished_at=BEGAN + timedelta(seconds=run.id + 75),
        )
        assert await store.finish_run(done)
    elif state != ".":
        await services.database.write(
            lambda connection: connection.execute(
                update(runs).where(runs.c.id == run.id).values(status=UNDER_WAY[state], updated_at=datetime.now(UTC))
            )
        )
