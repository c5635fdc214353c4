"""Whatever was heard on a line and in whatever order, there is an evaluation, and nothing in it crashes."""

import asyncio
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from ringback.domain.conversation import Conversation, Entry, Role
from ringback.domain.ending import Ending, EndingCode
from ringback.domain.outcome import Outcome
from ringback.domain.run import RunSpecification
from ringback.domain.scenario import Scenario, ScenarioType
from ringback.domain.voice import AgentTranscript, Recognition, RecognitionMode, Span, VoiceRecord
from ringback.evaluation.computed import COMPUTED
from ringback.evaluation.evaluator import evaluate

_SPANS = st.lists(
    st.tuples(st.floats(-2, 60), st.floats(-1, 20)).map(lambda one: Span(start=one[0], end=one[0] + one[1])), max_size=6
).map(tuple)
_VOICES = st.builds(
    VoiceRecord,
    transport=st.just("chirp"),
    rate=st.just(16_000),
    duration=st.floats(0, 60),
    recognition=st.sampled_from(RecognitionMode),
    speech_to_text=st.just("test:ear"),
    text_to_speech=st.just("test:mouth"),
    caller_speech=_SPANS,
    agent_speech=_SPANS,
    backchannels=_SPANS,
    protected=_SPANS,
    holds=_SPANS,
    agent_transcripts=st.lists(
        st.builds(AgentTranscript, at=st.floats(0, 60), text=st.text(max_size=20)), max_size=3
    ).map(tuple),
    degraded=st.sampled_from([(), ("Late.",)]),
)
_ENTRIES = st.lists(
    st.tuples(
        st.sampled_from([Role.AGENT, Role.CALLER]),
        st.text(max_size=10),
        st.floats(0, 60),
        st.floats(0, 60),
        st.booleans(),
        st.booleans(),
    ),
    max_size=6,
)
_TIMES = {"latency", "agent_interruptions", "interruption_score", "stop_time", "yield_time", "false_yields"}


@settings(deadline=None)
@given(_VOICES, _ENTRIES)
def test_no_call_breaks_the_evaluation(
    voice: VoiceRecord, said: list[tuple[Role, str, float, float, bool, bool]]
) -> None:
    entries = tuple(
        Entry(
            number=number,
            role=role,
            content=text if matched else "",
            start=start,
            end=end,
            turn=0,
            recognition=Recognition(mode=voice.recognition, matched=matched) if role is Role.AGENT else None,
            interrupted=interrupted and role is Role.CALLER,
        )
        for number, (role, text, start, end, matched, interrupted) in enumerate(said, 1)
    )
    conversation = Conversation(
        started_at=datetime(2026, 1, 1, tzinfo=UTC),
        duration=voice.duration,
        entries=entries,
        ending=Ending(code=EndingCode.CALLER_ENDED, sentence="Over."),
        voice=voice,
    )
    scenario = Scenario.model_validate(
        {
            "key": "k",
            "name": "K",
            "type": ScenarioType.SCRIPT,
            "checks": [
                {"type": "agent_said", "text": "a"},
                {"type": "agent_never_said", "text": "b"},
                {"type": "latency", "max": 1},
            ],
        }
    )
    specification = RunSpecification(scenario=scenario, scenario_id=1, repeat=1)
    evaluation = asyncio.run(evaluate(specification, conversation, judge=None))
    assert [metric.slug for metric in evaluation.metrics] == list(COMPUTED)
    assert not any(metric.crashed for metric in evaluation.metrics)
    assert all(metric.explanation for metric in evaluation.metrics)
    values = {metric.slug: metric.value for metric in evaluation.metrics}
    assert all(value is None or value >= 0 for value in values.values() if not isinstance(value, str | bool))
    figures = [value for value in values.values() if isinstance(value, float)]
    figures += [figure for metric in evaluation.metrics for figure in (metric.percentiles or {}).values()]
    assert figures == [round(figure, 6) for figure in figures]
    assert isinstance(values["talk_ratio"], float | None)
    assert values["talk_ratio"] is None or values["talk_ratio"] <= 1 + 1e-9
    if voice.degraded:
        assert not [slug for slug in _TIMES if values[slug] is not None]
    lost = any(entry.recognition and not entry.recognition.matched for entry in entries)
    said_b = any("b" in entry.content.casefold() for entry in entries if entry.role is Role.AGENT)
    too_late = not voice.degraded and not evaluation.checks[2].passed and not evaluation.checks[2].undecided
    if lost and not said_b and not too_late:
        assert evaluation.outcome is not Outcome.FAILED
