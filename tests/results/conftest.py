"""Results made of outcomes."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ringback.domain.conversation import Conversation, Entry, Role
from ringback.domain.ending import Ending, EndingCode
from ringback.domain.evaluation import Evaluation
from ringback.domain.outcome import Outcome
from ringback.domain.run import Provenance, Result, Run, RunSpecification, RunStatus
from ringback.domain.scenario import Scenario, ScenarioType
from ringback.domain.usage import Usage

_OUTCOMES = {
    "P": Outcome.PASSED,
    "F": Outcome.FAILED,
    "I": Outcome.INVALID,
    "?": Outcome.INCONCLUSIVE,
    "E": Outcome.ERROR,
}
_BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


def _conversation(latencies: Sequence[float], lag: float) -> Conversation:
    return Conversation(
        started_at=_BEGAN,
        duration=2.0,
        entries=tuple(
            Entry(number=number, role=Role.AGENT, content="Hi.", start=0, end=0, turn=number, latency=latency)
            for number, latency in enumerate(latencies, 1)
        ),
        ending=Ending(code=EndingCode.CALLER_ENDED, sentence="The caller hung up."),
        loop_lag=lag,
    )


@pytest.fixture
def result_of() -> Callable[..., Result]:
    """Makes a result from letters: `{"book": "PPF"}` is two passed and one failed run; `.` is not yet done."""

    def made(
        scenarios: dict[str, str],
        *,
        result_id: int = 1,
        pass_rate: float = 1.0,
        latencies: Sequence[float] = (0.2,),
        lag: float = 0.0,
        **provenance: Any,
    ) -> Result:
        runs: list[Run] = []
        for number, (key, letters) in enumerate(scenarios.items(), 1):
            scenario = Scenario(key=key, name=key.title(), type=ScenarioType.SCRIPT, pass_rate=pass_rate)
            for repeat, letter in enumerate(letters, 1):
                done = letter in _OUTCOMES
                runs.append(
                    Run(
                        id=len(runs) + 1,
                        result_id=result_id,
                        specification=RunSpecification(scenario=scenario, scenario_id=number, repeat=repeat),
                        status=RunStatus.DONE if done else RunStatus.INTERRUPTED,
                        conversation=_conversation(latencies, lag) if done else None,
                        evaluation=Evaluation(outcome=_OUTCOMES[letter], reason="So it is.") if done else None,
                        usage={"caller": Usage(calls=2, input_tokens=10, output_tokens=5, cost=0.25)} if done else {},
                    )
                )
        return Result(
            id=result_id,
            name="nightly",
            agent_name="clinic",
            agent_url="ws://localhost:1",
            created_at=_BEGAN,
            finished_at=_BEGAN + timedelta(seconds=5),
            provenance=Provenance(ringback_version="1", **provenance),
            runs=tuple(runs),
        )

    return made
