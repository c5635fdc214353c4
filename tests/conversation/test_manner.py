"""A personality's voice fields, read into numbers."""

from typing import Any

import pytest

from ringback.conversation.manner import INTERRUPTION_LEVELS, Manner, interruption_level, manner_of, packet_loss
from ringback.domain.noise import BackgroundNoise
from ringback.domain.scenario import Personality
from ringback.library.personality_form import PersonalityForm, domain_personality


def manner(**voice: Any) -> Manner:
    """The manner of a personality with these fields."""
    return manner_of(Personality(name="P", voice=voice))


def test_no_personality_and_a_bare_one_have_the_documented_defaults() -> None:
    assert manner_of(None) == manner() == Manner()
    kept = manner_of(domain_personality(PersonalityForm(name="P")))
    assert kept == Manner(provider="11labs")
    assert (kept.idle_timeout, kept.idle_prompts, kept.stop_seconds, kept.backoff) == (10.0, 3, 0.2, 1.0)


def test_every_field_of_the_reference_is_read() -> None:
    form = PersonalityForm(
        name="P",
        background_noise="Coffee shop",
        voice_id="kal16",
        speed=1.1,
        interruption_level="high",
        generation_config={"volume": 1.5, "emotion": "angry"},
        network_simulation={"packet_loss": "5%", "jitter": 60, "latency_ms": 200, "clipping": 0.4, "narrow_band": True},
        message_plan={"idle_timeout_seconds": 4, "idle_message_max_spoken_count": 2},  # pyright: ignore[reportArgumentType] - as it comes
        start_speaking_plan={"wait_seconds": 0.4},
        stop_speaking_plan={"num_words": 2, "voice_seconds": 0.3, "backoff_seconds": 2},  # pyright: ignore[reportArgumentType] - as it comes
        background_sound_volume={"base": 0.8, "reduced": 0.2},
        backchannels=True,
        end_call_enabled=False,
    )
    assert manner_of(domain_personality(form)) == Manner(
        voice_id="kal16",
        provider="11labs",
        speed=1.1,
        volume=1.5,
        interruption_chance=0.7,
        interruption_after=1.2,
        idle_timeout=4.0,
        idle_prompts=2,
        start_delay=0.4,
        stop_words=2,
        stop_seconds=0.3,
        backoff=2.0,
        end_call_enabled=False,
        backchannels=True,
        background=BackgroundNoise.CAFE,
        background_base=0.8,
        background_reduced=0.2,
        packet_loss=0.05,
        jitter=0.06,
        delay=0.2,
        clipping=0.4,
        narrow_band=True,
    )


def test_the_noise_stays_as_loud_while_the_caller_speaks_unless_that_is_said() -> None:
    said = manner(background_noise="office", background_sound_volume={"base": 0.5})
    assert (said.background_base, said.background_reduced) == (0.5, 0.5)


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("background_noise", "https://example.org/noise.wav", "Sounds are not fetched from addresses or paths"),
        ("background_noise", "../../secret.wav", "Sounds are not fetched from addresses or paths"),
        ("background_noise", "jungle", "There is no background noise 'jungle'"),
        ("interruption_level", "sometimes", "'sometimes' is no level of interruption"),
        ("network_simulation", {"packet_loss": "much"}, "'much' is no packet loss"),
    ],
)
def test_what_cannot_be_carried_out_is_said_and_not_fatal(field: str, value: object, sentence: str) -> None:
    said = manner(**{field: value})
    assert len(said.skipped) == 1
    assert said.skipped[0].startswith(f"{field}: {sentence}")
    assert (said.background, said.interruption_chance, said.packet_loss) == (None, 0.0, 0.0)


@pytest.mark.parametrize("rubbish", [None, "x", [], {}, -5, float("nan"), True, 10**400, {"base": "x"}])
def test_rubbish_in_a_stored_personality_never_raises(rubbish: object) -> None:
    """Every field of it at once, and what comes out is within bounds."""
    fields = (
        "voice_id", "provider", "speed", "interruption_level", "generation_config", "network_simulation",
        "message_plan", "start_speaking_plan", "stop_speaking_plan", "background_sound_volume", "background_noise",
    )  # fmt: skip
    said = manner(**dict.fromkeys(fields, rubbish))
    assert 0.5 <= said.speed <= 2
    assert said.idle_timeout >= 1
    assert said.start_delay >= 0
    assert said.background is None


@pytest.mark.parametrize("noise", BackgroundNoise)
def test_every_noise_can_be_asked_for(noise: BackgroundNoise) -> None:
    assert manner(background_noise=noise.value).background is noise


@pytest.mark.parametrize("off", ["off", "Off", "none", ""])
def test_off_is_no_noise_and_nothing_to_remark(off: str) -> None:
    assert manner(background_noise=off) == Manner()


@pytest.mark.parametrize(
    ("text", "share"),
    [("5%", 0.05), (5, 0.05), (1, 0.01), (0.05, 0.05), ("0.5", 0.5), ("0.5%", 0.005), (0, 0.0), (100, 1.0)],
)
def test_packet_loss_is_a_share_or_per_cent(text: object, share: float) -> None:
    assert packet_loss(text) == pytest.approx(share)


@pytest.mark.parametrize("text", ["", "%", "-1", "101", "150%", "many", None, "nan"])
def test_anything_else_is_no_packet_loss(text: object) -> None:
    with pytest.raises(ValueError, match="is no packet loss"):
        packet_loss(text)


def test_levels_of_interruption_rise() -> None:
    chances = [chance for chance, _ in INTERRUPTION_LEVELS.values()]
    assert chances == sorted(chances)
    assert interruption_level("Medium") == INTERRUPTION_LEVELS["medium"]
    assert interruption_level(0.5) == (0.5, 2.0)
    assert interruption_level("0.5") == (0.5, 2.0)
