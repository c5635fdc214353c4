"""What `chat` and `check-agent` share: an agent from words on the command line, and lines to it."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ringback.domain.agent import Agent
from ringback.errors import UsageError
from ringback.library.project import load_project, resolve_agent
from ringback.settings import Settings, load_settings
from ringback.wiring.agent_secrets import with_default_secret

PROJECT_FILE = Path("ringback.toml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """An agent and the settings to reach it with."""

    agent: Agent
    settings: Settings


def find_target(name: str, *, headers: Sequence[str], secret: str | None) -> Target:
    """The agent that a name or URL means, to be written to.

    Raises:
        UsageError: what is wrong and what exists, or an agent that is spoken to.
    """
    project = load_project(PROJECT_FILE)
    settings = load_settings(os.environ, project.settings)
    agent = resolve_agent(
        project,
        name,
        os.environ,
        secret=secret,
        run_headers=dict(key_and_value(header, "--header") for header in headers),
    )
    if agent.channel.is_voice and name not in project.agents:
        raise UsageError(
            f"{agent.shown_url} is spoken to. This command speaks the chat protocol: give it a ws://… URL."
        )
    if agent.channel.is_voice:
        raise UsageError(
            f"Agent '{name}' has channel = \"{agent.channel}\" in {PROJECT_FILE}: it is spoken to. This command speaks"
            " the chat protocol; give it the URL of the agent's chat."
        )
    return Target(agent=with_default_secret(agent, settings), settings=settings)


def header_warnings(headers: Sequence[str]) -> Iterator[str]:
    """What to say of headers of the command line that are never sent."""
    for header in headers:
        name = header.partition("=")[0].strip().upper()
        if name.startswith("X-VOCERA-"):
            instead = " For the secret use --secret env:NAME." if name == "X-VOCERA-SECRET" else ""
            yield f"--header {name} is not sent: Ringback sets the headers that begin with X-VOCERA- itself.{instead}"


def key_and_value(text: str, flag: str) -> tuple[str, str]:
    """Split KEY=VALUE. Raises `UsageError` that names the flag (and not the value: it may be secret)."""
    key, separator, value = text.partition("=")
    if not separator or not key.strip():
        raise UsageError(f"{flag} {key}: write it as KEY=VALUE.")
    return key.strip(), value
