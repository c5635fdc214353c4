"""How many tokens the models of caller and judge would take for the same conversations: a scripted model plays both."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from text_against_voice_table import Tokens

from ringback.domain.check import AgentSaid
from ringback.domain.scenario import Scenario
from ringback.testing import Asked


def personas(scenarios: Sequence[Scenario]) -> dict[str, Any]:
    """A suite in which a model plays each caller, with the same lines, and a judge decides on the same words."""
    return {
        "version": "1",
        "suite": {"name": "The same callers, played by a model"},
        "defaults": {"language": "en", "max_duration": 150},
        "scenarios": [
            {
                "name": scenario.name,
                "type": "instruction",
                "instructions": " ".join((f"{scenario.name}. What you say, one line a turn:", *scenario.script)),
                "expected_outcome": f"The agent says “{_wanted(scenario)}”.",
            }
            for scenario in scenarios
        ],
    }


def _wanted(scenario: Scenario) -> str:
    return next(check.text for check in scenario.checks if isinstance(check, AgentSaid) and check.text)


class Player:
    """Answers as a model would that says what the script says, and quotes what it should."""

    def __init__(self, scenarios: Sequence[Scenario]) -> None:
        self._scenarios = scenarios

    def line(self, asked: Asked) -> str:
        """The caller's next line."""
        told = asked.said_by("system")
        script = next(scenario.script for scenario in self._scenarios if f"{scenario.name}. What you say" in told)
        said = sum(message["role"] == "assistant" for message in asked.messages)
        return script[min(said, len(script) - 1)]

    def verdict(self, asked: Asked) -> Mapping[str, Any]:
        """The judge's answer, with the line that shows it."""
        record = asked.said_by("user")
        wanted = next(words for s in self._scenarios if f"“{(words := _wanted(s))}”" in record)
        line = re.search(rf"\[(\d+)\] agent: [^\n]*{re.escape(wanted)}", record)
        evidence = [{"entry": int(line[1]), "speaker": "agent", "quote": wanted}] if line else []
        return {
            "parts": [
                {
                    "part": f"The agent says “{wanted}”.",
                    "explanation": "The agent says these words when it has done what the caller wanted.",
                    "evidence": evidence,
                    "absence": False,
                    "answer": "met" if evidence else "not_met",
                }
            ]
        }


def tokens_of(report: Mapping[str, Any]) -> Tokens:
    """Of an average conversation in a report."""
    runs = report["result"]["runs"]
    used = [usage for run in runs for usage in run["usage"].values()]
    return Tokens(
        read=sum(usage["input_tokens"] for usage in used) / len(runs),
        written=sum(usage["output_tokens"] for usage in used) / len(runs),
    )


def write_personas(folder: Path, scenarios: Sequence[Scenario]) -> Path:
    """The suite as a file: JSON is YAML too."""
    path = folder / "personas.yaml"
    path.write_text(json.dumps(personas(scenarios)), encoding="utf-8")
    return path
