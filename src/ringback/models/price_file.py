"""The user's own prices: a JSON file from model names to US dollars per million tokens."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from ringback.errors import UsageError
from ringback.models.prices import Price


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid")

    input: float = Field(ge=0, allow_inf_nan=False)
    output: float = Field(ge=0, allow_inf_nan=False)


_FILE = TypeAdapter(dict[str, _Entry])


def load_prices(path: Path) -> dict[str, Price]:
    """Prices by `provider:name`, from `{"openai:my-model": {"input": 0.5, "output": 1.5}}`.

    Raises:
        UsageError: the file cannot be read, or is not of that form.
    """
    try:
        entries = _FILE.validate_json(path.read_bytes())
    except OSError as error:
        raise UsageError(f"RINGBACK_PRICES_FILE {path}: {error.strerror}.") from None
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "document"
        raise UsageError(
            f"RINGBACK_PRICES_FILE {path}: {place}: {first['msg']}. "
            'Write {"provider:name": {"input": 0.5, "output": 1.5}}, in US dollars per million tokens.'
        ) from None
    return {
        name: Price(input_per_million=entry.input, output_per_million=entry.output) for name, entry in entries.items()
    }
