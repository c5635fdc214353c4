"""Commands about agents: talk to one, check one, start the demo one."""

from typing import Annotated

import typer

from ringback.cli.flag_values import finite

AgentArgument = Annotated[
    str, typer.Argument(help="An agent in ringback.toml, or ws://… or wss://…", metavar="NAME|URL")
]
HeaderOption = Annotated[list[str] | None, typer.Option(help="Handshake header; repeatable.", metavar="K=V")]
SecretOption = Annotated[
    str | None, typer.Option(help="Where the value of X-VOCERA-SECRET is: env:NAME.", metavar="env:NAME")
]


def register(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.command()(chat)
    app.command(name="check-agent")(check_agent)
    app.command(name="check-line")(check_line)
    agent = typer.Typer(help="Agents that come with Ringback.", no_args_is_help=True)
    agent.command()(demo)
    app.add_typer(agent, name="agent")


def chat(
    url: AgentArgument,
    *,
    frames: Annotated[bool, typer.Option("--frames", help="Show every frame as it is on the wire.")] = False,
    header: HeaderOption = None,
    secret: SecretOption = None,
) -> None:
    """Talk to an agent by hand, through the same channel that runs use. An empty line or Ctrl-D hangs up."""
    from ringback.cli.chat_command import chat_by_hand  # noqa: PLC0415 - keeps --help quick

    raise typer.Exit(chat_by_hand(url, show_frames=frames, headers=header or [], secret=secret))


def check_agent(
    url: AgentArgument,
    *,
    header: HeaderOption = None,
    secret: SecretOption = None,
    patience: Annotated[
        float, typer.Option(min=0.1, callback=finite, help="Seconds to wait for an answer.", metavar="SECONDS")
    ] = 60.0,
) -> None:
    """Try each rule of the chat protocol on an agent server and name the frame that breaks it.

    Exit 0 when no rule is broken, 1 when one is, 3 when no session could be opened.
    """
    from ringback.cli.check_command import check_by_rules  # noqa: PLC0415 - keeps --help quick

    raise typer.Exit(check_by_rules(url, headers=header or [], secret=secret, answer_patience=patience))


def check_line() -> None:
    """Try the telephone line of the settings: register, call ourselves, and listen to what comes through.

    Says how long sound takes, what is lost, and whether keys come. Without a trunk or registrar (RINGBACK_SIP_TRUNK,
    RINGBACK_SIP_REGISTRAR) the call stays on this machine. Exit 0 when all works, 1 when something does not, 2 when it
    could not be tried.
    """
    from ringback.cli.check_line_command import check_line as try_line  # noqa: PLC0415 - keeps --help quick

    raise typer.Exit(try_line())


def demo(
    *,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.", metavar="PORT")
    ] = 8765,
    host: Annotated[str, typer.Option(help="Address to listen on.", metavar="ADDRESS")] = "127.0.0.1",
    voice: Annotated[bool, typer.Option("--voice", help="Speak, on media streams and CHIRP, instead of chat.")] = False,
    thinking: Annotated[
        float, typer.Option(min=0, max=60, help="Seconds before each answer.", metavar="SECONDS")
    ] = 0.2,
    sip_listen: Annotated[
        str | None, typer.Option(help="With --voice: answer telephone calls there, too.", metavar="ADDRESS:PORT")
    ] = None,
    sip_to: Annotated[
        str | None,
        typer.Option(help="With --voice: call numbers at this SIP host, as POST /call asks.", metavar="HOST:PORT"),
    ] = None,
) -> None:
    """Run the demo agent: a clinic's front desk, rule-based, with two tools and one planted fault.

    With --voice it answers spoken calls: flite speaks for it, and it hears the lines that callers of the demo suite
    say, with no key and no network. Another fault is planted there: it talks over whoever interrupts its opening hours.
    """
    if voice:
        from ringback.cli.voice_demo import run_forever as answer_calls  # noqa: PLC0415 - nothing of voice for chat

        answer_calls(host, port, thinking=thinking, sip_listen=sip_listen, sip_to=sip_to)
        return
    if sip_listen is not None or sip_to is not None:
        raise typer.BadParameter("a telephone is for --voice: add it.", param_hint="--sip-listen, --sip-to")
    from ringback.demo.server import run_forever  # noqa: PLC0415 - keeps --help quick

    run_forever(host, port, thinking=thinking)
