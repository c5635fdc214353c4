"""The JUnit report as an independent reader and the strict schema's rules see it."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import xmlschema
from junitparser import Error, Failure, JUnitXml

from ringback.domain.outcome import Outcome
from ringback.domain.run import Result
from ringback.results.compare import compare
from ringback.results.export.junit import render
from ringback.results.summary import summarise

Samples = Any  # conftest.py cannot be imported; its class is documented there

JENKINS = xmlschema.XMLSchema(Path(__file__).parent / "data" / "junit-10.xsd")
"""What Jenkins' xUnit plugin takes as JUnit XML; data/README.md says where it is from."""


def _report(result: Result) -> str:
    return render(result, summarise(result))


def _parse(text: str | bytes) -> ET.Element:
    return ET.fromstring(text)  # noqa: S314 - our own report


def test_an_independent_reader_counts_what_we_counted(samples: Samples) -> None:
    suite = next(iter(JUnitXml.fromstring(_report(samples.result()).encode())))
    assert (suite.tests, suite.failures, suite.errors, suite.skipped) == (17, 2, 4, 0)
    kinds = [type(trouble) for case in suite for trouble in case.result]
    assert (kinds.count(Failure), kinds.count(Error)) == (2, 4)


def test_only_the_agents_own_faults_are_failures(samples: Samples) -> None:
    suite = _parse(_report(samples.result()))[0]
    failures = {element.get("type") for element in suite.iter("failure")}
    errors = {element.get("type") for element in suite.iter("error")}
    assert failures == {"failed"}
    assert errors == {"error", "invalid", "inconclusive", "unfinished"}


def test_a_failure_tells_the_reason_the_check_and_the_exchange(samples: Samples) -> None:
    failure = next(_parse(_report(samples.result())).iter("failure"))
    assert failure.get("message") == 'A check failed: the agent never says "10:30".'
    assert failure.text is not None
    assert '✗ the agent never says "10:30": Entry 8 says it.' in failure.text
    assert "8     4.3 s  agent: You are booked for Friday at 10:30." in failure.text
    assert 'tool call: book_appointment({"patient": "Maria Lindqvist"' in failure.text
    assert "ending: The caller hung up" in failure.text


def test_provenance_stands_in_the_properties(samples: Samples) -> None:
    properties = {one.get("name"): one.get("value") for one in _parse(_report(samples.result())).iter("property")}
    assert properties["git commit"] == "4f2a9c1d8e77b0aa51c3"
    assert properties["label build"] == "1432"
    assert properties["suite clinic.yaml"] == "sha256 9b74c9897bac770ffc029102a200c5de"
    assert properties["judge model"] == "openai:gpt-5"
    assert properties["prompt persona"] == "3"
    assert properties["ringback"] == "0.1.0"


def test_the_overview_and_a_comparison_stand_in_the_suites_output(samples: Samples) -> None:
    result = samples.result()
    baseline = samples.result(id=3)
    text = render(result, summarise(result), compare(baseline, result))
    out = _parse(text)[0].findtext("system-out")
    assert out is not None
    assert "misses: Moves an appointment: 3 of 5 passed (60 %), 95 % interval 23 to 88 %" in out
    assert "against result 3:" in out


def test_a_result_without_runs_is_a_report_too(samples: Samples) -> None:
    assert len(_parse(_report(samples.result(())))[0].findall("testcase")) == 0


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script> & ]]> \"quoted\" 'single'",
        "control \x00\x01\x08\x0b\x1b[31m\x1f\x7f\x85",
        "not XML \ufffe\uffff \ud800 \U0001fffe",
        "\u202eback",
        "",
    ],
)
def test_no_text_breaks_the_document(hostile: Callable[[str], Result], text: str) -> None:
    report = _report(hostile(text))
    JENKINS.validate(report.encode("utf-8"))
    _follows_the_strict_schema(_parse(report.encode("utf-8")))
    assert re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff\u202e]", report) is None


@pytest.mark.parametrize(
    ("ours", "broken"), [('time="', 'time="soon '), ("<system-err", "<system-oops"), ('name="', 'n="')]
)
def test_the_schema_is_one_that_can_be_broken(samples: Samples, ours: str, broken: str) -> None:
    report = _report(samples.result())
    assert not JENKINS.is_valid(report.replace(ours, broken).encode("utf-8"))


def test_the_report_follows_the_strict_schema(samples: Samples) -> None:
    report = _report(samples.result())
    JENKINS.validate(report.encode("utf-8"))
    root = _parse(report)
    _follows_the_strict_schema(root)
    assert {outcome.value for outcome in Outcome} | {"unfinished"} > {
        element.get("type") for element in root.iter("error")
    }


def _follows_the_strict_schema(root: ET.Element) -> None:
    """The rules of the schema of Ant's JUnit task: order of elements, and the attributes there may and must be."""
    assert (root.tag, root.attrib) == ("testsuites", {})
    for place, suite in enumerate(root):
        assert set(suite.attrib) == {
            *("id", "name", "package", "hostname", "timestamp", "tests", "failures", "errors", "skipped", "time")
        }
        assert suite.get("id") == str(place)
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", suite.get("timestamp", ""))
        assert suite.get("name")
        tags = [child.tag for child in suite]
        assert tags == ["properties", *["testcase"] * (len(tags) - 3), "system-out", "system-err"]
        for fact in suite[0]:
            assert (fact.tag, set(fact.attrib)) == ("property", {"name", "value"})
            assert fact.get("name")
        for case in suite.findall("testcase"):
            assert set(case.attrib) == {"name", "classname", "time"}
            assert float(case.get("time", "")) >= 0
            assert len(case) <= 1
            for trouble in case:
                assert trouble.tag in {"failure", "error"}
                assert set(trouble.attrib) == {"type", "message"}
                assert len(trouble) == 0
