"""Agents that get along with any caller: three go through their questions whatever is said; one is the demo agent."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager

from ringback.demo.server import serve
from ringback.testing import AgentCall, ScriptedAgentServer, end_call, tool_call, tool_result
from ringback.testing.agent_server import Talk
from ringback.testing.steps import Reply


def _in_turn(greeting: str, replies: list[Reply]) -> Talk:
    """Greets, then gives one reply after the other to whatever is said, then says goodbye."""

    async def talk(call: AgentCall) -> None:
        await call.do(greeting)
        for reply in replies:
            if await call.hear() is None:
                return
            await call.do(reply)

    return talk


CLINIC = _in_turn(
    "Riverside Clinic front desk, how can I help you?",
    [
        "Of course. May I have your full name?",
        "Thank you. And your date of birth?",
        "I have Monday at 9:30 with Dr. Meyer. Does that suit you?",
        [
            "One moment, please.",
            tool_call("book_visit", {"doctor": "Meyer", "day": "Monday", "time": "9:30"}, id="b1"),
            tool_result('{"booked": true, "code": "RC-5120"}', id="b1"),
            "You are booked with Dr. Meyer on Monday at 9:30. Your booking code is RC-5120. Anything else?",
        ],
        end_call("Thank you for calling. Goodbye!"),
    ],
)
SHOP = _in_turn(
    "Welcome to StrideShop support. What can I do for you?",
    [
        "I am sorry to hear that. What is your order number?",
        "And which e-mail address did you use?",
        [
            tool_call("find_parcel", {"order": "A-20418"}, id="p1"),
            tool_result("lost by the carrier", id="p1"),
            "The carrier has lost your parcel. Would you like a new pair or a refund?",
        ],
        "Your refund of 89 euros is on its way. It takes five days.",
        end_call("Goodbye!"),
    ],
)
PROVIDER = _in_turn(
    "Norlink, good morning. How may I help?",
    [
        "What is your name and your customer number, please?",
        "Have you tried to restart the router?",
        "I can send a technician on Thursday between 8 and 12. Is that all right?",
        "Your visit is confirmed under ticket T-9053. Thank you for calling.",
        end_call("Goodbye!"),
    ],
)
_SCRIPTED: Mapping[str, Talk] = {"clinic": CLINIC, "shop": SHOP, "provider": PROVIDER}
NAMES = ("demo", *_SCRIPTED)
"""What scenarios are tagged with; `demo` is the demo agent that comes with Ringback."""


@asynccontextmanager
async def serving(name: str) -> AsyncGenerator[str]:
    """The agent of that name, listening; its URL."""
    if name == "demo":
        demo = await serve()
        try:
            yield demo.url
        finally:
            await demo.close()
    else:
        async with ScriptedAgentServer(_SCRIPTED[name]) as agent:
            yield agent.url
