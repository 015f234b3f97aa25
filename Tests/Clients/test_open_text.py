"""Texts that are still being written: fed without end, left lying, cut inside a character, and still there when the server stops.
And clients that are still there then."""

import asyncio
import json
import socket
import struct
import time

from websockets.asyncio.client import connect

from conftest import free_port
from test_speak import FRAME_MS, receive, run, send, until

MINUTE = 60


async def piece(ws, text, flush=False):
    await send(ws, type="speak", text=text, append=True, flush=flush)


async def session(server, text, sound=None):
    """Opens a text and waits for the sound of its beginning, if it has any."""
    ws = await connect(server.ws())
    await receive(ws)
    await piece(ws, text)
    while text and not isinstance(await receive(ws), bytes):
        pass
    return ws


def test_text_that_nobody_can_say_so_fast_is_refused_and_nothing_piles_up(start):
    server = start("--set", "tone-frame=20")

    async def feed(ws, count):
        for _ in range(count):
            await piece(ws, "word " * 200)

    async def count_refused(ws, enough):
        refused = 0
        while refused < enough:
            message = await receive(ws)
            if not isinstance(message, bytes) and message["type"] == "error":
                assert message["code"] == "RATE_LIMITED" and message["recoverable"] and message["retryAfterMs"] > 0
                refused += 1

    async def flow():
        async with connect(server.ws()) as ws:
            await receive(ws)
            await feed(ws, 20)
            before = server.resident()
            # Ten thousand characters of eight million may wait.
            await asyncio.gather(feed(ws, 8000), count_refused(ws, 7900))
            assert server.resident() - before < 20e6
            async with connect(server.ws()) as other:
                await send(other, type="speak", text="hello")
                assert (await until(other, "complete"))[2]["charactersProcessed"] == 5
            await send(ws, type="cancel")
            while (await until(ws, "error"))[2]["code"] != "CANCELLED":
                pass

    asyncio.run(asyncio.wait_for(flow(), 3 * MINUTE))
    assert "RATE_LIMITED" in server.log_path.read_text() and "door=speak" in server.log_path.read_text()


def test_open_texts_that_wait_leave_their_places_to_others(start):
    server = start("--set", "speakers=2")

    async def flow():
        idle = [await session(server, ""), await session(server, "It was said."), await session(server, "So was this. ")]
        async with connect(server.ws()) as ws:
            await send(ws, type="speak", text="hello")
            assert (await until(ws, "complete"))[2]["charactersProcessed"] == 5
        # Those that waited go on where they were.
        await piece(idle[1], " Then more.", flush=True)
        sound, _, complete = await until(idle[1], "complete")
        assert complete["charactersProcessed"] == len("It was said. Then more.") and sound
        for ws in idle:
            await ws.close()

    asyncio.run(asyncio.wait_for(flow(), MINUTE))


def test_an_open_text_may_be_longer_than_the_limit_of_what_waits(start):
    server = start("--set", "text-limit=4096")

    async def flow():
        async with connect(server.ws()) as ws:
            await receive(ws)
            size = sent = 0
            while sent < 6000:
                await piece(ws, "abcd " * 20)
                sent += 100
                # As it is spoken: a frame is a character of this engine.
                while size < (sent - 200) * FRAME_MS * 48:
                    message = await receive(ws)
                    assert isinstance(message, bytes), message
                    size += len(message)
            await piece(ws, "", flush=True)
            assert (await until(ws, "complete"))[2]["charactersProcessed"] == 6000

    asyncio.run(asyncio.wait_for(flow(), MINUTE))


def test_halves_of_a_character_are_joined_over_pieces(server):
    async def flow():
        async with connect(server.ws()) as ws:
            await receive(ws)
            for text, flush in [("Hi \\ud83d", "false"), ("\\ude00 you \\ud83d", "false"), ("!", "true")]:
                await ws.send('{"type":"speak","text":"%s","append":true,"flush":%s}' % (text, flush))
            sound, messages, complete = await until(ws, "complete", "error")
            assert complete["type"] == "complete" and sound
            # A half alone is no reason to lose the rest.
            await ws.send('{"type":"speak","text":"Bye \\ude00\\ud83d."}')
            sound, messages, complete = await until(ws, "complete", "error")
            assert complete["type"] == "complete" and sound

    run(flow())


def test_texts_that_wait_are_told_that_the_server_stops(start):
    server = start("--set", "tone-frame=20", "--set", "grace=1")

    async def flow():
        async with connect(server.ws()) as ws:
            await receive(ws)
            for text in ["x" * 2000, "second", "third"]:
                await send(ws, type="speak", text=text)
            while not isinstance(await receive(ws), bytes):
                pass
            server.process.terminate()
            _, messages, stopped = await until(ws, "stopped")
            assert [m["code"] for m in messages if m["type"] == "error"] == ["MODEL_LOADING", "MODEL_LOADING"]
            assert stopped["reason"] == "server_shutdown" and stopped["playedMs"] >= 0

    run(flow())
    assert server.stop() == 0


def test_clients_that_read_nothing_do_not_keep_the_server(start):
    """One at each door has asked for far more sound than its socket holds, and takes none of it."""
    wyoming_port = free_port()
    server = start("--set", "grace=1", "--set", f"wyoming-port={wyoming_port}", "--set", "mdns=false")
    text = "x" * 4000
    body = json.dumps({"input": text, "response_format": "pcm"}).encode()
    event = json.dumps({"type": "synthesize", "data": {"text": text}}).encode() + b"\n"
    frame = json.dumps({"type": "speak", "text": text}).encode()
    upgrade = b"GET /api/v1/speak HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    upgrade += b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    post = b"POST /v1/audio/speech HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(body)
    clients = []
    for port, sent in [(server.port, post + body), (wyoming_port, event), (server.port, upgrade)]:
        client = socket.create_connection(("127.0.0.1", port))
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.sendall(sent)
        clients.append(client)
    clients[2].recv(200)
    clients[2].sendall(b"\x81\xfe" + struct.pack(">H", len(frame)) + bytes(4) + frame)
    assert server.until(lambda: server.metric("makima_utterances_running") == 3)
    time.sleep(1)
    assert server.stop() == 0
    for client in clients:
        client.close()


def test_what_was_not_spoken_is_replaced(start):
    server = start("--set", "tone-frame=5")

    async def flow():
        async with connect(server.ws()) as ws:
            await receive(ws)
            await send(ws, type="replace", **{"from": 0}, text="x")
            assert (await receive(ws))["code"] == "INVALID_TEXT"
            # Two hundred characters go to the engine ahead of the sound: the rest can be changed.
            await piece(ws, "word " * 200)
            await send(ws, type="replace", **{"from": 900}, text="z" * 10)
            _, _, told = await until(ws, "replaced")
            assert told == {"type": "replaced", "from": 900, "characters": 910}
            await send(ws, type="replace", **{"from": 2000}, text="x")
            _, _, told = await until(ws, "error")
            assert (told["code"], told["field"]) == ("INVALID_TEXT", "from")
            # What the engine has is too late, and it is said from where on it is not.
            await send(ws, type="replace", **{"from": 3}, text="x")
            _, _, told = await until(ws, "error")
            assert (told["code"], told["field"], told["recoverable"]) == ("TOO_LATE", "from", False)
            assert 195 <= told["position"] < 600
            await send(ws, type="replace", **{"from": told["position"] + 200}, text="end.")
            replaced = (await until(ws, "replaced"))[2]
            assert replaced["characters"] == replaced["from"] + 4
            await send(ws, type="speak", text="", append=True, flush=True)
            _, _, complete = await until(ws, "complete")
            assert complete["charactersProcessed"] == replaced["characters"]
            # Each frame is a character: nothing was said twice, and nothing that was taken back.
            return complete["audioLengthMs"] / FRAME_MS, replaced["characters"]

    frames, characters = run(flow())
    assert frames == characters


def test_a_text_that_waits_is_replaced_whole(server):
    async def flow():
        async with connect(server.ws()) as ws:
            await receive(ws)
            await send(ws, type="speak", text="x" * 50)
            await piece(ws, "The first wish.")
            await send(ws, type="replace", **{"from": 0}, text="Another.")
            assert (await until(ws, "replaced"))[2]["characters"] == 8
            await send(ws, type="speak", text="", append=True, flush=True)
            lengths = []
            for _ in range(2):
                lengths.append((await until(ws, "complete"))[2]["charactersProcessed"])
            return lengths

    assert run(flow()) == [50, 8]
