"""A client written from the integration specification alone (§2.1, §5, §7.2), then our additions."""

import asyncio
import base64
import json
import struct

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

FRAME_MS = 80


def run(coroutine):
    return asyncio.run(asyncio.wait_for(coroutine, 20))


async def receive(ws):
    message = await ws.recv()
    return message if isinstance(message, bytes) else json.loads(message)


async def send(ws, **message):
    await ws.send(json.dumps(message))


async def until(ws, *types):
    """Sound and the messages before it, then the first message of one of `types`."""
    sound, messages = b"", []
    while True:
        message = await receive(ws)
        if isinstance(message, bytes):
            sound += message
        elif message["type"] in types:
            return sound, messages, message
        else:
            messages.append(message)


def test_section_7_2_as_written(server):
    async def flow():
        async with connect(server.ws()) as ws:
            await send(ws, type="start", voice="makima")
            ready = await receive(ws)
            assert ready["type"] == "ready"
            await send(ws, type="speak", text="Hello.")
            chunks = []
            while True:
                message = await ws.recv()
                if isinstance(message, bytes):
                    chunks.append(message)
                elif json.loads(message)["type"] == "complete":
                    break
            assert chunks

    run(flow())


def test_the_flow_of_2_1_1(server):
    async def flow():
        async with connect(server.ws()) as ws:
            ready = await receive(ws)
            assert ready["type"] == "ready"
            assert isinstance(ready["sessionId"], str) and len(ready["sessionId"]) == 36
            assert ready["voiceLoaded"] == "makima"
            assert ready["capabilities"]["streaming"] is True
            assert "English" in ready["capabilities"]["languages"]
            await send(ws, type="start", sampleRate=24000, encoding="pcm16", voice="makima", language="English")
            started = await receive(ws)
            assert {k: started[k] for k in ("type", "sampleRate", "encoding", "voice")} == {
                "type": "started", "sampleRate": 24000, "encoding": "pcm16", "voice": "makima"}
            await send(ws, type="speak", text="Hello, I am Makima.", priority="normal")
            sound, _, complete = await until(ws, "complete")
            assert len(sound) == 19 * FRAME_MS * 24 * 2
            assert complete["audioLengthMs"] == 19 * FRAME_MS
            assert complete["charactersProcessed"] == 19
            assert complete["durationMs"] >= 0 and complete["firstAudioMs"] >= 0
            assert complete["finishReason"] == "stop"
            await send(ws, type="stop", reason="user_requested")
            assert await receive(ws) == {"type": "stopped", "reason": "user_requested"}
            with pytest.raises(ConnectionClosed) as closed:
                await ws.recv()
            assert closed.value.rcvd.code == 1000

    run(flow())


@pytest.mark.parametrize("encoding,size", [("pcm16", 2), ("pcm32f", 4)])
@pytest.mark.parametrize("rate", [8000, 11025, 16000, 22050, 24000, 44100, 48000])
@pytest.mark.parametrize("transport", ["binary", "json"])
def test_every_rate_encoding_and_transport(server, rate, encoding, size, transport):
    async def flow():
        async with connect(server.ws()) as ws:
            await receive(ws)
            await send(ws, type="start", sampleRate=rate, encoding=encoding, transport=transport)
            started = await receive(ws)
            assert (started["sampleRate"], started["encoding"]) == (rate, encoding)
            await send(ws, type="speak", text="abcde fghi")
            sound, chunks, complete = await until(ws, "complete")
            if transport == "json":
                assert [c["sequenceNumber"] for c in chunks] == list(range(1, len(chunks) + 1))
                assert [c["isFinal"] for c in chunks] == [False] * (len(chunks) - 1) + [True]
                assert all(c["type"] == "audioChunk" and c["timestampMs"] > 1e12 for c in chunks)
                assert sound == b""
                sound = b"".join(base64.b64decode(c["data"]) for c in chunks)
            # Exactly as long as the sound, rounded up.
            assert len(sound) == -(-800 * rate // 1000) * size
            if encoding == "pcm32f":
                samples = struct.unpack(f"<{len(sound) // 4}f", sound)
                loudest = max(abs(s) for s in samples)
            else:
                samples = struct.unpack(f"<{len(sound) // 2}h", sound)
                loudest = max(abs(s) for s in samples) / 32768
            assert 0.2 < loudest < 0.3

    run(flow())


@pytest.mark.parametrize("rate,speed", [(24000, 2), (16000, 0.5)])
def test_speed_changes_the_length_of_the_sound(server, rate, speed):
    async def flow():
        async with connect(server.ws()) as ws:
            await send(ws, type="start", sampleRate=rate, speed=speed)
            await send(ws, type="speak", text="Hello there.")
            sound, _, complete = await until(ws, "complete")
            expected = 12 * FRAME_MS / speed
            assert abs(len(sound) / 2 / rate * 1000 - expected) < 1
            assert complete["audioLengthMs"] == expected

    run(flow())


def test_speak_before_start_speaks_with_the_defaults(server):
    async def flow():
        async with connect(server.ws()) as ws:
            await send(ws, type="speak", text="ab")
            sound, messages, _ = await until(ws, "complete")
            assert [m["type"] for m in messages] == ["ready"]
            assert len(sound) == 2 * FRAME_MS * 24 * 2

    run(flow())


def test_texts_wait_their_turn_and_high_ones_go_first(start):
    server = start("--set", "tone-frame=20")

    async def flow():
        async with connect(server.ws()) as ws:
            for text, priority in [("a" * 20, "normal"), ("b" * 3, "normal"), ("c" * 5, "high")]:
                await send(ws, type="speak", text=text, priority=priority)
            lengths = [(await until(ws, "complete"))[2]["charactersProcessed"] for _ in range(3)]
            assert lengths == [20, 5, 3]

    run(flow())


def test_cancel_is_answered_and_nothing_follows(start):
    server = start("--set", "tone-frame=20")

    async def flow():
        async with connect(server.ws()) as ws:
            await receive(ws)
            await send(ws, type="speak", text="x" * 2000)
            while not isinstance(await receive(ws), bytes):
                pass
            loop = asyncio.get_running_loop()
            asked = loop.time()
            await send(ws, type="cancel")
            _, _, error = await until(ws, "error")
            assert error["code"] == "CANCELLED" and error["recoverable"] is True
            assert error["playedMs"] >= 0 and error["spokenCharacters"] >= 0
            assert loop.time() - asked < 1
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(ws.recv(), 0.3)
            await send(ws, type="speak", text="again")
            sound, _, complete = await until(ws, "complete")
            assert complete["charactersProcessed"] == 5 and len(sound) == 5 * FRAME_MS * 48

    run(flow())
    assert server.until(lambda: server.metric("makima_utterances_running") == 0)
    assert server.metric("makima_cancel_seconds_count") == 1


def test_cancel_is_answered_while_the_model_is_busy(start):
    server = start("--set", "tone-frame=3000")

    async def flow():
        async with connect(server.ws()) as ws:
            await receive(ws)
            await send(ws, type="speak", text="x")
            while server.metric("makima_utterances_running") == 0:
                await asyncio.sleep(0.02)
            asked = asyncio.get_running_loop().time()
            await send(ws, type="cancel")
            sound, _, error = await until(ws, "error")
            assert error["code"] == "CANCELLED" and sound == b""
            assert asyncio.get_running_loop().time() - asked < 1

    run(flow())


def test_cancel_with_nothing_to_cancel_is_answered(server):
    async def flow():
        async with connect(server.ws()) as ws:
            await receive(ws)
            await send(ws, type="cancel")
            assert (await receive(ws))["code"] == "CANCELLED"

    run(flow())


def test_an_unknown_voice_is_reported_and_the_default_speaks(server):
    async def flow():
        async with connect(server.ws()) as ws:
            await receive(ws)
            await send(ws, type="start", voice="nobody")
            error, started = await receive(ws), await receive(ws)
            assert error["code"] == "VOICE_NOT_FOUND" and error["recoverable"] is False
            assert started["type"] == "started" and started["voice"] == "makima"
            await send(ws, type="speak", text="ab")
            assert (await until(ws, "complete"))[2]["charactersProcessed"] == 2

    run(flow())


@pytest.mark.parametrize("message", [
    "", "not json", "[]", "null", "{}", '{"type":"sing"}', '{"type":"speak"}', '{"type":"speak","text":""}',
    '{"type":"speak","text":" .,! "}', '{"type":"speak","text":7}', '{"type":"start","sampleRate":7999}',
    '{"type":"start","sampleRate":"x"}', '{"type":"start","encoding":"mp3"}', '{"type":"start","speed":5}', b"binary",
    json.dumps({"type": "speak", "text": "x" * 10001}), json.dumps({"type": "speak", "text": "x" * 100000}),
    "[" * 60000,
])
def test_bad_messages_get_an_error_and_the_session_lives(server, message):
    async def flow():
        async with connect(server.ws()) as ws:
            await receive(ws)
            await ws.send(message)
            error = await receive(ws)
            assert error["type"] == "error" and error["code"] == "INVALID_TEXT" and error["recoverable"] is False
            assert len(error["message"]) > 10
            await send(ws, type="speak", text="still here")
            assert (await until(ws, "complete"))[2]["charactersProcessed"] == 10

    run(flow())


def test_an_unknown_language_names_the_known_ones(server):
    async def flow():
        async with connect(server.ws()) as ws:
            await receive(ws)
            await send(ws, type="start", language="Klingon")
            await send(ws, type="speak", text="a")
            _, _, error = await until(ws, "error")
            assert error["code"] == "INVALID_TEXT" and "english" in error["message"]

    run(flow())


def test_a_message_over_a_mebibyte_closes_with_1009(server):
    async def flow():
        async with connect(server.ws()) as ws:
            await receive(ws)
            with pytest.raises(ConnectionClosed) as closed:
                await ws.send("x" * (1 << 20) + "x")
                while True:
                    await ws.recv()
            assert closed.value.rcvd.code == 1009

    run(flow())


def test_text_piece_by_piece(server):
    async def flow():
        async with connect(server.ws()) as ws:
            await receive(ws)
            await send(ws, type="speak", text="abc", append=True)
            for piece in ["de", "f"]:
                await asyncio.sleep(0.05)
                await send(ws, type="speak", text=piece, append=True)
            await send(ws, type="speak", text="", flush=True)
            sound, _, complete = await until(ws, "complete")
            assert complete["charactersProcessed"] == 6 and len(sound) == 6 * FRAME_MS * 48

    run(flow())


def test_the_same_request_gives_the_same_sound_alone_and_among_others(server):
    async def one(text):
        async with connect(server.ws()) as ws:
            await receive(ws)
            await send(ws, type="start", seed=7)
            await send(ws, type="speak", text=text)
            return (await until(ws, "complete"))[0]

    async def flow():
        texts = ["x" * n for n in range(20, 120, 10)]
        alone = [await one(text) for text in texts]
        together = await asyncio.gather(*(one(text) for text in texts))
        assert together == alone

    run(flow())


def test_a_client_that_reads_nothing_holds_up_nobody(server):
    async def flow():
        async with connect(server.ws(), max_queue=1) as slow:
            await send(slow, type="speak", text="x" * 5000)
            await asyncio.sleep(0.3)
            async with connect(server.ws()) as ws:
                await receive(ws)
                for _ in range(5):
                    await send(ws, type="speak", text="quick")
                    assert (await until(ws, "complete"))[2]["charactersProcessed"] == 5
            # It is still heard, and reads on where it stopped.
            await send(slow, type="cancel")
            _, _, error = await until(slow, "error")
            assert error["code"] == "CANCELLED"

    run(flow())


def test_leaving_cancels(start):
    server = start("--set", "tone-frame=20")

    async def flow():
        ws = await connect(server.ws())
        await send(ws, type="speak", text="x" * 3000)
        while not isinstance(await receive(ws), bytes):
            pass
        ws.transport.abort()

    run(flow())
    assert server.until(lambda: server.metric("makima_utterances_running") == 0, 3)
    assert server.metric("makima_sessions") == 0


def test_a_full_session_queue_is_rate_limited(start):
    server = start("--set", "tone-frame=20")

    async def flow():
        async with connect(server.ws()) as ws:
            await receive(ws)
            for _ in range(40):
                await send(ws, type="speak", text="x" * 500)
            _, _, error = await until(ws, "error")
            assert error["code"] == "RATE_LIMITED" and error["recoverable"] and error["retryAfterMs"] > 0
            await send(ws, type="stop")
            _, _, stopped = await until(ws, "stopped")
            assert stopped["playedMs"] >= 0

    run(flow())


def test_too_many_requests_are_told_when_to_come_back(start):
    server = start("--set", "requests-per-second=1", "--set", "request-burst=2")

    async def flow():
        async with connect(server.ws()) as ws:
            await receive(ws)
            codes = []
            for _ in range(3):
                await send(ws, type="speak", text="x")
                codes.append((await until(ws, "complete", "error"))[2])
            assert [c["type"] for c in codes] == ["complete", "complete", "error"]
            assert codes[2]["code"] == "RATE_LIMITED" and 0 < codes[2]["retryAfterMs"] <= 1000

    run(flow())


def test_the_deadline_is_a_timeout(start):
    server = start("--set", "tone-frame=200", "--set", "deadline=1")

    async def flow():
        async with connect(server.ws()) as ws:
            await receive(ws)
            await send(ws, type="speak", text="x" * 3000)
            _, _, error = await until(ws, "error")
            assert error["code"] == "TIMEOUT" and error["recoverable"]
            await send(ws, type="speak", text="short")
            assert (await until(ws, "complete"))[2]["charactersProcessed"] == 5

    run(flow())


def test_without_memory_nothing_begins_and_the_session_lives(start):
    server = start("--set", "memory-reserve=1000000000")

    async def flow():
        async with connect(server.ws()) as ws:
            await receive(ws)
            for _ in range(2):
                await send(ws, type="speak", text="x")
                sound, _, error = await until(ws, "error")
                assert sound == b"" and error["code"] == "GPU_OUT_OF_MEMORY"
                assert error["recoverable"] is True and error["retryAfterMs"] > 0
            await send(ws, type="stop")
            assert (await receive(ws))["type"] == "stopped"

    run(flow())


def test_the_log_holds_an_utterance_and_its_text_only_when_asked(start):
    async def flow(server):
        async with connect(server.ws()) as ws:
            await send(ws, type="speak", text="my secret words")
            await until(ws, "complete")

    for arguments, is_there in [((), False), (("--set", "log-text=true"), True)]:
        server = start(*arguments)
        run(flow(server))
        server.stop()
        log = server.log_path.read_text()
        assert ("secret" in log) == is_there
        lines = [line for line in log.splitlines() if " utterance" in line]
        assert len(lines) == 1 and "frames=15" in lines[0] and "firstAudioMs=" in lines[0] and "realTimeFactor=" in lines[0]


def test_while_the_model_loads_the_doors_are_open(start):
    server = start("--set", "load=first-use", wait=False)
    assert server.until(lambda: server.process.poll() is None and _health(server), 20)
    status, ready = server.json("GET", "/ready")
    assert (status, ready["status"], ready["message"]) == (503, "unloaded", "The model is loaded on first use.")
    assert ready["limits"]["textCharacters"] == 10_000

    async def flow():
        async with connect(server.ws()) as ws:
            ready = await receive(ws)
            assert ready["voiceLoaded"] == "makima" and len(ready["capabilities"]["languages"]) == 10
            await send(ws, type="start", voice="makima")
            assert (await receive(ws))["type"] == "started"
            await send(ws, type="speak", text="a")
            error = await receive(ws)
            assert error["code"] == "MODEL_LOADING" and error["recoverable"] and error["retryAfterMs"] > 0
            for _ in range(50):
                await send(ws, type="speak", text="a")
                if (await until(ws, "complete", "error"))[2]["type"] == "complete":
                    return
                await asyncio.sleep(0.1)
            pytest.fail("never loaded")

    run(flow())


def _health(server):
    try:
        return server.request("GET", "/health")[0] == 200
    except OSError:
        return False


def test_a_stopping_server_finishes_what_is_being_said(start):
    server = start("--set", "tone-frame=20", "--grace", "20")

    async def flow():
        async with connect(server.ws()) as speaking, connect(server.ws()) as idle:
            await receive(idle)
            await receive(speaking)
            await send(speaking, type="speak", text="x" * 50)
            await receive(speaking)
            server.process.terminate()
            assert await receive(idle) == {"type": "stopped", "reason": "server_shutdown"}
            with pytest.raises(ConnectionClosed) as closed:
                await idle.recv()
            assert closed.value.rcvd.code == 1001
            _, _, complete = await until(speaking, "complete")
            assert complete["charactersProcessed"] == 50
            assert (await receive(speaking))["reason"] == "server_shutdown"

    run(flow())
    assert server.process.wait(10) == 0


def test_a_stopping_server_cuts_what_takes_too_long(start):
    server = start("--set", "tone-frame=20", "--grace", "1")

    async def flow():
        async with connect(server.ws()) as ws:
            await receive(ws)
            await send(ws, type="speak", text="x" * 5000)
            await receive(ws)
            server.process.terminate()
            _, _, stopped = await until(ws, "stopped")
            assert stopped["reason"] == "server_shutdown" and stopped["playedMs"] > 0

    run(flow())
    assert server.process.wait(10) == 0


def test_a_killed_server_serves_again(start):
    server = start()
    server.process.kill()
    server.process.wait()
    again = start()
    assert again.json("GET", "/health") == (200, {"status": "ok"})
