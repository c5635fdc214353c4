"""Whether the demo suite found the planted fault, and nothing else, read from the JSON report."""

import json
from dataclasses import dataclass
from typing import Any, cast

FAULTY = "move-an-appointment"
"""Key of the scenario that meets the fault."""
FAULT_CHECK = "The old appointment is cancelled"
"""The check that uncovers it."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of the demo."""

    fault: str = ""
    """What the failed check saw."""
    surprise: str = ""
    """What should not have happened; empty where all went as planned."""

    @property
    def as_planned(self) -> bool:
        """The fault was found, and all else passed."""
        return not self.surprise


def read_verdict(report: str) -> Verdict:
    """The verdict in a JSON report of the demo suite."""
    try:
        runs = cast("list[dict[str, Any]]", json.loads(report)["result"]["runs"])
        others = [run for run in runs if _key(run) != FAULTY]
        faulty = [run for run in runs if _key(run) == FAULTY]
        wrong = [f"{_key(run)} ended as {_outcome(run)}" for run in others if _outcome(run) != "passed"]
        if wrong:
            return Verdict(surprise=f"{', '.join(wrong)}.")
        if not others or len(faulty) != 1:
            return Verdict(surprise="not every scenario was run.")
        return _fault(faulty[0])
    except (ValueError, LookupError, TypeError, AttributeError):
        return Verdict(surprise="the JSON report cannot be understood.")


def _fault(run: dict[str, Any]) -> Verdict:
    checks = cast("list[dict[str, Any]]", _evaluation(run).get("checks") or [])
    broken = [check for check in checks if not check["passed"]]
    if _outcome(run) != "failed" or [check["name"] for check in broken] != [FAULT_CHECK]:
        names = ", ".join(check["name"] for check in broken) or "no check"
        return Verdict(surprise=f"{_key(run)} ended as {_outcome(run)}, failed: {names}. The fault was not found.")
    return Verdict(fault=f"“{FAULT_CHECK}” did not hold. {broken[0]['explanation']}")


def _key(run: dict[str, Any]) -> str:
    return str(run["specification"]["scenario"]["key"])


def _evaluation(run: dict[str, Any]) -> dict[str, Any]:
    return cast("dict[str, Any]", run.get("evaluation") or {})


def _outcome(run: dict[str, Any]) -> str:
    return str(_evaluation(run).get("outcome"))
