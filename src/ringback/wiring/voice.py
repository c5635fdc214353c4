"""Spoken conversations: what all calls of a process share, and how each of them is begun.

Imported only where an agent is spoken to: it brings numpy, onnxruntime and all of `speech`.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp

from ringback.callers.caller import Caller
from ringback.channels.hang_up_rest import CallsInProgress
from ringback.conversation.call_clock import CallClock
from ringback.conversation.limits import Limits
from ringback.conversation.loop import Held
from ringback.conversation.manner import manner_of
from ringback.conversation.recorder import Recorder
from ringback.conversation.voice_call import VoiceTools, converse_by_voice
from ringback.domain.agent import Agent, Transport
from ringback.domain.run import Run
from ringback.domain.secret import Redactor
from ringback.errors import UsageError
from ringback.models.budget import Budget
from ringback.runs.talking import Talk, call_ids
from ringback.settings import Settings, environment_variable
from ringback.speech.build import (
    check_speech_to_text,
    check_text_to_speech,
    open_speech_to_text,
    open_text_to_speech,
    speech_key_variables,
)
from ringback.speech.speech_to_text import SpeechToText, WarmsUp
from ringback.speech.text_to_speech import TextToSpeech
from ringback.speech.voice_activity import VoiceActivity
from ringback.storage.recordings import make_folder, stem_of
from ringback.wiring.speech_accounts import SpeechAccounts
from ringback.wiring.voice_lines import voice_lines_to

if TYPE_CHECKING:
    from ringback.channels.sip.telephone import Telephone
    from ringback.wiring.telephone import Awaiting

_EARS_KEPT = 8
"""What hears agents that nobody talks to at the moment; each may have a process of its own."""


def check_speech(agent: Agent, settings: Settings, environ: Mapping[str, str]) -> dict[str, str]:
    """What speaks for callers and hears this agent, `provider:name` by role, as far as can be told without opening it.

    Raises:
        UsageError: a name that cannot be right, or no key or known lines for it.
    """
    for name, base_url, check in (
        (settings.text_to_speech, settings.text_to_speech_base_url, check_text_to_speech),
        (settings.speech_to_text, settings.speech_to_text_base_url, check_speech_to_text),
    ):
        check(name, base_url)
        variables = speech_key_variables(name)
        if variables and base_url is None and _key(name, environ) is None:
            raise UsageError(f"{name} needs a key; set {' or '.join(variables)} in the environment.")
    if _by_grammar(settings) and not any(line.strip() for line in agent.known_lines):
        raise UsageError(
            f"{environment_variable('speech_to_text')} is pocketsphinx, which hears only lines that it knows, and agent"
            f" '{agent.name}' has none. List what it may say as its known_lines (ringback run has --known-lines FILE),"
            " or take a speech_to_text that hears any words."
        )
    return {"text_to_speech": settings.text_to_speech, "speech_to_text": settings.speech_to_text}


def _by_grammar(settings: Settings) -> bool:
    return settings.speech_to_text.partition(":")[0] == "pocketsphinx" and settings.speech_to_text_base_url is None


def _key(name: str, environ: Mapping[str, str]) -> str | None:
    return next((environ[variable] for variable in speech_key_variables(name) if environ.get(variable)), None)


@dataclass(slots=True)
class _Hearing:
    """What hears an agent, and how many calls use it."""

    speech_to_text: SpeechToText
    calls: int = 0


class Voices:
    """Holds spoken conversations. One a process, for as long as its event loop runs; `close` at the end."""

    def __init__(
        self,
        settings: Settings,
        environ: Mapping[str, str],
        session: aiohttp.ClientSession,
        *,
        recordings: Path | None,
        concurrency: int,
        calls: CallsInProgress | None = None,
        budget: Budget | None = None,
        numbers: Sequence[str] = (),
    ) -> None:
        """Nothing is loaded before the first call, or `warm_up`.

        Args:
            settings: what speaks and hears, and how patiently.
            environ: where providers' keys are.
            session: for lines, made by `agent_session`.
            recordings: folder of recordings; None: no sound is kept.
            concurrency: how many conversations there may be at once.
            calls: where agents can hang up by the telephone company's REST endpoint; None: they cannot.
            budget: what speech costs is counted in it, and bounded by it; None: nothing is bounded.
            numbers: ours, which agents may call as soon as a run has one, before anything here is ready.

        Raises:
            UsageError: the file with own prices is wrong.
        """
        self._settings = settings
        self._accounts = SpeechAccounts(settings, budget or Budget())
        self._environ = environ
        self._numbers = tuple(numbers)
        self._session = session
        self._recordings = recordings
        self._concurrency = concurrency
        self._calls = calls
        self._gate = asyncio.Semaphore(settings.max_connecting)
        self._opening = asyncio.Lock()
        self._providers: aiohttp.ClientSession | None = None
        self._telephone: Telephone | None = None
        self._clock: CallClock | None = None
        self._text_to_speech: TextToSpeech | None = None
        self._hearings: OrderedDict[tuple[str, ...], _Hearing] = OrderedDict()

    async def close(self) -> None:
        """Let go of processes and connections; calls must be over."""
        if self._telephone is not None:
            await self._telephone.close()
        for hearing in self._hearings.values():
            await hearing.speech_to_text.close()
        self._hearings.clear()
        if self._text_to_speech is not None:
            await self._text_to_speech.close()
        if self._providers is not None:
            await self._providers.close()

    async def warm_up(self, agent: Agent) -> None:
        """Load what calls of an agent need.

        Raises:
            UsageError: it cannot be had with these settings on this machine.
        """
        async with self._tools(agent):
            if agent.channel is Transport.SIP:
                await self._line_to_the_world(agent).start()

    def talk_to(self, agent: Agent, redactor: Redactor) -> Talk:
        """Spoken conversations with one agent, by the transport that its record names.

        Raises:
            UsageError: a file with a certificate authority that cannot be read.
        """
        on_telephone = agent.channel is Transport.SIP
        line_for = voice_lines_to(
            agent,
            self._settings,
            self._session,
            redactor=redactor,
            gate=self._gate,
            calls=self._calls,
            telephone=self._line_to_the_world(agent) if on_telephone else None,
        )

        async def talk(run: Run, caller: Caller, recorder: Recorder, *, limits: Limits, stop: asyncio.Event) -> Held:
            specification = run.specification
            waiting = self._awaiting(agent, run, recorder, redactor) if on_telephone else None
            line = line_for(call_ids(run), specification.profile, waiting, run.calls_from)
            async with self._tools(agent) as tools:
                account = self._accounts.open(tools)
                held = await converse_by_voice(
                    line,
                    caller,
                    recorder,
                    tools=account.tools,
                    manner=manner_of(specification.personality, self._settings.effective_noises),
                    limits=limits,
                    end_of_turn=self._settings.end_of_turn,
                    agent_speaks_first=agent.agent_speaks_first,
                    language=specification.scenario.language,
                    stem=stem_of(run.result_id, run.id, run.attempt),
                    seed=specification.seed,
                    stop=stop,
                )
            return replace(held, usage=account.usage)

        return talk

    async def expect_calls(self) -> None:
        """Be on the telephone. Raises `UsageError` where that cannot be had on this machine."""
        await self._line_to_the_world().start()

    def _line_to_the_world(self, agent: Agent | None = None) -> "Telephone":
        """The telephone of the process; it starts nothing before the first call.

        `agent`: one whose own certificate authority is known from then on, where it is the first that is called.
        """
        if self._telephone is None:
            from ringback.channels.sip.telephone import Telephone  # noqa: PLC0415 - other lines do not need it
            from ringback.wiring.telephone import telephone_settings  # noqa: PLC0415 - the same

            told = telephone_settings(self._settings, self._numbers)
            if agent is not None and agent.ca_file is not None:
                told = replace(told, ca_file=agent.ca_file)
            self._telephone = Telephone(told)
        return self._telephone

    def _awaiting(self, agent: Agent, run: Run, recorder: Recorder, redactor: Redactor) -> "Awaiting | None":
        from ringback.wiring.telephone import awaiting  # noqa: PLC0415 - other lines do not need it

        return awaiting(agent, run, recorder, self._session, redactor)

    @asynccontextmanager
    async def _tools(self, agent: Agent) -> AsyncGenerator[VoiceTools]:
        """What calls share, for one call. Raises `UsageError` where it cannot be had."""
        async with self._opening:
            clock, text_to_speech = await self._speaking()
            hearing = await self._hearing(agent.known_lines if _by_grammar(self._settings) else ())
            hearing.calls += 1
        try:
            yield VoiceTools(
                clock=clock,
                text_to_speech=text_to_speech,
                speech_to_text=hearing.speech_to_text,
                recordings=self._recordings,
            )
        finally:
            hearing.calls -= 1

    async def _speaking(self) -> tuple[CallClock, TextToSpeech]:
        if self._recordings is not None:
            make_folder(self._recordings)
        if self._providers is None:
            self._providers = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
        if self._clock is None:
            self._clock = CallClock(await asyncio.to_thread(VoiceActivity), now=time.monotonic)
        if self._text_to_speech is None:
            name = self._settings.text_to_speech
            await asyncio.to_thread(self._accounts.check, speaks=name, hears=self._settings.speech_to_text)
            self._text_to_speech = open_text_to_speech(
                name,
                base_url=self._settings.text_to_speech_base_url,
                api_key=_key(name, self._environ),
                timeout=self._settings.speech_timeout,
                session=self._providers,
            )
        return self._clock, self._text_to_speech

    async def _hearing(self, known_lines: tuple[str, ...]) -> _Hearing:
        """What hears agents that say these lines; those that nobody has used for long are let go."""
        if (found := self._hearings.get(known_lines)) is not None:
            self._hearings.move_to_end(known_lines)
            return found
        if self._providers is None:
            raise AssertionError("what speaks is opened first")
        name = self._settings.speech_to_text
        made = _Hearing(
            await asyncio.to_thread(
                open_speech_to_text,
                name,
                base_url=self._settings.speech_to_text_base_url,
                api_key=_key(name, self._environ),
                timeout=self._settings.speech_timeout,
                session=self._providers,
                known_lines=known_lines,
            )
        )
        if isinstance(made.speech_to_text, WarmsUp):
            # Processes start and models load here, and not while the first agents wait for an answer.
            try:
                await made.speech_to_text.warm_up(self._concurrency)
            except BaseException:
                await made.speech_to_text.close()
                raise
        self._hearings[known_lines] = made
        unused = [lines for lines, hearing in self._hearings.items() if not hearing.calls and hearing is not made]
        for lines in unused[: max(0, len(self._hearings) - _EARS_KEPT)]:
            await self._hearings.pop(lines).speech_to_text.close()
        return made
