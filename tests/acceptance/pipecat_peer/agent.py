"""A Pipecat voice agent on Twilio's media streams, as its users write one: lines spoken by flite, turns by its own VAD.

Started as a process of its own, in an environment that has Pipecat: `agent.py PORT_FILE HANG_UP_URL LINE...`. It greets
with the first line, says the next one each time the caller has spoken, and after the last hangs up by the telephone
company's REST interface, which Pipecat's serializer does by itself.
"""

import socket
import subprocess
import sys
import tempfile
import wave
from pathlib import Path

import uvicorn
from fastapi import FastAPI, WebSocket
from pipecat.audio.vad.silero import SileroVADAnalyzer
from pipecat.frames.frames import (
    BotStoppedSpeakingFrame,
    EndFrame,
    Frame,
    InputDTMFFrame,
    TTSAudioRawFrame,
    TTSStartedFrame,
    TTSStoppedFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.audio.vad_processor import VADProcessor
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.runner.utils import parse_telephony_websocket
from pipecat.serializers.twilio import TwilioFrameSerializer
from pipecat.transports.websocket.fastapi import FastAPIWebsocketParams, FastAPIWebsocketTransport
from pipecat.workers.runner import WorkerRunner


def spoken(line: str) -> tuple[bytes, int]:
    """A line as signed 16-bit samples, and their rate in Hz."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "line.wav"
        subprocess.run(["flite", "-voice", "slt", "-t", line, "-o", str(path)], check=True)
        with wave.open(str(path)) as sound:
            return sound.readframes(sound.getnframes()), sound.getframerate()


class Lines(FrameProcessor):
    """Says one line after the other."""

    def __init__(self, lines: list[tuple[bytes, int]]) -> None:
        super().__init__()
        self._lines = list(lines)

    async def say(self) -> None:
        """The next line; frames behind it end the call when it was the last."""
        sound, rate = self._lines.pop(0)
        await self.push_frame(TTSStartedFrame())
        await self.push_frame(TTSAudioRawFrame(audio=sound, sample_rate=rate, num_channels=1))
        await self.push_frame(TTSStoppedFrame())

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Answer the caller when it has spoken; tell what keys it pressed."""
        await super().process_frame(frame, direction)
        await self.push_frame(frame, direction)
        if isinstance(frame, VADUserStartedSpeakingFrame):
            print("caller started", flush=True)
        elif isinstance(frame, VADUserStoppedSpeakingFrame) and self._lines:
            print("caller stopped", flush=True)
            await self.say()
        elif isinstance(frame, InputDTMFFrame):
            print(f"key {frame.button.value}", flush=True)
        elif isinstance(frame, BotStoppedSpeakingFrame) and not self._lines:
            await self.push_frame(EndFrame())


def application(lines: list[tuple[bytes, int]], hang_up_url: str) -> FastAPI:
    """The agent's server: one WebSocket, one pipeline a call."""
    app = FastAPI()

    @app.websocket("/ws")
    async def call(line: WebSocket) -> None:
        await line.accept()
        _, data = await parse_telephony_websocket(line)
        print(f"parameters {dict(data['body'])}", flush=True)
        serializer = TwilioFrameSerializer(
            stream_sid=data["stream_id"],
            call_sid=data["call_id"],
            account_sid=data["account_id"] if "account_id" in data else "AC" + "0" * 32,
            auth_token="not checked",
            base_url=hang_up_url,
        )
        transport = FastAPIWebsocketTransport(
            websocket=line,
            params=FastAPIWebsocketParams(audio_in_enabled=True, audio_out_enabled=True, serializer=serializer),
        )
        agent = Lines(lines)
        pipeline = Pipeline(
            [transport.input(), VADProcessor(vad_analyzer=SileroVADAnalyzer()), agent, transport.output()]
        )
        worker = PipelineWorker(
            pipeline, params=PipelineParams(audio_in_sample_rate=8000, audio_out_sample_rate=8000), enable_rtvi=False
        )

        @transport.event_handler("on_client_connected")
        async def connected(_transport: object, _client: object) -> None:
            await agent.say()

        @transport.event_handler("on_client_disconnected")
        async def disconnected(_transport: object, _client: object) -> None:
            await worker.cancel()

        runner = WorkerRunner(handle_sigint=False)
        await runner.add_workers(worker)
        await runner.run()
        print("over", flush=True)

    return app


def main() -> None:
    """Serve on a free port, and write its number into the file that is named."""
    port_file, hang_up_url, *lines = sys.argv[1:]
    app = application([spoken(line) for line in lines], hang_up_url)
    listening = socket.create_server(("127.0.0.1", 0))
    written = Path(port_file).with_suffix(".part")
    written.write_text(str(listening.getsockname()[1]))
    written.rename(port_file)
    uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[listening])


if __name__ == "__main__":
    main()
