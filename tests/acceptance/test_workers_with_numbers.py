from command_line import CommandLine

NUMBERS = {"RINGBACK_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none", "RINGBACK_PHONE_NUMBERS": "+15550100"}


async def test_several_workers_cannot_be_called_at_one_address(ringback: CommandLine) -> None:
    done = await ringback("serve", "--port", 0, "--workers", 2, **NUMBERS, RINGBACK_SIP_LISTEN="127.0.0.1:5060")
    assert done.code == 2
    assert done.err.startswith("--workers 2: agents call RINGBACK_PHONE_NUMBERS at one address")


async def test_several_workers_whose_numbers_register_are_no_question(ringback: CommandLine) -> None:
    done = await ringback("serve", "--port", 0, "--workers", 2, **NUMBERS, RINGBACK_SIP_REGISTRAR="127.0.0.1:1")
    assert "RINGBACK_PHONE_NUMBERS" not in done.err
    assert done.code != 0, "there is no such database"
