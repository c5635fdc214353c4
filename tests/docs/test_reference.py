"""The reference leaves nothing out: every command and option, every ending, finding, event and check."""

import re
from collections.abc import Iterator
from typing import Any, get_args

import pytest
import typer
from pages import PROJECT

from ringback.callers.guard_patterns import AlarmKind
from ringback.channels.handshake import RESERVED
from ringback.cli.main import app
from ringback.conversation.limits import Limits
from ringback.domain.check import Check
from ringback.domain.conversation import FindingCode
from ringback.domain.ending import Ending, EndingCode
from ringback.domain.event import Event
from ringback.results.statistics import fisher_exact
from ringback.settings import Settings, environment_variable

REFERENCE = PROJECT / "docs" / "reference"


def section(page: str, heading: str) -> str:
    """The text below a heading, to the next of its rank."""
    text = (REFERENCE / page).read_text(encoding="utf-8")
    found = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, f"{page} has no section {heading}"
    return found[1]


def rows(text: str) -> dict[str, str]:
    """Tables by the code in their first column."""
    return {row[1]: row[2] for row in re.finditer(r"^\| `([^`]+)`[^|]* \|(.*)$", text, re.MULTILINE)}


def walk(command: Any, name: str = "ringback") -> Iterator[tuple[str, Any]]:
    """Every command with its full name."""
    inner: dict[str, Any] = getattr(command, "commands", {})
    if not inner or name == "ringback":
        yield name, command
    for word, child in inner.items():
        yield from walk(child, f"{name} {word}")


COMMANDS = dict(walk(typer.main.get_command(app)))


def test_there_are_commands_to_document() -> None:
    """Guards the tests below against finding nothing."""
    assert {"ringback run", "ringback agent demo", "ringback results compare"} <= COMMANDS.keys()


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_of_a_command_is_documented_and_no_other(name: str) -> None:
    text = section("command-line.md", name)
    options = [option for option in COMMANDS[name].params if option.param_type_name == "option"]
    written = set(re.findall(r"`(--?[a-z][a-z-]*)`", " ".join(re.findall(r"^\| (`-[^|]*) \|", text, re.MULTILINE))))
    assert written - {"--help"} == {word for option in options for word in option.opts} - {"--help"}


@pytest.mark.parametrize("name", COMMANDS)
def test_defaults_of_options_are_those_of_the_program(name: str) -> None:
    text = section("command-line.md", name)
    for option in COMMANDS[name].params:
        if option.param_type_name == "option" and type(option.default) in (int, float):
            row = next(row for row in text.splitlines() if f"`{option.opts[0]}`" in row and row.startswith("| `"))
            assert f"| {option.default:g} |" in row, option.opts


def test_every_ending_is_documented_with_who_ended_it() -> None:
    endings = rows(section("events-and-endings.md", "Endings"))
    assert endings.keys() == {code.value for code in EndingCode}
    for code in EndingCode:
        assert endings[code].strip().startswith(Ending(code=code, sentence="").ended_by), code


def test_every_finding_is_documented() -> None:
    assert rows(section("events-and-endings.md", "Findings")).keys() == {code.value for code in FindingCode}


def test_every_event_is_documented() -> None:
    assert rows(section("events-and-endings.md", "Events")).keys() == {kind.__name__ for kind in get_args(Event)}


def test_every_check_is_documented() -> None:
    kinds = {get_args(kind.model_fields["type"].annotation)[0] for kind in get_args(get_args(Check)[0])}
    assert rows((REFERENCE / "checks.md").read_text(encoding="utf-8")).keys() >= kinds


def test_everything_that_the_guard_looks_for_is_explained() -> None:
    page = (PROJECT / "docs" / "explanation" / "how-callers-are-kept-honest.md").read_text(encoding="utf-8")
    named = {
        word for first in re.findall(r"^\| (`[^|]*) \|", page, re.MULTILINE) for word in re.findall(r"`(\w+)`", first)
    }
    assert named == {kind.value for kind in AlarmKind}


def test_the_protocol_s_page_has_the_numbers_of_the_program() -> None:
    text = section("chat-protocol.md", "Limits and waits")
    limits, settings = Limits(), Settings()
    for value, unit, name in (
        (settings.settle, " s", "settle"),
        (settings.opening_wait, " s", "opening_wait"),
        (settings.tool_hold, " s", "tool_hold"),
        (settings.tool_settle, " s", "tool_settle"),
        (settings.inactivity, " s", "inactivity"),
        (settings.grace, " s", "grace"),
        (settings.ping_interval, " s", "ping_interval"),
        (settings.ping_timeout, " s", "ping_timeout"),
        (settings.max_frame_bytes // 1024**2, " MiB", "max_frame_bytes"),
        (settings.max_call_bytes // 1024**2, " MiB", "max_call_bytes"),
        (settings.connect_timeout, " s", "connect_timeout"),
        (settings.connect_attempts, "", "connect_attempts"),
    ):
        row = next(row for row in text.splitlines() if f"`{environment_variable(name)}`" in row)
        assert f"{value:g}{unit}" in row, name
    assert f"| replies composed again in a turn | {limits.recompositions} |" in text
    assert f"| utterances of the caller | {limits.max_turns} | `max_turns`" in text
    assert f"| the whole conversation | {limits.max_duration:g} s | `max_duration`" in text
    assert f"`{RESERVED.upper()}SECRET`" in (REFERENCE / "chat-protocol.md").read_text(encoding="utf-8")


def test_the_smallest_falls_that_are_worse_are_those_of_the_test() -> None:
    page = (PROJECT / "docs" / "how-to" / "compare-with-a-baseline.md").read_text(encoding="utf-8")
    table = re.findall(r"^\| (\d+) of \d+ \| (\d+) of \d+ \| (\d+) \|$", page, re.MULTILINE)
    assert len(table) == 4
    for before, now, repeats in table:
        n = int(repeats)
        assert int(before) == n
        assert fisher_exact(n, n, int(now), n) < 0.05 <= fisher_exact(n, n, int(now) + 1, n)
