"""Ask the weak model for caller lines in the situations of `data/situations.yaml`; prints one JSON object a line.

    python tests/model/collect_lines.py http://127.0.0.1:PORT/v1 --samples 2 > lines.jsonl
    python tests/model/collect_lines.py http://127.0.0.1:PORT/v1 --samples 1 --own-prompt > more.jsonl

The lines are to be labelled by a reader; `data/labelled_lines.jsonl` is what came of it.
"""

import argparse
import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import aiohttp
from ruamel.yaml import YAML

from ringback.callers.prompts import persona_messages, persona_prompt
from ringback.domain.conversation import Entry, Role
from ringback.domain.scenario import Facts, Personality, Scenario, ScenarioType

DATA = Path(__file__).parent / "data"


def system_prompt(situation: dict[str, Any]) -> str:
    """The caller's role, said plainly."""
    facts = situation["facts"]
    lines = [
        "You play a customer who talks to a company's agent in a chat. The user's messages are the agent's words.",
        "Answer with the customer's next words only: no stage directions, no explanations, one or two short sentences.",
        f"Language: {situation['language']}. {situation['instructions']} {situation['personality']}",
        f"Facts about you: {_listed(facts['always'])}.",
        f"Tell these only when asked: {_listed(facts['if_asked'])}.",
    ]
    if facts["never"]:
        lines.append(f"Never reveal: {_listed(facts['never'])}.")
    return "\n".join(lines)


def _listed(facts: dict[str, Any]) -> str:
    return "; ".join(f"{name}: {value}" for name, value in facts.items()) or "nothing"


def cases(situations: list[dict[str, Any]]) -> list[tuple[dict[str, Any], list[dict[str, str]]]]:
    """Each situation at each of its turns: what was said before, ending with the agent's words."""
    found: list[tuple[dict[str, Any], list[dict[str, str]]]] = []
    for situation in situations:
        said: list[dict[str, str]] = []
        for turn in situation["turns"]:
            said.append({"role": "agent", "content": turn["agent"]})
            found.append((situation, list(said)))
            said.append({"role": "caller", "content": turn["caller"]})
    return found


def plain_messages(situation: dict[str, Any], said: list[dict[str, str]]) -> list[dict[str, str]]:
    """The role said plainly, and the conversation as it stands."""
    roles = {"agent": "user", "caller": "assistant"}
    messages = [{"role": "system", "content": system_prompt(situation)}]
    return messages + [{"role": roles[line["role"]], "content": line["content"]} for line in said]


def own_messages(situation: dict[str, Any], said: list[dict[str, str]]) -> list[dict[str, str]]:
    """What Ringback's persona sends in this place."""
    scenario = Scenario(
        key=situation["id"],
        name=situation["id"],
        type=ScenarioType.INSTRUCTION,
        language=situation["language"],
        instructions=situation["instructions"],
        facts=Facts(**situation["facts"]),
    )
    personality = Personality(name="", prompt=situation["personality"])
    roles = {"agent": Role.AGENT, "caller": Role.CALLER}
    entries = [
        Entry(number=number, role=roles[line["role"]], content=line["content"], start=0, end=0, turn=number // 2)
        for number, line in enumerate(said, 1)
    ]
    system = persona_prompt(scenario, personality, None, scenario.language)
    return [{"role": message.role, "content": message.content} for message in persona_messages(system, entries)]


async def collect(url: str, samples: int, temperature: float, seed: int, *, file: str, own_prompt: bool) -> None:
    """Ask for every case, `samples` times each, one after the other (so that a seed repeats)."""
    situations: list[dict[str, Any]] = YAML(typ="safe").load((DATA / file).read_text("utf-8"))  # pyright: ignore[reportUnknownMemberType] - untyped in the library
    async with aiohttp.ClientSession() as session:
        for number, (situation, said) in enumerate(cases(situations)):
            for sample in range(samples):
                messages = (own_messages if own_prompt else plain_messages)(situation, said)
                body = {"messages": messages, "max_tokens": 90, "temperature": temperature}
                body["seed"] = seed + number * samples + sample
                async with session.post(f"{url}/chat/completions", json=body) as response:
                    answer = await response.json()
                line = answer["choices"][0]["message"]["content"]
                record = {"situation": situation["id"], "said": said, "line": line}
                sys.stdout.write(json.dumps(record, ensure_ascii=False) + "\n")
                sys.stdout.flush()


def main() -> None:
    """Read the arguments and collect."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--samples", type=int, default=2)
    parser.add_argument("--temperature", type=float, default=0.7)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--situations", default="situations.yaml")
    parser.add_argument("--own-prompt", action="store_true", help="the prompt of Ringback's persona, not the plain one")
    chosen = parser.parse_args()
    asyncio.run(
        collect(
            chosen.url,
            chosen.samples,
            chosen.temperature,
            chosen.seed,
            file=chosen.situations,
            own_prompt=chosen.own_prompt,
        )
    )


if __name__ == "__main__":
    main()
