"""`ringback.toml`: the agents of a project and its settings; and from a name or a URL to an agent."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from ringback.domain.agent import Agent, DialTrigger, SipCredentials, Transport
from ringback.errors import Problem, SuiteError, UsageError
from ringback.library.addresses import checked_url, shown_url
from ringback.library.agent_entry import ENV, AgentEntry, agent_rules, checked_trigger, is_env, missing_address
from ringback.library.document import Place, Unreadable, read_bytes, spell
from ringback.library.known_lines import read_known_lines
from ringback.library.telephone_addresses import checked_caller, checked_telephone, looks_like_telephone
from ringback.library.validation import Finding, did_you_mean, validate
from ringback.settings import ENVIRONMENT_ONLY, Settings, environment_variable

_AT = re.compile(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)")


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    agents: dict[str, AgentEntry] = Field(default_factory=dict[str, AgentEntry])
    settings: dict[str, Any] = Field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """What `ringback.toml` says; empty where there is no such file."""

    agents: Mapping[str, AgentEntry] = field(default_factory=dict[str, AgentEntry])
    settings: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Settings by their names in lower case, each of which may have its value."""
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
    findings += [finding for name, table in _tables(value).items() for finding in missing_address(name, table)]
    agents = found.agents if found else {}
    findings += [finding for name, entry in agents.items() for finding in agent_rules(name, entry)]
    findings += _setting_findings(value)
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
        agent: a name, or a `ws://` or `wss://` URL, or a SIP address or telephone number.
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
        by_telephone = looks_like_telephone(agent)
        entry, name = AgentEntry(url=agent, channel="sip" if by_telephone else "text"), shown_url(agent)
    else:
        name = agent
    if secret is not None and not is_env(secret):
        raise UsageError("--secret: write env:NAME, the name of an environment variable that holds the secret.")
    hidden = secret or entry.secret
    ca_file = str(project.folder / entry.ca_file) if entry.ca_file else None
    carried_by = channel or Transport(entry.channel)
    url, shown = _address(entry, name, look_up, carried_by)
    lines_file = known_lines or (project.folder / entry.known_lines if entry.known_lines else None)
    return Agent(
        name=name,
        url=SecretStr(url),
        shown_url=shown,
        channel=carried_by,
        known_lines=read_known_lines(lines_file) if lines_file and carried_by.is_voice else (),
        headers=look_up.headers(entry.headers, f"agent '{name}'"),
        run_headers=look_up.headers(run_headers or {}, "--header"),
        secret=SecretStr(look_up.value(hidden, f"secret of agent '{name}'")) if hidden else None,
        agent_speaks_first=entry.agent_speaks_first,
        inbound=entry.inbound,
        contact_number=_contact_number(entry, name, look_up),
        sip_credentials=_sip_credentials(entry, name, look_up),
        dial_trigger=_dial_trigger(entry, name, look_up),
        ca_file=ca_file,
    )


def _address(entry: AgentEntry, name: str, look_up: "_Environment", carried_by: Transport) -> tuple[str, str]:
    """Where the agent is called, and how that is shown; an outbound agent is called nowhere."""
    if not entry.inbound:
        if carried_by is not Transport.SIP:
            raise UsageError(f"Agent '{name}' calls us by telephone: --channel {carried_by} cannot do that.")
        return "", f"calls from {_contact_number(entry, name, look_up)}"
    key = "url" if entry.url is not None else "phone_number"
    value = look_up.value(entry.url or entry.phone_number or "", f"{key} of agent '{name}'")
    url = checked_telephone(value) if carried_by is Transport.SIP else checked_url(value)
    return url, shown_url(url)


def _contact_number(entry: AgentEntry, name: str, look_up: "_Environment") -> str | None:
    if entry.contact_number is None:
        return None
    return checked_caller(look_up.value(entry.contact_number, f"contact_number of agent '{name}'"))


def _sip_credentials(entry: AgentEntry, name: str, look_up: "_Environment") -> SipCredentials | None:
    if entry.sip_auth is None:
        return None
    user, colon, password = look_up.value(entry.sip_auth, f"sip_auth of agent '{name}'").partition(":")
    if not colon or not user:
        raise UsageError(f"sip_auth of agent '{name}': the value of {entry.sip_auth} has to be user:password.")
    return SipCredentials(user=user, password=SecretStr(password))


def _dial_trigger(entry: AgentEntry, name: str, look_up: "_Environment") -> DialTrigger | None:
    if entry.trigger_url is None:
        return None
    secret = entry.trigger_secret
    return DialTrigger(
        url=SecretStr(checked_trigger(look_up.value(entry.trigger_url, f"trigger_url of agent '{name}'"))),
        secret=SecretStr(look_up.value(secret, f"trigger_secret of agent '{name}'")) if secret else None,
    )


@dataclass(frozen=True, slots=True)
class _Environment:
    variables: Mapping[str, str]

    def value(self, text: str, what: str) -> str:
        """The text, or what stands in the environment where it says `env:NAME`."""
        reference = ENV.fullmatch(text)
        if not reference:
            return text
        name = reference["name"]
        value = self.variables.get(name)
        if not value:
            raise UsageError(f"{what}: the environment variable {name} is not set. Set it, or change env:{name}.")
        return f"{reference['scheme']} {value}" if reference["scheme"] else value

    def headers(self, headers: Mapping[str, str], where: str) -> dict[str, SecretStr]:
        return {name: SecretStr(self.value(text, f"{where}, header {name}")) for name, text in headers.items()}


def _looks_like_url(agent: str) -> bool:
    return "://" in agent or looks_like_telephone(agent) or bool(re.match(r"[\w.-]+:\d+(/|$)|localhost(/|$)", agent))


def _unknown_agent(agent: str, project: Project) -> str:
    if not project.agents:
        return f"There is no agent '{agent}': ringback.toml names none. Give a URL (ws://…), or add [agents.{agent}]."
    hint = did_you_mean(agent, project.agents).replace("Known here", "Known")
    return f"There is no agent '{agent}' in ringback.toml. {hint}"


def _tables(value: Any) -> dict[str, Any]:
    """The tables of agents as they stand."""
    agents: Any = cast("dict[str, Any]", value).get("agents") if isinstance(value, dict) else None
    return cast("dict[str, Any]", agents) if isinstance(agents, dict) else {}


def _setting_findings(value: Any) -> Iterator[Finding]:
    """What is wrong with the settings, whatever the environment says of them."""
    table: Any = cast("dict[str, Any]", value).get("settings") if isinstance(value, dict) else None
    given = cast("dict[str, Any]", table) if isinstance(table, dict) else {}
    known = Settings.model_fields.keys() - ENVIRONMENT_ONLY
    for name in given.keys() - known:
        if name in ENVIRONMENT_ONLY:
            message = "this is a secret, and the file may be committed."
            yield ("settings", name), message, f"Set {environment_variable(name)} instead.", True
        else:
            yield ("settings", name), "there is no such setting.", did_you_mean(name, known), True
    _, findings = validate(Settings, {name: given[name] for name in given.keys() & known})
    for place, message, remedy, key in findings:
        yield ("settings", *place), message, remedy, key


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
