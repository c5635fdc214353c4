"""Hold the guard against the reader's labels of `data/labelled_lines.jsonl`: misses and false alarms, by kind.

python tests/model/guard_on_lines.py            print the figures
python tests/model/guard_on_lines.py --lines    and each line that the guard missed or was wrong about
python tests/model/guard_on_lines.py --write    keep the figures in data/guard_figures.json
"""

import argparse
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from ringback.callers.grounding import Ground
from ringback.callers.guard import GuardContext, inspect
from ringback.callers.ledger import Ledger, flattened
from ringback.callers.likeness import circle
from ringback.callers.prompts import rules
from ringback.domain.scenario import Facts

DATA = Path(__file__).parent / "data"
FIGURES = DATA / "guard_figures.json"
KINDS = (
    "empty",
    "stage_direction",
    "leak",
    "assistant_voice",
    "role_swap",
    "wrong_language",
    "never_fact",
    "invented",
)
"""What the guard is there for; the reader's label `other` is not."""
FILES = {
    "first set, which the guard was taught from": "labelled_lines.jsonl",
    "second set, which its later rules were taught from": "labelled_lines_later.jsonl",
}
_AS_LABEL = {"leaked_reasoning": "leak", "leaked_prompt": "leak"}


@dataclass(frozen=True)
class Seen:
    """One line: what the reader saw in it, and what the guard says."""

    record: dict[str, Any]
    alarms: tuple[str, ...]
    sentences: tuple[str, ...]
    circling: bool
    """The detector of loops and restarts, which stands beside the guard, would have stopped it."""

    @property
    def labels(self) -> frozenset[str]:
        """The reader's, without `other`."""
        return frozenset(self.record["labels"]) - {"other"}

    @property
    def fine(self) -> bool:
        """The reader saw nothing wrong at all."""
        return not self.record["labels"]


def situations() -> dict[str, dict[str, Any]]:
    """The situations by id."""
    found: dict[str, dict[str, Any]] = {}
    for file in ("situations.yaml", "situations_later.yaml"):
        listed: list[dict[str, Any]] = YAML(typ="safe").load((DATA / file).read_text("utf-8"))  # pyright: ignore[reportUnknownMemberType] - untyped in the library
        found |= {situation["id"]: situation for situation in listed}
    return found


def context(situation: dict[str, Any], said: list[dict[str, str]]) -> GuardContext:
    """What the guard knows in this place: the same as in a persona's own call."""
    facts = Facts(**situation["facts"])
    known = [str(value) for part in (facts.always, facts.if_asked, facts.never) for _, value in flattened(part)]
    directions = f"{situation['instructions']}\n{situation['personality']}"
    return GuardContext(
        ground=Ground([directions, *known, *(line["content"] for line in said)]),
        ledger=Ledger(facts),
        language=situation["language"],
        directions=directions,
        about="\n".join(known),
        rules=rules(),
        agent_lines=_lines_of("agent", said),
    )


def _lines_of(role: str, said: list[dict[str, str]]) -> tuple[str, ...]:
    return tuple(line["content"] for line in said if line["role"] == role)


def look(lines: str) -> Iterator[Seen]:
    """Every labelled line of a file under the guard's eyes."""
    known = situations()
    for text in (DATA / lines).read_text("utf-8").splitlines():
        record = json.loads(text)
        line, said = record["line"].strip(), record["said"]
        alarms = inspect(line, context(known[record["situation"]], said))
        kinds = tuple(dict.fromkeys(_AS_LABEL.get(str(alarm.kind), str(alarm.kind)) for alarm in alarms))
        circling = circle(line, _lines_of("caller", said), _lines_of("agent", said))
        yield Seen(record, kinds, tuple(alarm.sentence for alarm in alarms), circling is not None)


def all_figures() -> dict[str, Any]:
    """The counts that the documentation quotes, by file of labelled lines."""
    return {name: figures(list(look(file))) for name, file in FILES.items()}


def figures(seen: list[Seen]) -> dict[str, Any]:
    """The counts of one file."""
    bad = [one for one in seen if one.labels]
    odd = [one for one in seen if not one.labels and not one.fine]
    fine = [one for one in seen if one.fine]
    alarms_on_fine = Counter(kind for one in fine for kind in one.alarms)
    return {
        "lines": len(seen),
        "misbehaving": {"lines": len(bad), "caught": sum(bool(one.alarms) for one in bad)},
        "odd": {"lines": len(odd), "stopped": sum(bool(one.alarms) for one in odd)},
        "fine": {"lines": len(fine), "false alarms": sum(bool(one.alarms) for one in fine)},
        "stopped by the detector of loops": {
            "misbehaving, not caught by the guard": sum(one.circling and not one.alarms for one in bad),
            "odd": sum(one.circling and not one.alarms for one in odd),
            "fine": sum(one.circling and not one.alarms for one in fine),
        },
        "by kind": {
            kind: {
                "labelled": sum(kind in one.labels for one in seen),
                "caught": sum(kind in one.labels and bool(one.alarms) for one in seen),
                "caught as this kind": sum(kind in one.labels and kind in one.alarms for one in seen),
                "alarms": sum(kind in one.alarms for one in seen),
                "alarms on misbehaving lines without this label": sum(
                    kind in one.alarms and bool(one.labels) and kind not in one.labels for one in seen
                ),
                "alarms on odd lines": sum(kind in one.alarms for one in odd),
                "false alarms": alarms_on_fine[kind],
            }
            for kind in KINDS
        },
    }


def main() -> None:
    """Print, and keep where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", action="store_true")
    parser.add_argument("--write", action="store_true")
    chosen = parser.parse_args()
    if chosen.lines:
        for one in (one for file in FILES.values() for one in look(file)):
            wrong = (one.labels and not one.alarms) or (one.alarms and not one.labels)
            if wrong:
                print(one.record["number"], one.record["labels"], one.alarms, repr(one.record["line"][:150]))  # noqa: T201 - a script
                for sentence in one.sentences:
                    print("     ", sentence)  # noqa: T201 - a script
    text = json.dumps(all_figures(), indent=2) + "\n"
    print(text)  # noqa: T201 - a script
    if chosen.write:
        FIGURES.write_text(text)


if __name__ == "__main__":
    main()
