"""Settings come from the environment, over ringback.toml, over defaults."""

from pathlib import Path
from typing import Any

import pytest

from ringback.errors import UsageError
from ringback.settings import Settings, load_settings


def test_the_environment_wins_over_the_file_and_the_file_over_the_default() -> None:
    settings = load_settings({"RINGBACK_SETTLE": "0"}, {"settle": 0.5, "grace": 0.25})
    assert (settings.settle, settings.grace, settings.opening_wait) == (0.0, 0.25, 2.0)


def test_an_empty_variable_counts_as_not_set() -> None:
    assert load_settings({"RINGBACK_CALLER_MODEL": ""}).caller_model is None


def test_all_wrong_values_are_named_at_once_with_where_they_come_from() -> None:
    with pytest.raises(UsageError) as caught:
        load_settings({"RINGBACK_SETTLE": "soon"}, {"grace": -1, "colour": "blue"})
    message = str(caught.value)
    assert "RINGBACK_SETTLE" in message
    assert "settings.grace" in message
    assert "settings.colour: there is no such setting" in message


@pytest.mark.parametrize(
    ("environ", "file", "place"),
    [
        ({"RINGBACK_HEARTBEAT": "10", "RINGBACK_WORKER_TIMEOUT": "20"}, {}, "RINGBACK_HEARTBEAT"),
        ({"RINGBACK_WORKER_TIMEOUT": "2"}, {}, "RINGBACK_WORKER_TIMEOUT"),
        ({}, {"heartbeat": 11}, "ringback.toml: settings.heartbeat"),
    ],
)
def test_a_heartbeat_that_would_have_living_workers_given_up_is_refused(
    environ: dict[str, str], file: dict[str, Any], place: str
) -> None:
    with pytest.raises(UsageError, match=f"^{place}: .* a third of the worker_timeout at most.$"):
        load_settings(environ, file)
    assert load_settings({"RINGBACK_HEARTBEAT": "10", "RINGBACK_WORKER_TIMEOUT": "30"}).heartbeat == 10


@pytest.mark.parametrize("value", ["inf", "-inf", "nan"])
@pytest.mark.parametrize("name", ["settle", "inactivity", "starts_per_second"])
def test_no_setting_is_endless(name: str, value: str) -> None:
    """An endless quiet would never end the agent's turn."""
    variable = f"RINGBACK_{name.upper()}"
    with pytest.raises(UsageError, match=f"^{variable}: it has to be a finite number.$"):
        load_settings({variable: value})
    with pytest.raises(UsageError, match=f"^ringback.toml: settings.{name}: it has to be a finite number.$"):
        load_settings({}, {name: float(value)})


@pytest.mark.parametrize("name", ["api_key", "websocket_secret"])
def test_secrets_are_refused_in_the_file(name: str) -> None:
    with pytest.raises(UsageError, match=f"RINGBACK_{name.upper()}") as caught:
        load_settings({}, {name: "planted-secret"})
    assert "planted-secret" not in str(caught.value)


def test_secrets_are_masked_when_settings_are_printed() -> None:
    settings = load_settings({"RINGBACK_API_KEY": "planted-secret"})
    assert "planted-secret" not in repr(settings) + settings.model_dump_json()


def test_the_database_is_a_file_in_the_home_folder_unless_told() -> None:
    assert Settings(home=Path("x")).effective_database_url == "sqlite:///x/ringback.db"
    assert Settings(database_url="sqlite:///y.db").effective_database_url == "sqlite:///y.db"


def test_every_setting_is_described() -> None:
    assert all(field.description for field in Settings.model_fields.values())
