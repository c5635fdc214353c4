"""Commands about the database: check and upgrade its tables."""

import typer


def register(app: typer.Typer) -> None:
    """Add this file's commands."""
    db = typer.Typer(help="The database's tables: are they up to date?", no_args_is_help=True)
    db.command()(check)
    db.command()(upgrade)
    app.add_typer(db, name="db")


def check() -> None:
    """Say which version the database's tables have and what they lack. Exit 1 when `db upgrade` has something to do."""
    from ringback.cli.db_command import check_tables  # noqa: PLC0415 - keeps --help quick

    raise typer.Exit(check_tables())


def upgrade() -> None:
    """Bring the database's tables up to date, or make them; all of it or nothing."""
    from ringback.cli.db_command import upgrade_tables  # noqa: PLC0415 - keeps --help quick

    upgrade_tables()
