"""The real `wyoming` package, as Home Assistant uses it."""

import asyncio
import json
import socket
import time

import pytest
from conftest import free_port
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.client import AsyncTcpClient
from wyoming.error import Error
from wyoming.event import Event
from wyoming.info import Describe, Info
from wyoming.ping import Ping, Pong
from wyoming.tts import (
    Synthesize, SynthesizeChunk, SynthesizeStart, SynthesizeStop, SynthesizeStopped, SynthesizeVoice)

FRAME = 1920 * 2


@pytest.fixture
def port(start):
    number = free_port()
    start("--set", f"wyoming-port={number}", "--set", "tone-frame=10")
    return number


def run(coroutine):
    return asyncio.run(asyncio.wait_for(coroutine, 30))


async def receive(client, until):
    events = []
    while not events or not until(events[-1].type):
        event = await client.read_event()
        assert event is not None, events
        events.append(event)
    return events


def sound(events):
    return b"".join(AudioChunk.from_event(e).audio for e in events if AudioChunk.is_type(e.type))


def test_describes_itself(port):
    async def body():
        async with AsyncTcpClient("127.0.0.1", port) as client:
            await client.write_event(Describe().event())
            info = Info.from_event(await client.read_event())
        (program,) = info.tts
        assert program.supports_synthesize_streaming and program.installed
        assert "makima" in [voice.name for voice in program.voices]
        assert "de" in program.voices[0].languages
    run(body())


def test_describes_itself_within_a_second_while_the_model_loads(start):
    number = free_port()
    server = start("--set", f"wyoming-port={number}", "--set", "load=first-use", wait=False)
    server.until(lambda: socket.socket().connect_ex(("127.0.0.1", number)) == 0)

    async def body():
        async with AsyncTcpClient("127.0.0.1", number) as client:
            begin = time.monotonic()
            await client.write_event(Describe().event())
            assert Info.from_event(await client.read_event()).tts
            assert time.monotonic() - begin < 1
    run(body())


def test_speaks(port):
    async def body():
        async with AsyncTcpClient("127.0.0.1", port) as client:
            for text in ["Hello there.", "Again."]:
                await client.write_event(Synthesize(text, voice=SynthesizeVoice(name="makima", language="en")).event())
                events = await receive(client, AudioStop.is_type)
                start = AudioStart.from_event(events[0])
                assert (start.rate, start.width, start.channels) == (24000, 2, 1)
                assert len(sound(events)) == len(text) * FRAME
    run(body())


def test_speaks_while_text_comes(port):
    async def body():
        async with AsyncTcpClient("127.0.0.1", port) as client:
            await client.write_event(SynthesizeStart().event())
            await client.write_event(SynthesizeChunk("One sentence. And the sec").event())
            # The first sentence is heard before the second is whole.
            events = await receive(client, AudioChunk.is_type)
            assert AudioStart.is_type(events[0].type)
            await client.write_event(SynthesizeChunk("ond.").event())
            await client.write_event(Synthesize("One sentence. And the second.").event())
            await client.write_event(SynthesizeStop().event())
            events += await receive(client, SynthesizeStopped.is_type)
            kinds = [e.type for e in events]
            assert kinds.count("audio-start") == 1 and kinds[-2:] == ["audio-stop", "synthesize-stopped"]
            assert len(sound(events)) == len("One sentence. And the second.") * FRAME
    run(body())


def test_ping_unknown_and_errors(port):
    async def body():
        async with AsyncTcpClient("127.0.0.1", port) as client:
            await client.write_event(Event("no-such-event", {"a": 1}, b"xyz"))
            await client.write_event(Ping("hello").event())
            assert Pong.from_event(await client.read_event()).text == "hello"
            await client.write_event(Synthesize("Hi.", voice=SynthesizeVoice(name="nobody")).event())
            error = Error.from_event(await client.read_event())
            assert error.code == "VOICE_NOT_FOUND"
            await client.write_event(Synthesize("").event())
            assert Error.from_event(await client.read_event()).code == "INVALID_TEXT"
            await client.write_event(Synthesize("Hi.").event())
            assert len(sound(await receive(client, AudioStop.is_type))) == 3 * FRAME
    run(body())


@pytest.mark.parametrize("line", [
    b"\n", b"{}\n", b"[]\n", b"\xff\n", b'{"type":5}\n', b'{"type":"x","data_length":-1}\n',
    b'{"type":"x","payload_length":99999999999}\n', b'{"type":"x","data_length":2}\n[]', b"x" * 300_000,
])
def test_hostile_lines_end_the_connection_with_an_error(port, line):
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        client.sendall(line)
        answer = b""
        try:
            while piece := client.recv(65536):
                answer += piece
        except ConnectionResetError:
            pass
    if answer:
        assert json.loads(answer.split(b"\n")[0])["type"] == "error"
    test_speaks(port)


def test_a_client_that_leaves_takes_its_speech_along(start):
    number = free_port()
    server = start("--set", f"wyoming-port={number}", "--set", "tone-frame=10")

    async def body():
        client = AsyncTcpClient("127.0.0.1", number)
        await client.connect()
        await client.write_event(Synthesize("x" * 5000).event())
        await receive(client, AudioChunk.is_type)
        await client.disconnect()
    run(body())
    assert server.until(lambda: server.metric("makima_utterances_running") == 0)
