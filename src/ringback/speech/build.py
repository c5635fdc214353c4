"""What speaks and what hears, from their names: `provider:name`, perhaps with a base URL.

Each provider is imported when it is asked for: no setting costs more than what it uses.
"""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from yarl import URL

from ringback.errors import UsageError
from ringback.models.build import provider_key_variables
from ringback.models.proxies import proxy_for

if TYPE_CHECKING:
    import aiohttp

    from ringback.models.retrying import Retries
    from ringback.speech.hosted_client import HostedClient
    from ringback.speech.speech_to_text import SpeechToText
    from ringback.speech.text_to_speech import TextToSpeech

SPEAKING = "RINGBACK_TEXT_TO_SPEECH"
HEARING = "RINGBACK_SPEECH_TO_TEXT"


@dataclass(frozen=True, slots=True)
class _Hosted:
    key_variables: tuple[str, ...]
    base_url: str
    speaks: str
    """What a setting with it looks like."""
    hears: str


_HOSTED = {
    "openai": _Hosted(
        ("OPENAI_API_KEY",),
        "https://api.openai.com/v1",
        "openai:gpt-4o-mini-tts/alloy",
        "openai:gpt-4o-mini-transcribe",
    ),
    "deepgram": _Hosted(
        ("DEEPGRAM_API_KEY",), "https://api.deepgram.com/v1", "deepgram:aura-2-thalia-en", "deepgram:nova-3"
    ),
    "deepgram-live": _Hosted(
        ("DEEPGRAM_API_KEY",), "https://api.deepgram.com/v1", "deepgram-live:aura-2-thalia-en", "deepgram-live:nova-3"
    ),
    "elevenlabs": _Hosted(
        ("ELEVENLABS_API_KEY",), "https://api.elevenlabs.io/v1", "elevenlabs:VOICE_ID", "elevenlabs:scribe_v2"
    ),
}
"""Addresses and key variables are those of the providers' documentation."""

_SOCKETS = ("deepgram-live",)
"""Those that are asked over WebSockets, so that an address of one is as good."""

_LOCAL_VOICES = {"flite": "flite:slt", "piper": "piper:/path/to/voice.onnx"}
_LOCAL_EARS = {"pocketsphinx": "pocketsphinx", "faster-whisper": "faster-whisper:small.en"}


def speech_key_variables(name: str) -> tuple[str, ...]:
    """All environment variables to look into for the key of a setting (`provider:name`), in order; often none."""
    provider = name.partition(":")[0]
    hosted = _HOSTED.get(provider)
    # `groq` and others have OpenAI-compatible speech too; their keys are those of their language models.
    return hosted.key_variables if hosted else provider_key_variables(name)


def open_text_to_speech(
    name: str,
    *,
    base_url: str | None = None,
    api_key: str | None = None,
    timeout: float = 30.0,
    session: "aiohttp.ClientSession",
    retries: "Retries | None" = None,
) -> "TextToSpeech":
    """What speaks for callers, ready to be asked. Nothing is sent before the first text.

    Args:
        name: `flite:VOICE`, `piper:FILE`, or a hosted provider's; with a base URL any provider's name may stand there.
        base_url: Of the provider's own protocol for those that are known, else of an OpenAI-compatible server.
        api_key: Its value; optional with a base URL.
        timeout: Seconds for one request; each retry has as much again.
        session: For hosted providers; closed by whoever opened it.
        retries: How often and how patiently to try again.

    Raises:
        UsageError: the name, base URL or key cannot be right, or a program or voice is not there.
    """
    check_text_to_speech(name, base_url)
    provider, _, rest = name.partition(":")
    if provider == "flite" and base_url is None:
        from ringback.speech.flite import FliteVoice  # noqa: PLC0415 - numpy is not for text runs

        return FliteVoice(rest or "slt")
    if provider == "piper" and base_url is None:
        from ringback.speech.piper import PiperVoice  # noqa: PLC0415 - numpy is not for text runs

        return PiperVoice(rest)
    from ringback.speech import hosted_build  # noqa: PLC0415 - numpy is not for text runs

    client = _client(SPEAKING, name, base_url, api_key, request_timeout=timeout, session=session, retries=retries)
    return hosted_build.voice(client)


def open_speech_to_text(
    name: str,
    *,
    base_url: str | None = None,
    api_key: str | None = None,
    timeout: float = 30.0,
    session: "aiohttp.ClientSession",
    known_lines: Sequence[str] = (),
    retries: "Retries | None" = None,
) -> "SpeechToText":
    """What hears an agent, ready to be asked. Nothing is sent before the first turn.

    Args:
        name: `pocketsphinx`, `faster-whisper:MODEL`, or a hosted provider's; with a base URL any provider's name may
            stand there.
        base_url: Of the provider's own protocol for those that are known, else of an OpenAI-compatible server.
        api_key: Its value; optional with a base URL.
        timeout: Seconds for one request; each retry has as much again.
        session: For hosted providers; closed by whoever opened it.
        known_lines: What the agent may say: the grammar of `pocketsphinx`; others need none.
        retries: How often and how patiently to try again.

    Raises:
        UsageError: the name, base URL or key cannot be right, no lines are known, or a package is not there.
    """
    check_speech_to_text(name, base_url)
    provider, _, rest = name.partition(":")
    if provider == "pocketsphinx" and base_url is None:
        if not any(line.strip() for line in known_lines):
            raise UsageError(
                f"{HEARING} is pocketsphinx, which hears only lines that it knows, and the agent has none; list what "
                f"it may say as its known_lines in ringback.toml, or set {HEARING} to {_examples(_open_ears())}."
            )
        from ringback.speech.pocketsphinx_ear import GrammarEar  # noqa: PLC0415 - an extra, and slow to import

        return GrammarEar(known_lines)
    if provider == "faster-whisper" and base_url is None:
        from ringback.speech.faster_whisper_ear import FasterWhisperEar  # noqa: PLC0415 - an extra, and slow to import

        return FasterWhisperEar(rest or "small.en")
    from ringback.speech import hosted_build  # noqa: PLC0415 - numpy is not for text runs

    client = _client(HEARING, name, base_url, api_key, request_timeout=timeout, session=session, retries=retries)
    return hosted_build.ear(client)


def check_text_to_speech(name: str, base_url: str | None = None) -> None:
    """Whether something can speak under this name; costs nothing. Raises `UsageError`."""
    wanted = {**_LOCAL_VOICES, **{provider: hosted.speaks for provider, hosted in _HOSTED.items()}}
    _check(SPEAKING, name, base_url, wanted, alone=("flite",))


def check_speech_to_text(name: str, base_url: str | None = None) -> None:
    """Whether something can hear under this name; costs nothing. Raises `UsageError`."""
    wanted = {**_LOCAL_EARS, **{provider: hosted.hears for provider, hosted in _HOSTED.items()}}
    _check(HEARING, name, base_url, wanted, alone=("pocketsphinx", "faster-whisper"))


def _check(setting: str, name: str, base_url: str | None, known: Mapping[str, str], *, alone: Sequence[str]) -> None:
    provider, _, rest = name.partition(":")
    if not provider:
        raise UsageError(f"{setting} is {name!r}; write it as provider:name, as {_examples(known)}.")
    if base_url is None and provider not in known:
        close = difflib.get_close_matches(provider, known, n=1)
        meant = f" Did you mean {known[close[0]]}?" if close else ""
        raise UsageError(
            f"{setting} names the provider {provider!r}, which is not known.{meant} Take one of {_examples(known)}; or "
            f"set {setting}_BASE_URL to the address of an OpenAI-compatible speech server."
        )
    if not rest and (base_url is not None or provider not in alone):
        example = known.get(provider, "openai:MODEL")
        raise UsageError(f"{setting} is {name!r}; write it as provider:name, for example {example}.")
    if base_url is not None:
        _check_base_url(
            setting, base_url, ("http", "https", "ws", "wss") if provider in _SOCKETS else ("http", "https")
        )


def _check_base_url(setting: str, base_url: str, schemes: Sequence[str]) -> None:
    try:
        url = URL(base_url)
        host = url.host or ""
        # What the name service is asked for; raises where a part of the name is empty or too long.
        host.encode("idna")
        sound = url.scheme in schemes and bool(host) and host.isprintable() and " " not in host
    except ValueError:
        sound = False
    if not sound:
        raise UsageError(f"{setting}_BASE_URL is no http:// or https:// address, as http://localhost:8000/v1 is one.")


def _client(
    setting: str,
    name: str,
    base_url: str | None,
    api_key: str | None,
    *,
    request_timeout: float,
    session: "aiohttp.ClientSession",
    retries: "Retries | None",
) -> "HostedClient":
    from ringback.models.retrying import Retries  # noqa: PLC0415 - beside the client, which has it too
    from ringback.speech.hosted_client import HostedClient, SpeechSettingNames  # noqa: PLC0415 - aiohttp is slow to import

    hosted = _HOSTED.get(name.partition(":")[0])
    variables = speech_key_variables(name)
    key = (api_key or "").strip()
    variable = variables[0] if variables else "the key"
    address = base_url or (hosted.base_url if hosted else "")
    if not key and base_url is None:
        raise UsageError(f"{name} needs a key; set {variable} in the environment.")
    if not (key.isascii() and key.isprintable()):
        raise UsageError(f"{variable} holds characters that no key has (line breaks or letters beyond ASCII).")
    if key and URL(address).user is not None:
        raise UsageError(f"{setting}_BASE_URL carries a user name, and {variable} is set; only one can be sent.")
    return HostedClient(
        name=name,
        base_url=address,
        session=session,
        api_key=key or None,
        timeout=request_timeout,
        proxy=proxy_for(address),
        retries=retries or Retries(),
        settings=SpeechSettingNames(name=setting, base_url=f"{setting}_BASE_URL" if base_url else None, key=variable),
    )


def _examples(known: Mapping[str, str]) -> str:
    *most, last = known.values()
    return f"{', '.join(most)} or {last}"


def _open_ears() -> dict[str, str]:
    """Settings that hear any words."""
    return {"faster-whisper": _LOCAL_EARS["faster-whisper"], **{name: each.hears for name, each in _HOSTED.items()}}
