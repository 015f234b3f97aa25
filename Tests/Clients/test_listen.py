"""Barge-in: what a recognizer reports at /api/v1/listen stops speech of the same contract."""

import asyncio
import itertools
import json

import pytest
from websockets.asyncio.client import connect

from test_speak import receive, run, send, until


@pytest.fixture(scope="module")
def slow(tmp_path_factory):
    from conftest import Server
    server = Server(tmp_path_factory.mktemp("listen"), "--set", "tone-frame=20")
    yield server
    assert server.stop() == 0


numbers = itertools.count()


async def hear(listen):
    """The next message that is not about who speaks."""
    while True:
        message = await receive(listen)
        if message["type"] != "speaking":
            return message


async def conversation(server, **hello):
    speak, listen = await connect(server.ws()), await connect(server.ws("/api/v1/listen"))
    # Of no earlier test, whose session may still be ending.
    contract = f"c-{next(numbers)}"
    await receive(speak)
    await send(speak, type="start", contractId=contract)
    await receive(speak)
    await send(listen, type="hello", contractId=contract, **hello)
    ready = await receive(listen)
    assert ready["type"] == "ready"
    await send(speak, type="speak", text="x" * 1000)
    assert await receive(listen) == {"type": "speaking", "on": True}
    while not isinstance(await receive(speak), bytes):
        pass
    return speak, listen


def test_talk_interrupts_and_tells_how_far_it_was_heard(slow):
    async def flow():
        speak, listen = await conversation(slow, minSpeechMs=0)
        await send(speak, type="speak", text="this waits and is dropped too")
        await asyncio.sleep(0.3)
        await send(speak, type="played", ms=160)
        await asyncio.sleep(0.05)
        loop = asyncio.get_running_loop()
        began = loop.time()
        await send(listen, type="speech_started")
        interrupted = await hear(listen)
        assert interrupted["type"] == "interrupted"
        assert interrupted["playedMs"] == 160 and interrupted["spokenCharacters"] == 2
        for _ in range(2):
            _, _, error = await until(speak, "error")
            assert error["code"] == "CANCELLED"
        print("interrupted after", loop.time() - began)
        await send(speak, type="speak", text="and now")
        assert (await until(speak, "complete"))[2]["charactersProcessed"] == 7
        await speak.close()
        await listen.close()

    run(flow())


def test_short_talk_does_not_interrupt(slow):
    async def flow():
        speak, listen = await conversation(slow, minSpeechMs=400)
        await send(listen, type="speech_started")
        await asyncio.sleep(0.1)
        await send(listen, type="speech_stopped")
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(listen.recv(), 0.6)
        await send(listen, type="speech_started")
        assert (await hear(listen))["type"] == "interrupted"
        await speak.close()
        await listen.close()

    run(flow())


def test_a_keyword_interrupts(slow):
    async def flow():
        speak, listen = await conversation(slow, policy="keyword", keywords=["Stop it"])
        await send(listen, type="speech_started")
        await send(listen, type="partial", text="nonstop it is")
        await send(listen, type="partial", text="please stop it!")
        assert (await hear(listen))["type"] == "interrupted"
        assert (await until(speak, "error"))[2]["code"] == "CANCELLED"
        await speak.close()
        await listen.close()

    run(flow())


def test_half_duplex_never_interrupts(slow):
    async def flow():
        speak, listen = await conversation(slow, policy="half-duplex")
        await send(listen, type="speech_started")
        await send(listen, type="final", text="stop stop stop")
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(listen.recv(), 0.5)
        await send(speak, type="cancel")
        assert await receive(listen) == {"type": "speaking", "on": False}
        await speak.close()
        await listen.close()

    run(flow())


def test_a_false_start_resumes_where_it_was(slow):
    async def flow():
        speak, listen = await connect(slow.ws()), await connect(slow.ws("/api/v1/listen"))
        await receive(speak)
        await send(speak, type="start", contractId="resume")
        await receive(speak)
        await send(listen, type="hello", contractId="resume", minSpeechMs=0, resumeAfterMs=200)
        await receive(listen)
        await send(speak, type="speak", text="x" * 60)
        sound = await receive(speak)
        await send(listen, type="speech_started")
        more, _, interrupted = await until(speak, "interrupted")
        sound += more
        assert interrupted["playedMs"] >= 0
        await send(listen, type="speech_stopped")
        more, _, _ = await until(speak, "resumed")
        assert more == b""
        sound += more
        more, _, complete = await until(speak, "complete")
        # No sample was lost by the pause.
        assert len(sound) + len(more) == 60 * 80 * 48
        assert [(await hear(listen))["type"] for _ in range(2)] == ["interrupted", "resumed"]
        await speak.close()
        await listen.close()

    run(flow())


def test_words_make_it_a_real_interruption(slow):
    async def flow():
        speak, listen = await conversation(slow, minSpeechMs=0, resumeAfterMs=2000)
        await send(listen, type="speech_started")
        await until(speak, "interrupted")
        await send(listen, type="speech_stopped")
        await send(listen, type="final", text="hold on")
        _, _, error = await until(speak, "error")
        assert error["code"] == "CANCELLED"
        await speak.close()
        await listen.close()

    run(flow())


def test_what_is_refused_leaves_a_line(slow):
    async def flow():
        async with connect(slow.ws("/api/v1/listen")) as listen:
            await send(listen, type="hello", contractId="refused-in-the-log", policy="loud")
            assert (await receive(listen))["type"] == "error"

    run(flow())
    line = [line for line in slow.log_path.read_text().splitlines() if " refused" in line][-1]
    assert "door=listen" in line and "code=INVALID_TEXT" in line and "client=127.0.0.1" in line and "reason=" in line


def test_what_follows_a_held_text_is_interrupted_like_any_other(slow):
    async def flow():
        speak, listen = await conversation(slow, minSpeechMs=0, resumeAfterMs=5000)
        await send(listen, type="speech_started")
        await until(speak, "interrupted")
        await send(listen, type="speech_stopped")
        await send(speak, type="cancel")
        assert (await until(speak, "error"))[2]["code"] == "CANCELLED"
        await send(speak, type="speak", text="y" * 1000)
        while not isinstance(await receive(speak), bytes):
            pass
        await send(listen, type="final", text="stop talking please")
        assert (await until(speak, "error"))[2]["code"] == "CANCELLED"
        assert [(await hear(listen))["type"] for _ in range(2)] == ["interrupted", "interrupted"]
        await speak.close()
        await listen.close()

    run(flow())


@pytest.mark.parametrize("message", [
    "x", "{}", '{"type":"hello"}', '{"type":"hello","contractId":""}', '{"type":"hello","contractId":"c","policy":"loud"}',
    '{"type":"hello","contractId":"c","policy":"keyword"}', '{"type":"hello","contractId":"c","minSpeechMs":-1}',
    '{"type":"hello","contractId":"c","keywords":"stop"}', '{"type":"speech_started"}', '{"type":"partial","text":"a"}', b"x",
])
def test_bad_messages_get_an_error_and_the_session_lives(slow, message):
    async def flow():
        async with connect(slow.ws("/api/v1/listen")) as listen:
            await listen.send(message)
            error = await receive(listen)
            assert error["type"] == "error" and error["code"] == "INVALID_TEXT"
            await send(listen, type="hello", contractId="good")
            assert (await receive(listen))["type"] == "ready"

    run(flow())
    assert json.loads(slow.request("GET", "/health")[2])["status"] == "ok"
