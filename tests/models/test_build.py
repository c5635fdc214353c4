"""Models from their names; whatever cannot work is said before anything is asked."""

import subprocess
import sys
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringback.errors import ModelNotConfigured, UsageError
from ringback.models.budget import Budget
from ringback.models.build import needs_key, open_model, provider_key_variable, provider_key_variables
from ringback.models.prices import Price


@pytest.mark.parametrize(
    ("name", "variable"),
    [
        ("openai:gpt-4o", "OPENAI_API_KEY"),
        ("anthropic:claude-sonnet-4-5", "ANTHROPIC_API_KEY"),
        ("google:gemini-2.5-pro", "GOOGLE_API_KEY"),
        ("google-gla:gemini-2.5-pro", "GOOGLE_API_KEY"),
        ("local:llama", None),
        ("gpt-4o", None),
    ],
)
def test_keys_have_their_providers_usual_names(name: str, variable: str | None) -> None:
    assert provider_key_variable(name) == variable


def test_google_keys_go_by_two_names() -> None:
    assert provider_key_variables("google:gemini-2.5-pro") == ("GOOGLE_API_KEY", "GEMINI_API_KEY")


def test_with_a_base_url_the_key_is_optional() -> None:
    assert needs_key("openai:gpt-4o", None)
    assert not needs_key("openai:gpt-4o", "http://localhost:8080/v1")


async def test_a_hosted_provider_goes_the_direct_path_to_its_own_address() -> None:
    model = open_model("openai:gpt-4o-mini", api_key="sk-1234")
    assert model.name == "openai:gpt-4o-mini"
    assert vars(getattr(model, "provider"))["where"] == "api.openai.com"  # noqa: B009 - not part of the contract
    await model.close()


@pytest.mark.parametrize("name", ["anthropic:claude-haiku-4-5", "google:gemini-2.5-flash"])
async def test_providers_with_a_protocol_of_their_own_are_opened_too(name: str) -> None:
    model = open_model(name, api_key="k1234", temperature=0.5)
    assert model.name == name
    await model.close()


async def test_with_a_base_url_every_provider_goes_the_direct_path() -> None:
    model = open_model("anthropic:claude-haiku-4-5", base_url="http://gateway.example:8080/v1")
    assert vars(getattr(model, "provider"))["where"] == "gateway.example:8080"  # noqa: B009 - not part of the contract
    await model.close()


@pytest.mark.parametrize(
    ("name", "base_url", "api_key", "words"),
    [
        ("gpt-4o", None, "k123", "RINGBACK_JUDGE_MODEL is 'gpt-4o'; write it as provider:name"),
        (":gpt-4o", None, "k123", "write it as provider:name"),
        ("openai:", None, "k123", "write it as provider:name"),
        ("acme:large", None, "k123", "'acme', which is not known; set RINGBACK_JUDGE_BASE_URL"),
        ("openai:m", "localhost:8080/v1", None, "RINGBACK_JUDGE_BASE_URL is no http:// or https:// address"),
        ("openai:m", "ftp://host/v1", None, "is no http://"),
        ("openai:m", "http://", None, "is no http://"),
        ("openai:m", "http://[::1", None, "is no http://"),
        ("openai:m", "http://a..b/v1", None, "is no http://"),
        ("openai:m", "http://" + "a" * 70 + ".example/v1", None, "is no http://"),
        ("openai:m", "http://localhost:99999/v1", None, "is no http://"),
        ("openai:m", "http://two words/v1", None, "is no http://"),
        ("openai:m", "http://user:planted@host/v1", "k123", "carries a user name, and OPENAI_API_KEY is set"),
        ("openai:m", "http://host/v1", "planted\r\nX: 1", "OPENAI_API_KEY holds characters that no key has"),
        ("openai:m", "http://host/v1", "plantedé", "holds characters"),
    ],
)
def test_what_cannot_work_is_a_usage_error(name: str, base_url: str | None, api_key: str | None, words: str) -> None:
    with pytest.raises(UsageError) as raised:
        open_model(name, base_url=base_url, api_key=api_key, role="judge")
    assert words in str(raised.value)
    assert "planted" not in str(raised.value)


@settings(deadline=None, derandomize=True)
@given(st.text(), st.text() | st.from_regex(r"https?://[a-z:@\[\]./?#%0-9]{1,20}"))
def test_any_name_and_address_make_a_model_or_a_usage_error(name: str, base_url: str) -> None:
    with suppress(UsageError):
        assert open_model(name, base_url=base_url).name == name


@pytest.mark.parametrize("name", ["openai:gpt-4o", "anthropic:claude-sonnet-4-5", "google:gemini-2.5-pro"])
@pytest.mark.parametrize("api_key", [None, "", "  "])
def test_a_missing_key_names_its_variable(name: str, api_key: str | None) -> None:
    with pytest.raises(ModelNotConfigured, match=f"{name} needs a key; set {provider_key_variable(name)}"):
        open_model(name, api_key=api_key)


def test_a_cost_limit_needs_a_known_price() -> None:
    with pytest.raises(UsageError, match="price of local:llama is not known, so the cost limit cannot be kept"):
        open_model("local:llama", base_url="http://localhost:1/v1", budget=Budget(1.0))
    free = {"local:llama": Price(input_per_million=0, output_per_million=0)}
    open_model("local:llama", base_url="http://localhost:1/v1", budget=Budget(1.0), own_prices=free)
    open_model("local:llama", base_url="http://localhost:1/v1", budget=Budget())


def test_a_proxy_is_asked_for_strangers_and_not_for_the_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://proxy.example:3128")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    far = open_model("local:llama", base_url="http://models.example/v1")
    near = open_model("local:llama", base_url="http://127.0.0.1:8080/v1")
    proxies: list[str | None] = [vars(getattr(model, "provider"))["_proxy"] for model in (far, near)]  # noqa: B009 - not part of the contract
    assert proxies == ["http://proxy.example:3128", None]


def test_the_direct_path_does_not_load_the_library_for_hosted_providers() -> None:
    program = (
        "import sys; from ringback.models.build import open_model; "
        "open_model('openai:gpt-4o', api_key='k123'); "
        "print([m for m in ('pydantic_ai', 'anthropic') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
