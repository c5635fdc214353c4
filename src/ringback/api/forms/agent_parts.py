"""What the flat and the nested form of an agent have in common."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema

from ringback.api.closed_sets import LANGUAGES, one_of
from ringback.errors import InvalidFields
from ringback.library.agent_fields import CHAT_KINDS, PLATFORMS
from ringback.library.agents import KeptAgent
from ringback.library.known_lines import LARGEST, MOST

PROVIDERS = (
    "vapi",
    "retell",
    "elevenlabs",
    "bland",
    "livekit",
    "pipecat",
    "synthflow",
    "agora",
    "koreai",
    "genesys",
    "telnyx",
    "sierra",
    "cisco",
    "agentforce",
    "amazon_connect",
)
"""Voice platforms whose keys are kept, and no more than that."""

HEADERS_SHOWN = "Names of the headers, each with `***` instead of its value; `***` sent back keeps the value."
URL_SHOWN = "Without user info and with the query's values as `***`; sent back like this it keeps them."
KEPT = "Kept and given back; not used yet."
VOICE_AUTH = 'Basic authentication of voice: {"username": "…", "password": "…"}, or `user:password`.'
SIP = "SIP address at which it is called by telephone: sip: or sips:."
SIP_AUTH = 'What its SIP server asks for: {"username": "…", "password": "…"}, or `user:password`.'
NUMBER = (
    "Its telephone number, called through the trunk of the installation; where `inbound` is false the only number whose"
    " calls are taken, or the user of a SIP address."
)
OUTBOUND_NUMBERS = "Where `inbound` is false and there is no number else: the number that its calls come from, if one."
AUTO_CALL = "Whether its calls are asked for at `outbound_trigger_url`; false: it calls by itself."
TRIGGER_URL = "Where an outbound agent is asked to call, by POST: http:// or https://."
TRIGGER_SECRET = "Value of `X-CEKURA-SECRET` of that request; null removes it."  # noqa: S105 - a sentence about it
KNOWN_LINES = (
    "What it can say, for speech to text that hears only lines that it knows: a line each, or one JSGF grammar."
)
HIDDEN = "Write-only: answers say `…_configured`."
CONFIGURED = "Whether there is one; it is write-only."
SPEAKS_FIRST = "true: it greets. false: the caller opens. null: the opening wait decides."
PLATFORM = "Its platform; only `self_hosted` is spoken to."
UNUSED = "Kept and given back without secrets, `***` in their place; not used yet."
SETTINGS = (
    "Laid over those that are there; null removes one. Given back are numbers, truths, and texts under names that end"
    " in id, type, name, model, language, region, mode or url; the names of all others stand under `configured`."
)


def _as_text(value: Any) -> Any:
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


Text = Annotated[str, BeforeValidator(_as_text, json_schema_input_type=str | int)]
"""Text, or a number that is meant as text: an id at a provider, a telephone number, the value of a header."""

ShortText = Annotated[Text, Field(max_length=255)]
LanguageCode = Annotated[ShortText, one_of(LANGUAGES)]
Platform = Annotated[ShortText, one_of(PLATFORMS)]
ChatKind = Annotated[ShortText, one_of(CHAT_KINDS)]
BasicAuth = Annotated[Any, WithJsonSchema({"type": ["object", "string", "null"]})]
AnyFields = Annotated[Any, WithJsonSchema({"type": ["array", "object", "string", "boolean", "null"]})]
Url = Annotated[str, Field(max_length=4000)]
Prompt = Annotated[str, Field(max_length=200_000)]
HeaderValues = Annotated[dict[str, Text], Field(max_length=100)]
Entries = Annotated[list[Any], Field(max_length=1000)]
KnownLines = Annotated[list[Annotated[str, Field(max_length=LARGEST)]], Field(max_length=MOST)]
Object = dict[str, Any]


def placed(error: InvalidFields, places: Mapping[str, str]) -> InvalidFields:
    """The error with its fields called as a form calls them."""
    return InvalidFields({places.get(field, field): sentences for field, sentences in error.fields.items()})


def shown_headers(kept: KeptAgent) -> dict[str, str]:
    """The headers' names, without their values."""
    return dict.fromkeys(kept.secrets.websocket_headers, "***")
