"""Reading what agents send on a voice line, whatever it is: plain data, remarks, and what both protocols have."""

import json
from collections.abc import Callable, Iterable
from typing import Any, cast

from ringback.channels.channel import Remark
from ringback.channels.line import AgentHeard, MetadataCame, Remarked
from ringback.channels.plain_data import LONGEST_DETAIL, read_json, shortened, storable
from ringback.channels.wire_protocol import Received
from ringback.domain.conversation import FindingCode
from ringback.domain.secret import Redactor

_MOST_VALUES = 10_000
"""Of one frame. Sound is one value however long; a frame of a million would keep all calls waiting while it is read."""

Clean = Callable[[str], str]
"""Takes out of a text what may not be kept: secrets, and what no database can hold."""


def cleaner(redactor: Redactor | None) -> Clean:
    """What is applied to every text of the agent that is kept."""
    if redactor is None:
        return storable
    return lambda text: redactor.clean(storable(text))


def read_object(text: str, clean: Clean) -> dict[str, Any] | Remark:
    """The JSON object of a text frame as it stands, or what is wrong with the frame; never raises."""
    if len(text) > _MOST_VALUES and sum(map(text.count, "[{,")) > _MOST_VALUES:
        return bad_frame(f"A frame of more than {_MOST_VALUES} values is not read.", {"characters": len(text)})
    try:
        value: Any = read_json(text)
    except RecursionError:
        return Remark(code=FindingCode.NOT_JSON, sentence="A frame is nested too deep to be read.")
    except ValueError:
        return Remark(code=FindingCode.NOT_JSON, sentence="A text frame is not JSON.", detail=shortened(clean(text)))
    if isinstance(value, dict):
        return cast("dict[str, Any]", value)
    sentence = "A text frame is not a JSON object."
    return Remark(code=FindingCode.NOT_AN_OBJECT, sentence=sentence, detail=detail_of(value, clean))


def detail_of(value: Any, clean: Clean) -> Any:
    """A frame or a part of one as a finding quotes it: plain data, clean, text cut short where it is long."""
    text = json.dumps(value, ensure_ascii=False)
    if len(text) > LONGEST_DETAIL:
        return shortened(clean(text))
    return _cleaned(value, clean)


def _cleaned(value: Any, clean: Clean) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [_cleaned(item, clean) for item in cast("list[Any]", value)]
    if isinstance(value, dict):
        return {clean(key): _cleaned(item, clean) for key, item in cast("dict[str, Any]", value).items()}
    return value


def bad_frame(sentence: str, detail: Any = None) -> Remark:
    """The remark on a frame that makes no sense."""
    return Remark(code=FindingCode.BAD_FRAME, sentence=sentence, detail=detail)


def overrun(seconds: float) -> Remark:
    """The remark on sound that was dropped because so many seconds of it wait already."""
    sentence = (
        f"The agent sent sound faster than it can be played: {seconds:.0f} s of it were waiting, and what came on top "
        "was dropped."
    )
    return Remark(code=FindingCode.QUEUE_OVERRUN, sentence=sentence)


def remarked(at: float, remarks: Iterable[Remark], *answers: str) -> Received:
    """A frame that left nothing but remarks."""
    return Received(events=(Remarked(at=at, remarks=tuple(remarks)),), answers=answers)


def transcript(body: Any, at: float, clean: Clean) -> Received:
    """Our extension: what the agent heard of our caller, `{"role": "user", "text": …}`."""
    fields = cast("dict[str, Any]", body) if isinstance(body, dict) else {}
    text, role = fields.get("text"), fields.get("role")
    if not isinstance(text, str):
        return remarked(at, [bad_frame("A transcript frame has no text.", detail_of(body, clean))])
    if role not in ("user", None):
        sentence = "A transcript frame is of another role than user; the agent's own words are taken from its voice."
        return remarked(at, [bad_frame(sentence, detail_of(body, clean))])
    return Received(events=(AgentHeard(at=at, text=clean(text)),))


def metadata(body: Any, at: float, clean: Clean) -> Received:
    """Our extension: values for the record of the run."""
    if not isinstance(body, dict):
        sentence = "The metadata of a frame is not an object; it was ignored."
        remark = Remark(code=FindingCode.BAD_METADATA, sentence=sentence, detail=detail_of(body, clean))
        return remarked(at, [remark])
    return Received(events=(MetadataCame(at=at, values=_cleaned(cast("dict[str, Any]", body), clean)),))
