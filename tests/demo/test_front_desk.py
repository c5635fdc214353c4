"""The clinic's front desk: what it understands, what it does, and the one fault that is planted in it."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringback.demo.front_desk import FrontDesk
from ringback.demo.schedule import day_in, time_in

Frame = dict[str, Any]


def talk(desk: FrontDesk, *lines: str) -> list[Frame]:
    """Everything the desk sends in answer to these lines."""
    return [frame for line in lines for frame in desk.hear(line)]


def tool_calls(frames: list[Frame]) -> list[tuple[str, Frame]]:
    return [
        (frame["data"]["name"], json.loads(frame["data"]["arguments"]))
        for frame in frames
        if frame.get("role") == "Function Call"
    ]


def words(frames: list[Frame]) -> str:
    return " ".join(frame.get("content", "") for frame in frames)


def test_it_greets_with_metadata() -> None:
    assert FrontDesk().greet() == [
        {
            "content": "Hello, this is the Riverside Clinic. How can I help you?",
            "metadata": {"clinic": "Riverside", "language": "en"},
        }
    ]


def test_it_knows_the_patient_whom_the_profile_names() -> None:
    desk = FrontDesk.for_headers({"X-Patient-Name": "Ada Byron", "X-Patient-Id": "4711"})
    assert desk.greet()[0]["content"].startswith("Hello Ada Byron,")
    assert desk.greet()[0]["metadata"]["patient_id"] == "4711"


def test_it_asks_for_everything_that_is_missing_and_then_books() -> None:
    desk = FrontDesk()
    asked = [words(desk.hear(line)) for line in ("I need an appointment", "Mary Anning", "Wednesday", "at 11")]
    assert "name" in asked[0]
    assert "day" in asked[1]
    assert "time" in asked[2]
    assert "Shall I book Wednesday at 11:00 for Mary Anning?" in asked[3]
    frames = desk.hear("yes")
    assert tool_calls(frames) == [("book_appointment", {"patient": "Mary Anning", "day": "Wednesday", "time": "11:00"})]
    assert frames[0]["content"] == "One moment, please."
    assert frames[2]["role"] == "Function Call Result"
    assert frames[2]["data"]["id"] == frames[1]["data"]["id"]
    assert frames[-1]["content"].startswith("Your appointment is booked: Wednesday at 11:00.")


def test_all_slots_may_come_in_one_sentence() -> None:
    frames = talk(FrontDesk(), "Book me in on Friday at 3 pm, my name is Mary Anning", "yes please")
    assert tool_calls(frames) == [("book_appointment", {"patient": "Mary Anning", "day": "Friday", "time": "15:00"})]


def test_a_taken_time_is_refused_and_others_are_offered() -> None:
    frames = talk(FrontDesk(patient="Mary"), "an appointment on Tuesday at 9:00 please")
    assert words(frames).startswith("Tuesday at 9:00 is already taken. On Tuesday I have 10:00, 11:00, 15:00 and 16:00")
    assert not tool_calls(frames)


def test_a_no_at_the_confirmation_books_nothing() -> None:
    frames = talk(FrontDesk(patient="Mary"), "an appointment on Tuesday at 10:00", "no, wait")
    assert not tool_calls(frames)
    assert "instead" in words(frames)


def test_a_corrected_time_is_asked_about_again() -> None:
    desk = FrontDesk(patient="Mary")
    talk(desk, "an appointment on Tuesday at 10:00", "make it at 11:00")
    assert tool_calls(desk.hear("yes")) == [
        ("book_appointment", {"patient": "Mary", "day": "Tuesday", "time": "11:00"})
    ]


def test_it_is_closed_at_the_weekend() -> None:
    assert "closed at the weekend" in words(talk(FrontDesk(patient="Mary"), "an appointment on Sunday at 10:00"))


def test_cancelling_calls_the_tool() -> None:
    frames = talk(FrontDesk(), "please cancel my appointment", "Alan Turing", "yes")
    assert tool_calls(frames) == [
        ("cancel_appointment", {"patient": "Alan Turing", "day": "Wednesday", "time": "10:00"})
    ]


def test_it_does_not_cancel_what_is_not_there() -> None:
    frames = talk(FrontDesk(), "please cancel my appointment", "this is Nobody Known")
    assert "I find no appointment for Nobody Known" in words(frames)


def test_the_planted_fault_moving_says_it_is_done_and_cancels_nothing() -> None:
    frames = talk(FrontDesk(), "move my appointment", "Grace Hopper", "Friday at 11:00", "yes")
    assert [name for name, _ in tool_calls(frames)] == ["book_appointment"]
    assert "moved from Thursday at 14:00 to Friday at 11:00" in words(frames)


def test_it_says_goodbye_and_ends_the_call() -> None:
    desk = FrontDesk()
    frames = talk(desk, "when are you open?", "no, that's all, bye")
    assert frames[-1]["type"] == "end_call"
    assert desk.ended


def test_it_hangs_up_on_a_caller_whom_it_never_understands() -> None:
    desk = FrontDesk()
    frames = talk(desk, *["blargh"] * 4)
    assert desk.ended
    assert frames[-1]["type"] == "end_call"


def test_an_emergency_comes_before_everything_else() -> None:
    assert "112" in words(talk(FrontDesk(), "chest pain! can I book an appointment?"))


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("at 10", "10:00"),
        ("10:30 would be good", "10:30"),
        ("2 pm", "14:00"),
        ("at two", "14:00"),
        ("12 am is silly", "12:00"),
        ("I am 42 years old", None),
        ("not at 9, at 11", "11:00"),
    ],
)
def test_times_are_understood(text: str, time: str | None) -> None:
    assert time_in(text) == time


def test_the_last_day_named_counts() -> None:
    assert day_in("not Monday but Tuesday") == "Tuesday"
    assert day_in("whenever") is None


@given(st.lists(st.text(max_size=200), max_size=12))
def test_nothing_said_to_it_breaks_it(lines: list[str]) -> None:
    """Every answer is a frame of the protocol, whatever is said."""
    desk = FrontDesk()
    for line in lines:
        for frame in desk.hear(line):
            assert json.loads(json.dumps(frame)) == frame
            assert frame.get("content") or frame["role"] in {"Function Call", "Function Call Result"}
