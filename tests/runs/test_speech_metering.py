"""What one run's speech used and cost."""

from collections.abc import AsyncIterator

import aiohttp
import numpy as np
import pytest

from ringback.domain.usage import Usage
from ringback.errors import CostLimitReached
from ringback.models.budget import Budget
from ringback.runs.speech_metering import MeteredSpeechToText, MeteredTextToSpeech, SpeechMeter
from ringback.speech.audio import Sound
from ringback.speech.build import open_speech_to_text, open_text_to_speech
from ringback.speech.flite import FliteVoice
from ringback.speech.prices import SpeechPrice, speaking_price
from ringback.speech.text_to_speech import TextToSpeech, Voice
from ringback.testing import ScriptedSpeechServer

A_CHARACTER = SpeechPrice(per_thousand_characters=100.0, source="this test")
A_SECOND = SpeechPrice(per_thousand_seconds=100.0, source="this test")
"""Ten cents, as is the other."""
TWO_SECONDS = Sound(np.ones(32_000, np.int16), 16_000)


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
async def server() -> AsyncIterator[ScriptedSpeechServer]:
    async with ScriptedSpeechServer() as server:
        yield server


@pytest.fixture
def voice(server: ScriptedSpeechServer, session: aiohttp.ClientSession) -> TextToSpeech:
    return open_text_to_speech("openai:tts-1/nova", base_url=server.url, api_key="k", timeout=5, session=session)


def meter(price: SpeechPrice | None, budget: Budget | None = None) -> SpeechMeter:
    return SpeechMeter(name="openai:x", price=price, budget=budget or Budget())


async def test_what_is_spoken_is_counted_and_paid_by_the_character(voice: TextToSpeech) -> None:
    counted = meter(A_CHARACTER)
    metered = MeteredTextToSpeech(voice, counted)
    sound = await metered.speak("Hello.", Voice())
    assert counted.usage == Usage(cost=0.6, utterances=1, characters=6, sound_seconds=sound.duration)
    assert metered.name == voice.name


async def test_words_that_were_spoken_before_are_counted_and_not_paid_again(voice: TextToSpeech) -> None:
    budget = Budget()
    first, second = meter(A_CHARACTER, budget), meter(A_CHARACTER, budget)
    for counted in (first, second):
        await MeteredTextToSpeech(voice, counted).speak("Hello.", Voice())
    assert (first.usage.cost, second.usage.cost) == (pytest.approx(0.6), 0.0)
    assert second.usage.characters == 6
    assert budget.spent == pytest.approx(0.6)


async def test_what_is_heard_is_paid_by_the_second(
    server: ScriptedSpeechServer, session: aiohttp.ClientSession
) -> None:
    ear = open_speech_to_text(
        "openai:whisper-1", base_url=server.url, api_key="k", timeout=5, session=session, known_lines=()
    )
    counted = meter(A_SECOND)
    metered = MeteredSpeechToText(ear, counted)
    assert (await metered.hear(TWO_SECONDS)).text == "Hello."
    assert counted.usage == Usage(cost=0.2, utterances=1, sound_seconds=2.0)
    assert (metered.name, metered.mode) == (ear.name, ear.mode)


async def test_without_a_price_the_cost_is_not_known(voice: TextToSpeech) -> None:
    counted = meter(None)
    await MeteredTextToSpeech(voice, counted).speak("Hello.", Voice())
    assert counted.usage.cost is None


async def test_nothing_is_spoken_for_money_once_the_limit_is_reached(
    voice: TextToSpeech, server: ScriptedSpeechServer
) -> None:
    metered = MeteredTextToSpeech(voice, meter(A_CHARACTER, Budget(0.5)))
    await metered.speak("Hello.", Voice())
    with pytest.raises(CostLimitReached):
        await metered.speak("Goodbye.", Voice())
    assert len(server.spoken) == 1


async def test_what_speaks_on_this_machine_costs_nothing_and_is_never_stopped_by_a_limit() -> None:
    budget = Budget(0.5)
    budget.add("openai:gpt-4o-mini", Usage(calls=1, cost=1.0))
    counted = SpeechMeter(name="flite:slt", price=speaking_price("flite:slt"), budget=budget)
    flite = FliteVoice()
    await MeteredTextToSpeech(flite, counted).speak("Hello.", Voice())
    await flite.close()
    assert (counted.usage.cost, counted.usage.utterances) == (0.0, 1)
