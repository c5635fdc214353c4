"""Spoken calls in the HTML report as text: what is drawn, said and linked."""

import base64
import hashlib
import re
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from ringback.domain.evaluation import MetricScore
from ringback.domain.outcome import Outcome
from ringback.domain.run import Attempt, Result
from ringback.domain.scenario import MetricKind
from ringback.domain.voice import Key, RecognitionMode, Side, Span
from ringback.evaluation.speech_turns import Floor
from ringback.results.export.html import policy, render
from ringback.results.export.html_voice import MOST_BUCKETS, Recorded, buckets_of, measured_words
from ringback.results.export.html_voice_wave import draw, envelope, overlaps
from ringback.results.summary import summarise

Calls = Any  # conftest.py cannot be imported; its classes are documented there
Samples = Any

PLAYED = {"7/101-1": Recorded(source="r.recordings/101-1.mp3", peaks=([0.0, 1.0], [0.5, 0.5]))}


def report(result: Result, recordings: dict[str, Recorded] | None = None) -> str:
    return render(result, summarise(result), recordings=recordings)


def test_a_recording_is_played_and_each_line_leads_to_its_time(calls: Calls) -> None:
    page = report(calls.result(), PLAYED)
    assert re.search(r'<audio controls preload="\w+" src="r\.recordings/101-1\.mp3"></audio>', page)
    assert (
        '<a class="seek" href="r.recordings/101-1.mp3#t=2.7" title="play from here">0:02.7\N{EN DASH}0:04.0</a>' in page
    )
    assert 'data-start="2.7" data-end="4.0"' in page


def test_what_a_line_was_heard_as_is_said_beside_it(calls: Calls) -> None:
    page = report(calls.result(), PLAYED)
    assert '<p>(not recognised) <span class="chip">grammar</span></p>' in page
    assert '<p>I have to <span class="chip">broken off</span></p>' in page


def test_the_picture_has_overlaps_gaps_backchannels_protected_speech_and_keys(calls: Calls) -> None:
    voice = {
        "backchannels": (Span(start=3.5, end=4.5),),
        "protected": (Span(start=1.0, end=2.0),),
        "keys": tuple(Key(at=at, digit=digit, by=Side.CALLER) for at, digit in ((1.4, "4"), (1.7, "2"), (4.6, "#"))),
    }
    page = report(calls.result(**voice), PLAYED)
    assert "both speak 3.50 to 4.00 s" in page
    assert "answered after 0.70 s" in page
    assert '<span class="figure " style="left:45.0%">0.70 s</span>' in page
    assert "backchannel 3.50 to 4.50 s" in page
    assert "spoken whatever the agent says 1.00 to 2.00 s" in page
    assert re.findall(r'<kbd class="caller" style="left:[\d.]+%">(.+?)</kbd>', page) == ["42", "#"]
    assert page.count('<path class="sound') == 2


def test_how_the_call_was_held_is_among_its_facts(calls: Calls) -> None:
    page = report(calls.result(), PLAYED)
    facts = dict(re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", page))
    assert facts["line"] == "media-streams, 8 kHz"
    assert facts["caller&#39;s voice"] == "flite:slt"
    assert facts["agent heard by"] == "pocketsphinx:en-us (grammar: known lines only)"
    assert facts["our frames were late by"] == "median 0.4 ms, p99 12 ms, worst 20 ms"
    assert facts["seed of the call"] == "11"
    assert facts["slowest reply"] == "0.70 s"


def test_times_that_are_not_trusted_say_why(calls: Calls) -> None:
    page = report(calls.result(degraded=("We were <late>.",)), PLAYED)
    assert '<p class="distrust">Times of this call are not trusted: We were &lt;late&gt;.</p>' in page


@pytest.mark.parametrize(
    ("voice", "recordings", "words"),
    [
        ({}, None, "Its recording is not with this page."),
        ({"recording": None}, None, "No recording of it was kept."),
        ({"recording": None, "duration": 0.0}, None, "the call was over at once."),
        ({}, {"7/101-1": Recorded(note="The disk <was> full.")}, "The disk &lt;was&gt; full."),
    ],
)
def test_without_a_recording_the_page_says_so_and_still_draws_who_spoke(
    calls: Calls, voice: dict[str, Any], recordings: dict[str, Recorded] | None, words: str
) -> None:
    page = report(calls.result(**voice), recordings)
    assert words in page
    assert "<audio" not in page
    assert 'class="seek"' not in page
    assert ("agent speaks 0.00 to 0.80 s" in page) is (voice.get("duration") is None)


def test_an_earlier_attempt_has_its_own_recording(calls: Calls) -> None:
    result = calls.result()
    [run] = result.runs
    earlier = replace(run.conversation, voice=replace(run.conversation.voice, recording="7/101-1"))
    last = replace(run.conversation, voice=replace(run.conversation.voice, recording="7/101-2"))
    run = replace(
        run, conversation=last, earlier_attempts=(Attempt(number=1, conversation=earlier, reason="The caller looped."),)
    )
    page = report(replace(result, runs=(run,)), {**PLAYED, "7/101-2": Recorded(source="r.recordings/101-2.mp3")})
    assert re.findall(r'<audio.*?src="(.*?)"', page) == ["r.recordings/101-2.mp3", "r.recordings/101-1.mp3"]


def test_a_page_of_text_has_nothing_of_the_player(samples: Samples) -> None:
    page = report(samples.result())
    assert "media-src" not in page
    assert not re.search(r"<audio|class=\"player|\.stage|data-start", page)
    assert "audio" not in policy()


def test_the_policy_of_a_spoken_page_lets_its_own_script_run_and_its_own_folder_be_heard(calls: Calls) -> None:
    page = report(calls.result(), PLAYED)
    [script] = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert policy(spoken=True) == (
        f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; base-uri 'none'; "
        "form-action 'none'; media-src 'self' file:"
    )


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        ([(0, 2)], [(1, 3)], [(1, 2)]),
        ([(0, 1)], [(1, 2)], []),
        ([(0, 5)], [(1, 2), (3, 4)], [(1, 2), (3, 4)]),
        ([(0, 1), (2, 6)], [(0.5, 2.5), (5, 9)], [(0.5, 1), (2, 2.5), (5, 6)]),
        ([], [(0, 1)], []),
    ],
)
def test_both_speak_where_stretches_of_both_lie_over_each_other(
    one: list[tuple[float, float]], other: list[tuple[float, float]], both: list[tuple[float, float]]
) -> None:
    found = overlaps(*([Span(start=start, end=end) for start, end in side] for side in (one, other)))
    assert [(span.start, span.end) for span in found] == both


def test_an_outline_goes_along_the_top_and_back_along_the_bottom() -> None:
    assert 'd="M0 20h1l1 -19l1 19h1v0h-1l-1 19l-1 -19h-1z"' in envelope([0, 0, 1, 0], Side.CALLER)
    assert 'd="M0 80h1v0h-1z"' in envelope([], Side.AGENT)
    assert "nan" not in envelope([7.0, -1.0], Side.AGENT)


def test_ten_minutes_of_quick_exchanges_stay_small_and_their_figures_apart(calls: Calls) -> None:
    caller = tuple(Span(start=at, end=at + 0.5) for at in range(600))
    agent = tuple(Span(start=at + 0.7, end=at + 0.9) for at in range(600))
    voice = calls.result(duration=600.0, caller_speech=caller, agent_speech=agent).runs[0].conversation.voice
    assert buckets_of(voice) == MOST_BUCKETS
    assert buckets_of(replace(voice, duration=20.0)) == 600
    loud = [0.0, 1.0] * (MOST_BUCKETS // 2)
    wave = draw(Floor.of(replace(voice, agent_speech=agent[::2])), (), (loud, loud))
    assert len(wave.shapes) < 400_000
    shown = [gap.left for gap in wave.gaps if not gap.kind]
    assert all(later - earlier >= 100 * 4.4 / 600 - 0.02 for earlier, later in pairwise(shown))
    assert len(wave.ticks) == 61


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (0.658, "share", "66 %"),
        (1.0, "times", "1 time"),
        (3.0, "times", "3 times"),
        (0.344, "s", "0.34 s"),
        (195.6, "words/min", "196 words/min"),
        (2.0, "turns", ""),
        ("often", "times", ""),
        (True, "", ""),
    ],
)
def test_figures_of_a_call_read_as_people_say_them(value: float | str, unit: str, words: str) -> None:
    assert measured_words(MetricScore(slug="m", name="M", kind=MetricKind.NUMERIC, value=value, unit=unit)) == words


def test_what_could_not_be_measured_has_a_dash_and_single_values_no_percentiles(calls: Calls) -> None:
    result = calls.result()
    [run] = result.runs
    one = MetricScore(
        slug="stop_time",
        name="Stop time",
        kind=MetricKind.NUMERIC,
        value=0.5,
        unit="s",
        percentiles={"p50": 0.5, "p95": 0.5},
    )
    none = MetricScore(slug="yield", name="Yield time", kind=MetricKind.NUMERIC, value=None, unit="s")
    evaluation = replace(run.evaluation, outcome=Outcome.PASSED, metrics=(one, none))
    page = report(replace(result, runs=(replace(run, evaluation=evaluation),)), PLAYED)
    assert '<b>Stop time</b> <span class="value">0.50 s</span>' in page
    assert '<b>Yield time</b> <span class="value">—</span>' in page


def test_words_of_agents_are_escaped_wherever_a_call_shows_them(calls: Calls) -> None:
    planted = '"><script>planted()</script>'
    voice = dict.fromkeys(("transport", "speech_to_text", "text_to_speech", "call_id"), planted)
    keys = (Key(at=1.0, digit=planted, by=Side.AGENT),)
    page = report(
        calls.result(words=planted, degraded=(planted,), keys=keys, recognition=RecognitionMode.OPEN, **voice), PLAYED
    )
    assert "<script>planted" not in page
    assert page.count("&lt;script&gt;planted()") == 7
