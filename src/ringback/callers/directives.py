"""Directives in fixed messages: `<endcall/>`, `<silence time="2s"/>`, `<spell>…</spell>` and those for voice.

Only the names in `_KINDS` are directives; any other `<` is ordinary text and survives. A pair around nothing but words
becomes one part with those words; a pair with directives inside becomes two markers, `name` and `/name`.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ringback.domain.template import LITERAL_LESS_THAN
from ringback.domain.utterance import EndCall, Hold, Part, Silence, Spell, Utterance, VoiceDirective, Words

_TIME = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s)?", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""([A-Za-z_][\w-]*)(?:\s*=\s*("[^"]*"|'[^']*'|[^\s"'>/]+))?""")
_LONGEST = 3600.0
"""Seconds: no call lasts longer."""

Attributes = Mapping[str, str]


def seconds_of(text: str) -> float:
    """Seconds in `2s`, `500ms` or `2`.

    Raises:
        ValueError: it is no time, or none of a call's, with a sentence.
    """
    found = _TIME.fullmatch(text.strip())
    if not found:
        raise ValueError(f"'{text}' is no time; write it as `2s` or `500ms`")
    seconds = float(found[1]) / (1000 if (found[2] or "s").lower() == "ms" else 1)
    if not 0 < seconds <= _LONGEST:
        raise ValueError(f"'{text}' is out of range; a time is over 0 and at most {_LONGEST:g}s")
    return seconds


def _between(low: float, high: float) -> Callable[[str], object]:
    def check(text: str) -> None:
        try:
            fits = low <= float(text) <= high
        except ValueError:
            fits = False
        if not fits:
            raise ValueError(f"'{text}' is no number from {low:g} to {high:g}")

    return check


def _one_of(*words: str) -> Callable[[str], object]:
    def check(text: str) -> None:
        if text not in words:
            raise ValueError(f"'{text}' is none of {', '.join(words)}")

    return check


def _digits(text: str) -> None:
    if not re.fullmatch(r"[0-9*#A-D]+", text):
        raise ValueError(f"'{text}' holds more than the keys 0-9, *, # and A-D")


def _words(text: str) -> None:
    if not text.strip():
        raise ValueError("it must not be empty")


def _anything(text: str) -> None:
    del text


@dataclass(frozen=True, slots=True)
class _Kind:
    """What one directive looks like."""

    required: Mapping[str, Callable[[str], object]] = field(default_factory=dict[str, Callable[[str], object]])
    optional: Mapping[str, Callable[[str], object]] = field(default_factory=dict[str, Callable[[str], object]])
    alone: bool = True
    """May be written `<name/>`, or opened without being closed."""
    pair: bool = False
    """May be written `<name>…</name>`."""
    said: str | None = None
    """Attribute whose words are spoken."""


_KINDS = {
    "endcall": _Kind(),
    "silence": _Kind({"time": seconds_of}),
    "hold": _Kind({"time": seconds_of}),
    "dtmf": _Kind({"digits": _digits}),
    "ivr": _Kind({"text": _words}, said="text"),
    "voicemail": _Kind({"text": _words}, said="text"),
    "ignore_interruptions": _Kind(alone=False, pair=True),
    "interruption": _Kind({"time": seconds_of}),
    "spell": _Kind(alone=False, pair=True),
    "speed": _Kind({"ratio": _between(0.8, 1.2)}, pair=True),
    "volume": _Kind({"ratio": _between(0, 2)}, pair=True),
    "voice": _Kind({"provider": _words, "id": _words}, {"text": _anything}, pair=True, said="text"),
    "background_noise": _Kind({"sound": _words}, {"volume": _between(0, 10)}, pair=True),
    "noise": _Kind({"sound": _one_of("office", "beep", "cough1", "cough2")}, {"volume": _between(0, 10)}),
    "network_simulation": _Kind({"packet_loss": _anything}, pair=True),
    "send_sms": _Kind({"text": _words}),
    "client_message": _Kind({"t": _words}, {"d": _anything}),
    "audio": _Kind({"id": _words}),
    "function": _Kind({"name": _words}),
}
WHOLE_ACTION = frozenset({"ivr", "voicemail"})
"""Directives that must be all there is in an action."""

_TAG = re.compile(
    rf"""<\s*(?P<close>/)?\s*(?P<name>{"|".join(_KINDS)})(?P<rest>(?=[\s/>])(?:[^<>"']|"[^"]*"|'[^']*')*)>""",
    re.IGNORECASE,
)
_BROKEN = re.compile(rf"<\s*/?\s*({'|'.join(_KINDS)})(?=[\s/=]|$)", re.IGNORECASE)


def has_directives(text: str) -> bool:
    """Whether a directive's name stands behind a `<` anywhere in the text."""
    return "<" in text and (_TAG.search(text) is not None or _BROKEN.search(text) is not None)


def parse_directives(text: str) -> Utterance:
    """The parts of a fixed message, in order.

    Raises:
        ValueError: a malformed directive, with a sentence that says what is wrong.
    """
    if "<" not in text:
        return Utterance((Words(_plain(text)),))
    parts: list[Part] = []
    opened: list[tuple[str, int]] = []
    done = 0
    for tag in _TAG.finditer(text):
        _add_words(parts, text[done : tag.start()])
        done = tag.end()
        name = tag["name"].lower()
        if tag["close"]:
            _close(parts, opened, name)
        else:
            _open(parts, opened, tag, name)
    _add_words(parts, text[done:])
    for name, _ in opened:
        if not _KINDS[name].alone:
            raise ValueError(f"`<{name}>` is never closed; write `</{name}>` behind its words.")
    _check_order(parts)
    return Utterance(tuple(parts))


def _plain(text: str) -> str:
    return text.replace(LITERAL_LESS_THAN, "<")


def _add_words(parts: list[Part], text: str) -> None:
    if broken := _BROKEN.search(text):
        name = broken[1].lower()
        raise ValueError(f"`{text[broken.start() :][:40]}` is no complete directive; write `<{name} …/>`.")
    if text:
        parts.append(Words(_plain(text)))


def _open(parts: list[Part], opened: list[tuple[str, int]], tag: re.Match[str], name: str) -> None:
    rest = tag["rest"].rstrip()
    closed = rest.endswith("/")
    attributes = _attributes(name, rest[:-1] if closed else rest)
    kind = _KINDS[name]
    if closed and not kind.alone:
        raise ValueError(f"`<{name}/>` holds no words; write `<{name}>words</{name}>`.")
    if kind.pair and not closed:
        opened.append((name, len(parts)))
    parts.append(_single(name, attributes))


def _single(name: str, attributes: Attributes) -> Part:
    match name:
        case "endcall":
            return EndCall()
        case "silence":
            return Silence(seconds_of(attributes["time"]))
        case "hold":
            return Hold(seconds_of(attributes["time"]))
        case _:
            said = attributes.get(_KINDS[name].said or "", "")
            return VoiceDirective(name, tuple(attributes.items()), said)


def _close(parts: list[Part], opened: list[tuple[str, int]], name: str) -> None:
    if not _KINDS[name].pair:
        raise ValueError(f"`</{name}>` closes nothing; `<{name}/>` stands alone.")
    if not opened or opened[-1][0] != name:
        raise ValueError(f"`</{name}>` closes nothing that is open here.")
    _, start = opened.pop()
    inner = parts[start + 1 :]
    words = "".join(part.text for part in inner if isinstance(part, Words))
    if name == "spell":
        if any(not isinstance(part, Words) for part in inner) or not words.strip():
            raise ValueError("`<spell>` takes words and no other directive.")
        parts[start:] = [Spell(words)]
        return
    head = parts[start]
    if isinstance(head, VoiceDirective) and all(isinstance(part, Words) for part in inner):
        parts[start:] = [VoiceDirective(name, head.attributes, head.text + words)]
    else:
        parts.append(VoiceDirective(f"/{name}"))


def _attributes(name: str, text: str) -> Attributes:
    kind = _KINDS[name]
    values: dict[str, str] = {}
    at = 0
    for found in _ATTRIBUTE.finditer(text):
        if text[at : found.start()].strip():
            break
        at = found.end()
        key, value = found[1], found[2]
        if value is None and name == "function" and "name" not in values:
            key, value = "name", key  # the reference also writes <function NAME/>
        values[key] = _plain((value or "").strip("\"'"))
    if left := text[at:].strip():
        raise ValueError(f'`<{name}>` has `{left}` in it, which is no attribute; write `name="value"`.')
    if missing := [key for key in kind.required if key not in values]:
        raise ValueError(f'`<{name}>` lacks its attribute `{missing[0]}`; write `<{name} {missing[0]}="…"/>`.')
    for key, value in values.items():
        check = kind.required.get(key) or kind.optional.get(key)
        if check is None:
            known = ", ".join((*kind.required, *kind.optional)) or "none"
            raise ValueError(f"`<{name}>` has no attribute `{key}`; it takes: {known}.")
        try:
            check(value)
        except ValueError as error:
            raise ValueError(f"`{key}` of `<{name}>`: {error}.") from None
    return values


def _check_order(parts: list[Part]) -> None:
    ended = False
    for part in parts:
        if ended and not (isinstance(part, Words) and not part.text.strip()):
            raise ValueError("something follows `<endcall/>`; it must come last.")
        ended = ended or isinstance(part, EndCall)
    for part in parts:
        if isinstance(part, VoiceDirective) and part.name in WHOLE_ACTION and len(parts) > 1:
            raise ValueError(f"`<{part.name}>` must be the whole message.")
