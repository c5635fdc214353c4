"""Commands of the service: the server, and workers on other machines."""

from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.command()(serve)
    app.command()(worker)


def serve(
    *,
    host: Annotated[
        str, typer.Option(help="Address to listen on; 0.0.0.0 for all of this machine's.", metavar="ADDRESS")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.", metavar="PORT")
    ] = 8000,
    workers: Annotated[
        int,
        typer.Option(
            min=0,
            max=64,
            help="Worker processes, the server's own included; 0: this one answers requests only.",
            metavar="N",
        ),
    ] = 1,
) -> None:
    """Serve the REST API and carry out the runs that it is asked for, until Ctrl-C or SIGTERM.

    One process does it all on an SQLite file. With RINGBACK_DATABASE_URL=postgresql://… there can be as many workers,
    here and on other machines (`ringback worker`), as one likes.
    """
    from ringback.cli.service_command import serve_until_stopped  # noqa: PLC0415 - keeps --help quick

    raise typer.Exit(serve_until_stopped(host, port, workers))


def worker() -> None:
    """Carry out runs of the service that has the same PostgreSQL database, until Ctrl-C or SIGTERM."""
    from ringback.cli.service_command import work_until_stopped  # noqa: PLC0415 - keeps --help quick

    raise typer.Exit(work_until_stopped())
