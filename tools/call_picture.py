"""Draws a spoken call as an SVG picture: `python tools/call_picture.py CALL.wav REPORT.json RUN OUT.svg`.

The recording as it sounds, the caller above and the agent below, with the words of the transcript where they begin and
the time in which both speak. `make demo-voice` makes a recording and a report to draw.
"""

import json
import sys
from html import escape
from pathlib import Path
from typing import Any

from ringback.speech.waveform import peaks

WIDTH, SIDE, TOP, LEFT = 960, 90, 34, 12
MIDDLE = {"Testing Agent": TOP + SIDE // 2, "Main Agent": TOP + SIDE + 40 + SIDE // 2}
NAMES = {"Testing Agent": "Caller", "Main Agent": "Agent"}
COLOURS = {"Testing Agent": "#2563a8", "Main Agent": "#b45309"}
MOMENT = 0.1
"""Seconds up to which two edges count as one: docs/reference/speech-metrics.md."""
LONGEST = 34
"""Letters of a line that are shown."""


def picture(recording: Path, conversation: dict[str, Any]) -> str:
    """The whole picture."""
    seconds = float(conversation["voice"]["duration"])
    scale = (WIDTH - 2 * LEFT) / seconds
    caller, agent = peaks(recording, WIDTH - 2 * LEFT)
    height = MIDDLE["Main Agent"] + SIDE // 2 + 46
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}"',
        ' font-family="sans-serif" font-size="13">',
        f'<rect width="{WIDTH}" height="{height}" rx="8" fill="#fbfbfa"/>',
        *(_overlap(start, end, scale) for start, end in _overlaps(conversation)),
        _wave(caller, "Testing Agent"),
        _wave(agent, "Main Agent"),
        *(_words(entry, scale) for entry in conversation["entries"] if entry["content"]),
        *(_second(second, scale, height) for second in range(0, int(seconds) + 1, 2)),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _overlaps(conversation: dict[str, Any]) -> list[tuple[float, float]]:
    sides = [conversation["voice"][side] for side in ("caller_speech", "agent_speech")]
    both = (
        (max(one["start"], other["start"]), min(one["end"], other["end"])) for one in sides[0] for other in sides[1]
    )
    return [(start, end) for start, end in both if end - start > MOMENT]


def _wave(levels: list[float], role: str) -> str:
    middle = MIDDLE[role]
    loudest = max(levels) or 1.0
    lines = " ".join(
        f"M{LEFT + x} {middle - half:.1f}V{middle + half:.1f}"
        for x, level in enumerate(levels)
        for half in [max(0.5, level / loudest * SIDE / 2)]
    )
    return f'<path d="{lines}" stroke="{COLOURS[role]}" fill="none"/>'


def _overlap(start: float, end: float, scale: float) -> str:
    bottom = MIDDLE["Main Agent"] + SIDE // 2
    return (
        f'<rect x="{LEFT + start * scale:.1f}" y="{TOP}" width="{(end - start) * scale:.1f}" height="{bottom - TOP}"'
        ' fill="#dc2626" fill-opacity="0.15"/>'
    )


def _words(entry: dict[str, Any], scale: float) -> str:
    role, words = entry["role"], entry["content"]
    shown = words if len(words) <= LONGEST else words[: LONGEST - 1].rsplit(" ", 1)[0] + " …"
    above = MIDDLE[role] - SIDE // 2 - 8
    return (
        f'<text x="{LEFT + entry["start"] * scale:.1f}" y="{above}" fill="{COLOURS[role]}">'
        f"{NAMES[role]}: {escape(shown)}</text>"
    )


def _second(second: int, scale: float, height: int) -> str:
    return f'<text x="{LEFT + second * scale:.1f}" y="{height - 14}" fill="#6b7280" font-size="11">{second} s</text>'


def main() -> None:
    """Draw one run of a report."""
    recording, report, run, out = sys.argv[1:]
    runs = json.loads(Path(report).read_text(encoding="utf-8"))["result"]["runs"]
    conversation = next(one["conversation"] for one in runs if one["id"] == int(run))
    Path(out).write_text(picture(Path(recording), conversation), encoding="utf-8")


if __name__ == "__main__":
    main()
