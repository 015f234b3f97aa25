"""Many requests, one after the other and all at once: are memory and descriptors flat, and does a killed server serve again?

    MAKIMA=.build/release/makima python Tests/Clients/soak.py [--model Models/makima-mini] [--sequential 1000] [--concurrent 200]

Without --model the engine is the one that hums.
"""

import argparse
import asyncio
import json
import tempfile
import time

from websockets.asyncio.client import connect

from conftest import Server

# After the first flood the next ones need nothing more.
FLOODS = 3


async def speak(server, text):
    """Seconds of sound."""
    async with connect(server.ws(), open_timeout=60) as ws:
        await ws.send(json.dumps({"type": "speak", "text": text}))
        size = 0
        while True:
            message = await ws.recv()
            if isinstance(message, bytes):
                size += len(message)
            elif json.loads(message)["type"] == "complete":
                assert size > 0
                return size / 48000
            else:
                assert json.loads(message)["type"] == "ready", message


async def flood(server, count):
    await asyncio.gather(*(speak(server, "hello there") for _ in range(count)))


async def soak(server, sequential, concurrent):
    for _ in range(50):
        await speak(server, "warm")
    figures = []

    def note(what, began):
        # Sessions of clients that have left are closed by the server in its own time.
        assert server.until(lambda: server.metric("makima_sessions") == 0)
        figures.append((what, server.resident() / 1e6, server.open_files(), time.monotonic() - began))

    note("warm", time.monotonic())
    began = time.monotonic()
    for _ in range(sequential):
        await speak(server, "hello")
    note(f"{sequential} one after the other", began)
    for _ in range(FLOODS):
        began = time.monotonic()
        await flood(server, concurrent)
        note(f"{concurrent} at once", began)
    return figures


def restart(folder, server, options):
    """Seconds from kill -9 until another server has spoken."""
    server.process.kill()
    server.process.wait()
    began = time.monotonic()
    again = Server(folder, *options)
    try:
        asyncio.run(speak(again, "hello"))
        return time.monotonic() - began
    finally:
        assert again.stop() == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model")
    parser.add_argument("--sequential", type=int, default=1000)
    parser.add_argument("--concurrent", type=int, default=200)
    arguments = parser.parse_args()
    options = ["--set", "requests-per-second=0"]
    if arguments.model:
        options += ["--engine", "qwen3", "--model", arguments.model, "--threads", "2"]
    with tempfile.TemporaryDirectory() as folder:
        server = Server(folder, *options)
        try:
            figures = asyncio.run(soak(server, arguments.sequential, arguments.concurrent))
            restarted = restart(folder, server, options)
        finally:
            server.stop()
    for what, megabytes, files, seconds in figures:
        print(f"{what:32} {megabytes:8.1f} MB {files:4} descriptors {seconds:8.1f} s")
    print(f"serves {restarted:.1f} s after kill -9")
    assert figures[1][1] < figures[0][1] * 1.1 + 4, "memory grows"
    assert figures[-1][1] < figures[2][1] * 1.05 + 2, "memory grows"
    assert figures[-1][2] <= figures[0][2] + 2, "descriptors leak"
    assert restarted < 30, "it takes too long to come back"


if __name__ == "__main__":
    main()
