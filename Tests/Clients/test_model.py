"""The same doors with a real model: the built-in one."""

import asyncio
import json
import math
import shutil
import struct

import pytest
from websockets.asyncio.client import connect

from conftest import ROOT, Server
from test_speak import receive, send, until


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("model"), "--engine", "qwen3", "--model", str(ROOT / "Models/makima-mini"), "--threads", "2")
    yield server
    log = server.log_path.read_text()
    assert server.stop() == 0, log


def run(coroutine):
    return asyncio.run(asyncio.wait_for(coroutine, 240))


async def one(server, text, **start):
    async with connect(server.ws()) as ws:
        await receive(ws)
        await send(ws, type="start", seed=5, **start)
        await send(ws, type="speak", text=text)
        sound, _, complete = await until(ws, "complete", "error")
        assert complete["type"] == "complete", complete
        return sound, complete


def test_a_sentence_is_heard(real):
    sound, complete = run(one(real, "good morning to all of you"))
    samples = struct.unpack(f"<{len(sound) // 2}h", sound)
    level = math.sqrt(sum(s * s for s in samples) / len(samples)) / 32768
    assert 0.5 < len(samples) / 24000 < 10 and level > 0.005
    assert abs(complete["audioLengthMs"] - len(samples) / 24) < 1
    assert complete["finishReason"] == "stop" and complete["charactersProcessed"] == 26


def test_ten_at_once_each_as_alone(real):
    texts = [f"number {word}" for word in "one two three four five six seven eight nine ten".split()]

    async def flow():
        alone = [(await one(real, text))[0] for text in texts]
        together = [sound for sound, _ in await asyncio.gather(*(one(real, text) for text in texts))]
        assert together == alone
        assert len(set(together)) == 10

    run(flow())


def test_voices_differ(real):
    first, second = run(one(real, "hello there", voice="makima")), run(one(real, "hello there", voice="denji"))
    assert first[0] != second[0]


def test_a_model_that_fails_is_a_synthesis_error(start, tmp_path):
    """A norm whose every weight is no number."""
    model = tmp_path / "broken"
    shutil.copytree(ROOT / "Tests/Goldens/tiny/base", model)
    with open(model / "model.safetensors", "r+b") as file:
        size = struct.unpack("<Q", file.read(8))[0]
        begin, end = json.loads(file.read(size))["talker.model.norm.weight"]["data_offsets"]
        file.seek(8 + size + begin)
        file.write(b"\xff" * (end - begin))
    server = start("--engine", "qwen3", "--model", str(model))

    async def flow():
        async with connect(server.ws()) as ws:
            await receive(ws)
            for _ in range(2):
                await send(ws, type="speak", text="good morning")
                sound, _, error = await until(ws, "error", "complete")
                assert sound == b"" and error["code"] == "SYNTHESIS_ERROR" and error["recoverable"] is True

    run(flow())


def test_open_text_and_cancel(real):
    async def flow():
        async with connect(real.ws()) as ws:
            await receive(ws)
            await send(ws, type="speak", text="good morning ", append=True)
            await send(ws, type="speak", text="to you.", append=True, flush=True)
            sound, _, complete = await until(ws, "complete", "error")
            assert complete["type"] == "complete" and len(sound) > 24000
            await send(ws, type="speak", text="this is a long sentence that nobody will hear to its end " * 5)
            while not isinstance(await receive(ws), bytes):
                pass
            await send(ws, type="cancel")
            _, _, error = await until(ws, "error")
            assert error["code"] == "CANCELLED"

    run(flow())
    assert real.until(lambda: real.metric("makima_utterances_running") == 0)
