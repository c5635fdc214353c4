"""What `ringback db` does."""

import asyncio
import os

import typer

from ringback.cli.connecting import PROJECT_FILE
from ringback.library.project import load_project
from ringback.settings import load_settings
from ringback.storage.database import Database
from ringback.storage.schema_state import SchemaState, schema_state

EXIT_PENDING = 1


def check_tables() -> int:
    """Print what there is and what is lacking; the exit code."""
    state = schema_state(_url())
    typer.echo(_standing(state))
    if state.found is None:
        typer.echo("pending  all of it: it is made at first use, or by `ringback db upgrade`")
        return EXIT_PENDING
    for step in state.pending:
        typer.echo(f"pending  schema {step}")
    if not state.pending:
        return 0
    typer.echo("Make a backup, stop servers and workers, and run `ringback db upgrade`.")
    return EXIT_PENDING


def upgrade_tables() -> None:
    """Take the steps that are lacking."""
    url = _url()
    before = schema_state(url)

    async def open_and_close() -> None:
        await (await Database.open(url, upgrade=True)).close()

    asyncio.run(open_and_close())
    if before.found is None:
        typer.echo(f"The database {before.place} was empty: its tables were made (schema {before.known}).")
    elif before.pending:
        typer.echo(f"The database {before.place} was brought from schema {before.found} to {before.known}.")
    else:
        typer.echo(f"The database {before.place} is up to date (schema {before.known}).")


def _standing(state: SchemaState) -> str:
    found = "nothing yet" if state.found is None else f"schema {state.found}"
    return f"database {state.place}\nfound    {found}\nknown    schema {state.known}"


def _url() -> str:
    return load_settings(os.environ, load_project(PROJECT_FILE).settings).effective_database_url
