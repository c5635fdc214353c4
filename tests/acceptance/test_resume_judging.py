"""A run that was killed while it was judged is judged when it is taken up again, and not talked about once more."""

import asyncio

from command_line import CommandLine
from test_models import SUITE, agent, caller, environment, verdict

from ringback.testing.model_answers import Asked, Stall
from ringback.testing.model_server import ScriptedModelServer


async def test_a_conversation_that_was_being_judged_when_its_process_was_killed_is_not_held_again(
    ringback: CommandLine,
) -> None:
    ringback.write("suite.yaml", SUITE)
    judging = asyncio.Event()

    def stall(_: Asked) -> Stall:
        judging.set()
        return Stall()

    async with agent() as clinic, ScriptedModelServer(caller) as model:
        model.on(wants_object=True, answer=stall, times=1)
        process = await ringback.start("run", "suite.yaml", "--agent", clinic.url, **environment(model))
        async with asyncio.timeout(60):
            await judging.wait()
        process.kill()
        await process.wait()
        asked = len(model.requests)

        model.on(wants_object=True, answer=verdict("Your visit is booked for Monday."))
        resumed = await ringback("run", "--resume", 1, "--agent", clinic.url, "--json", "r.json", **environment(model))

    assert resumed.code == 0, resumed.text
    assert "1 of 1 passed" in resumed.out
    assert len(clinic.calls) == 1, "the conversation was held once"
    assert len(model.requests) == asked + 1, "and of the models only the judge was asked again"
    assert '"caller"' in (ringback.folder / "r.json").read_text(encoding="utf-8"), "what the caller used is counted"
