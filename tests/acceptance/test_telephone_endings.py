"""Telephone agents that do not answer, or stop to, against `ringback run`: each call ends, and says how and why.

SIPp plays them all, by the `X-Case` of each INVITE; the calls of one agent are held side by side by one process.
"""

import asyncio
import json
from dataclasses import dataclass
from typing import Any

from command_line import CommandLine
from peer_speech import words_mulaw
from sipp_peer import SipMessage, SippPeer
from telephone_runs import LOOPBACK, project, runs_of

from ringback.domain.ending import Ending, EndingCode

HELLO = "Hello, this is the clinic."
LONGEST = 12
"""Seconds of a call."""
QUICK = {**LOOPBACK, "RINGBACK_MEDIA_TIMEOUT": "4"}
RINGING = 6.0
"""Seconds after which a call that nobody takes is given up."""


@dataclass(frozen=True)
class Case:
    """What is to be said of a call."""

    ending: str
    reference: str
    """The ending in the reference's spelling."""
    outcome: str = "error"
    """Empty: what comes of it depends on what was recognised."""
    finding: str | None = None


REFUSED = {
    "486": Case("busy", "Main agent-busy"),
    "603": Case("refused", "call-rejected"),
    "404": Case("not_connected", "Main agent-call-not-connected"),
    "503": Case("not_connected", "Main agent-call-not-connected"),
    "480": Case("no_answer", "Main agent-did-not-answer"),
    "488": Case("call_failed", "call-failed-unknown-error"),
    "rings": Case("no_answer", "Main agent-did-not-answer"),
    "silent": Case("no_answer", "Main agent-did-not-answer"),
}
ANSWERED = {
    "early": Case("agent_ended", "Main agent-ended-call", ""),
    "stops": Case("media_stopped", "Main agent-silence-timed-out", "", "media_stopped"),
    "no-media": Case("no_media", "sip-call-failed", "error", "no_media"),
    "holds": Case("agent_ended", "Main agent-ended-call", ""),
    "refers": Case("transferred", "Main agent-ended-call", ""),
    "storm": Case("agent_ended", "Main agent-ended-call", "", "flood"),
    "broken-sdp": Case("call_failed", "call-failed-unknown-error"),
    "other-codecs": Case("call_failed", "call-failed-unknown-error"),
}


def suite(cases: dict[str, Case]) -> str:
    scenarios = [
        {
            "name": name,
            "test_profile": name,
            "script": ["I would like to book a visit.", "Thank you, goodbye."],
            "max_duration": LONGEST,
        }
        for name in cases
    ]
    profiles = {name: {"agent_variables": {"X-Case": name, "X-Tier": "gold"}} for name in cases}
    return json.dumps({"version": "1", "profiles": profiles, "scenarios": scenarios})


async def held(
    ringback: CommandLine, agent: SippPeer, cases: dict[str, Case], *, more: str = "", **settings: str
) -> dict[str, dict[str, Any]]:
    """One call of each case, held side by side; each as the report has it."""
    ringback.write("suite.yaml", suite(cases))
    project(ringback, agent.uri, HELLO, more=more)
    async with asyncio.timeout(90):
        done = await ringback("run", "suite.yaml", "--json", "r.json", "--concurrency", len(cases), **QUICK, **settings)
    assert done.code in (1, 3), done.text  # some failed
    assert "Traceback" not in done.text
    return dict(zip(cases, runs_of(ringback), strict=True))


def problems_of(name: str, case: Case, run: dict[str, Any]) -> list[str]:
    """What is not as it has to be."""
    conversation, outcome = run["conversation"], run["evaluation"]["outcome"]
    ending = Ending(code=EndingCode(conversation["ending"]["code"]), sentence="")
    found = {finding["code"] for finding in conversation["findings"]}
    problems = {
        f"outcome {outcome}": case.outcome not in ("", outcome),
        f"ending {conversation['ending']}": ending.code != case.ending,
        f"in the reference's words {ending.reference_reason}": ending.reference_reason != case.reference,
        f"findings {found}": case.finding is not None and case.finding not in found,
    }
    return [f"{name}: {problem}" for problem, there in problems.items() if there]


async def test_each_way_not_to_take_a_call_is_its_own_ending(ringback: CommandLine) -> None:
    async with SippPeer(ringback.folder, "refuses") as agent:
        runs = await held(ringback, agent, REFUSED, RINGBACK_RING_TIMEOUT=str(RINGING))
        invites = {invite.header("X-Case"): invite for invite in agent.all_of("INVITE")}
        assert len(agent.all_of("CANCEL")) == 1
    problems = [problem for name, case in REFUSED.items() for problem in problems_of(name, case, runs[name])]
    assert problems == [], "\n".join(problems)
    assert set(invites) == set(REFUSED)
    for name, run in runs.items():
        check_headers(invites[name], run)
    assert 0.1 < runs["rings"]["conversation"]["rang_in_vain"] < 2 * RINGING
    assert runs["silent"]["conversation"]["rang_in_vain"] is None


def check_headers(invite: SipMessage, run: dict[str, Any]) -> None:
    """The run's ids and the profile's fields."""
    assert invite.header("X-Run-Id") == str(run["id"])
    assert invite.header("X-Result-Id") == "1"
    assert invite.header("X-Scenario-Id") == str(run["specification"]["scenario_id"])
    assert invite.header("X-Tier") == "gold"


async def test_each_way_to_leave_a_call_is_its_own_ending(ringback: CommandLine) -> None:
    plays = await words_mulaw(ringback.folder, HELLO, tail=1.0)
    async with SippPeer(ringback.folder, "answers", plays=plays) as agent:
        runs = await held(ringback, agent, ANSWERED)
        troubles = agent.troubles()
    problems = [problem for name, case in ANSWERED.items() for problem in problems_of(name, case, runs[name])]
    assert problems == [], "\n".join(problems)
    voices = {name: run["conversation"]["voice"] for name, run in runs.items()}
    assert len(voices["holds"]["holds"]) == 1
    assert "sip:colleague@example.org" in voices["refers"]["transfer"]
    assert 0.1 < voices["early"]["ringing"] < RINGING
    assert "unexpected" not in troubles


async def test_a_wrong_password_is_the_ending_and_is_told_nobody(ringback: CommandLine) -> None:
    case = {"none": Case("credentials_refused", "sip-call-failed")}
    async with SippPeer(ringback.folder, "asks_digest") as agent:
        ringback.environment["DESK"] = "caller:another word"
        runs = await held(ringback, agent, case, more='sip_auth = "env:DESK"\n')
        assert not any("another word" in str(message) for message in agent.messages)
    assert problems_of("none", case["none"], runs["none"]) == []
    assert "another word" not in (ringback.folder / "r.json").read_text()
