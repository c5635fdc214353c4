"""Closed sets of words, for the API's document: generated clients make enumerations of them.

Answers are made in `results/reference_*.py` and are not checked a second time, so these are text to pydantic.
"""

from collections.abc import Iterable
from typing import Annotated, get_args

from pydantic import WithJsonSchema

from ringback.domain.conversation import FindingCode, Role
from ringback.domain.outcome import Outcome
from ringback.domain.scenario import MetricKind, ScenarioType
from ringback.library.suite_format import Language
from ringback.storage.reading_status import OF_RESULTS, Shown

LANGUAGES: tuple[str, ...] = get_args(Language)
"""Codes of languages, as the reference product has them."""

_KINDS = ("instruction", "conditional_actions", "real_world_fixed", "real_world_smart")
_REVIEWS = ("success", "failure", "reviewed_success", "reviewed_failure")


def one_of(words: Iterable[str]) -> WithJsonSchema:
    """The schema of text that is one of these words."""
    return WithJsonSchema({"type": "string", "enum": list(words)})


Status = Annotated[str, one_of(Shown)]
"""How a run stands."""
ResultStatus = Annotated[str, one_of(OF_RESULTS)]
"""How a result stands."""
OutcomeName = Annotated[str, one_of(Outcome)]
"""What a run says about the agent."""
RunType = Annotated[str, one_of(("Text", "WebSocket", "Voice"))]
"""How the agent is reached."""
ScenarioKindName = Annotated[str, one_of(_KINDS)]
"""How a caller is played, in the words of the reference product, which knows no scripts."""
PlannedKind = Annotated[str, one_of(ScenarioType)]
"""The same in the words of suite files."""
Review = Annotated[str, one_of(_REVIEWS)]
"""What was scored, or what a person thinks of a run."""
ChannelName = Annotated[str, one_of(("text", "voice"))]
"""What the conversations of a suite are carried by."""
FindingName = Annotated[str, one_of(FindingCode)]
"""Which kind of oddity."""
RoleName = Annotated[str, one_of(Role)]
"""Whose an entry of the transcript is."""
MetricType = Annotated[str, one_of(MetricKind)]
"""Type of a metric's value."""
LanguageName = Annotated[str, one_of(LANGUAGES)]
"""Code of a language."""
