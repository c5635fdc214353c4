"""What the clinic says in its demo suite is heard as it is written."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from ringback.demo.front_desk import FrontDesk
from ringback.demo.known_lines import KNOWN_LINES
from ringback.speech.audio import Sound
from ringback.speech.codec import decode_mulaw, encode_mulaw
from ringback.speech.flite import FliteVoice
from ringback.speech.pocketsphinx_ear import GrammarEar
from ringback.speech.resampling import resampled
from ringback.speech.speech_workers import Shared
from ringback.speech.text_to_speech import Voice

CALLS = (
    ("When are you open?", "No, that is all. Goodbye."),
    (
        "Hello, I would like to book an appointment.",
        "My name is Rosalind Franklin.",
        "On Wednesday.",
        "At 11 am.",
        "Yes, please.",
    ),
    ("Please book me in on Tuesday at 9:00.", "Katherine Johnson", "Then at 10:00.", "Yes.", "Goodbye."),
    ("I have to cancel my appointment.", "Alan Turing", "Yes, cancel it."),
    (
        "I have to move my appointment to another day.",
        "This is Grace Hopper.",
        "Friday at 11:00 would be good.",
        "Yes.",
    ),
    ("My husband has chest pain and is unconscious, can I book an appointment for him?",),
)
"""What the callers of the demo suite say; those of `A known patient` follow."""


def turns() -> list[str]:
    """All turns of the clinic, the content of their messages in a row as they are spoken."""
    said: list[str] = []
    known = FrontDesk(patient="Ada Byron")
    for desk, call in [
        *((FrontDesk(), call) for call in CALLS),
        (known, ("An appointment on Monday at 10:00.", "Yes")),
    ]:
        answers = [desk.greet(), *(desk.hear(line) for line in call)]
        said += [" ".join(str(frame["content"]) for frame in frames if "content" in frame) for frames in answers]
    return sorted(set(said))


@pytest.fixture(scope="module")
def workers() -> Iterator[None]:
    """The same processes for all tests."""
    Shared.take()
    yield
    asyncio.run(Shared.give_back())


@pytest.fixture
async def ear(workers: None) -> AsyncIterator[GrammarEar]:
    ear = GrammarEar(KNOWN_LINES)
    yield ear
    await ear.close()


async def test_every_turn_of_the_demo_suite_is_heard_over_a_telephone_line(ear: GrammarEar) -> None:
    flite = FliteVoice("slt")

    async def heard(turn: str) -> str:
        narrow = resampled(await flite.speak(turn, Voice()), 8_000)
        return (await ear.hear(Sound(decode_mulaw(encode_mulaw(narrow.samples)), 8_000))).text

    spoken = turns()
    assert len(spoken) > 15
    assert await asyncio.gather(*map(heard, spoken)) == spoken


async def test_what_the_clinic_never_says_is_no_match(ear: GrammarEar) -> None:
    flite = FliteVoice("slt")
    for turn in ("Your appointment is cancelled, and I do not know why.", "The weather is fine today."):
        hearing = await ear.hear(await flite.speak(turn, Voice()))
        assert (hearing.text, hearing.recognition.matched) == ("", False)
