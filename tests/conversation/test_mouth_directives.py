"""Every directive as a machine's ear hears it on the line: energy, timing, recognised words, keys.

Real flite speaks, real pocketsphinx hears; each message is laid out, played and disturbed as in a call.
"""

from collections.abc import Iterator

import numpy as np
import pytest
from mouth_stage import BOOK, HOLD, LEAVE, NAME, PLAIN, PRESS, WAIT, WZQ, Stage, level

from ringback.conversation.manner import Manner
from ringback.conversation.mouth import Mouth, Said
from ringback.domain.noise import SingleNoise
from ringback.speech.activity import sounding
from ringback.speech.audio import Samples
from ringback.speech.level import NOMINAL, active_level
from ringback.speech.noise import BACKGROUND, single_noise


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    made = Stage()
    yield made
    made.close()


@pytest.mark.parametrize("rate", [8_000, 16_000])
def test_words_are_heard_at_the_nominal_level(stage: Stage, rate: int) -> None:
    heard = stage.send(BOOK, rate=rate)
    assert stage.recognise(heard.sound, rate) == BOOK
    assert active_level(heard.sound, rate) == pytest.approx(NOMINAL, rel=0.05)
    assert [(said.text, said.start) for said in heard.said] == [(BOOK, 0)]
    assert heard.spans()[-1].end == pytest.approx(heard.said[0].end / rate, abs=0.1)


def test_silence_lies_between_the_words_for_its_time(stage: Stage) -> None:
    heard = stage.send(f'{BOOK}<silence time="1500ms"/>{NAME}')
    first, second = heard.said
    assert second.start - first.end == 1.5 * 8_000
    assert not heard.sound[first.end : second.start].any()
    assert stage.recognise(heard.of(1)) == NAME


def test_silence_may_be_broken_into_and_a_hold_may_not(stage: Stage) -> None:
    for message, goes_on in ((f'<silence time="2s"/>{NAME}', False), (f'<hold time="2s"/>{NAME}', True)):
        mouth = Mouth(8_000, PLAIN, 1)
        mouth.say(stage.prepare(message, PLAIN, 8_000))
        mouth.frame()
        assert mouth.holding is mouth.protected is goes_on
        mouth.stop()
        assert mouth.busy is goes_on


def test_a_hold_is_silent_for_its_time(stage: Stage) -> None:
    heard = stage.send(f'{HOLD}<hold time="2s"/>{NAME}')
    assert heard.said[1].start - heard.said[0].end == 2 * 8_000
    assert not heard.sound[heard.said[0].end : heard.said[1].start].any()


def test_the_end_of_the_call_follows_the_words(stage: Stage) -> None:
    heard = stage.send(f"{NAME}<endcall/>")
    assert heard.plan.ends_call
    assert heard.plan.text == NAME
    assert not stage.prepare(NAME, PLAIN, 8_000).ends_call


@pytest.mark.parametrize("rate", [8_000, 16_000])
def test_keys_are_pressed_a_fifth_of_a_second_apart(stage: Stage, rate: int) -> None:
    heard = stage.send('<dtmf digits="159#0AD*"/>', rate=rate)
    assert heard.keys_in_sound() == "159#0AD*"
    assert [key for _, key in heard.keys] == list("159#0AD*")
    assert [at for at, _ in heard.keys] == pytest.approx([0.2 * number for number in range(8)], abs=0.021)
    for number in range(8):
        assert level(heard.part(0.2 * number + 0.02, 0.2 * number + 0.08)) > 1000
        assert not heard.part(0.2 * number + 0.101, 0.2 * number + 0.199).any()


def test_keys_that_the_line_carries_itself_are_not_in_the_sound(stage: Stage) -> None:
    heard = stage.send('<dtmf digits="12"/>', keys_in_sound=False)
    assert [key for _, key in heard.keys] == ["1", "2"]
    assert not heard.sound.any()


def test_keys_are_pressed_to_the_last_whatever_the_agent_says(stage: Stage) -> None:
    mouth = Mouth(8_000, PLAIN, 1)
    mouth.say(stage.prepare('<dtmf digits="123"/>', PLAIN, 8_000))
    pressed: list[str] = []
    while mouth.busy:
        mouth.frame()
        pressed += mouth.keys
        mouth.stop()
    assert pressed == ["1", "2", "3"]


def test_a_menu_is_played_to_its_end(stage: Stage) -> None:
    plan = stage.prepare(f'<ivr text="{PRESS}"/>', PLAIN, 8_000)
    mouth = Mouth(8_000, PLAIN, 1)
    mouth.say(plan)
    frames = [mouth.frame()]
    mouth.stop()
    while mouth.busy:
        frames.append(mouth.frame())
        assert mouth.protected
    assert stage.recognise(np.concatenate(frames)) == PRESS
    assert mouth.take_said() == [Said(text=PRESS, start=0, end=plan.samples, protected=True)]


def test_an_answering_machine_greets_and_beeps(stage: Stage) -> None:
    heard = stage.send(f'<voicemail text="{LEAVE}"/>')
    greeting, tone = heard.spans()
    assert stage.recognise(heard.part(0, greeting.end)) == LEAVE
    assert tone.duration == pytest.approx(0.5, abs=0.03)
    assert tone.start - heard.said[0].end / 8_000 == pytest.approx(0.3, abs=0.03)
    beep = heard.part(tone.start, tone.end)
    assert np.argmax(np.abs(np.fft.rfft(beep))) / len(beep) * 8_000 == pytest.approx(1000, abs=5)
    assert all(piece.protected for piece in heard.plan.pieces)


def test_words_that_ignore_interruptions_go_on_and_the_others_stop(stage: Stage) -> None:
    mouth = Mouth(8_000, PLAIN, 1)
    mouth.say(stage.prepare(f"<ignore_interruptions>{NAME}</ignore_interruptions> {HOLD}", PLAIN, 8_000))
    frames = [mouth.frame() for _ in range(20)]
    mouth.stop()
    while mouth.busy:
        frames.append(mouth.frame())
    assert stage.recognise(np.concatenate(frames)) == NAME
    assert [(said.text, said.interrupted) for said in mouth.take_said()] == [(NAME, False)]
    assert mouth.broken_off


def test_words_that_are_broken_off_are_heard_as_far_as_they_are_told(stage: Stage) -> None:
    mouth = Mouth(8_000, PLAIN, 1)
    mouth.say(stage.prepare(BOOK, PLAIN, 8_000))
    frames = [mouth.frame() for _ in range(45)]
    mouth.stop()
    frames += [mouth.frame() for _ in range(10)]
    (said,) = mouth.take_said()
    assert said.interrupted
    assert BOOK.startswith(said.text)
    assert 2 <= len(said.text.split()) < 7
    assert sounding(np.concatenate(frames), 8_000)[-1].end == pytest.approx(0.9, abs=0.06)


def test_an_interruption_says_when_to_break_in(stage: Stage) -> None:
    heard = stage.send(f'<interruption time="2500ms"/>{WAIT}')
    assert heard.plan.interruption == 2.5
    assert stage.recognise(heard.sound) == WAIT
    assert stage.prepare(WAIT, PLAIN, 8_000).interruption is None


def test_spelled_words_are_heard_letter_by_letter(stage: Stage) -> None:
    heard = stage.send("<spell>Wzq</spell>")
    assert stage.recognise(heard.sound) == WZQ
    assert [said.text for said in heard.said] == ["W", "z", "q"]
    gaps = [second.start - first.end for first, second in zip(heard.said, heard.said[1:], strict=False)]
    assert gaps == [2_000, 2_000]


def test_signs_are_spelled_by_their_names_and_spaces_are_longer_pauses(stage: Stage) -> None:
    plan = stage.prepare("<spell>A-1 b\u00a7@</spell>", PLAIN, 8_000)
    assert [piece.text for piece in plan.pieces if piece.text] == ["A", "-", "1", "b", "@"]
    assert [piece.length for piece in plan.pieces if not piece.text] == [2_000, 2_000, 4_000, 2_000]


@pytest.mark.parametrize("ratio", [0.8, 1.2])
def test_speed_makes_words_shorter_or_longer_and_they_are_still_heard(stage: Stage, ratio: float) -> None:
    plain, other = stage.send(BOOK), stage.send(f'<speed ratio="{ratio}">{BOOK}</speed>')
    assert plain.said[0].end / other.said[0].end == pytest.approx(ratio, rel=0.05)
    assert stage.recognise(other.sound) == BOOK


def test_the_speed_of_the_personality_and_of_the_directive_go_together(stage: Stage) -> None:
    plain, both = stage.send(BOOK), stage.send(f'<speed ratio="1.2"/>{BOOK}', Manner(speed=1.2))
    assert plain.said[0].end / both.said[0].end == pytest.approx(1.44, rel=0.05)


@pytest.mark.parametrize("ratio", [0.25, 2.0])
def test_volume_makes_words_quieter_or_louder(stage: Stage, ratio: float) -> None:
    heard = stage.send(f'<volume ratio="{ratio}">{NAME}</volume><silence time="1s"/>{BOOK}')
    assert active_level(heard.of(0), 8_000) == pytest.approx(ratio * NOMINAL, rel=0.05)
    assert active_level(heard.of(1), 8_000) == pytest.approx(NOMINAL, rel=0.05)


def test_volume_0_is_not_heard_and_takes_its_time(stage: Stage) -> None:
    heard = stage.send(f'<volume ratio="0">{NAME}</volume>')
    assert not heard.sound.any()
    assert heard.plan.samples == stage.prepare(NAME, PLAIN, 8_000).samples


def test_a_directive_that_stands_alone_holds_to_the_end_of_its_message(stage: Stage) -> None:
    heard = stage.send(f'{NAME}<silence time="1s"/><volume ratio="0.5"/>{BOOK}<silence time="1s"/>{HOLD}')
    levels = [active_level(heard.of(number), 8_000) / NOMINAL for number in range(3)]
    assert levels == pytest.approx([1, 0.5, 0.5], rel=0.05)


def test_what_stands_alone_inside_a_pair_ends_with_it(stage: Stage) -> None:
    message = f'<speed ratio="1.1"><volume ratio="0.5"/>{BOOK}</speed><silence time="1s"/>{HOLD}'
    heard = stage.send(message)
    assert [active_level(heard.of(n), 8_000) / NOMINAL for n in range(2)] == pytest.approx([0.5, 1], rel=0.05)


def test_another_voice_says_its_words_and_the_first_one_the_rest(stage: Stage) -> None:
    heard = stage.send(
        f'{NAME}<silence time="1s"/><voice provider="flite" id="rms">{NAME}</voice><silence time="1s"/>{NAME}'
    )
    assert heard.plan.skipped == ()
    assert stage.recognise(heard.of(1)) == NAME
    pitches = [pitch(heard.of(number)) for number in range(3)]
    assert pitches[1] < 130
    assert pitches[0] == pytest.approx(pitches[2], abs=1)
    assert pitches[0] > 150


def pitch(sound: Samples) -> float:
    """Median Hz of the windows that have one, by autocorrelation."""
    found: list[float] = []
    for at in range(0, len(sound) - 400, 200):
        window = sound[at : at + 400].astype(np.float64)
        if level(sound[at : at + 400]) > 1000:
            course = np.correlate(window, window, "full")[400:]
            found.append(8_000 / (30 + int(np.argmax(course[30:120])) + 1))
    return float(np.median(found))


def test_a_voice_of_another_provider_is_skipped_and_its_words_are_said(stage: Stage) -> None:
    heard = stage.send(f'<voice provider="11labs" id="Rachel" text="{NAME}"/>')
    assert heard.plan.skipped == ("The voice 'Rachel' was skipped: it is of 11labs, and flite speaks here.",)
    assert np.array_equal(heard.sound, stage.send(NAME).sound)


def test_the_personality_s_voice_speaks_where_it_is_the_provider_s(stage: Stage) -> None:
    assert pitch(stage.send(NAME, Manner(voice_id="rms")).sound) < 130
    skipped = stage.send(NAME, Manner(voice_id="Rachel", provider="11labs"))
    assert pitch(skipped.sound) > 150
    assert len(skipped.plan.skipped) == 1


def test_background_noise_is_heard_behind_its_words_alone(stage: Stage) -> None:
    behind = f'<background_noise sound="car" volume="1.5">{BOOK}<silence time="1s"/></background_noise>'
    heard = stage.send(f'{NAME}<silence time="1s"/>{behind}<silence time="1s"/>')
    (name, book) = heard.said
    assert not heard.sound[name.end : book.start - 160].any()
    assert level(heard.sound[book.end + 160 : book.end + 7_840]) == pytest.approx(1.5 * BACKGROUND, rel=0.3)
    assert not heard.sound[book.end + 8_320 : book.end + 16_000].any()
    assert stage.recognise(heard.of(1)) == BOOK


def test_background_noise_that_stands_alone_goes_on_for_the_call(stage: Stage) -> None:
    heard = stage.send(f'{NAME}<background_noise sound="white"/>', behind=5)
    end = heard.said[0].end
    assert level(heard.sound[end + 320 :]) == pytest.approx(BACKGROUND, rel=0.05)


def test_noises_that_are_not_made_here_are_skipped(stage: Stage) -> None:
    heard = stage.send(f'<background_noise sound="https://example.org/a.wav">{NAME}</background_noise>')
    (sentence,) = heard.plan.skipped
    assert sentence.startswith("<background_noise> was skipped: Sounds are not fetched")
    assert np.array_equal(heard.sound, stage.send(NAME).sound)


@pytest.mark.parametrize("noise", SingleNoise)
def test_a_single_noise_is_heard_once(stage: Stage, noise: SingleNoise) -> None:
    heard = stage.send(f'{NAME}<silence time="1s"/><noise sound="{noise}" volume="1.5"/><silence time="1s"/>{BOOK}')
    start = heard.said[0].end + 8_000
    wanted = single_noise(noise, 8_000, 1.5)
    assert np.array_equal(heard.sound[start : start + len(wanted)], wanted)
    assert heard.said[1].start == start + len(wanted) + 8_000


def test_packets_are_lost_within_the_pair_alone(stage: Stage) -> None:
    lossy = f'<network_simulation packet_loss="40%">{BOOK}. {BOOK}. {BOOK}.</network_simulation>'
    heard = stage.send(f'{NAME}<silence time="100ms"/>{lossy}<silence time="100ms"/>{NAME}')
    whole = stage.send(f'{NAME}<silence time="100ms"/>{BOOK}. {BOOK}. {BOOK}.<silence time="100ms"/>{NAME}')
    assert len(heard.sound) == len(whole.sound)
    differs = (heard.sound.reshape(-1, 160) != whole.sound.reshape(-1, 160)).any(axis=1)
    lost = np.flatnonzero(differs)
    first, last = heard.said[1].start // 160, heard.said[-2].end // 160 + 1
    assert first <= lost[0] < lost[-1] <= last
    assert len(lost) / (last - first) == pytest.approx(0.4, abs=0.12)
    assert not heard.sound.reshape(-1, 160)[lost].any()


def test_a_packet_loss_that_is_none_is_skipped(stage: Stage) -> None:
    plan = stage.prepare(f'<network_simulation packet_loss="much">{NAME}</network_simulation>', PLAIN, 8_000)
    (sentence,) = plan.skipped
    assert sentence.startswith("<network_simulation> was skipped: 'much' is no packet loss; write a share")
    assert plan.text == NAME


@pytest.mark.parametrize(
    "directive",
    ['<send_sms text="hi"/>', '<client_message t="x" d="y"/>', '<audio id="7"/>', '<function name="f"/>'],
)
def test_what_no_line_can_carry_is_skipped_with_a_sentence(stage: Stage, directive: str) -> None:
    heard = stage.send(f"{directive}{NAME}")
    name = directive[1:].split(maxsplit=1)[0]
    assert [sentence.partition(" was skipped: ")[0] for sentence in heard.plan.skipped] == [f"<{name}>"]
    assert np.array_equal(heard.sound, stage.send(NAME).sound)


def test_long_messages_are_spoken_by_sentences_and_short_ones_are_kept_together(stage: Stage) -> None:
    heard = stage.send(f"{BOOK}, if that is possible. {NAME}. Dr. Smith knows me. ... ")
    assert [said.text for said in heard.said] == [f"{BOOK}, if that is possible.", f"{NAME}. Dr. Smith knows me. ..."]
    assert heard.said[1].start - heard.said[0].end == 0.2 * 8_000


@pytest.mark.parametrize("message", ["", "   ", "...", "\u2014 ?!", "<endcall/>"])
def test_a_message_without_words_has_no_pieces(stage: Stage, message: str) -> None:
    assert stage.prepare(message, PLAIN, 8_000).pieces == ()
