"""The picture of a spoken call: both sides' loudness over time, who speaks when, and how long answers took.

A picture is as many units wide as there are stretches whose loudness is known, and 100 high: the caller above, the
agent below, between them the gaps before the agent's answers. It is stretched to the page's width, so words stand
beside it, at per cents of the width.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from markupsafe import Markup

from ringback.domain.visible import one_line
from ringback.domain.voice import Key, Side, Span
from ringback.evaluation.speech_turns import SOUND_GAP, Floor, Reply, joined

HEIGHT = 100
_HALF = 19
"""Of a lane, so that the loudest sound fills it."""
_CENTRES = {Side.CALLER: 20, Side.AGENT: 80}
_STEP_AT = 46
"""Where the line of a gap runs between the lanes."""
_LEAST_SCALE = 10.0
"""Pixels of a second at least; longer calls are scrolled."""
_PHONE = 280.0
"""Pixels of a narrow page."""
_DESK = 900.0
_LABEL = 44.0
"""Pixels that a figure needs."""
_TICK = 60.0
"""Pixels between the times on the axis, at least."""
_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600)
_KEYS_TOGETHER = 1.0
"""Seconds within which keys are shown as one group."""
_GENTLE = 0.7
"""Power of the loudness, so that soft speech can be seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """Words at a place of the picture."""

    left: float
    """Per cent of the width."""
    words: str
    kind: str = ""
    """Of a key: whose; of a figure: `narrow` where only a wide page has room, `none` where no page has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wave:
    """One picture."""

    width: int
    """Units."""
    least_pixels: int
    """Width that the page must give it."""
    shapes: Markup
    """SVG, from numbers alone."""
    gaps: Sequence[Label]
    keys: Sequence[Label]
    ticks: Sequence[Label]
    kinds: Sequence[tuple[str, str]]
    """What the legend explains: class and words."""


def draw(floor: Floor, keys: Sequence[Key], peaks: tuple[Sequence[float], Sequence[float]] | None) -> Wave:
    """The picture of a call; without loudness, of who spoke when alone."""
    duration = max(floor.duration, 0.02)
    width = len(peaks[0]) if peaks and peaks[0] else 600
    pen = _Pen(scale=width / duration)
    both = overlaps(floor.caller_sounds, floor.agent_sounds)
    replies = floor.replies()
    shapes = [
        *(pen.box(span, 0, HEIGHT, "held", "caller on hold") for span in floor.holds),
        *(pen.lane(span, Side.CALLER, "spoke") for span in floor.caller_sounds),
        *(pen.lane(span, Side.AGENT, "spoke") for span in floor.agent_sounds),
        *(pen.box(span, 0, HEIGHT, "both", "both speak") for span in both),
        *(pen.box(span, 0, 3, "backchannel", "backchannel") for span in floor.backchannels),
        *(pen.box(span, 0, 3, "protected", "spoken whatever the agent says") for span in floor.protected),
        *(pen.step(reply) for reply in replies),
    ]
    if peaks:
        shapes += [envelope(peaks[0], Side.CALLER), envelope(peaks[1], Side.AGENT)]
    return Wave(
        width=width,
        least_pixels=round(duration * _LEAST_SCALE),
        shapes=Markup().join(shapes),
        gaps=list(_gaps(replies, duration)),
        keys=list(_keys(keys, duration)),
        ticks=list(_ticks(duration)),
        kinds=list(_kinds(floor, both=bool(both), gaps=bool(replies), keys=bool(keys))),
    )


def overlaps(one: Sequence[Span], other: Sequence[Span]) -> tuple[Span, ...]:
    """Where stretches of both lie over each other; each side's are in order and do not touch."""
    found: list[Span] = []
    places = [0, 0]
    while places[0] < len(one) and places[1] < len(other):
        left, right = one[places[0]], other[places[1]]
        start, end = max(left.start, right.start), min(left.end, right.end)
        if start < end:
            found.append(Span(start=start, end=end))
        places[0 if left.end < right.end else 1] += 1
    return joined(found, float("inf"), SOUND_GAP)


def envelope(peaks: Sequence[float], side: Side) -> Markup:
    """One side's loudness as a filled shape around the middle of its lane."""
    heights = [round(_HALF * min(1.0, max(0.0, peak)) ** _GENTLE) for peak in peaks] or [0]
    above = _line([before - after for before, after in pairwise(heights)], 1)
    below = _line([after - before for before, after in pairwise(reversed(heights))], -1)
    path = f"M0 {_CENTRES[side] - heights[0]}{above}h1v{2 * heights[-1]}h-1{below}z"
    return Markup('<path class="sound {}" d="{}"/>').format(side.value, path)


def _line(rises: Iterable[int], step: int) -> str:
    """Steps of a path; those that stay level are one."""
    runs = ((rise, sum(1 for _ in same)) for rise, same in groupby(rises))
    return "".join(f"l{step} {rise}" * times if rise else f"h{step * times}" for rise, times in runs)


@dataclass(frozen=True, slots=True)
class _Pen:
    """Draws at times."""

    scale: float
    """Units of a second."""

    def box(self, span: Span, top: int, height: int, kind: str, words: str) -> Markup:
        """A rectangle over a stretch of time, with its times where a pointer rests on it."""
        return Markup(
            '<rect class="{}" x="{:.1f}" y="{}" width="{:.1f}" height="{}"><title>{} {:.2f} to {:.2f} s</title></rect>'
        ).format(kind, span.start * self.scale, top, span.duration * self.scale, height, words, span.start, span.end)

    def lane(self, span: Span, side: Side, kind: str) -> Markup:
        """A stretch in which a side is heard."""
        return self.box(span, _CENTRES[side] - _HALF - 1, 2 * _HALF + 2, f"{kind} {side.value}", f"{side.value} speaks")

    def step(self, reply: Reply) -> Markup:
        """From the caller's end, over the gap, down to the agent's start."""
        words = f"answered after {reply.latency:.2f} s"
        return Markup('<path class="gap" d="M{:.1f} 40V{}H{:.1f}V60"><title>{}</title></path>').format(
            reply.asked_until * self.scale, _STEP_AT, reply.answered_from * self.scale, words
        )


def _gaps(replies: Sequence[Reply], duration: float) -> Iterator[Label]:
    """Figures right of the agent's start; where there is no room for one, its gap tells it under the pointer."""
    free = {"": 0.0, "narrow": 0.0}
    needed = {kind: _LABEL / max(_LEAST_SCALE, pixels / duration) for kind, pixels in (("", _PHONE), ("narrow", _DESK))}
    for reply in replies:
        fits = [kind for kind in free if reply.answered_from >= free[kind]]
        kind = fits[0] if fits else "none"
        for room in fits:
            free[room] = reply.answered_from + needed[room]
        yield Label(left=_per_cent(reply.answered_from, duration), words=f"{reply.latency:.2f} s", kind=kind)


def _keys(keys: Sequence[Key], duration: float) -> Iterator[Label]:
    for side in Side:
        group: list[Key] = []
        for key in sorted((key for key in keys if key.by is side), key=_moment):
            if group and key.at - group[-1].at > _KEYS_TOGETHER:
                yield _group(group, duration)
                group = []
            group.append(key)
        if group:
            yield _group(group, duration)


def _moment(key: Key) -> float:
    return key.at


def _group(keys: Sequence[Key], duration: float) -> Label:
    words = one_line("".join(key.digit for key in keys))
    return Label(left=_per_cent(keys[0].at, duration), words=words, kind=keys[0].by.value)


def _ticks(duration: float) -> Iterator[Label]:
    scale = max(_LEAST_SCALE, _PHONE / duration)
    step = next((step for step in _STEPS if step * scale >= _TICK), _STEPS[-1])
    for moment in range(0, int(duration) + 1, step):
        yield Label(left=_per_cent(moment, duration), words=f"{moment // 60}:{moment % 60:02}")


def _kinds(floor: Floor, *, both: bool, gaps: bool, keys: bool) -> Iterator[tuple[str, str]]:
    present = {
        ("both", "both speak"): both,
        ("held", "caller on hold"): bool(floor.holds),
        ("gap", "time to answer"): gaps,
        ("backchannel", "caller's backchannel"): bool(floor.backchannels),
        ("protected", "caller speaks on whatever the agent says"): bool(floor.protected),
        ("key", "keys"): keys,
    }
    return (kind for kind, there in present.items() if there)


def _per_cent(moment: float, duration: float) -> float:
    return round(100 * min(max(moment, 0.0), duration) / duration, 2)
