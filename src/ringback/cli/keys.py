"""Commands about API keys: create, list, revoke; and the key that seals agents' secrets."""

from typing import Annotated

import typer

from ringback.domain.api_key import Scope


def register(app: typer.Typer) -> None:
    """Add this file's commands."""
    keys = typer.Typer(help="API keys of the service.", no_args_is_help=True)
    keys.command()(create)
    keys.command(name="list")(list_keys)
    keys.command()(revoke)
    keys.command()(encryption)
    app.add_typer(keys, name="keys")


def create(
    name: Annotated[str, typer.Argument(help="What the key is for.", metavar="NAME")],
    *,
    scope: Annotated[Scope, typer.Option(help="How far it reaches: look, also run, or everything.")] = Scope.RUN,
) -> None:
    """Make an API key and print it: the only time that it is shown."""
    from ringback.cli.keys_command import create_key  # noqa: PLC0415 - keeps --help quick

    create_key(name, scope)


def list_keys() -> None:
    """List the API keys: number, first characters, scope, name."""
    from ringback.cli.keys_command import print_keys  # noqa: PLC0415 - keeps --help quick

    print_keys()


def revoke(key: Annotated[int, typer.Argument(help="Number of a key, as `keys list` has it.", metavar="KEY")]) -> None:
    """Revoke an API key; running servers refuse it from now on."""
    from ringback.cli.keys_command import revoke_key  # noqa: PLC0415 - keeps --help quick

    revoke_key(key)


def encryption() -> None:
    """Print a new key for RINGBACK_ENCRYPTION_KEY, which seals agents' secrets; nothing is kept."""
    from ringback.cli.keys_command import print_encryption_key  # noqa: PLC0415 - keeps --help quick

    print_encryption_key()
