"""Files of what a spoken agent can say."""

import time
from pathlib import Path

import pytest

from ringback.domain.agent import Transport
from ringback.errors import SuiteError, UsageError
from ringback.library.known_lines import LARGEST, MOST, known_lines_problem, read_known_lines
from ringback.library.project import load_project, resolve_agent


def written(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "lines.txt"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_each_line_is_one_and_remarks_and_repetitions_are_left_out(tmp_path: Path) -> None:
    path = written(tmp_path, "\ufeff# what the desk says\r\nHello.\n\n  Which day?  \nHello.\n")
    assert read_known_lines(path) == ("Hello.", "Which day?")


def test_a_grammar_stays_whole(tmp_path: Path) -> None:
    grammar = "#JSGF V1.0;\ngrammar desk;\npublic <line> = hello | which day;\n"
    assert read_known_lines(written(tmp_path, grammar)) == (grammar,)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("# nothing but a remark\n", "has none"),
        (b"\xff\xfe", "not UTF-8"),
        ("x" * (LARGEST + 1), "longer than"),
        ("\n".join(map(str, range(MOST + 1))), "more than can be told apart"),
        ("a\0b", "NUL"),
        ("# days\n\nOn (Monday | Tuesday.\n", r"lines\.txt, line 3: .* lacks a closing parenthesis: write \)"),
        ("Hello.\nOn Monday).\n", r"line 2: .* a parenthesis too many: remove the \)"),
        ("Hello.\n<day> = (Monday | Tuesday\nOn <day>.", r"line 2: .*'<day> = \(Monday"),
        ("On <dya>.\n<day> = Monday", r"line 1: .* names <dya>, which no line defines: add a line <dya> = "),
        ("On <next day>.\n", r"line 1: .* the name of a rule has no blanks"),
        ("<a> = x <b>\n<b> = y <a>\nSo <a>", r"line \d: .* define <[ab]> by itself"),
        ("#JSGF V1.0;\ngrammar a;\npublic <a> = (b;\n", r"lines\.txt: The rule '<a> = \(b' lacks a closing"),
        ("#JSGF V1.0;\ngrammar a;\n<a> = b;\n", "has no public rule"),
    ],
)
def test_what_cannot_be_used_is_said(tmp_path: Path, content: str | bytes, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        read_known_lines(written(tmp_path, content))


def test_lines_of_an_agent_that_is_saved_are_checked_in_the_same_way() -> None:
    assert known_lines_problem(["On <day>.", "<day> = Monday | (early | ) Tuesday", "Xyz /Z IH Z/"]) is None
    assert "lacks a closing parenthesis" in (known_lines_problem(["On (Monday."]) or "")


def test_the_largest_lines_are_checked_at_once() -> None:
    rules = [f"<r{number}> = a (b | c) <r{number + 1}>" for number in range(MOST - 2)]
    began = time.process_time()
    assert known_lines_problem([*rules, f"<r{MOST - 2}> = x", "So <r0>."]) is None
    assert known_lines_problem(["(a | " * 10_000 + "b" + ")" * 10_000]) is not None
    assert time.process_time() - began < 10


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"absent\.txt"):
        read_known_lines(tmp_path / "absent.txt")


PROJECT = """
[agents.desk]
url = "wss://agent.example.com/voice"
channel = "media-streams"
known_lines = "lines.txt"
"""


def test_a_spoken_agent_of_the_project_knows_its_lines_from_its_folder(tmp_path: Path) -> None:
    written(tmp_path, "Hello.\n")
    (tmp_path / "ringback.toml").write_text(PROJECT)
    project = load_project(tmp_path / "ringback.toml")
    agent = resolve_agent(project, "desk", {})
    assert (agent.channel, agent.known_lines) == (Transport.MEDIA_STREAMS, ("Hello.",))
    other = tmp_path / "other.txt"
    other.write_text("Goodbye.\n")
    agent = resolve_agent(project, "desk", {}, channel=Transport.CHIRP, known_lines=other)
    assert (agent.channel, agent.known_lines) == (Transport.CHIRP, ("Goodbye.",))


def test_runs_over_text_read_no_lines(tmp_path: Path) -> None:
    (tmp_path / "ringback.toml").write_text(PROJECT)
    agent = resolve_agent(load_project(tmp_path / "ringback.toml"), "desk", {}, channel=Transport.TEXT)
    assert (agent.channel, agent.known_lines) == (Transport.TEXT, ())


def test_an_unknown_channel_is_refused_with_those_that_there_are(tmp_path: Path) -> None:
    (tmp_path / "ringback.toml").write_text(PROJECT.replace('"media-streams"', '"telephone"'))
    with pytest.raises(SuiteError, match=r"(?s)agents\.desk\.channel.*media-streams"):
        load_project(tmp_path / "ringback.toml")
