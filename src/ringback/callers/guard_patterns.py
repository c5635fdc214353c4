"""Turns of phrase that no caller uses: what betrays a model behind the words."""

import re
from enum import StrEnum


class AlarmKind(StrEnum):
    """What is wrong with a reply."""

    EMPTY = "empty"
    STAGE_DIRECTION = "stage_direction"
    LEAKED_REASONING = "leaked_reasoning"
    LEAKED_PROMPT = "leaked_prompt"
    ASSISTANT_VOICE = "assistant_voice"
    ROLE_SWAP = "role_swap"
    WRONG_LANGUAGE = "wrong_language"
    NEVER_FACT = "never_fact"
    INVENTED = "invented"
    LOOP = "loop"
    RESTART = "restart"
    TOO_LONG = "too_long"
    EARLY_HANG_UP = "early_hang_up"


def levelled(text: str) -> str:
    """The text as the patterns know it: lower case, straight apostrophes; every character keeps its place."""
    lowered = text.replace("\u2019", "'").lower()
    if len(lowered) == len(text):
        return lowered
    return "".join(lower if len(lower := char.lower()) == 1 else char for char in text.replace("\u2019", "'"))


def _any(*patterns: str) -> re.Pattern[str]:
    r"""One pattern for all, to be searched in levelled text.

    Those that begin at a word are gathered behind one `\b`, so that the first letter rules most of them out: five
    times faster than one after the other.
    """
    lowered = [re.sub(r"\\.|[A-Z]", _lower_letter, pattern) for pattern in patterns]
    at_words = [pattern for pattern in lowered if pattern.startswith(r"\b")]
    others = [f"(?:{pattern})" for pattern in lowered if not pattern.startswith(r"\b")]
    gathered = [rf"\b(?:{'|'.join(f'(?:{pattern[2:]})' for pattern in at_words)})"] if at_words else []
    return re.compile("|".join((*gathered, *others)), re.MULTILINE)


def _lower_letter(found: re.Match[str]) -> str:
    r"""Escapes such as `\W` keep their case."""
    text = found.group()
    return text if text.startswith("\\") else text.lower()


_SOUNDS = (
    r"sigh\w*|laugh\w*|chuckl\w*|paus(?:es|ed|ing|e)|smil\w*|nod(?:s|ded|ding)?|shrug\w*|cough\w*"
    r"|clear(?:s|ing)? (?:my|his|her|their)? ?throat|whisper\w*|giggl\w*|gasp\w*|hesitat\w*|silence|hang(?:s|ing) up"
    r"|ends? (?:the )?call|typing|takes? a (?:deep )?breath|breath(?:es|ing)|groan\w*|mumbl\w*|mutter\w*"
    r"|frustrated\w*|angrily|excitedly|confusedly|annoyed\w*|calmly|nervously|impatiently|politely|firmly|scoffs?"
    r"|sniffs?|crying|cries|inaudible|call ends?|end of call"
)
_ACTS = (
    rf"{_SOUNDS}|think(?:s|ing)|wait(?:s|ing)|silent|background|noise|types|tone|angr\w*|excited|confused|worried"
    r"|nervous|impatient|check(?:s|ing)|look(?:s|ing)|rolls?|beat|relieved|unclear|music"
)
STAGE_DIRECTIONS = _any(
    rf"(?<!\*)\*(?!\*)[^*\n]{{0,80}}\b(?:{_ACTS})\b[^*\n]{{0,80}}\*(?!\*)",
    rf"(?<!\w)_(?:[^_\n]{{0,80}}\b)?(?:{_ACTS})(?=_|\b)[^_\n]{{0,80}}_(?!\w)",
    r"\[[^\]\n]{0,80}[^\W\d][^\]\n]{0,80}\]",
    rf"\(\s*(?:\w+ly\s+)?(?:{_SOUNDS})\b[^)\n]{{0,40}}\)",
    r"\([^)\n]{0,80}\b(?:smil(?:e|es|ing)|sigh(?:s|ing)?|laugh(?:s|ing)|chuckl\w+|nod(?:s|ding)|shrug\w*)\b[^)\n]{0,80}\)",
    rf"^\s*(?:the )?(?:caller|customer|user|patient) (?:\w+ly )?(?:{_ACTS})\b",
)
"""`*sighs*`, `[pause]`, `(laughs)`, "The caller hangs up."."""

_OTHER = r"the (?:user|agent|customer|caller)"
LEAKED_REASONING = _any(
    r"</?\s*(?:think|thinking|thought|reason|reasoning|analysis|scratchpad|reflection|answer|response|output)\b[^>]*>",
    r"<\|[^|>]{0,40}\|>|<\|?channel\|?>",
    r"^\s*[*_#]*\s*(?:reasoning|thoughts?|thinking|analysis|internal monologue|response|output|reply|explanation"
    r"|my response|final answer)\s*[*_]*\s*:",
    rf"\b(?:okay|ok|alright|so|hmm),? (?:so )?{_OTHER} (?:is|has|wants|just|asked|said|needs)\b",
    r"\bthe agent (?:just |has )?(?:asked|said|wants|greeted|offered)\b[^.]{0,80}"
    r"\b(?:so|therefore) I (?:should|need|must|will)\b",
    r"\bI (?:should|need to|must|will) (?:now )?(?:respond|reply|answer) "
    r"(?:as|in character|with|by|to the (?:agent|user))\b",
    r"\b(?:let me|let's) think (?:about (?:how|what) (?:to|I)|step by step|through)\b",
    r"\bas the (?:caller|customer|user|persona|patient),? (?:I|my)\b",
    r"\bwe (?:need|have) to (?:respond|reply|answer|produce|output|generate)\b",
    r"\b(?:stay|remain|break)(?:ing)? (?:in )?character\b",
    r"```",
    r"\bhang_up\b",
    r"\b(?:tool|function)[_ ]call\b|\"(?:name|arguments|parameters)\"\s*:",
    r"^\s*\{\s*\"",
)
"""`<think>`, "Reasoning:", tool calls written out."""

LEAKED_PROMPT = _any(
    r"</?\s*(?:agent|caller|system|instructions?)\s*>",
    r"</?[a-z][\w-]*(?:\s[^<>@]{0,80})?/?>",
    r"\b(?:system|original|initial) prompt\b",
    r"\bmy (?:system )?(?:instructions|guidelines|prompt) (?:say|state|tell|are|were|require)\b",
    r"\b(?:according to|based on|per|following) my (?:instructions|guidelines|prompt|persona|facts)\b",
    r"\bI(?:'?| a)m (?:playing|simulating|pretending to be|acting as|role-?playing)\b",
    r"\b(?:simulated|simulation of a) (?:caller|customer|user|conversation)\b",
    r"\btest (?:scenario|profile|case)\b",
    r"\brole-?play(?:ing)?\b",
    r"\{\{[^}]*\}\}",
    r"\byou(?:'re| are) (?:a|the) (?:customer|caller|user|persona)\b",
    r"\byou play a person\b",
    r"\bsay your (?:first|next) words\b",
    r"\byour last answer was thrown away\b",
)

ASSISTANT_VOICE = _any(
    r"\bas an? (?:AI|artificial intelligence|language model|virtual assistant|assistant)\b",
    r"\bI(?:'?| a)m (?:just |only )?an? (?:AI|artificial intelligence|(?:large )?language model|virtual assistant"
    r"|chatbot)\b",
    r"\bI (?:don't|do not) have (?:personal|feelings|access to (?:real|personal|your))\b",
    r"\b(?:how|what) (?:can|may|could) (?:I|we) (?:help|assist|serve|do for) you\b",
    r"\bwhat(?:'s| is) on your mind\b",
    r"\bhow (?:can|may) I be of (?:help|assistance|service)\b",
    r"\b(?:I'm|I am) here to (?:help|assist)\b",
    r"\b(?:I|we)(?:'d| would|'ll| will|'m|'re| am| are) ?(?:be )?(?:so |very )?"
    r"(?:happy|glad|pleased|delighted|excited) to (?:help you|assist|have you|serve|welcome you|discuss your)\b",
    r"\b(?:anything|something) else (?:that )?(?:I|we) can (?:help|assist|do for you)\b",
    r"\bfeel free to (?:ask(?! me)|reach out(?! to me)|contact(?! me)|let me know)\b",
    r"\b(?:don't|do not) hesitate to (?:ask(?! me)|reach out(?! to me)|contact(?! me))\b",
    r"\blet me know if (?:you have any (?:other |further |more )?questions|I can (?:help|assist))\b",
    r"\bwe (?:sincerely )?apologi[sz]e\b",
    r"\bthank you for (?:calling(?! (?:me )?back)|contacting|reaching out|choosing|your business|bringing this)\b",
    r"^\s*(?:certainly|sure|absolutely|of course)[!,.] (?:here's|here is|here are|I can (?:help|assist))\b",
    r"\bI(?:'m| am)? ?(?:sorry,? )?(?:but )?(?:I(?:'m| am)? ?)?(?:can't|cannot|can not|unable to|not able to) "
    r"(?:assist|help you|browse)",
    r"\b(?:en qué (?:te |le )?puedo ayudar\w*|(?:en quoi|comment) puis-je vous aider"
    r"|wie kann ich (?:ihnen|dir) (?:weiter)?helfen"
    r"|was kann ich für (?:sie|dich) tun|come posso aiutar\w+|como posso ajud\w+|hoe kan ik u helpen)\b",
)

_DONE = r"booked|scheduled|rescheduled|cancell?ed|processed|updated|refunded|issued|confirmed|pulled up|reserved|placed"
_FILE = r"account|order|booking|appointment|reservation|member|policy|insurance"
ROLE_SWAP = _any(
    r"^\s*[*_]*\s*(?:main agent|testing agent|agent|assistant|representative|rep|support|receptionist|operator|clerk"
    r"|customer service|bot|ai|caller|customer|user|client|patient|me|you|human)\s*[*_]*\s*:(?!\d)",
    rf"\bI(?:'?ve| have) (?:just |now |gone ahead and |successfully )?(?:{_DONE}) (?:you|your)\b",
    r"\bI(?:'ll| will| can| am going to|'m going to) (?:go ahead and |now )?"
    rf"(?:book|schedule|reschedule|process|verify|reserve|look up|pull up|refund) (?:you\b|your (?:{_FILE}))",
    r"\bI(?:'ll| will|'m going to| can) (?:transfer|connect|assist|help) you\b",
    r"\bI(?:'ll| will|'m going to) put you (?:through|on hold|down for)\b",
    r"\byour (?:appointment|booking|reservation|order|refund|request|payment|claim) (?:is|has been|was) "
    r"(?:now |successfully )?(?:confirmed|booked|scheduled|cancell?ed|processed|updated|placed|approved)\b",
    rf"\blet me (?:just |quickly )?(?:check|pull up|look up|verify|find|review) your (?:{_FILE}|records?|file)\b",
    r"\blet me (?:look into (?:that|this) for you|pull (?:that|it|you) up)\b",
    r"\b(?:can|could|may) I (?:please )?(?:have|get) your (?:(?:full|last) name(?! for my)|date of birth|dob"
    rf"|{_FILE}|zip)\b",
    r"\b(?:could|can|would) you (?:please )?(?:provide|confirm|verify|give me|tell me) your "
    rf"(?:full name|date of birth|dob|zip|{_FILE})\b",
    r"\bfor (?:security|verification) purposes\b",
    r"\b(?:hold|wait|stay on the line) (?:on )?while I (?:check|look|pull|transfer|connect|process|verify)\b",
    r"\bwe (?:have|can offer) (?:an? )?(?:openings?|availability|slots?|appointments?) (?:available|at|on|for)\b",
    r"\bI(?:'m| am) (?:a|an|the|your) (?:(?:customer|technical|sales|booking) )?(?:service |support |care )?"
    r"(?:representative|support agent|service agent|agent on duty|virtual agent)\b",
    r"\bwelcome to\b",
    r"\byou(?:'re| are) welcome to (?:come|visit|call|stay)\b",
    r"\bwe (?:hope to (?:see|have|welcome) you|look forward to (?:serving|welcoming|hosting) you)\b",
    r"\bplease (?:provide|enter|confirm) your\b",
    r"\bplease (?:refer to|visit) (?:our|the official)\b",
    r"\bour (?:records|system) (?:shows?|indicates?|says?)\b",
    r"\bI see (?:here )?(?:in|on) our (?:system|records)\b",
    r"\bhow would you like to pay\b",
)

REMEDIES = {
    AlarmKind.EMPTY: "it holds no words; say something.",
    AlarmKind.TOO_LONG: "nobody says so much in one go; one or two short sentences.",
    AlarmKind.STAGE_DIRECTION: "a stage direction is not spoken; leave it out.",
    AlarmKind.LEAKED_REASONING: "thoughts, notes and tool calls do not belong into the words.",
    AlarmKind.LEAKED_PROMPT: "it speaks of your task; be the person.",
    AlarmKind.ASSISTANT_VOICE: "that is how an assistant speaks; you are the one who called.",
    AlarmKind.ROLE_SWAP: "those are words of the agent; you are the one who called.",
}
"""What the model is told, by kind."""
