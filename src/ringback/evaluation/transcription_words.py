"""How much a misheard English word weighs, told from closed lists of words instead of a model of language.

Names, nouns, numbers and words of denial carry what is said and weigh 1, verbs 0.5, all other words 0. What no list
has and what does not look like a verb or an adverb counts as a noun or a name: rare words are. Of other languages than
English only digits are known, and every other word weighs 1.
"""

import re

from ringback.evaluation.wording import fold

NOUN, VERB, REST = 1.0, 0.5, 0.0


def _listed(*lines: str) -> tuple[str, ...]:
    return tuple(word for line in lines for word in line.split())


_ONES = _listed(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen",
    "eighteen nineteen",
)
_TENS = _listed("twenty thirty forty fifty sixty seventy eighty ninety")
_NUMBERS = frozenset(_ONES + _TENS) | frozenset(
    _listed(
        "hundred thousand million billion half quarter dozen double triple once twice first second third fourth fifth",
        "sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth twentieth thirtieth",
    )
)
_DENIALS = frozenset(_listed("no not never none nobody nothing nor neither without nowhere"))
_REST = frozenset(
    _listed(
        # articles, pronouns, possessives, questions
        "a an the i me my mine myself you your yours yourself he him his himself she her hers herself it its itself we",
        "us our ours ourselves they them their theirs themselves this that these those who whom whose which what where",
        "when why how someone somebody something anyone anybody anything everyone everybody everything each every",
        "either both all any some many much more most few several other others another such same own",
        # prepositions and conjunctions
        "about above across after against along among around as at before behind below beneath beside besides between",
        "beyond but by despite down during except for from in inside into like near of off on onto out outside over",
        "past per since than through till to toward towards under until unto up upon via with within and or so yet",
        "because if unless whether while although though",
        # auxiliaries, which carry no meaning of their own, and their short forms as `words` writes them
        "am is are was were be been being do does did have has had having will would shall should can could may might",
        "must ought im ive id ill youre youve youd youll hes shes thats theres heres whats weve wed theyre theyve lets",
        # fillers, greetings, small words
        "uh um er erm ah oh hm hmm mhm mm uhuh yeah yep yes yup okay ok well right sure please thanks hello hi hey bye",
        "goodbye just only also too very quite really actually maybe perhaps then there here now again still already",
        "even ever always often sometimes soon later ago away back else almost enough rather anyway however instead",
        # adjectives in daily use
        "good bad new old big small long short high low great little large young early late last next best better",
        "worst worse able available free fine nice ready happy sorry possible different important easy hard open full",
        "whole certain clear real true wrong",
    )
)
_VERBS = frozenset(
    _listed(
        "ask answer arrange arrive become begin believe book bring buy call cancel change check choose close",
        "come confirm cost cut deliver describe drive eat end enter expect explain fail fall feel fill find",
        "finish fix follow forget get give go happen hear help hold hope hurt keep know learn leave lend let",
        "listen live look lose make mean meet mention miss move need offer order pay pick plan postpone",
        "prefer press promise provide put read receive recommend refund refuse remember remind remove repeat",
        "replace reply reschedule reserve return say schedule see seem sell send set show sign sit sleep",
        "speak spell spend stand start stay stop suggest take talk tell thank think transfer try turn",
        "understand update use visit wait walk want watch wish work write",
        # what suffixes do not tell
        "came went gone got gotten gave given took taken made said told knew known thought found kept left felt heard",
        "held met paid ran run sent sold spoke spoken stood understood wrote written saw seen brought bought began",
        "begun chose chosen drove driven ate eaten fell fallen forgot forgotten lost meant sat slept spent won",
    )
)
_SHORT_FORMS = {"can't": "can not", "won't": "will not", "shan't": "shall not", "cannot": "can not", "ain't": "is not"}
_TOKEN = re.compile(r"\d+|[^\W\d_]+(?:'[^\W\d_]+)*")
_LONGEST_IN_WORDS = 2
"""Digits of a number that is spoken as one; longer ones are compared digit by digit."""


def words(text: str) -> list[str]:
    """The words of a text in the form in which they are compared.

    Case and punctuation do not matter; `don't` is `do not`; 23 is `twenty three`; longer numbers fall into digits.
    """
    found: list[str] = []
    for token in _TOKEN.findall(fold(text)):
        if token.isdecimal():
            found += _number(token)
        elif token in _SHORT_FORMS:
            found += _SHORT_FORMS[token].split()
        elif token.endswith("n't"):
            found += [token[:-3], "not"]
        else:
            found.append(token.replace("'", ""))
    return found


def weight(word: str) -> float:
    """How much an error in a word weighs: 1 (names, nouns, numbers, denials), 0.5 (verbs) or 0."""
    if word in _DENIALS or word in _NUMBERS:
        return NOUN
    if word in _REST:
        return REST
    if _is_verb(word):
        return VERB
    return REST if word.endswith("ly") else NOUN


def _is_verb(word: str) -> bool:
    if word in _VERBS:
        return True
    for ending in ("s", "es", "d", "ed", "ing"):
        stem = word.removesuffix(ending)
        if stem != word and {stem, f"{stem}e", stem[:-1]} & _VERBS:
            return True
    return word.endswith(("ies", "ied")) and f"{word[:-3]}y" in _VERBS


def _number(digits: str) -> list[str]:
    digits = "".join(str(int(digit)) for digit in digits)  # digits of other scripts
    if len(digits) > _LONGEST_IN_WORDS or (len(digits) > 1 and digits.startswith("0")):
        return [_ONES[int(digit)] for digit in digits]
    number = int(digits)
    if number < len(_ONES):
        return [_ONES[number]]
    tens, ones = divmod(number, 10)
    return [_TENS[tens - 2], *([_ONES[ones]] if ones else [])]
