"""The user's own prices: a JSON file from the names of models, voices and ears to US dollars."""

from collections.abc import Container
from pathlib import Path
from typing import Annotated, cast

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, TypeAdapter, ValidationError

from ringback.errors import UsageError
from ringback.models.prices import Price


class ModelEntry(BaseModel):
    """What a language model costs."""

    model_config = ConfigDict(extra="forbid")

    input: float = Field(ge=0, allow_inf_nan=False)
    """US dollars per million tokens; so is the next."""
    output: float = Field(ge=0, allow_inf_nan=False)


class SpeakingEntry(BaseModel):
    """What a voice costs."""

    model_config = ConfigDict(extra="forbid")

    characters: float = Field(ge=0, allow_inf_nan=False)
    """US dollars per million characters spoken."""


class HearingEntry(BaseModel):
    """What an ear costs."""

    model_config = ConfigDict(extra="forbid")

    minutes: float = Field(ge=0, allow_inf_nan=False)
    """US dollars per minute of sound heard."""


Entry = ModelEntry | SpeakingEntry | HearingEntry

_TOKENS = "tokens"
_KIND_IN_PLACE = 1
"""Where pydantic names the kind of an entry, which the file does not."""


def _kind(value: object) -> str:
    names: Container[object] = cast("dict[object, object]", value) if isinstance(value, dict) else ()
    return next((name for name in ("characters", "minutes") if name in names), _TOKENS)


_ENTRY = Annotated[
    Annotated[ModelEntry, Tag(_TOKENS)]
    | Annotated[SpeakingEntry, Tag("characters")]
    | Annotated[HearingEntry, Tag("minutes")],
    Discriminator(_kind),
]
_FILE = TypeAdapter(dict[str, _ENTRY])


def read_price_file(path: Path) -> dict[str, Entry]:
    """Entries by `provider:name`: `{"input": 0.5, "output": 1.5}`, `{"characters": 15}` or `{"minutes": 0.006}`.

    Raises:
        UsageError: the file cannot be read, or is not of that form.
    """
    try:
        return _FILE.validate_json(path.read_bytes())
    except OSError as error:
        raise UsageError(f"RINGBACK_PRICES_FILE {path}: {error.strerror}.") from None
    except ValidationError as error:
        first = error.errors()[0]
        steps = [str(step) for number, step in enumerate(first["loc"]) if number != _KIND_IN_PLACE]
        place = ".".join(steps) or "document"
        raise UsageError(
            f"RINGBACK_PRICES_FILE {path}: {place}: {first['msg']}. "
            'Write {"provider:name": {"input": 0.5, "output": 1.5}} for a model, in US dollars per million tokens, '
            '{"characters": 15} for a voice, per million characters, and {"minutes": 0.006} for what hears, per minute.'
        ) from None


def load_prices(path: Path) -> dict[str, Price]:
    """The prices of models in the file, by `provider:name`. Raises `UsageError` as `read_price_file` does."""
    return {
        name: Price(input_per_million=entry.input, output_per_million=entry.output)
        for name, entry in read_price_file(path).items()
        if isinstance(entry, ModelEntry)
    }
