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
from ringback.callers.prompts import persona_prompt
from ringback.domain.scenario import Facts, Scenario, ScenarioType

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
_AS_LABEL = {"leaked_reasoning": "leak", "leaked_prompt": "leak"}


@dataclass(frozen=True)
class Seen:
    """One line: what the reader saw in it, and what the guard says."""

    record: dict[str, Any]
    alarms: tuple[str, ...]
    sentences: tuple[str, ...]

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
    listed: list[dict[str, Any]] = YAML(typ="safe").load((DATA / "situations.yaml").read_text("utf-8"))  # pyright: ignore[reportUnknownMemberType] - untyped in the library
    return {situation["id"]: situation for situation in listed}


def context(situation: dict[str, Any], said: list[dict[str, str]]) -> GuardContext:
    """What the guard knows in this place."""
    facts = Facts(**situation["facts"])
    scenario = Scenario(
        key=situation["id"],
        name=situation["id"],
        type=ScenarioType.INSTRUCTION,
        language=situation["language"],
        instructions=situation["instructions"],
        facts=facts,
    )
    agent = [line["content"] for line in said if line["role"] == "agent"]
    told = {**facts.always, **facts.if_asked}
    known = [str(value) for _, value in flattened(told)]
    directions = f"{situation['instructions']}\n{situation['personality']}"
    return GuardContext(
        ground=Ground([directions, *known, *agent]),
        ledger=Ledger(facts),
        language=situation["language"],
        directions=directions,
        rules=persona_prompt(scenario.model_copy(update={"instructions": "", "facts": Facts()}), None, None, "en"),
        agent_lines=agent,
    )


def look() -> Iterator[Seen]:
    """Every labelled line under the guard's eyes."""
    known = situations()
    for text in (DATA / "labelled_lines.jsonl").read_text("utf-8").splitlines():
        record = json.loads(text)
        alarms = inspect(record["line"], context(known[record["situation"]], record["said"]))
        kinds = tuple(dict.fromkeys(_AS_LABEL.get(str(alarm.kind), str(alarm.kind)) for alarm in alarms))
        yield Seen(record, kinds, tuple(alarm.sentence for alarm in alarms))


def figures(seen: list[Seen]) -> dict[str, Any]:
    """The counts that the documentation quotes."""
    bad = [one for one in seen if one.labels]
    odd = [one for one in seen if not one.labels and not one.fine]
    fine = [one for one in seen if one.fine]
    alarms_on_fine = Counter(kind for one in fine for kind in one.alarms)
    return {
        "lines": len(seen),
        "misbehaving": {"lines": len(bad), "caught": sum(bool(one.alarms) for one in bad)},
        "odd": {"lines": len(odd), "stopped": sum(bool(one.alarms) for one in odd)},
        "fine": {"lines": len(fine), "false alarms": sum(bool(one.alarms) for one in fine)},
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
    seen = list(look())
    if chosen.lines:
        for one in seen:
            wrong = (one.labels and not one.alarms) or (one.alarms and not one.labels)
            if wrong:
                print(one.record["number"], one.record["labels"], one.alarms, repr(one.record["line"][:150]))  # noqa: T201 - a script
                for sentence in one.sentences:
                    print("     ", sentence)  # noqa: T201 - a script
    text = json.dumps(figures(seen), indent=2) + "\n"
    print(text)  # noqa: T201 - a script
    if chosen.write:
        FIGURES.write_text(text)


if __name__ == "__main__":
    main()
