"""`ringback.toml`: the agents of a project and its settings; and from a name or a URL to an agent."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, cast

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StrictBool

from ringback.domain.agent import Agent, Transport
from ringback.errors import Problem, SuiteError, UsageError
from ringback.library.addresses import checked_url, shown_url
from ringback.library.document import Place, Unreadable, read_bytes, spell
from ringback.library.known_lines import read_known_lines
from ringback.library.validation import Finding, did_you_mean, validate

_ENV = re.compile(r"(?:(?P<scheme>[A-Za-z][A-Za-z0-9_-]*) )?env:(?P<name>[A-Za-z_][A-Za-z0-9_]*)")
_CREDENTIAL = re.compile(r"authorization|cookie|token|secret|password|api[-_]?key", re.IGNORECASE)
_AT = re.compile(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)")
_RESERVED = "x-vocera-"


class AgentEntry(BaseModel):
    """One `[agents.NAME]` table."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    url: str = Field(min_length=1)
    """`ws://…` or `wss://…`, or `env:NAME`."""
    channel: Literal["text", "media-streams", "chirp"] = "text"
    """What conversations are carried by: words, or voice in one of two protocols."""
    known_lines: str | None = Field(default=None, min_length=1)
    """File of what the agent can say, from the folder of `ringback.toml`: a line each, or a JSGF grammar."""
    headers: dict[str, str] = Field(default_factory=dict[str, str])
    """Handshake headers; values may be `env:NAME` or `Bearer env:NAME`."""
    secret: str | None = None
    """`env:NAME`: where the value of `X-VOCERA-SECRET` is."""
    agent_speaks_first: StrictBool | None = None
    """True: the agent greets. False: the caller opens. Left out: the opening wait decides."""
    ca_file: str | None = Field(default=None, min_length=1)
    """PEM file of a private certificate authority, from the folder of `ringback.toml`."""


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    agents: dict[str, AgentEntry] = Field(default_factory=dict[str, AgentEntry])
    settings: dict[str, Any] = Field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """What `ringback.toml` says; empty where there is no such file."""

    agents: Mapping[str, AgentEntry] = field(default_factory=dict[str, AgentEntry])
    settings: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Settings by their names in lower case, not yet validated."""
    folder: Path = Path()


def load_project(path: Path) -> Project:
    """The project file; an empty project where there is none.

    Raises:
        SuiteError: everything that is wrong in it.
    """
    file = str(path)
    text = ""
    try:
        if not path.exists():
            return Project()
        text = read_bytes(path).decode("utf-8-sig").replace("\r\n", "\n")
        value = tomllib.loads(text)
    except UnicodeDecodeError:
        raise _one(file, None, None, "the file is not UTF-8 text.", "Save it as UTF-8.") from None
    except Unreadable as error:
        raise _one(file, error.line, error.column, error.sentence, error.remedy) from None
    except tomllib.TOMLDecodeError as error:
        raise _not_toml(file, text, str(error)) from None
    except (OSError, ValueError, RecursionError):
        raise _one(file, None, None, "the file cannot be read.", "Check it.") from None
    value = _plain(value)
    found, findings = validate(_File, value)
    agents = found.agents if found else {}
    findings += [finding for name, entry in agents.items() for finding in _agent_rules(name, entry)]
    if findings or found is None:
        problems = [_problem(file, text, finding) for finding in findings]
        raise SuiteError(tuple(sorted(problems, key=lambda problem: problem.order)))
    return Project(agents=found.agents, settings=found.settings, folder=path.parent)


def resolve_agent(
    project: Project,
    agent: str,
    environ: Mapping[str, str],
    *,
    secret: str | None = None,
    run_headers: Mapping[str, str] | None = None,
    channel: Transport | None = None,
    known_lines: Path | None = None,
) -> Agent:
    """The agent that a name of `ringback.toml` or a URL means.

    Args:
        project: where names are looked up.
        agent: a name, or a `ws://` or `wss://` URL.
        environ: where `env:NAME` values are looked up.
        secret: `env:NAME` from the command line; over the agent's own.
        run_headers: per-run headers; values may be `env:NAME`.
        channel: over the agent's own.
        known_lines: file over the agent's own.

    Raises:
        UsageError: no such agent, no such URL, an environment variable that is not set, or a file of known lines that
            cannot be read.
    """
    look_up = _Environment(environ)
    entry = project.agents.get(agent)
    if entry is None:
        if not _looks_like_url(agent):
            raise UsageError(_unknown_agent(agent, project))
        entry, name = AgentEntry(url=agent), shown_url(agent)
    else:
        name = agent
    url = checked_url(look_up.value(entry.url, f"url of agent '{name}'"))
    if secret is not None and not _is_env(secret):
        raise UsageError("--secret: write env:NAME, the name of an environment variable that holds the secret.")
    hidden = secret or entry.secret
    ca_file = str(project.folder / entry.ca_file) if entry.ca_file else None
    carried_by = channel or Transport(entry.channel)
    lines_file = known_lines or (project.folder / entry.known_lines if entry.known_lines else None)
    return Agent(
        name=name,
        url=SecretStr(url),
        shown_url=shown_url(url),
        channel=carried_by,
        known_lines=read_known_lines(lines_file) if lines_file and carried_by.is_voice else (),
        headers=look_up.headers(entry.headers, f"agent '{name}'"),
        run_headers=look_up.headers(run_headers or {}, "--header"),
        secret=SecretStr(look_up.value(hidden, f"secret of agent '{name}'")) if hidden else None,
        agent_speaks_first=entry.agent_speaks_first,
        ca_file=ca_file,
    )


@dataclass(frozen=True, slots=True)
class _Environment:
    variables: Mapping[str, str]

    def value(self, text: str, what: str) -> str:
        """The text, or what stands in the environment where it says `env:NAME`."""
        reference = _ENV.fullmatch(text)
        if not reference:
            return text
        name = reference["name"]
        value = self.variables.get(name)
        if not value:
            raise UsageError(f"{what}: the environment variable {name} is not set. Set it, or change env:{name}.")
        return f"{reference['scheme']} {value}" if reference["scheme"] else value

    def headers(self, headers: Mapping[str, str], where: str) -> dict[str, SecretStr]:
        return {name: SecretStr(self.value(text, f"{where}, header {name}")) for name, text in headers.items()}


def _is_env(text: str) -> bool:
    return bool(_ENV.fullmatch(text))


def _looks_like_url(agent: str) -> bool:
    return "://" in agent or bool(re.match(r"[\w.-]+:\d+(/|$)|localhost(/|$)", agent))


def _unknown_agent(agent: str, project: Project) -> str:
    if not project.agents:
        return f"There is no agent '{agent}': ringback.toml names none. Give a URL (ws://…), or add [agents.{agent}]."
    hint = did_you_mean(agent, project.agents).replace("Known here", "Known")
    return f"There is no agent '{agent}' in ringback.toml. {hint}"


def _agent_rules(name: str, entry: AgentEntry) -> list[Finding]:
    place: Place = ("agents", name)
    found: list[Finding] = []
    if not _is_env(entry.url):
        try:
            checked_url(entry.url)
        except UsageError as error:
            found.append(((*place, "url"), str(error), "", False))
    if entry.secret is not None and not _is_env(entry.secret):
        message = "a secret does not belong into this file."
        found.append(((*place, "secret"), message, 'Write "env:NAME" and set that environment variable.', False))
    for header, value in entry.headers.items():
        where: Place = (*place, "headers", header)
        if header.lower().startswith(_RESERVED):
            message = "headers that begin with X-VOCERA- are set by Ringback."
            found.append((where, message, "Remove it; for X-VOCERA-SECRET use `secret`.", False))
        elif _CREDENTIAL.search(header) and not _is_env(value):
            remedy = 'Write "env:NAME" (or "Bearer env:NAME") and set that environment variable.'
            found.append((where, "a secret does not belong into this file.", remedy, False))
    return found


def _plain(value: Any) -> Any:
    """TOML's dates and infinite numbers as text: the file's format has none."""
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in cast("dict[str, Any]", value).items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in cast("list[Any]", value)]
    if isinstance(value, float) and (value != value or abs(value) == float("inf")):  # noqa: PLR0124 - true for NaN only
        return str(value)
    return value if isinstance(value, str | int | float | bool) else str(value)


def _not_toml(file: str, text: str, message: str) -> SuiteError:
    at = _AT.search(message)
    lines = text.split("\n")
    line, column = (int(at[1]), int(at[2])) if at and at[1] else (len(lines), len(lines[-1]) + 1)
    cause = _AT.sub("", message).rstrip(".")
    return _one(
        file,
        line,
        column,
        f"the file is not TOML: {cause[:1].lower()}{cause[1:]}.",
        "Correct it; text stands in quotes.",
    )


def _one(file: str, line: int | None, column: int | None, message: str, remedy: str) -> SuiteError:
    return SuiteError((Problem(file=file, line=line, column=column, path="", message=message, remedy=remedy),))


def _problem(file: str, text: str, finding: Finding) -> Problem:
    place, message, remedy, _ = finding
    line, column = _position(text, place)
    return Problem(file=file, line=line, column=column, path=spell(place), message=message, remedy=remedy)


def _position(text: str, place: Place) -> tuple[int, int]:
    """Where a key stands, as far as it can be seen from the lines: TOML's reader keeps no positions."""
    names = [str(part) for part in place]
    table: list[str] = []
    best = (0, (1, 1))
    for number, line in enumerate(text.splitlines(), start=1):
        header = re.match(r"\s*\[+\s*(.+?)\s*\]+", line)
        key = re.match(r"\s*([^=#\[]+?)\s*=", line)
        if header:
            table = _dotted(header[1])
            path = table
        elif key:
            path = [*table, *_dotted(key[1])]
        else:
            continue
        depth = len(path) if path == names[: len(path)] else 0
        if depth > best[0]:
            best = (depth, (number, len(line) - len(line.lstrip()) + 1))
    return best[1]


def _dotted(text: str) -> list[str]:
    return [part.strip("\"' ") for part in re.findall(r'"[^"]*"|\'[^\']*\'|[^.]+', text)]
