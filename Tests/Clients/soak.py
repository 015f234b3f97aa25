"""Many requests, one after the other and all at once: are memory and descriptors flat?

    python Tests/Clients/soak.py [--sequential 1000] [--concurrent 200]
"""

import argparse
import asyncio
import json
import tempfile

from websockets.asyncio.client import connect

from conftest import Server


async def speak(server, text):
    async with connect(server.ws()) as ws:
        await ws.send(json.dumps({"type": "speak", "text": text}))
        size = 0
        while True:
            message = await ws.recv()
            if isinstance(message, bytes):
                size += len(message)
            elif json.loads(message)["type"] == "complete":
                assert size == len(text) * 80 * 48, size
                return
            else:
                assert json.loads(message)["type"] == "ready", message


async def soak(server, sequential, concurrent):
    for _ in range(50):
        await speak(server, "warm")
    figures = []

    def note(what):
        figures.append((what, server.resident() / 1e6, server.open_files()))

    note("warm")
    for _ in range(sequential):
        await speak(server, "hello")
    note(f"{sequential} one after the other")
    await asyncio.gather(*(speak(server, "hello there") for _ in range(concurrent)))
    await asyncio.sleep(0.5)
    note(f"{concurrent} at once")
    await asyncio.gather(*(speak(server, "hello there") for _ in range(concurrent)))
    await asyncio.sleep(0.5)
    note(f"{concurrent} at once again")
    return figures


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sequential", type=int, default=1000)
    parser.add_argument("--concurrent", type=int, default=200)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        server = Server(folder, "--set", "requests-per-second=0")
        try:
            figures = asyncio.run(soak(server, arguments.sequential, arguments.concurrent))
        finally:
            assert server.stop() == 0
    for what, megabytes, files in figures:
        print(f"{what:32} {megabytes:8.1f} MB {files:4} descriptors")
    # After the first flood the next one needs nothing more.
    assert figures[-1][1] < figures[-2][1] * 1.05 + 2, "memory grows"
    assert figures[1][1] < figures[0][1] * 1.1 + 4, "memory grows"
    assert figures[-1][2] <= figures[0][2] + 2, "descriptors leak"


if __name__ == "__main__":
    main()
