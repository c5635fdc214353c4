"""Whether the demo suite found the planted fault, and nothing else, read from the JSON report."""

import json
from dataclasses import dataclass
from typing import Any, cast


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """One demo, and what should come of it."""

    suite: str
    """File in this package."""
    report: str
    """Folder."""
    faulty: str
    """Key of the scenario that meets the fault."""
    fault: str
    """Name of the check, or slug of the metric, that uncovers it."""
    begins: str
    """What happens now, for somebody who watches."""
    look: str
    """What the page is opened for."""
    flags: str = ""
    """What `ringback run` needs beside the URL."""


CHAT = Demo(
    suite="suite.yaml",
    report="demo-report",
    faulty="move-an-appointment",
    fault="The old appointment is cancelled",
    begins="Simulated callers ring it up now.",
    look="see where in the conversation it shows",
)
VOICE = Demo(
    suite="voice_suite.yaml",
    report="demo-voice-report",
    faulty="interrupt-the-opening-hours",
    fault="stop_time",
    begins="Simulated callers speak with it now, in real time: it takes a minute.",
    look="hear the calls, and see where it talks over its caller",
    flags=" --channel media-streams --known-lines FILE",
)


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


def read_verdict(demo: Demo, report: str) -> Verdict:
    """The verdict in a JSON report of the demo's suite."""
    try:
        runs = cast("list[dict[str, Any]]", json.loads(report)["result"]["runs"])
        others = [run for run in runs if _key(run) != demo.faulty]
        faulty = [run for run in runs if _key(run) == demo.faulty]
        wrong = [f"{_key(run)} ended as {_outcome(run)}" for run in others if _outcome(run) != "passed"]
        if wrong:
            return Verdict(surprise=f"{', '.join(wrong)}.")
        if not others or len(faulty) != 1:
            return Verdict(surprise="not every scenario was run.")
        return _fault(demo, faulty[0])
    except (ValueError, LookupError, TypeError, AttributeError):
        return Verdict(surprise="the JSON report cannot be understood.")


def _fault(demo: Demo, run: dict[str, Any]) -> Verdict:
    checks = cast("list[dict[str, Any]]", _evaluation(run).get("checks") or [])
    broken = {str(check["name"]): str(check["explanation"]) for check in checks if not check["passed"]}
    if demo is VOICE and not broken:
        metrics = cast("list[dict[str, Any]]", _evaluation(run).get("metrics") or [])
        broken = {str(metric["slug"]): _evaluation(run)["reason"] for metric in metrics if metric["slug"] == demo.fault}
    if _outcome(run) != "failed" or list(broken) != [demo.fault]:
        names = ", ".join(broken) or "no check"
        why = f" {_evaluation(run).get('reason') or ''}".rstrip()
        return Verdict(surprise=f"{_key(run)} ended as {_outcome(run)}, failed: {names}.{why} The fault was not found.")
    if demo is VOICE:
        return Verdict(fault=f"the agent talks over whoever interrupts it. {broken[demo.fault]}")
    return Verdict(fault=f"“{demo.fault}” did not hold. {broken[demo.fault]}")


def _key(run: dict[str, Any]) -> str:
    return str(run["specification"]["scenario"]["key"])


def _evaluation(run: dict[str, Any]) -> dict[str, Any]:
    return cast("dict[str, Any]", run.get("evaluation") or {})


def _outcome(run: dict[str, Any]) -> str:
    return str(_evaluation(run).get("outcome"))
