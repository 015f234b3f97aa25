"""First audio, gaps between chunks and throughput of a server, for 1, 2, 4 and 8 clients in one run; JSON on standard output.

    python Tests/Clients/bench.py [--model NAME] [--threads N] [--url ws://…] [--text …]
"""

import argparse
import asyncio
import json
import tempfile
import time
from pathlib import Path

from websockets.asyncio.client import connect

TEXT = "Good morning to all of you, and welcome to this small house by the river, where the days are long and quiet."


async def utterance(url, text):
    """First audio in s, gaps in s, seconds of sound."""
    async with connect(url) as ws:
        await ws.recv()
        await ws.send(json.dumps({"type": "speak", "text": text}))
        asked = time.perf_counter()
        times, size = [], 0
        while True:
            message = await ws.recv()
            if isinstance(message, bytes):
                times.append(time.perf_counter())
                size += len(message)
                continue
            message = json.loads(message)
            if message["type"] == "complete":
                return times[0] - asked, [b - a for a, b in zip(times, times[1:])], size / 48000
            if message["type"] == "error":
                raise RuntimeError(message)


async def cancel_latency(url, text):
    async with connect(url) as ws:
        await ws.recv()
        await ws.send(json.dumps({"type": "speak", "text": text}))
        for _ in range(3):
            await ws.recv()
        await ws.send(json.dumps({"type": "cancel"}))
        asked = time.perf_counter()
        while True:
            message = await ws.recv()
            if isinstance(message, str) and json.loads(message).get("code") == "CANCELLED":
                return time.perf_counter() - asked


def quantile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(share * len(values)))] if values else None


async def measure(url, text, clients):
    await utterance(url, "warm up")
    report = {"clients": {}}
    for count in clients:
        began = time.perf_counter()
        results = await asyncio.gather(*(utterance(url, text) for _ in range(count)))
        wall = time.perf_counter() - began
        gaps = [gap for _, one, _ in results for gap in one]
        report["clients"][count] = {
            "firstAudioMs": {"p50": 1e3 * quantile([r[0] for r in results], 0.5), "max": 1e3 * max(r[0] for r in results)},
            "gapMs": {name: 1e3 * quantile(gaps, share) for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))},
            "timesRealTime": sum(r[2] for r in results) / wall,
        }
    report["cancelMs"] = 1e3 * await cancel_latency(url, text)
    return report


def rounded(value):
    if isinstance(value, dict):
        return {key: rounded(one) for key, one in value.items()}
    return round(value, 2) if isinstance(value, float) else value


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url")
    parser.add_argument("--model", default=str(Path(__file__).resolve().parents[2] / "Models/makima-mini"))
    parser.add_argument("--threads", default="2")
    parser.add_argument("--text", default=TEXT)
    parser.add_argument("--clients", type=int, nargs="*", default=[1, 2, 4, 8])
    arguments = parser.parse_args()
    if arguments.url:
        report = asyncio.run(measure(arguments.url, arguments.text, arguments.clients))
    else:
        from conftest import Server
        with tempfile.TemporaryDirectory() as folder:
            server = Server(folder, "--engine", "qwen3", "--model", arguments.model, "--threads", arguments.threads)
            try:
                report = asyncio.run(measure(server.ws(), arguments.text, arguments.clients))
            finally:
                server.stop()
    print(json.dumps(rounded(report), indent=1))


if __name__ == "__main__":
    main()
