"""Good clients and bad ones for an hour: is the server at its end what it was at minute ten, and does a killed one serve again?

    MAKIMA=.build/release/makima python Tests/Clients/soak.py [--minutes 60] [--model Models/makima-mini]

Rounds of three forms follow one another: requests one after the other, floods of many at once, and ten clients that connect,
feed and vanish at random. After each round, when all have left, the server's memory, descriptors and threads are read. A
watcher in a process of its own asks for /health all the while and keeps the slowest answer of each minute. Without --model the
engine is the one that hums.
"""

import argparse
import asyncio
import contextlib
import http.client
import json
import multiprocessing
import random
import statistics
import tempfile
import time
from dataclasses import dataclass

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from conftest import Server

# Seconds of a round: the first form, and the third. Between them is a flood.
SEQUENTIAL, CHAOS = 15, 30
VANISHING = 10
# What the end may have more than minute ten, and what it may have in any case: memory in MB, descriptors, threads, and the
# milliseconds by which another program on the machine may delay an answer.
GROWTH = 1.05
SLACK = {"resident MB": 2, "descriptors": 2, "threads": 1, "slowest answer ms": 50}


# MARK: Clients

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


async def one_after_the_other(server, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        await speak(server, "hello")


async def flood(server, count):
    await asyncio.gather(*(speak(server, "hello there") for _ in range(count)))


async def feed(server, chance):
    """Opens a text, feeds it, and leaves in one of the ways that clients leave."""
    ws = await connect(server.ws(), open_timeout=60)
    for _ in range(chance.randint(0, 20)):
        await ws.send(json.dumps({"type": "speak", "text": "some words and 3 figures, ", "append": True}))
        await asyncio.sleep(chance.random() / 20)
    way = chance.randint(0, 3)
    if way == 0:
        await ws.send(json.dumps({"type": "cancel"}))
    elif way == 1:
        await ws.send(json.dumps({"type": "stop"}))
    elif way == 2:
        await ws.close()
    # Without a word; after the others that is late.
    ws.transport.abort()


async def post(server, chance):
    """Asks for speech over HTTP and leaves in the middle of the answer, or of the question."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    body = json.dumps({"model": "tts-1", "voice": "makima", "input": "word " * 200, "response_format": chance.choice(["pcm", "opus"])})
    request = f"POST /v1/audio/speech HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    writer.write(request[: chance.randint(1, len(request))].encode() if chance.random() < 0.3 else request.encode())
    with contextlib.suppress(asyncio.TimeoutError):
        await asyncio.wait_for(reader.read(chance.randint(1, 100_000)), chance.random())
    writer.transport.abort()


async def vanish(server, chance, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(ConnectionClosed, OSError):
            await chance.choice([feed, feed, post])(server, chance)


# MARK: Measuring

def watch(port, began, answers, is_over):
    """The slowest answer of each minute, in milliseconds."""
    while not is_over.is_set():
        asked = time.monotonic()
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request("GET", "/health")
        connection.getresponse().read()
        connection.close()
        minute = min(int((asked - began) / 60), len(answers) - 1)
        answers[minute] = max(answers[minute], (time.monotonic() - asked) * 1000)
        time.sleep(0.1)


@dataclass
class Reading:
    minute: float
    figures: dict


class Soak:
    def __init__(self, server, minutes, concurrent):
        self.server, self.minutes, self.concurrent = server, minutes, concurrent
        self.began = time.monotonic()
        self.readings = []
        self.answers = multiprocessing.Array("d", int(minutes) + 2)

    def read(self):
        # Sessions of clients that have left are closed by the server in its own time.
        assert self.server.until(lambda: self.server.metric("makima_sessions") == 0, 30), "a session stays"
        figures = {
            "resident MB": self.server.resident() / 1e6, "descriptors": self.server.open_files(),
            "threads": self.server.threads()}
        self.readings.append(Reading((time.monotonic() - self.began) / 60, figures))

    async def run(self, seed):
        for _ in range(50):
            await speak(self.server, "warm")
        chances = [random.Random(seed + index) for index in range(VANISHING)]
        while time.monotonic() - self.began < self.minutes * 60:
            await one_after_the_other(self.server, SEQUENTIAL)
            await flood(self.server, self.concurrent)
            await asyncio.gather(*(vanish(self.server, chance, CHAOS) for chance in chances))
            await asyncio.sleep(1)
            self.read()

    def at(self, minute):
        """Medians of three readings from this minute on, or of the last three, and the slowest answer of ten minutes up to it."""
        later = [reading for reading in self.readings if reading.minute >= minute][:3]
        chosen = later if len(later) == 3 else self.readings[-3:]
        figures = {name: statistics.median(reading.figures[name] for reading in chosen) for name in chosen[0].figures}
        figures["slowest answer ms"] = max(self.answers[max(0, int(minute) - 10):max(1, int(minute))])
        return figures


def table(early, late, minutes):
    """Prints both and their ratio; returns the names of what grew."""
    print(f"{'':20} {'minute 10':>10} {'minute ' + str(round(minutes)):>10} {'ratio':>6}")
    grown = []
    for name in early:
        print(f"{name:20} {early[name]:10.1f} {late[name]:10.1f} {late[name] / max(early[name], 0.1):6.2f}")
        if late[name] > max(early[name] * GROWTH, early[name] + SLACK[name]):
            grown.append(name)
    return grown


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


def run(server, arguments):
    soak = Soak(server, arguments.minutes, arguments.concurrent)
    is_over = multiprocessing.Event()
    watcher = multiprocessing.Process(target=watch, args=(server.port, soak.began, soak.answers, is_over))
    watcher.start()
    try:
        asyncio.run(soak.run(arguments.seed))
    finally:
        is_over.set()
        watcher.join()
    assert watcher.exitcode == 0, "the watcher got no answer"
    return soak


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--concurrent", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    # A flood is one client's.
    options = ["--set", "requests-per-second=0", "--set", f"queue={2 * arguments.concurrent}"]
    if arguments.model:
        options += ["--engine", "qwen3", "--model", arguments.model, "--threads", "2"]
    with tempfile.TemporaryDirectory() as folder:
        server = Server(folder, *options)
        try:
            soak = run(server, arguments)
            restarted = restart(folder, server, options)
        finally:
            server.stop()
    for reading in soak.readings:
        print(f"{reading.minute:5.1f} min  " + "  ".join(f"{value:.1f} {name}" for name, value in reading.figures.items()))
    grown = table(soak.at(min(10, arguments.minutes / 2)), soak.at(arguments.minutes), arguments.minutes)
    print(f"serves {restarted:.1f} s after kill -9")
    assert not grown, f"{', '.join(grown)} grew by more than {GROWTH - 1:.0%}"
    assert restarted < 30, "it takes too long to come back"


if __name__ == "__main__":
    main()
