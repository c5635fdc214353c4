"""The pages of spoken callers leave no directive, no noise and no level out, and their figures are the program's."""

import re

from pages import PROJECT

from ringback.callers import directives
from ringback.conversation.manner import INTERRUPTION_LEVELS
from ringback.conversation.spoken_phrases import phrases_in
from ringback.domain.noise import OTHER_NAMES, BackgroundNoise, SingleNoise
from ringback.library.suite_voice import NetworkEntry

DIRECTIVES = (PROJECT / "docs/reference/voice-directives.md").read_text(encoding="utf-8")
DISTURBANCES = (PROJECT / "docs/reference/disturbances.md").read_text(encoding="utf-8")


def test_every_directive_is_on_its_page_with_all_it_takes() -> None:
    rows = {name: row for row in DIRECTIVES.splitlines() for name in re.findall(r"`<([a-z_]+)[ />]", row[:120])}
    kinds = directives._KINDS  # pyright: ignore[reportPrivateUsage] - the one list of them
    assert rows.keys() >= kinds.keys()
    for name, kind in kinds.items():
        for attribute in (*kind.required, *kind.optional):
            assert f"{attribute}=" in rows[name], f"{name} {attribute}"


def test_every_noise_is_on_its_page_under_all_its_names() -> None:
    table = DISTURBANCES[DISTURBANCES.index("## Background noise") : DISTURBANCES.index("## The line")]
    rows = [row for row in table.splitlines() if row.startswith("| `")]
    for noise in BackgroundNoise:
        (row,) = (row for row in rows if f"`{noise}`" in row.split("|")[1])
        for name, meant in OTHER_NAMES.items():
            assert (f"`{name}`" in row) == (meant is noise), name
    for noise in SingleNoise:
        assert f"`{noise}`" in DIRECTIVES


def test_every_key_of_a_line_is_on_its_page() -> None:
    for key in NetworkEntry.model_fields:
        assert f"| `{key}` |" in DISTURBANCES


def test_the_levels_of_interruption_are_the_program_s() -> None:
    for level, (chance, after) in INTERRUPTION_LEVELS.items():
        assert f"| `{level}` | {chance:g} | {f'{after:g} s' if chance else ''}".rstrip() in DISTURBANCES


def test_what_a_caller_says_meanwhile_is_on_the_pages_as_it_sounds() -> None:
    for page in ("reference/suite-file.md", "reference/speech-metrics.md", "explanation/how-a-spoken-call-works.md"):
        assert f'"{phrases_in("en").backchannel}"' in (PROJECT / "docs" / page).read_text(encoding="utf-8")
