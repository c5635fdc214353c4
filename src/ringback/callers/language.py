"""Tells cheaply whether a line is in another language than asked for: by script, and by the commonest words.

By script: Arabic, Armenian, Bengali, Chinese, Georgian, Greek, Hebrew, Hindi and its neighbours, Japanese, Korean,
Cyrillic, Tamil, Telugu, Thai. By words: English, Spanish, French, German, Italian, Portuguese, Dutch. A code that is
neither is never judged, nor is a line that is too short to tell.
"""

import re

_SCRIPTS: dict[str, str] = {
    "ar fa ur ps": r"[\u0600-\u06ff]",
    "hy": r"[\u0530-\u058f]",
    "bn": r"[\u0980-\u09ff]",
    "zh": r"[\u4e00-\u9fff]",
    "ka": r"[\u10a0-\u10ff]",
    "el": r"[\u0370-\u03ff]",
    "he": r"[\u0590-\u05ff]",
    "hi mr ne": r"[\u0900-\u097f]",
    "ja": r"[\u3040-\u30ff\u4e00-\u9fff]",
    "ko": r"[\uac00-\ud7af]",
    "ru uk bg sr mk be kk": r"[\u0400-\u04ff]",
    "ta": r"[\u0b80-\u0bff]",
    "te": r"[\u0c00-\u0c7f]",
    "th": r"[\u0e00-\u0e7f]",
}
_BY_SCRIPT = {code: re.compile(letters) for codes, letters in _SCRIPTS.items() for code in codes.split()}
_OTHER_SCRIPT = re.compile("|".join(_SCRIPTS.values()))
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f]")
_WORD = re.compile(r"[a-z\u00df-\u024f]+(?:['\u2019][a-z]+)?")

_COMMON = {
    "en": "the a an i i'm i'd is are was it it's that this to of and for my me you your in on with have do don't can"
    " what when not be would like please thanks thank we at there about just no so if",
    "es": "el la los las un una de que y en es por para con mi me su se lo no yo tengo quiero gracias sí pero muy"
    " cuando está qué del al como usted señor hola",
    "fr": "le la les un une de des que et en est pour avec mon ma je vous nous ce ne pas j'ai c'est oui merci mais du"
    " au sur dans bonjour s'il voudrais quand",
    "de": "der die das ein eine und ich ist nicht mit für mein meine sie wir es den dem zu auf bitte danke ja nein"
    " habe möchte kann wann aber auch einen hallo wie",
    "it": "il lo la gli le un una di che e in è per con mio mia mi si non sono ho vorrei grazie sì ma quando del al"
    " come buongiorno questo",
    "pt": "o a os as um uma de que e em é por para com meu minha me não eu tenho quero obrigado obrigada sim mas"
    " quando do da você olá isso está",
    "nl": "de het een en ik is niet met voor mijn u je we dat dit van op te zijn ja nee heb wil kan graag wanneer"
    " maar ook hallo dank",
}
_WORDS = {code: frozenset(words.split()) for code, words in _COMMON.items()}
_NAMES = {
    "en": "english inglés anglais englisch inglese inglês",
    "es": "spanish español castellano espagnol spanisch spagnolo",
    "fr": "french français francés französisch francese",
    "de": "german deutsch alemán allemand tedesco",
    "it": "italian italiano italien",
    "pt": "portuguese português portugués",
    "nl": "dutch nederlands",
}
_SPEAKS = re.compile(r"\b(?:language|speaks?|switch(?:es)? to)\b", re.IGNORECASE)
"""Instructions that speak of languages: then a change of script may be wanted."""
_FEWEST_WORDS = 4
_FEWEST_LETTERS = 6
_MOSTLY = 0.6
_CLEAR_HITS = 3
_CLEAR_SHARE = 0.3


def base_code(language: str) -> str:
    """`en-GB` and `en_gb` are `en`."""
    return re.split(r"[-_]", language.strip().lower())[0]


def other_language(text: str, expected: str, *, mentioned: str = "") -> str | None:
    """Name of what the line is in instead of the expected language; None where it fits or nothing can be told.

    Args:
        text: the line.
        expected: the language's code.
        mentioned: the instructions; a language that they name is welcome too.
    """
    code = base_code(expected)
    foreign = len(_OTHER_SCRIPT.findall(text))
    latin = len(_LATIN.findall(text))
    if foreign + latin < _FEWEST_LETTERS:
        return None
    if code in _BY_SCRIPT:
        own = len(_BY_SCRIPT[code].findall(text))
        wrong = own < (1 - _MOSTLY) * (foreign + latin)
        return "another script" if wrong and not _SPEAKS.search(mentioned) else None
    if code not in _WORDS:
        return None
    if foreign > _MOSTLY * (foreign + latin):
        return None if _SPEAKS.search(mentioned) else "another script"
    return _by_words(text, code, mentioned)


def _by_words(text: str, code: str, mentioned: str) -> str | None:
    words = {word.replace("\u2019", "'") for word in _WORD.findall(text.lower())}
    if len(words) < _FEWEST_WORDS:
        return None
    hits = {other: len(words & common) for other, common in _WORDS.items()}
    other, count = max(hits.items(), key=lambda hit: hit[1])
    clear = count >= _CLEAR_HITS and count >= _CLEAR_SHARE * len(words) and count > 2 * hits[code]
    if not clear or other == code or _names(mentioned, other):
        return None
    return _NAMES[other].split()[0].capitalize()


def _names(text: str, code: str) -> bool:
    lowered = text.lower()
    return any(name in lowered for name in _NAMES[code].split())
