"""Another language is told by its script or its commonest words, and by nothing where nothing can be told."""

import pytest

from ringback.callers.language import other_language


@pytest.mark.parametrize(
    ("text", "expected", "other"),
    [
        ("I would like to book a room, please.", "en", None),
        ("Quiero reservar una habitación para mañana, por favor.", "en", "Spanish"),
        ("I would like to book a room for the weekend.", "es-MX", "English"),
        ("Je voudrais une table pour ce soir, merci.", "de", "French"),
        ("Ik wil graag een kamer voor het weekend.", "en", "Dutch"),
        ("Eu quero uma mesa para hoje, por favor, obrigado.", "en", "Portuguese"),
        ("Vorrei una camera per due notti, grazie.", "en", "Italian"),
        ("Здравствуйте, хочу записаться", "en", "another script"),
        ("I would like to make an appointment", "ru", "another script"),
        ("Здравствуйте, хочу записаться", "ru", None),
        ("予約をお願いします", "ja", None),
        ("مرحبا أريد موعدا", "ar", None),
        ("No, no, no, no.", "en", None),
        ("Si.", "en", None),
        ("OK", "ja", None),
        ("Dobrý den, chci rezervovat pokoj.", "cs", None),
        ("Maria Garcia de la Cruz", "en", None),
    ],
)
def test_languages_are_told_apart(text: str, expected: str, other: str | None) -> None:
    assert other_language(text, expected) == other


def test_a_language_that_the_instructions_name_is_welcome() -> None:
    spanish = "Quiero reservar una habitación para mañana, por favor."
    assert other_language(spanish, "en", mentioned="Begin in English, then switch to Spanish.") is None
    assert other_language("Здравствуйте, хочу записаться", "en", mentioned="You speak Russian.") is None
    assert other_language("I would like to book", "ru", mentioned="switch to English") is None
