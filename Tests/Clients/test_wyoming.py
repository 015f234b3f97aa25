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


def run(coroutine, seconds=30):
    return asyncio.run(asyncio.wait_for(coroutine, seconds))


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


def test_ping_and_unknown_events(port):
    async def body():
        async with AsyncTcpClient("127.0.0.1", port) as client:
            await client.write_event(Event("no-such-event", {"a": 1}, b"xyz"))
            await client.write_event(Ping("hello").event())
            assert Pong.from_event(await client.read_event()).text == "hello"
    run(body())


@pytest.mark.parametrize("text", ["", "\U0001f600", "...", " \n"])
def test_a_text_with_nothing_to_say_begins_and_ends(port, text):
    async def body():
        async with AsyncTcpClient("127.0.0.1", port) as client:
            await client.write_event(Synthesize(text).event())
            assert [e.type for e in await receive(client, AudioStop.is_type)] == ["audio-start", "audio-stop"]
            await client.write_event(SynthesizeStart().event())
            await client.write_event(SynthesizeChunk(text).event())
            await client.write_event(SynthesizeStop().event())
            events = await receive(client, SynthesizeStopped.is_type)
            assert [e.type for e in events] == ["audio-start", "audio-stop", "synthesize-stopped"]
            await client.write_event(Synthesize("Hi.").event())
            assert len(sound(await receive(client, AudioStop.is_type))) == 3 * FRAME
    run(body())


def test_a_long_text_is_spoken(start):
    number = free_port()
    start("--set", f"wyoming-port={number}")
    text = "It is said again. " * 680
    assert len(text) > 12_000

    async def body():
        async with AsyncTcpClient("127.0.0.1", number) as client:
            await client.write_event(Synthesize(text).event())
            events = await receive(client, AudioStop.is_type)
            assert [e.type for e in events].count("audio-start") == 1
            assert abs(len(sound(events)) / FRAME - len(text)) < 700  # spaces between sentences may be left out
    # A quarter of an hour of sound, by a program that is not optimised.
    run(body(), 300)


@pytest.mark.parametrize("event, code", [
    (Synthesize("Hi.", voice=SynthesizeVoice(name="nobody")).event(), "VOICE_NOT_FOUND"),
    (Synthesize("Hi.", voice=SynthesizeVoice(name="../../etc/passwd")).event(), "VOICE_NOT_FOUND"),
    (SynthesizeStart(voice=SynthesizeVoice(name="nobody-de")).event(), "VOICE_NOT_FOUND"),
    (Event("synthesize", {"no": "text"}), "INVALID_TEXT"),
])
def test_after_an_error_the_connection_is_closed(start, event, code):
    number = free_port()
    server = start("--set", f"wyoming-port={number}")

    async def body():
        async with AsyncTcpClient("127.0.0.1", number) as client:
            await client.write_event(event)
            assert Error.from_event(await client.read_event()).code == code
            assert await client.read_event() is None
    run(body())
    assert server.until(lambda: "door=wyoming" in server.log_path.read_text())
    (line,) = [line for line in server.log_path.read_text().splitlines() if " refused" in line or ": refused" in line]
    assert "client=127.0.0.1" in line and f"code={code}" in line and "reason=" in line


def test_an_error_ends_the_texts_that_wait_behind_it(port):
    async def body():
        async with AsyncTcpClient("127.0.0.1", port) as client:
            await client.write_event(Synthesize("One.").event())
            await client.write_event(Synthesize("Two.", voice=SynthesizeVoice(name="nobody")).event())
            await client.write_event(Synthesize("Three.").event())
            events = await receive(client, Error.is_type)
            assert len(sound(events)) == 4 * FRAME and events[-2].type == "audio-stop"
            assert await client.read_event() is None
    run(body())


def test_a_ping_is_answered_while_speech_goes_on(port):
    async def body():
        async with AsyncTcpClient("127.0.0.1", port) as client:
            await client.write_event(Synthesize("x" * 100).event())
            await receive(client, AudioChunk.is_type)
            await client.write_event(Ping("now").event())
            events = await receive(client, AudioStop.is_type)
            kinds = [e.type for e in events]
            assert kinds.index("pong") < len(kinds) / 2
    run(body())


@pytest.mark.parametrize("name, language", [("makima-de", "german"), ("Makima-DE", "german"), ("makima", "auto")])
def test_a_voice_may_name_its_language(start, name, language):
    number = free_port()
    start("--set", f"wyoming-port={number}")

    async def body():
        async with AsyncTcpClient("127.0.0.1", number) as client:
            await client.write_event(Describe().event())
            (program,) = Info.from_event(await client.read_event()).tts
            assert program.version
            languages = {voice.name: voice.languages for voice in program.voices}
            assert languages["makima-de"] == ["de"] and len(languages["makima"]) == 10 and "denji-ja" in languages
            # "3." is longer in German than the mark of an English sentence: how long the sound is tells the language.
            await client.write_event(Synthesize("Es ist 12 Uhr.", voice=SynthesizeVoice(name=name)).event())
            events = await receive(client, AudioStop.is_type)
            assert len(sound(events)) == len("Es ist zwölf Uhr.") * FRAME
    run(body())


def test_ssml_is_no_text(port):
    async def body():
        async with AsyncTcpClient("127.0.0.1", port) as client:
            text = '<speak>Hello <break time="1s"/><emphasis level="strong">there</emphasis>.</speak>'
            await client.write_event(Synthesize(text, text_format="ssml", context={"a": 1}).event())
            length = len(sound(await receive(client, AudioStop.is_type)))
            assert length == len("Hello there.") * FRAME + 24_000 * 2
    run(body())


def test_a_client_that_says_no_more_is_spoken_to(port):
    with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
        client.sendall(b'{"type": "describe"}\n{"type": "synthesize", "data": {"text": "Hello."}}\n')
        client.shutdown(socket.SHUT_WR)
        answer = b""
        while piece := client.recv(65536):
            answer += piece
    assert b'"supports_synthesize_streaming":true' in answer and b'"type":"audio-stop"' in answer
    assert len(answer) > 6 * FRAME


@pytest.mark.parametrize("line", [
    b"\n", b"{}\n", b"[]\n", b"\xff\n", b'{"type":5}\n', b'{"type":"x","data_length":-1}\n',
    b'{"type":"x","payload_length":99999999999}\n', b'{"type":"x","data_length":2}\n[]', b"x" * 300_000,
    b"no JSON at all\n" + b"and more that nobody reads\n" * 20_000,
])
def test_hostile_lines_end_the_connection_with_an_error(port, line):
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        client.sendall(line)
        answer = b""
        while piece := client.recv(65536):
            answer += piece
    assert json.loads(answer.split(b"\n")[0])["type"] == "error"
    test_speaks(port)


def test_text_without_end_is_read_as_it_is_spoken(start):
    number = free_port()
    server = start("--set", f"wyoming-port={number}", "--set", "tone-frame=20")
    test_speaks(number)
    before = server.resident()
    chunk = json.dumps({"type": "synthesize-chunk", "data": {"text": "This goes on and on. " * 40}}).encode() + b"\n"
    with socket.create_connection(("127.0.0.1", number)) as client:
        client.sendall(b'{"type": "synthesize-start"}\n')
        client.settimeout(1.5)
        sent = 0
        # What the two kernels hold, and no more.
        with pytest.raises(TimeoutError):
            while sent < 200_000_000:
                sent += client.send(chunk)
        assert sent < 30_000_000
        assert server.resident() - before < 64 << 20
        test_speaks(number)
    assert server.until(lambda: server.metric("makima_utterances_running") == 0)


def test_a_client_that_leaves_leaves_the_queue(start):
    number = free_port()
    server = start("--set", f"wyoming-port={number}", "--set", "tone-frame=20", "--set", "speakers=1")

    async def body():
        async with AsyncTcpClient("127.0.0.1", number) as client:
            await client.write_event(Synthesize("x" * 400).event())
            await receive(client, AudioChunk.is_type)
            waiting = AsyncTcpClient("127.0.0.1", number)
            await waiting.connect()
            await waiting.write_event(Synthesize("y" * 400).event())
            assert await asyncio.to_thread(server.until, lambda: server.metric("makima_utterances_waiting") == 1)
            await waiting.disconnect()
            assert await asyncio.to_thread(server.until, lambda: server.metric("makima_utterances_waiting") == 0)
            assert server.metric("makima_utterances_running") == 1
    run(body())


def test_a_server_that_stops_says_so(start):
    number = free_port()
    server = start("--set", f"wyoming-port={number}", "--set", "tone-frame=20", "--grace", "1")

    async def body():
        async with (AsyncTcpClient("127.0.0.1", number) as client, AsyncTcpClient("127.0.0.1", number) as idle):
            await client.write_event(Synthesize("x" * 2000).event())
            await idle.write_event(Ping().event())
            assert Pong.is_type((await idle.read_event()).type)
            await receive(client, AudioChunk.is_type)
            server.process.terminate()
            # One that is idle is closed at once, one that is spoken to when the grace has run out.
            assert await idle.read_event() is None
            error = Error.from_event((await receive(client, Error.is_type))[-1])
            assert error.code == "CANCELLED" and "shutting down" in error.text
            assert await client.read_event() is None
    run(body())
    assert server.stop() == 0


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
