"""What a text channel sends of words with directives among them."""

import pytest

from ringback.domain.utterance import EndCall, Hold, Part, Silence, Spell, Utterance, VoiceDirective, Words

SILENCE = Silence(1.0)


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        ([Words("one "), SILENCE, Words(" two")], "one two"),
        ([Words("one "), SILENCE, Words(" "), Hold(1.0), Words(" two")], "one two"),
        ([Words("one\n"), SILENCE, Words(" two")], "one\ntwo"),
        ([Words("one"), SILENCE, Words(" two")], "one two"),
        ([Words("one"), SILENCE, Words("two")], "onetwo"),
        ([SILENCE, Words(" one  two "), EndCall()], "one  two"),
        ([Words("it is "), Spell("abc"), Words("  then")], "it is abc  then"),
        ([Words("say "), VoiceDirective("speed", (), "fast"), Words(" now")], "say fast now"),
        ([Words("a "), VoiceDirective("noise"), Words(" b")], "a b"),
    ],
)
def test_no_blank_is_left_where_a_directive_was_cut_out(parts: list[Part], text: str) -> None:
    assert Utterance(tuple(parts)).text == text
