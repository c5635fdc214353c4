"""`ringback check-line`: what it says of a line that works, and of lines that do not."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import SecretStr
from small_registrar import SmallRegistrar

from ringback.cli.line_trial import LineTrial
from ringback.errors import UsageError
from ringback.runs.conformance import Level, Verdict
from ringback.settings import Settings
from ringback.testing import SipAgentServer


async def tried(settings: Settings, **options: float) -> list[Verdict]:
    return [verdict async for verdict in LineTrial(settings, **options).verdicts()]


def test_a_line_within_this_machine_is_tried_and_described(tmp_path: Path) -> None:
    ringback = Path(sys.executable).parent / "ringback"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RINGBACK_")}
    done = subprocess.run(
        [ringback, "check-line"], cwd=tmp_path, env=kept, capture_output=True, text=True, timeout=100, check=False
    )
    lines = {row[2:].partition(":")[0]: row for row in done.stdout.splitlines()[:-1]}
    order = ["telephone", "registration", "call", "sound there", "sound back", "key", "packets there", "packets back"]
    assert list(lines) == order, done.stdout + done.stderr
    assert lines["registration"].startswith("· registration: None is set (RINGBACK_SIP_REGISTRAR)")
    for step in ("telephone", "call", "key"):
        assert lines[step].startswith("✓"), done.stdout
    assert "with PCMU." in lines["call"]
    assert "s from end to end" in lines["sound there"]
    # Other tests keep this machine busy, which may lose packets.
    assert (done.returncode, "✗" in done.stdout, "The telephone line works." in done.stdout) in [
        (0, False, True),
        (1, True, False),
    ]


async def test_a_registrar_that_is_not_there_is_said_with_what_to_look_at() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        nobody = f"127.0.0.1:{silent.getsockname()[1]}"
    settings = Settings(
        sip_registrar=nobody, sip_interface="127.0.0.1", phone_numbers=("+15550100",), sip_password=SecretStr("hush")
    )
    *_, last = await tried(settings)
    assert (last.rule, last.level) == ("registration", Level.BROKEN)
    assert last.sentence.startswith(f"+15550100 could not be registered at {nobody}")
    assert "RINGBACK_SIP_REGISTRAR" in last.sentence
    assert "hush" not in last.sentence


async def test_a_line_through_a_registrar_that_wants_a_password() -> None:
    async with SmallRegistrar("hush") as registrar:
        settings = Settings(
            sip_registrar=f"127.0.0.1:{registrar.port}",
            sip_interface="127.0.0.1",
            phone_numbers=("+15550100", "+15550101"),
            sip_password=SecretStr("hush"),
        )
        verdicts = await tried(settings, patience=60.0)
        assert set(registrar.registered) == {"+15550100", "+15550101"}
        *_, refused = await tried(settings.model_copy(update={"sip_password": SecretStr("wrong")}))
    said = {f"{verdict.rule} {verdict.level}": verdict.sentence for verdict in verdicts}
    assert said["registration ok"] == f"+15550101 is registered at 127.0.0.1:{registrar.port}."
    assert said["call ok"].startswith(f"sip:+15550100@127.0.0.1:{registrar.port} answered after")
    assert "key ok" in said
    assert refused.level is Level.BROKEN
    assert "403" in refused.sentence
    assert refused.sentence.endswith("Check RINGBACK_SIP_USER and RINGBACK_SIP_PASSWORD.")


async def test_a_trunk_that_sends_our_call_elsewhere_or_refuses_it_is_said() -> None:
    async with SipAgentServer(user="+15550100", refusals=["busy", "no_answer"]) as elsewhere:
        settings = Settings(
            sip_trunk=elsewhere.address, sip_interface="127.0.0.1", phone_numbers=("+15550100", "+15550101")
        )
        refused, lost = (await tried(settings, patience=60.0))[-1], (await tried(settings, patience=3.0))[-1]
    assert (refused.rule, refused.level) == (lost.rule, lost.level) == ("call", Level.BROKEN)
    assert "is busy (486" in refused.sentence
    assert "no call came to us within 3 s." in lost.sentence
    assert "has to come back to this machine" in lost.sentence


async def test_a_trunk_without_a_number_of_ours_cannot_be_tried() -> None:
    with pytest.raises(UsageError, match="RINGBACK_PHONE_NUMBERS"):
        await tried(Settings(sip_trunk="sip.provider.example"))
