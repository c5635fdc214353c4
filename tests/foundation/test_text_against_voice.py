"""The comparison of text and voice: its suite in words, and its table on figures that are known."""

import importlib
import json
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest


@pytest.fixture
def bench(project: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.setattr(sys, "path", [str(project / "bench"), *sys.path])
    return importlib.import_module("text_against_voice")


@pytest.fixture
def tables(bench: ModuleType) -> ModuleType:
    return importlib.import_module("text_against_voice_table")


def report(*seconds: float, outcome: str = "passed", **more: Any) -> dict[str, Any]:
    runs = [
        {
            "specification": {"scenario": {"name": f"Scenario {number}"}},
            "conversation": {"duration": duration, "voice": more.get("voice")},
            "evaluation": {"outcome": outcome},
            "usage": more.get("usage", {}),
        }
        for number, duration in enumerate(seconds, start=1)
    ]
    return {"result": {"runs": runs}}


WORDS = report(4.0, 6.0)
SOUND = report(
    30.0,
    50.0,
    voice={
        "caller_speech": [{"start": 5.0, "end": 9.0}, {"start": 15.0, "end": 21.0}],
        "agent_speech": [{"start": 0.0, "end": 4.0}, {"start": 10.0, "end": 14.0}],
    },
    usage={"text_to_speech": {"characters": 200}, "speech_to_text": {"sound_seconds": 30.0}},
)
OFFERS = ("own:voice + deepgram:nova-3", "openai:gpt-4o-mini-tts + deepgram:nova-3")
PRICES = {
    "own:model": {"input": 1.0, "output": 10.0},
    "own:voice": {"characters": 10},
    "deepgram:nova-3": {"minutes": 0.006},
}


@pytest.fixture
def rows(bench: ModuleType, tables: ModuleType, tmp_path: Path) -> list[str]:
    def side(recorded: dict[str, Any], factor: float) -> Any:
        batches = [
            tables.Batch(
                at_once=at_once, seconds=10 * factor / at_once, cpu=2 * factor, start_cpu=0.5 * factor, report=recorded
            )
            for at_once in (1, 2)
        ]
        return tables.Side(alone=batches[0], together=batches[1])

    prices = tmp_path / "prices.json"
    prices.write_text(json.dumps(PRICES), encoding="utf-8")
    offers = [option for offer in OFFERS for option in ("--speech", offer)]
    options = bench.options_of(["--prices", str(prices), "--model", "own:model", *offers])
    money = bench.money(options, tables.Tokens(read=3000, written=100))
    return [*tables.table(side(WORDS, 1), side(SOUND, 8), money), *tables.sources(money)]


@pytest.mark.parametrize(
    "row",
    [
        "| Scenario 2, s | 6.0 | 50.0 | 8.3 times faster |",
        "| **one conversation, s** | 5.0 | 40.0 | 8.0 times faster |",
        "| … of it the caller speaks, s | 0 | 10.0 | |",
        "| … the agent speaks, s | 0 | 8.0 | |",
        "| … nobody does (thinking, ends of turns), s | 5.0 | 22.0 | |",
        "| 2 conversations one after the other, the whole command, s | 10.0 | 80.0 | 8.0 times faster |",
        "| 2 conversations, 2 at once, the whole command, s | 5.0 | 40.0 | 8.0 times faster |",
        "| CPU of the 2 conversations, 2 at once, s | 2.0 | 16.0 | 8.0 times lighter |",
        "| … of it the start of the command, s | 0.5 | 4.0 | 8.0 times lighter |",
    ],
)
def test_time_and_cpu_stand_beside_each_other(rows: list[str], row: str) -> None:
    assert row in rows


@pytest.mark.parametrize(
    "row",
    [  # 100 times 200 characters are 20 cents, 100 times 30 s are 30; the model's 300,000 and 10,000 tokens are 40
        "| 100 conversations, scripted callers, own:voice + deepgram:nova-3 | $0.00 | $0.50 | 100 % cheaper |",
        "| 100 conversations, caller and judge by own:model, own:voice + deepgram:nova-3 | $0.40 | $0.90 | 56 % cheaper |",  # noqa: E501 - a row
        "| 100 conversations, scripted callers, openai:gpt-4o-mini-tts + deepgram:nova-3 | $0.00 | no price known |  |",
        "own:model: a price of your own",
        "own:voice: $10.00 per million characters; prices.json",
        "deepgram:nova-3: $0.0060 per minute; prices.json",
        "openai:gpt-4o-mini-tts: no source has a price",
    ],
)
def test_money_is_counted_by_ones_own_prices_first(rows: list[str], row: str) -> None:
    assert row in rows


def test_the_suite_passes_in_words_and_with_a_model_that_plays_its_callers(bench: ModuleType, tmp_path: Path) -> None:
    options = bench.options_of(["--thinking", "0"])
    measuring = bench.Bench(tmp_path, options.suite)
    with measuring.agent(bench.WORDS, 0) as url:
        seconds, cpu, held = measuring.run(bench.WORDS, url)
    assert [run["evaluation"]["outcome"] for run in held["result"]["runs"]] == ["passed"] * 3
    assert 0 < cpu < seconds
    tokens = measuring.tokens()
    assert 1000 < tokens.read < 10_000
    assert 50 < tokens.written < 500


def test_what_a_minute_costs_otherwise_is_added_to_voice_alone(bench: ModuleType, tables: ModuleType) -> None:
    money = bench.money(bench.options_of(["--per-minute", "0.06"]), tables.Tokens(read=0, written=0))
    batch = tables.Batch(at_once=1, seconds=1, cpu=1, start_cpu=1, report=SOUND)
    side = tables.Side(alone=batch, together=batch)
    row = "| 100 conversations, scripted callers, speech on this machine | $0.00 | $4.00 | 100 % cheaper |"
    assert row in tables.table(side, side, money)  # 100 times 40 s


def test_conversations_that_did_not_pass_are_not_compared(bench: ModuleType) -> None:
    assert bench.comparable(WORDS) is WORDS
    with pytest.raises(SystemExit, match="cannot be compared: Scenario 1: failed"):
        bench.comparable(report(1.0, outcome="failed"))


def test_the_page_has_every_option(bench: ModuleType, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = (project / "docs/explanation/text-against-voice.md").read_text(encoding="utf-8")
    with pytest.raises(SystemExit):
        bench.options_of(["--help"])
    offered = set(re.findall(r"--[a-z-]+", capsys.readouterr().out)) - {"--help"}
    assert set(re.findall(r"^\| `(--[a-z-]+)", page, re.MULTILINE)) == offered


def test_an_offer_without_an_ear_is_refused(bench: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        bench.options_of(["--speech", "openai:tts-1/nova"])
    assert "write what speaks and what hears" in capsys.readouterr().err
