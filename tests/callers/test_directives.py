"""Fixed messages: words stay as they are, directives become parts, malformed ones are sentences."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringback.callers.directives import has_directives, parse_directives
from ringback.domain.template import LITERAL_LESS_THAN
from ringback.domain.utterance import EndCall, Hold, Part, Silence, Spell, VoiceDirective, Words


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Hello there.", (Words("Hello there."),)),
        ("Bye.<endcall />", (Words("Bye."), EndCall())),
        ("Bye.<endcall/> ", (Words("Bye."), EndCall(), Words(" "))),
        ("<ENDCALL>", (EndCall(),)),
        (
            'One <silence time="2s"/>two<hold time="500ms"/>',
            (Words("One "), Silence(2.0), Words("two"), Hold(0.5)),
        ),
        ("<silence time='1.5s' />", (Silence(1.5),)),
        ("<hold time=3/>", (Hold(3.0),)),
        ("My code is <spell>AB12</spell>.", (Words("My code is "), Spell("AB12"), Words("."))),
        ('<dtmf digits="123#"/>', (VoiceDirective("dtmf", (("digits", "123#"),)),)),
        ('<ivr text="Press 1"/>', (VoiceDirective("ivr", (("text", "Press 1"),), "Press 1"),)),
        (
            '<voice provider="p" id="v" text="Hi"/>',
            (VoiceDirective("voice", (("provider", "p"), ("id", "v"), ("text", "Hi")), "Hi"),),
        ),
        ("<ignore_interruptions>Let me finish.</ignore_interruptions>",
         (VoiceDirective("ignore_interruptions", (), "Let me finish."),)),
        ('<speed ratio="1.2"/>fast', (VoiceDirective("speed", (("ratio", "1.2"),)), Words("fast"))),
        ('<speed ratio="1.2">fast</speed>', (VoiceDirective("speed", (("ratio", "1.2"),), "fast"),)),
        (
            '<volume ratio="0.5">so <silence time="1s"/>quiet</volume>',
            (
                VoiceDirective("volume", (("ratio", "0.5"),)),
                Words("so "),
                Silence(1.0),
                Words("quiet"),
                VoiceDirective("/volume"),
            ),
        ),
        (
            '<background_noise sound="cafe" volume="0.3">hello',
            (VoiceDirective("background_noise", (("sound", "cafe"), ("volume", "0.3"))), Words("hello")),
        ),
        ('<send_sms text="a > b"/>', (VoiceDirective("send_sms", (("text", "a > b"),)),)),
        ('<function name="lookup"/>', (VoiceDirective("function", (("name", "lookup"),)),)),
        ("<function lookup/>", (VoiceDirective("function", (("name", "lookup"),)),)),
    ],
)  # fmt: skip
def test_directives_become_parts(text: str, parts: tuple[Part, ...]) -> None:
    assert parse_directives(text).parts == parts


@pytest.mark.parametrize(
    "text",
    ["a < b and b > c", "I <3 it", "<name>", "x <y/> z", "<silences>", "1<2<3", "<", "<>", "</b>", "<holder time=1/>"],
)
def test_ordinary_angle_brackets_survive(text: str) -> None:
    utterance = parse_directives(text)
    assert utterance.text == text
    assert not has_directives(text)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("<silence/>", "lacks its attribute `time`"),
        ('<silence time="soon"/>', "'soon' is no time"),
        ('<silence time="0s"/>', "out of range"),
        ('<hold time="2s" volume="1"/>', "no attribute `volume`"),
        ("<spell>abc", "never closed"),
        ("<spell/>", "holds no words"),
        ("<spell>a<endcall/></spell>", "takes words"),
        ("</spell>", "closes nothing"),
        ("</endcall>", "stands alone"),
        ("<endcall/> more", "must come last"),
        ('<dtmf digits="12E"/>', "keys 0-9"),
        ('<speed ratio="2"/>', "from 0.8 to 1.2"),
        ('<noise sound="dog"/>', "none of office"),
        ('Well <ivr text="Press 1"/>', "must be the whole message"),
        ('<silence time="2s"', "no complete directive"),
        ("<endcall", "no complete directive"),
        ('<audio id="x" !/>', "no attribute"),
        ("<speed ratio=1><volume ratio=1></speed></volume>", "closes nothing that is open"),
    ],
)
def test_a_malformed_directive_is_a_sentence(text: str, complaint: str) -> None:
    assert has_directives(text)
    with pytest.raises(ValueError, match=r"\.$") as caught:
        parse_directives(text)
    assert complaint in str(caught.value)


def test_text_that_came_from_a_profile_is_never_a_directive() -> None:
    utterance = parse_directives(f"I am {LITERAL_LESS_THAN}endcall/>.")
    assert utterance.text == "I am <endcall/>."
    assert not utterance.ends_call


@given(st.text(alphabet="<>/= \"'12abs") | st.text())
def test_no_text_crashes_the_parser(text: str) -> None:
    """Whatever is written is parsed or refused with a sentence."""
    with contextlib.suppress(ValueError):
        parse_directives(text)


@given(st.text().filter(lambda text: "<" not in text))
def test_text_without_directives_stays_as_it_is(text: str) -> None:
    assert parse_directives(text).parts == (Words(text.replace(LITERAL_LESS_THAN, "<")),)
