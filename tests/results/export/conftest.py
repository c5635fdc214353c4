"""A result in which a bit of everything happened, and hostile words to plant in it."""

import shutil
import wave
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, async_playwright

from ringback.domain.check import AgentNeverSaid
from ringback.domain.conversation import Conversation, Entry, Finding, FindingCode, MetadataUpdate, Role, ToolData
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
from ringback.domain.run import Attempt, Provenance, Result, Run, RunSpecification, RunStatus
from ringback.domain.scenario import MetricKind, Personality, Scenario, ScenarioType, TestProfile
from ringback.domain.usage import Usage
from ringback.domain.voice import Lateness, Recognition, RecognitionMode, Span, VoiceRecord
from ringback.speech.compression import compressed_copy

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@dataclass
class Samples:
    """Makes runs and results."""

    next_id: int = 100

    def conversation(self, **changes: Any) -> Conversation:
        """A patient moves an appointment; the agent confirms a time that its tool did not give."""
        arguments = {"patient": "Maria Lindqvist", "day": "Friday", "time": "10:30"}
        slot = {"ok": True, "slot": "Friday 11:30", "confirmation": "C-2291"}
        entries = (
            _said(
                1,
                Role.AGENT,
                "Riverside Clinic, this is the front desk. How can I help you today?",
                0.1,
                0,
                latency=0.1,
            ),
            _said(2, Role.CALLER, "Hello, I need to move my appointment to Friday morning.", 0.4, 1),
            _said(3, Role.AGENT, "Of course. May I have your name, please?", 1.64, 1, latency=1.24),
            _said(4, Role.CALLER, "Maria Lindqvist. Half past ten would suit me best.", 2.0, 2),
            _said(5, Role.AGENT, "Let me check…", 2.8, 2, latency=0.8),
            _tool(6, Role.TOOL_CALL, ToolData(id="c1", name="book_appointment", arguments=arguments), 2.9),
            _tool(7, Role.TOOL_RESULT, ToolData(id="c1", name="book_appointment", result=slot), 4.1),
            _said(8, Role.AGENT, "You are booked for Friday at 10:30. Your number is C-2291.", 4.3, 2),
            _said(9, Role.CALLER, "Thank you, goodbye.", 4.6, 3),
            _said(10, Role.AGENT, "Goodbye!", 5.2, 3, latency=0.6),
        )
        return replace(
            Conversation(
                started_at=NOON,
                duration=6.4,
                entries=entries,
                ending=Ending(code=EndingCode.CALLER_ENDED, sentence="The caller hung up: the appointment is moved."),
                findings=(
                    Finding(
                        at=4.2,
                        code=FindingCode.UNKNOWN_TYPE,
                        sentence='A frame of the unknown type "typing" was recorded.',
                        detail={"type": "typing"},
                    ),
                ),
                metadata={"call": {"queue": "front-desk", "language": "en"}, "booking": "C-2291"},
                metadata_updates=(
                    MetadataUpdate(at=0.05, values={"call": {"queue": "front-desk", "language": "en"}}),
                    MetadataUpdate(at=4.15, values={"booking": "C-2291"}),
                ),
            ),
            **changes,
        )

    def evaluation(self, outcome: Outcome, **changes: Any) -> Evaluation:
        """What the evaluation of that conversation could be."""
        bad = outcome is Outcome.FAILED
        answer = {Outcome.FAILED: Answer.NOT_MET, Outcome.INCONCLUSIVE: Answer.CANNOT_TELL}.get(outcome, Answer.MET)
        return replace(
            Evaluation(
                outcome=outcome,
                reason={
                    Outcome.PASSED: "Every check and every part of the expected outcome holds.",
                    Outcome.FAILED: 'A check failed: the agent never says "10:30".',
                    Outcome.INVALID: "The caller broke character twice: it spoke as the assistant.",
                    Outcome.INCONCLUSIVE: "The judge cannot tell whether the time was confirmed.",
                    Outcome.ERROR: "The agent refused the connection: 401, wrong or missing secret.",
                }[outcome],
                checks=(
                    CheckScore(
                        name="calls book_appointment with the patient's name",
                        passed=True,
                        explanation="Entry 6 calls it with these arguments.",
                        evidence=(Evidence(entry=6, quote="Maria Lindqvist"),),
                    ),
                    CheckScore(
                        name='the agent never says "10:30"',
                        passed=not bad,
                        explanation="Entry 8 says it." if bad else "No entry says it.",
                        evidence=(Evidence(entry=8, quote="10:30"),) if bad else (),
                    ),
                ),
                expected_outcome=ExpectedOutcomeScore(
                    parts=(
                        OutcomePart(
                            part="The appointment is moved to Friday",
                            answer=Answer.MET,
                            explanation="The tool confirmed a slot on Friday.",
                            evidence=(Evidence(entry=7, quote="Friday 11:30"),),
                        ),
                        OutcomePart(
                            part="The caller is told the time that was really booked",
                            answer=answer,
                            explanation="The tool booked 11:30; the agent confirmed 10:30.",
                            evidence=(Evidence(entry=8, quote="booked for Friday at 10:30"),),
                        ),
                    ),
                    score=50.0,
                    rejected=("the quote “Friday at noon” is not in entry 8",) if bad else (),
                ),
                metrics=(
                    MetricScore(
                        slug="latency",
                        name="Reply latency",
                        kind=MetricKind.NUMERIC,
                        value=0.7,
                        unit="s",
                        percentiles={"p50": 0.8, "p95": 1.2},
                    ),
                    MetricScore(
                        slug="polite",
                        name="Polite",
                        kind=MetricKind.RATING,
                        value=4.5,
                        explanation="Greets and says goodbye.",
                        attached=True,
                    ),
                ),
            ),
            **changes,
        )

    def run(self, scenario: Scenario, outcome: Outcome | None, repeat: int = 1, **changes: Any) -> Run:
        """A run with that outcome; None: it was never held."""
        self.next_id += 1
        run = Run(
            id=self.next_id,
            result_id=7,
            specification=RunSpecification(scenario=scenario, scenario_id=1, repeat=repeat),
            status=RunStatus.DONE if outcome else RunStatus.INTERRUPTED,
        )
        if outcome:
            run = replace(
                run,
                conversation=self.conversation(),
                evaluation=self.evaluation(outcome),
                usage={"caller": Usage(calls=4, input_tokens=3100, output_tokens=120, cost=0.0021)},
                started_at=NOON,
                finished_at=NOON + timedelta(seconds=7),
            )
        return replace(run, **changes)

    def scenario(self, key: str = "moves", name: str = "Moves an appointment", **changes: Any) -> Scenario:
        """A scenario; what it asserts is of no matter to a report."""
        return Scenario(
            key=key,
            name=name,
            type=ScenarioType.INSTRUCTION,
            instructions="Move your appointment to Friday.",
            checks=(AgentNeverSaid(type="agent_never_said", text="10:30"),),
            **changes,
        )

    def result(self, runs: tuple[Run, ...] | None = None, **changes: Any) -> Result:
        """A finished result."""
        return replace(
            Result(
                id=7,
                name="clinic.yaml",
                agent_name="front-desk",
                agent_url="wss://agent.example/chat?key=***",
                created_at=NOON,
                finished_at=NOON + timedelta(seconds=93),
                provenance=Provenance(
                    ringback_version="0.1.0",
                    git_commit="4f2a9c1d8e77b0aa51c3",
                    git_branch="main",
                    labels={"build": "1432"},
                    suite_hashes={"clinic.yaml": "9b74c9897bac770ffc029102a200c5de"},
                    models={"caller": "openai:gpt-5-mini", "judge": "openai:gpt-5"},
                    prompt_versions={"persona": "3", "judge": "2"},
                    seed=4,
                ),
                runs=self.everything() if runs is None else runs,
            ),
            **changes,
        )

    def everything(self) -> tuple[Run, ...]:
        """Four scenarios with every outcome."""
        moves, books = self.scenario(), self.scenario("books", "Books a first visit", pass_rate=0.8)
        asks = self.scenario("asks", "Asks for opening hours")
        angry = self.scenario("angry", "Complains about a bill and wants to speak to a human at once")
        impatient = Personality(name="Impatient")
        special = RunSpecification(
            scenario=angry, scenario_id=1, repeat=1, personality=impatient, profile=TestProfile(name="VIP")
        )
        invalid = self.evaluation(Outcome.INVALID, checks=(), expected_outcome=None)
        refused = self.evaluation(Outcome.ERROR, checks=(), expected_outcome=None, metrics=())
        never_open = self.conversation(
            entries=(),
            findings=(),
            metadata={},
            metadata_updates=(),
            duration=0.0,
            ending=Ending(code=EndingCode.REFUSED, sentence="The agent refused the connection with 401."),
        )
        attempt = Attempt(number=1, conversation=self.conversation(), reason="The caller leaked its prompt.")
        return (
            *(
                self.run(moves, Outcome.FAILED if repeat in (2, 5) else Outcome.PASSED, repeat)
                for repeat in range(1, 6)
            ),
            *(self.run(books, Outcome.PASSED, repeat) for repeat in range(1, 6)),
            *(self.run(asks, Outcome.PASSED, repeat) for repeat in range(1, 4)),
            self.run(
                angry,
                Outcome.INVALID,
                specification=special,
                evaluation=invalid,
                attempt=2,
                earlier_attempts=(attempt,),
            ),
            self.run(angry, Outcome.INCONCLUSIVE, 2),
            self.run(angry, Outcome.ERROR, 3, evaluation=refused, conversation=never_open),
            self.run(angry, None, 4),
        )


def _said(number: int, role: Role, text: str, at: float, turn: int, *, latency: float | None = None) -> Entry:
    return Entry(number=number, role=role, content=text, start=at, end=at, turn=turn, latency=latency)


def _tool(number: int, role: Role, data: ToolData, at: float) -> Entry:
    return Entry(number=number, role=role, content="", start=at, end=at, turn=2, tool=data)


@pytest.fixture
def samples() -> Samples:
    """Makes runs and results."""
    return Samples()


@pytest.fixture
def hostile(samples: Samples) -> Callable[[str], Result]:
    """A result in which the given text stands wherever somebody else's words can stand."""

    def planted(text: str) -> Result:
        samples.next_id = 100  # the same numbers for every text
        scenario = samples.scenario("k" + text, text)
        evidence = (Evidence(entry=1, quote=text), Evidence(entry=2, quote=text))
        entries = (
            _said(1, Role.AGENT, f"before {text} after", 0.0, 0),
            _tool(2, Role.TOOL_CALL, ToolData(id=text, name=text, arguments={text: [text]}), 0.1),
            _tool(3, Role.TOOL_RESULT, ToolData(id=text, name=text, result=text), 0.2),
        )
        conversation = samples.conversation(
            entries=entries,
            ending=Ending(code=EndingCode.AGENT_CLOSED, sentence=text),
            findings=(Finding(at=0.1, code=FindingCode.ERROR_FRAME, sentence=text, detail={text: text}),),
            metadata={text: {text: text}},
            metadata_updates=(MetadataUpdate(at=0.1, values={text: text}),),
        )
        score = ExpectedOutcomeScore(
            parts=(OutcomePart(part=text, answer=Answer.NOT_MET, explanation=text, evidence=evidence),),
            score=0.0,
            explanation=text,
            rejected=(text,),
        )
        metric = MetricScore(
            slug=text, name=text, kind=MetricKind.ENUM, value=text, explanation=text, unit=text, attached=True
        )
        evaluation = Evaluation(
            outcome=Outcome.FAILED,
            reason=text,
            checks=(CheckScore(name=text, passed=False, explanation=text, evidence=evidence),),
            metrics=(metric, replace(metric, attached=False)),
            expected_outcome=score,
        )
        specification = RunSpecification(
            scenario=scenario,
            scenario_id=1,
            repeat=1,
            personality=Personality(name=text),
            profile=TestProfile(name=text),
        )
        attempt = Attempt(number=1, conversation=conversation, reason=text)
        run = samples.run(
            scenario,
            Outcome.FAILED,
            specification=specification,
            conversation=conversation,
            evaluation=evaluation,
            earlier_attempts=(attempt,),
            usage={text: Usage(calls=1)},
        )
        provenance = Provenance(
            ringback_version="0.1.0",
            git_commit=text,
            git_branch=text,
            labels={text: text},
            suite_hashes={text: text},
            models={text: text},
            prompt_versions={text: text},
        )
        return samples.result((run,), name=text, agent_name=text, agent_url=text, provenance=provenance)

    return planted


@dataclass
class SpokenCalls:
    """Makes results with one spoken call of six seconds, and its recording: a tone wherever somebody speaks."""

    samples: Samples
    recordings: Path
    caller = (Span(start=1.0, end=2.0), Span(start=3.5, end=4.5))
    agent = (Span(start=0.0, end=0.8), Span(start=2.7, end=4.0))

    def result(self, *, words: str = "Yes, we are open.", **voice: Any) -> Result:
        """The call; `voice` changes what is kept of it."""
        heard = Recognition(mode=RecognitionMode.GRAMMAR)
        lines = (
            (Role.AGENT, "Hello.", self.agent[0], heard, False),
            (Role.CALLER, "Are you open?", self.caller[0], None, False),
            (Role.AGENT, words, self.agent[1], heard, False),
            (Role.CALLER, "I have to", self.caller[1], None, True),
            (Role.AGENT, "", Span(start=5.0, end=5.6), replace(heard, matched=False), False),
        )
        entries = tuple(
            Entry(
                number=number,
                role=role,
                content=content,
                start=span.start,
                end=span.end,
                turn=number // 2,
                recognition=recognition,
                interrupted=interrupted,
            )
            for number, (role, content, span, recognition, interrupted) in enumerate(lines, 1)
        )
        kept = VoiceRecord(
            transport="media-streams",
            rate=8000,
            duration=6.0,
            recognition=RecognitionMode.GRAMMAR,
            speech_to_text="pocketsphinx:en-us",
            text_to_speech="flite:slt",
            recording="7/101-1",
            caller_speech=self.caller,
            agent_speech=(*self.agent, Span(start=5.0, end=5.6)),
            lateness=Lateness(frames=300, p50=0.0004, p99=0.0123, worst=0.02),
            seed=11,
        )
        conversation = self.samples.conversation(
            entries=entries, findings=(), metadata_updates=(), duration=6.0, voice=replace(kept, **voice)
        )
        evaluation = self.samples.evaluation(Outcome.FAILED, checks=(), expected_outcome=None)
        run = self.samples.run(
            self.samples.scenario(), Outcome.FAILED, conversation=conversation, evaluation=evaluation
        )
        return self.samples.result((run,))

    def record(self) -> None:
        """Write the recording and its compressed copy."""
        sound = np.zeros((6 * 8000, 2), np.int16)
        tone = (8000 * np.sin(2 * np.pi * 440 * np.arange(len(sound)) / 8000)).astype(np.int16)
        for side, spans in enumerate((self.caller, self.agent)):
            for span in spans:
                part = slice(round(span.start * 8000), round(span.end * 8000))
                sound[part, side] = tone[part]
        wav = self.recordings / "7" / "101-1.wav"
        wav.parent.mkdir(parents=True)
        with wave.open(str(wav), "wb") as file:
            file.setparams((2, 2, 8000, 0, "NONE", ""))
            file.writeframes(sound.tobytes())
        assert compressed_copy(wav) == wav.with_suffix(".mp3")


@pytest.fixture
def calls(samples: Samples, tmp_path: Path) -> SpokenCalls:
    """Makes results with a spoken call."""
    return SpokenCalls(samples, tmp_path / "recordings")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    """Debian's Chromium; the sandbox needs a user that is not root."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert path, "no Chromium: `make test` installs it"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        await browser.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def window(browser: Browser) -> BrowserContext:
    """A window without a network; its tabs begin in half the time that a window of their own would take each."""
    return await browser.new_context(offline=True)
