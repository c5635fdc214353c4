"""Templates in suite files: `{{test_profile.x}}` is replaced by the profile's data, which is never expanded again.

A name is a path below `test_profile`: `{{test_profile.a.b}}`, `{{test_profile['key with space']}}`,
`{{test_profile.items[0]}}`. It is looked up in the caller's section of the profile, then in the agent's.
`{{function.NAME.OUT}}` is left alone: it is known during the call only.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from ringback.domain.scenario import TestProfile
from ringback.errors import UsageError

LITERAL_LESS_THAN = "\ufdd0"
"""Stands for a `<` that came out of a profile where text is parsed for directives afterwards.

A noncharacter, which Unicode reserves for use inside one program.
"""

_STEP = r"""\.[^\s.\[\]{}'"]+|\[\s*(?:'[^']*'|"[^"]*"|\d+)\s*\]"""
_TEMPLATE = re.compile(rf"\{{\{{\s*test_profile((?:{_STEP})+)\s*\}}\}}")
_FUNCTION = re.compile(r"\{\{\s*function\.[^{}]*\}\}")
_STEPS = re.compile(_STEP)
_PLAIN_KEY = re.compile(r"[^\s.\[\]{}'\"]+")
_SHOWN = 40
"""Characters of a broken template that an error quotes."""

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Slot:
    start: int
    end: int
    path: Path


def may_have_templates(text: str) -> bool:
    """Whether anything in the text could be one, or a broken one."""
    return "{{" in text


def fill(text: str, profile: TestProfile | None, *, where: str, before_directives: bool = False) -> str:
    """The text with every template replaced by the profile's data.

    Text goes in as it is, numbers as text, everything else as JSON. What a value contains is never expanded again.

    Args:
        text: any templated field.
        profile: the run's test profile, if it has one.
        where: the scenario and the field, for the error.
        before_directives: the result will be parsed for directives, and those in a value must stay plain text.

    Raises:
        UsageError: a name that the profile lacks, or broken template syntax; the message lists the names there are.
    """
    if not may_have_templates(text):
        return text
    pieces: list[str] = []
    done = 0
    try:
        for slot in _slots(text):
            value = _as_text(_look_up(slot.path, profile))
            pieces += text[done : slot.start], value.replace("<", LITERAL_LESS_THAN) if before_directives else value
            done = slot.end
    except (ValueError, LookupError) as error:
        raise UsageError(f"{where}: {error.args[0]} {_what_exists(profile)}") from None
    return "".join((*pieces, text[done:]))


def template_names(text: str) -> tuple[str, ...]:
    """Every name that the text asks for, as `test_profile.a['b c']`, in order and without repetitions.

    Raises:
        ValueError: broken template syntax, with a sentence that says what is wrong.
    """
    return tuple(dict.fromkeys(_spelled(slot.path) for slot in _slots(text)))


def known_names(profile: TestProfile | None) -> tuple[str, ...]:
    """Every name that a template can ask for with this profile, the caller's section first."""
    if profile is None:
        return ()
    sections = (profile.caller_variables, profile.agent_variables)
    return tuple(dict.fromkeys(_spelled(path) for section in sections for path in _leaves(section)))


def _slots(text: str) -> Iterator[_Slot]:
    at = 0
    while (start := text.find("{{", at)) >= 0:
        if found := _TEMPLATE.match(text, start):
            yield _Slot(start, found.end(), tuple(_key(step.group()) for step in _STEPS.finditer(found.group(1))))
        elif not (found := _FUNCTION.match(text, start)):
            raise ValueError(_complaint(text, start))
        at = found.end()


def _complaint(text: str, start: int) -> str:
    close = text.find("}}", start)
    if close < 0:
        return f"a template is left open: `{text[start : start + _SHOWN]}` has no `}}}}`."
    return (
        f"`{text[start : min(close + 2, start + _SHOWN)]}` is no template: only `{{{{test_profile.NAME}}}}` is known."
    )


def _key(step: str) -> str:
    if step.startswith("."):
        return step[1:]
    inner = step[1:-1].strip()
    return inner if inner.isdigit() else inner[1:-1]


def _spelled(path: Path) -> str:
    return "test_profile" + "".join(f".{key}" if _PLAIN_KEY.fullmatch(key) else f"[{key!r}]" for key in path)


def _look_up(path: Path, profile: TestProfile | None) -> Any:
    if profile is not None:
        for section in (profile.caller_variables, profile.agent_variables):
            try:
                return _walk(section, path)
            except LookupError:
                continue
    raise LookupError(f"there is no `{_spelled(path)}`.")


def _walk(value: Any, path: Path) -> Any:
    for key in path:
        if isinstance(value, Mapping):
            value = cast("Mapping[str, Any]", value)[key]
        elif isinstance(value, Sequence) and not isinstance(value, str) and key.isdigit():
            value = cast("Sequence[Any]", value)[int(key)]
        else:
            raise LookupError
    return value


def _leaves(value: Mapping[str, Any], before: Path = ()) -> Iterator[Path]:
    for key, inner in value.items():
        path = (*before, str(key))
        if isinstance(inner, Mapping) and inner:
            yield from _leaves(cast("Mapping[str, Any]", inner), path)
        else:
            yield path


def _what_exists(profile: TestProfile | None) -> str:
    if profile is None:
        return "The scenario has no test profile."
    names = known_names(profile)
    called = f"Test profile '{profile.name}'" if profile.name else "The test profile"
    return f"{called} has: {', '.join(names)}." if names else f"{called} is empty."


def _as_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool | None | Mapping | Sequence):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)
