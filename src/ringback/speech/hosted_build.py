"""Hosted voices and recognisers from their names, each with the client that it asks through."""

from ringback.speech import deepgram_live, deepgram_speech, elevenlabs_speech, openai_speech
from ringback.speech.hosted_client import HostedClient
from ringback.speech.hosted_ear import HearingProvider, HostedEar
from ringback.speech.hosted_names import speaking_name
from ringback.speech.hosted_voice import HostedVoice, SpeakingProvider


def voice(client: HostedClient) -> HostedVoice:
    """What speaks under the client's name."""
    _authorise(client)
    wanted = speaking_name(client.name)
    provider: SpeakingProvider
    match wanted.provider:
        case "deepgram":
            provider = deepgram_speech.DeepgramSpeaking(client, wanted.model)
        case "deepgram-live":
            provider = deepgram_live.DeepgramLiveSpeaking(client, wanted.model)
        case "elevenlabs":
            provider = elevenlabs_speech.ElevenLabsSpeaking(client, wanted.voice, wanted.model)
        case _:
            provider = openai_speech.OpenAiSpeaking(client, wanted.model, wanted.voice)
    return HostedVoice(client=client, provider=provider)


def ear(client: HostedClient) -> HostedEar:
    """What hears under the client's name."""
    _authorise(client)
    kind, _, model = client.name.partition(":")
    provider: HearingProvider
    match kind:
        case "deepgram":
            provider = deepgram_speech.DeepgramHearing(client, model)
        case "deepgram-live":
            provider = deepgram_live.DeepgramLiveHearing(client, model)
        case "elevenlabs":
            provider = elevenlabs_speech.ElevenLabsHearing(client, model)
        case _:
            provider = openai_speech.OpenAiHearing(client, model)
    return HostedEar(client=client, provider=provider)


def _authorise(client: HostedClient) -> None:
    """Give the client its provider's headers."""
    match client.name.partition(":")[0]:
        case "deepgram" | "deepgram-live":
            client.headers = deepgram_speech.deepgram_headers(client.api_key)
        case "elevenlabs":
            client.headers = elevenlabs_speech.elevenlabs_headers(client.api_key)
        case _:
            client.headers = openai_speech.openai_headers(client.api_key)
