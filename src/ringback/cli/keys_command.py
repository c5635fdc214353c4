"""What `ringback keys` does."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import TypeVar

import typer

from ringback.cli.connecting import PROJECT_FILE
from ringback.domain.api_key import Scope
from ringback.domain.visible import one_line
from ringback.errors import UsageError
from ringback.library.project import load_project
from ringback.settings import load_settings
from ringback.storage.keys import LONGEST_NAME, KeyStore
from ringback.wiring.keys import open_keys

T = TypeVar("T")


def _with_keys(job: Callable[[KeyStore], Awaitable[T]]) -> T:
    """Do a job on the keys of the settings' database."""

    async def opened() -> T:
        settings = load_settings(os.environ, load_project(PROJECT_FILE).settings)
        async with open_keys(settings) as keys:
            return await job(keys)

    return asyncio.run(opened())


def create_key(name: str, scope: Scope) -> None:
    """The token goes to standard output alone, so that scripts can take it."""
    if not name.strip() or len(name) > LONGEST_NAME:
        raise UsageError(f"The name of a key has 1 to {LONGEST_NAME} characters.")
    key, token = _with_keys(lambda keys: keys.create(name, scope))
    typer.echo(f"API key {key.id} of scope {key.scope}. It is shown this once; only its digest is kept.", err=True)
    typer.echo(token)


def print_keys() -> None:
    """A line a key."""
    kept = _with_keys(lambda keys: keys.list())
    if not kept:
        typer.echo("No API keys yet: `ringback keys create NAME` makes one.")
        return
    from rich.table import Table  # noqa: PLC0415 - the other commands print plain lines
    from rich.text import Text  # noqa: PLC0415 - as above

    from ringback.cli.terminal import open_console  # noqa: PLC0415 - as above

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for heading in ("key", "begins", "scope", "made", "name", ""):
        table.add_column(heading, header_style="dim", justify="left", no_wrap=heading != "name")
    for key in kept:
        made = key.created_at.astimezone() if key.created_at else None
        table.add_row(
            str(key.id),
            f"{key.prefix}…",
            key.scope,
            f"{made:%Y-%m-%d %H:%M}" if made else "",
            one_line(key.name),
            Text("revoked", style="yellow") if key.revoked_at else "",
        )
    open_console().print(table)


def revoke_key(key_id: int) -> None:
    """Of one that is revoked already, nothing changes."""
    key = _with_keys(lambda keys: keys.revoke(key_id))
    typer.echo(f"API key {key.id} ({one_line(key.name)}) is revoked.")


def print_encryption_key() -> None:
    """Fresh each time."""
    from ringback.storage.sealing import new_key  # noqa: PLC0415 - encryption is for this command alone

    typer.echo(new_key())
