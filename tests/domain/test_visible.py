"""What would steer a terminal or deceive a reader is shown instead."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringback.domain.visible import one_line, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain words, 100 %", "plain words, 100 %"),
        ("Grüße 👋🏽 नमस्ते", "Grüße 👋🏽 नमस्ते"),
        ("family 👨\u200d👩\u200d👧", "family 👨\u200d👩\u200d👧"),
        ("tab\tand\nline", "tab\tand\nline"),
        ("windows\r\nline", "windows\nline"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b[2J\x1b[1;1Hcleared", "cleared"),
        ("\x1b]0;new title\x07after", "after"),
        ("\x1b]8;;https://evil.example\x1b\\click\x1b]8;;\x1b\\", "click"),
        ("\x1b]52;c;cm0gLXJm\x07", ""),
        ("\x9b31mred", "red"),
        ("\x1bc", ""),
        ("over\rwritten", "over␍written"),
        ("bell\x07 back\x08 nul\x00 del\x7f", "bell␇ back␈ nul␀ del␡"),
        ("next\x85line", "next[U+0085]line"),
        ("\u202egnp.exe", "[U+202E]gnp.exe"),
        ("a\u200bb\ufeffc", "a[U+200B]b[U+FEFF]c"),
        ("half \ud83d", "half [U+D83D]"),
        ("\U000e0041tag", "[U+E0041]tag"),
    ],
)
def test_text_is_shown(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_one_line_has_no_line_breaks() -> None:
    assert one_line("  a\n\n b\t\x1b[1mc ") == "a b c"


@given(st.text(st.characters(codec=None)))
def test_nothing_that_steers_a_terminal_is_left(text: str) -> None:
    shown = visible(text)
    assert not any(unicodedata.category(letter) in {"Cc", "Cs"} and letter not in "\t\n" for letter in shown)
    shown.encode("utf-8")
    assert visible(shown) == shown
