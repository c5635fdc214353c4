"""What the pages say of telephone calls is what the program does: bounds, endings in the reference's words, checks."""

import re
from pathlib import Path

from pages import PROJECT

from ringback.channels.sip.media_report import MOST_JITTER, MOST_LOSS
from ringback.conversation.limits import Limits
from ringback.conversation.voice_record import LATE
from ringback.domain.ending import Ending, EndingCode
from ringback.domain.voice import MediaRecord
from ringback.evaluation.line_doubt import MUCH_LOSS
from ringback.library.files import load_suites

DOCS = PROJECT / "docs"
MEASURED = (DOCS / "explanation/what-the-telephone-measures.md").read_text(encoding="utf-8")


def test_the_bounds_of_degraded_calls_are_the_program_s() -> None:
    assert f"| packets of the agent's that were lost | {MOST_LOSS:.0%} |".replace("%", " %") in MEASURED
    assert f"| {MOST_JITTER * 1000:.0f} ms | as above" in MEASURED
    assert f"| our own frames sent late | {LATE * 1000:.0f} ms," in MEASURED
    assert f"lost {MUCH_LOSS * 100:.0f} % of the packets" in MEASURED


def test_every_figure_of_packets_is_on_the_page() -> None:
    figures = set(re.findall(r"`(\w+)`", "".join(re.findall(r"^\| (`[^|]*) \|", MEASURED, re.MULTILINE))))
    assert figures == set(MediaRecord.__dataclass_fields__)


def test_the_longest_hold_is_the_program_s() -> None:
    minutes = f"{Limits().longest_hold / 60:g} minutes"
    for page in ("explanation/how-a-spoken-call-works.md", "reference/events-and-endings.md"):
        assert minutes in (DOCS / page).read_text(encoding="utf-8")


def test_every_ending_is_told_in_the_reference_s_words() -> None:
    page = (DOCS / "reference/events-and-endings.md").read_text(encoding="utf-8")
    told = {
        code: reason
        for reason, codes in re.findall(r"^- ([A-Za-z -]+): (`.*)$", page, re.MULTILINE)
        for code in re.findall(r"`(\w+)`", codes)
    }
    assert told == {code.value: Ending(code=code, sentence="").reference_reason for code in EndingCode}


def test_the_check_on_a_transfer_is_a_valid_suite(tmp_path: Path) -> None:
    [text] = re.findall(r"```yaml\n(.*?)```", MEASURED, re.DOTALL)
    suite = tmp_path / "suite.yaml"
    suite.write_text(text, encoding="utf-8")
    [scenario] = load_suites([suite]).scenarios
    [check] = scenario.checks
    assert check.model_dump()["key"] == "transferred_to"
