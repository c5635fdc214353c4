"""Telephone calls in the reports that are files: what rang, what came through, what was bad about the line."""

import csv
import io
import re
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from rich.console import Console

from ringback.cli.failure import transcript_lines
from ringback.domain.ending import Ending, EndingCode
from ringback.domain.outcome import Outcome
from ringback.domain.run import Result
from ringback.domain.voice import MediaRecord, Span
from ringback.results.export import html, json_report, junit, markdown
from ringback.results.export.runs import COLUMNS, _flat, _row  # pyright: ignore[reportPrivateUsage] - without a database
from ringback.results.summary import summarise

Calls = Any  # conftest.py cannot be imported; its classes are documented there
Samples = Any

LOST = "12.0% of the packets were lost on the way from the agent."
MEDIA = MediaRecord(
    codec="PCMU", packets_sent=300, packets_received=264, lost_received=36, jitter_received=0.004, round_trip=0.031
)
TELEPHONE = {
    "transport": "sip",
    "call_id": "a84b4c76e66710@127.0.0.1",
    "ringing": 1.2,
    "media": MEDIA,
    "holds": (Span(start=4.6, end=4.9),),
    "transfer": "sip:sales@clinic.example",
    "degraded": (LOST,),
}
FACTS = {
    "telephone": "rang 1.2 s; PCMU; round trip 31 ms",
    "from the agent": "264 packets, 36 lost (12.0 %); jitter 4.0 ms",
    "to the agent": "300 packets; what came of them was not reported",
    "on hold": "4.6 to 4.9 s",
    "passed on to": "sip:sales@clinic.example",
}


@pytest.fixture
def result(calls: Calls) -> Result:
    """One failed call on a bad telephone line."""
    return calls.result(**TELEPHONE)


def test_the_page_has_the_telephone_among_the_facts_of_the_call(result: Result) -> None:
    page = html.render(result, summarise(result))
    facts = dict(re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", page))
    assert {name: facts[name] for name in FACTS} == FACTS
    assert facts["line"] == "sip, 8 kHz"
    assert facts["call"] == "a84b4c76e66710@127.0.0.1"
    assert f"Times of this call are not trusted: {LOST}" in page
    assert "latency not trusted: calls were degraded" in page
    assert "caller on hold 4.60 to 4.90 s" in page


def test_a_call_that_nobody_answered_says_how_long_it_rang(samples: Samples) -> None:
    ending = Ending(code=EndingCode.NO_ANSWER, sentence="sip:a did not answer.")
    conversation = samples.conversation(entries=(), findings=(), metadata_updates=(), ending=ending, rang_in_vain=30.0)
    run = samples.run(samples.scenario(), Outcome.ERROR, conversation=conversation)
    result = samples.result((run,))
    assert "<dt>telephone</dt><dd>rang 30.0 s</dd>" in html.render(result, summarise(result))


def test_a_build_server_is_told_the_ending_and_what_was_bad(result: Result) -> None:
    root = ET.fromstring(junit.render(result, summarise(result)))  # noqa: S314 - our own report
    story = next(root.iter("failure")).text or ""
    assert "(caller_ended)" in story
    assert all(f"{name}: {value}" in story for name, value in FACTS.items())
    assert f"degraded: {LOST}" in story
    overview = next(root.iter("system-out")).text or ""
    assert f"degraded: run {result.runs[0].id}, Moves an appointment: {LOST}" in overview


def test_a_call_that_passed_is_named_as_degraded_too(result: Result) -> None:
    [run] = result.runs
    assert run.evaluation is not None
    passed = replace(result, runs=(replace(run, evaluation=replace(run.evaluation, outcome=Outcome.PASSED)),))
    text = junit.render(passed, summarise(passed))
    assert "<failure" not in text
    assert f"degraded: run {run.id}" in text


def test_a_pull_request_is_told_too_and_no_address_becomes_a_link(result: Result) -> None:
    text = markdown.render(result, summarise(result))
    assert "- telephone: rang 1.2 s; PCMU; round trip 31 ms" in text
    assert "- degraded: 12.0% of the packets were lost on the way from the agent." in text
    assert "sales@clinic.example" not in text


def test_programs_get_all_of_it(result: Result) -> None:
    text = json_report.render(result, summarise(result)).decode()
    assert '"media":{"codec":"PCMU","packets_sent":300' in text.replace(": ", ":").replace(", ", ",")
    assert '"transfer":"sip:sales@clinic.example"' in text
    assert '"ringing":1.2' in text


def test_the_table_of_runs_has_ringing_and_reasons() -> None:
    run: dict[str, Any] = {
        "id": 1,
        "expected_outcome": None,
        "evaluation": {"metrics": []},
        "metadata": {"ringing_duration": 1.2},
        "voice": {"degraded": ["One.", "Two."]},
    }
    [row] = csv.reader(io.StringIO(_row(_flat(run)).decode()))
    cells = dict(zip(COLUMNS, row, strict=True))
    assert (cells["ringing_duration"], cells["degraded"]) == ("1.2", "One.\nTwo.")
    [row] = csv.reader(io.StringIO(_row(_flat({**run, "metadata": {}, "voice": None})).decode()))
    cells = dict(zip(COLUMNS, row, strict=True))
    assert (cells["ringing_duration"], cells["degraded"]) == ("", "")


def test_the_terminal_shows_it_with_the_transcript(result: Result) -> None:
    console = Console(width=200, record=True, file=io.StringIO())
    for line in transcript_lines(result.runs[0]):
        console.print(line)
    text = console.export_text()
    assert all(f"{name}: {value}" in text for name, value in FACTS.items())
    assert f"degraded: {LOST}" in text


def test_what_an_agent_chose_is_escaped_in_every_report(calls: Calls) -> None:
    planted = '"><script>planted()</script>'
    hostile = calls.result(**{**TELEPHONE, "transfer": planted, "media": replace(MEDIA, codec=planted)})
    summary = summarise(hostile)
    assert "<script>planted" not in html.render(hostile, summary)
    assert "<script>planted" not in markdown.render(hostile, summary)
    assert "<script>planted" not in junit.render(hostile, summary)
