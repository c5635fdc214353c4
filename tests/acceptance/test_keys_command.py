import socket

import pytest
from command_line import CommandLine
from cryptography.fernet import Fernet


async def test_a_key_is_printed_once_and_listed_by_its_beginning(ringback: CommandLine) -> None:
    made = await ringback("keys", "create", "nightly job", "--scope", "read")
    token = made.out.strip()
    assert made.code == 0
    assert token.startswith("rbk_")
    assert len(token) > 40
    listed = await ringback("keys", "list")
    assert "nightly job" in listed.out
    assert "read" in listed.out
    assert token not in listed.text
    assert token[:12] in listed.out


@pytest.mark.measured
async def test_no_keys_yet_is_said_in_a_sentence_and_a_revoked_key_is_listed_as_revoked(ringback: CommandLine) -> None:
    assert "ringback keys create NAME" in (await ringback("keys", "list")).out
    await ringback("keys", "create", "old")
    revoked = await ringback("keys", "revoke", 1)
    assert revoked.out == "API key 1 (old) is revoked.\n"
    assert "revoked" in (await ringback("keys", "list")).out


async def test_a_key_that_is_not_there_cannot_be_revoked(ringback: CommandLine) -> None:
    missing = await ringback("keys", "revoke", 7)
    assert missing.code == 2
    assert missing.err == "There is no API key 7.\n"


async def test_a_key_needs_a_name(ringback: CommandLine) -> None:
    nameless = await ringback("keys", "create", " ")
    assert nameless.code == 2
    assert "1 to 200 characters" in nameless.err


async def test_encryption_keys_are_fresh_and_fit_to_seal_with(ringback: CommandLine) -> None:
    first, second = [(await ringback("keys", "encryption")).out.strip() for _ in range(2)]
    assert first != second
    assert Fernet(first)


async def test_a_server_that_cannot_listen_makes_no_key(ringback: CommandLine) -> None:
    """It would be shown once, beside the sentence that nothing is served."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        served = await ringback("serve", "--port", taken.getsockname()[1])
    assert served.code == 2
    assert "Choose another with --port" in served.err
    assert served.out == ""
    assert "ringback keys create NAME" in (await ringback("keys", "list")).out
