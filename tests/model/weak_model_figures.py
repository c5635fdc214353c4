"""Reads JSON reports: what came of the weak model's conversations, and whether every quote stands in the record."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

Run = dict[str, Any]


def runs_of(report: Path) -> list[Run]:
    """The runs of a report."""
    return json.loads(report.read_text("utf-8"))["result"]["runs"]


def quotes_not_in_the_record(run: Run) -> list[str]:
    """Evidence of checks, metrics and the expected outcome whose words do not stand where they are said to stand.

    Written without a look at Ringback's own check of quotes: plain text in plain text, letter by letter.
    """
    evaluation, conversation = run["evaluation"], run["conversation"]
    entries = {entry["number"]: entry for entry in conversation["entries"]}
    return [
        f"entry {evidence['entry']}: {evidence['quote']!r}"
        for evidence in _evidence(evaluation)
        if not _stands(evidence, entries, conversation)
    ]


def _evidence(evaluation: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for score in (*evaluation["checks"], *evaluation["metrics"], *_parts(evaluation)):
        yield from score["evidence"]


def _parts(evaluation: Mapping[str, Any]) -> list[dict[str, Any]]:
    expected: dict[str, Any] | None = evaluation["expected_outcome"]
    return expected["parts"] if expected else []


def _stands(evidence: dict[str, Any], entries: Mapping[int, Any], conversation: Mapping[str, Any]) -> bool:
    number, quote = evidence["entry"], evidence["quote"]
    if number == 0:  # what is known of the call: how it ended, its length, the metadata
        known = json.dumps([conversation["ending"], conversation["duration"], conversation["metadata"]])
        return all(word in known or word.replace(".", "").isdigit() for word in re.findall(r"[\w.]+\w", quote))
    if number not in entries:
        return False
    return quote in entries[number]["content"]


def met_without_words_of_the_agent(run: Run) -> list[str]:
    """Parts that count as met by words of the caller alone."""
    roles = {entry["number"]: entry["role"] for entry in run["conversation"]["entries"]}
    return [
        part["part"]
        for part in _parts(run["evaluation"])
        if part["answer"] == "met"
        and part["evidence"]
        and all(roles.get(evidence["entry"]) == "Testing Agent" for evidence in part["evidence"])
    ]


def figures(runs: Iterable[Run]) -> dict[str, Any]:
    """Counts: outcomes, endings, discards and refused hang-ups by kind, verdicts turned down."""
    runs = list(runs)
    tries = [conversation for run in runs for conversation in _conversations(run)]
    discards = [finding for one in tries for finding in one["findings"] if finding["code"] == "discarded_reply"]
    expected = [run["evaluation"]["expected_outcome"] for run in runs if run["evaluation"]["expected_outcome"]]
    return {
        "runs": len(runs),
        "conversations, earlier attempts included": len(tries),
        "outcomes": _sorted(run["evaluation"]["outcome"] for run in runs),
        "endings": _sorted(one["ending"]["code"] for one in tries),
        "replies discarded": len(discards),
        "replies discarded, by kind": _sorted(kind for one in discards for kind in one["detail"]["kinds"]),
        "verdicts": len(expected),
        "verdicts turned down at least once": sum(bool(one["rejected"]) for one in expected),
        "verdicts without verified quotes at last": sum(not one["quotes_verified"] for one in expected),
        "parts by answer": _sorted(part["answer"] for one in expected for part in one["parts"]),
        "why verdicts were turned down": _sorted(_kind(why) for one in expected for why in one["rejected"]),
    }


def _conversations(run: Run) -> list[dict[str, Any]]:
    tries = [attempt["conversation"] for attempt in run["earlier_attempts"]]
    return [one for one in (*tries, run["conversation"]) if one is not None]


def _sorted(names: Iterable[str]) -> dict[str, int]:
    return dict(Counter(names).most_common())


_REASONS = (
    ("does not stand in entry", "a quote that is not in the line"),
    ("There is no entry", "a line that does not exist"),
    ("'s, not the", "a quote under another speaker's name"),
    ("is empty", "an empty quote"),
    ("without a quote", "an answer without a quote"),
    ("is not in the expected outcome", "a part that nobody expected"),
    ("leave out", "some of the expected outcome left out"),
    ("There are no parts", "no parts"),
    ("by absence", "met by absence, though nothing was forbidden"),
    ("words of the caller alone", "met by words of the caller alone"),
    ("two different answers", "two answers to one part"),
    ("are the most", "too many parts or quotes"),
    ("does not fit what was asked for", "an answer of another form"),
)


def _kind(why: str) -> str:
    return next((kind for sign, kind in _REASONS if sign in why), why[:80])


def replies_given(exchanges: Path) -> int:
    """How often the model was asked for a caller's words."""
    requests = [json.loads(text)["request"] for text in exchanges.read_text("utf-8").splitlines()]
    return sum(request["messages"][0]["content"].startswith("You play a person") for request in requests)


_LINE = re.compile(r"^\[(\d+)\] (\w+): (.*)$", re.MULTILINE)


def quotes_given(exchanges: Path) -> dict[str, int]:
    """What the judge quoted, of all its answers: how often the words stand in the line that it named."""
    counts = Counter[str]({"answers": 0, "answers that are no JSON": 0, "quotes": 0})
    for text in exchanges.read_text("utf-8").splitlines():
        exchange = json.loads(text)
        request = exchange["request"]
        if not request["messages"][1]["content"].startswith("The record:"):
            continue
        lines = {int(found[1]): found[3] for found in _LINE.finditer(request["messages"][1]["content"])}
        counts["answers"] += 1
        try:
            answer: dict[str, Any] = json.loads(exchange["answer"]["choices"][0]["message"]["content"])
        except ValueError:
            counts["answers that are no JSON"] += 1
            continue
        for part in answer.get("parts", []):
            for quoted in part["evidence"]:
                counts["quotes"] += 1
                counts[_where(quoted["quote"], lines.get(quoted["entry"], ""), lines.values())] += 1
    return dict(counts)


def _where(quote: str, named: str, lines: Iterable[str]) -> str:
    wanted = quote.strip().casefold()
    if not wanted:
        return "empty quotes"
    if wanted in named.casefold():
        return "quotes in the line that was named"
    if any(wanted in line.casefold() for line in lines):
        return "quotes in another line"
    return "quotes that stand nowhere in the record"
