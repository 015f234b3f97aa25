"""A computer that makes speech more slowly than it is heard: a frame of 80 ms of sound takes the engine 160 ms."""

import asyncio
import json
import subprocess
import time
import urllib.error
import urllib.request

import pytest
from websockets.asyncio.client import connect

from conftest import PROGRAM

FRAME = 3840  # bytes
SLOW = ("--set", "tone-frame=160")
# Long enough for the server to learn how slow it is.
FIRST = "Fourteen letters"


def post(server, text, **fields):
    body = json.dumps({"model": "tts-1", "voice": "makima", "input": text, "response_format": "pcm", **fields}).encode()
    return urllib.request.Request(server.url("/v1/audio/speech"), body, {"Content-Type": "application/json"})


def arrivals(server, text):
    """When each frame came, in seconds since the request."""
    began = time.monotonic()
    times = []
    with urllib.request.urlopen(post(server, text), timeout=60) as answer:
        while answer.read(FRAME):
            times.append(time.monotonic() - began)
    return times


def learn(server):
    """Lets the server find out how slow it is."""
    times = arrivals(server, FIRST)
    # It knows a moment after the last of the sound is sent.
    assert server.until(lambda: server.metric("makima_audio_seconds_total") > 1)
    return times


async def converse(server, text, **start):
    """Messages of the server, and when each frame of sound came."""
    messages, times = [], []
    async with connect(server.ws()) as ws:
        await ws.send(json.dumps({"type": "start", **start}))
        await ws.send(json.dumps({"type": "speak", "text": text}))
        began = time.monotonic()
        while True:
            message = await ws.recv()
            if isinstance(message, bytes):
                times += [time.monotonic() - began] * (len(message) // FRAME)
                continue
            messages.append(json.loads(message))
            if messages[-1]["type"] in ("complete", "error"):
                return messages, times


def test_http_waits_until_it_can_be_heard_without_a_hole(start):
    server = start(*SLOW)
    made_live = learn(server)
    # Nothing is known before the first: it comes as it is made.
    assert len(made_live) == len(FIRST) and made_live[0] < made_live[-1] / 4
    text = "This takes three seconds to be said."
    times = arrivals(server, text)
    assert len(times) == len(text)
    # About half of it is made when it begins. The limits are wide: other programs run here, too.
    assert times[0] > 0.3 * times[-1]


def test_where_it_is_set_slow_speech_comes_as_it_is_made(start):
    server = start(*SLOW, "--set", "slow-speech=stream")
    learn(server)
    times = arrivals(server, FIRST)
    assert times[0] < times[-1] / 4


def test_where_it_is_set_slow_speech_is_refused_with_what_helps(start):
    server = start(*SLOW, "--slow-speech", "refuse")
    learn(server)
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(post(server, "Hello."))
    message = json.loads(refused.value.read())["error"]["message"]
    assert refused.value.code == 408 and "makima-mini" in message and "makima render" in message


def test_a_websocket_says_what_it_wants(start):
    server = start(*SLOW)
    learn(server)
    text = "This takes three seconds to be said."
    messages, times = asyncio.run(converse(server, text))
    assert [message["type"] for message in messages] == ["ready", "started", "complete"] and times[0] < times[-1] / 4
    # Not the same again, which so slow a computer keeps.
    text = "And this takes three seconds as well."
    messages, times = asyncio.run(converse(server, text, buffer="auto"))
    waits = [message["startsInMs"] for message in messages if message["type"] == "buffering"]
    assert waits and waits[0] > 500 and times[0] > 0.3 * times[-1] and len(times) == len(text)
    messages, _ = asyncio.run(converse(server, text, buffer="some"))
    assert messages[1]["code"] == "INVALID_TEXT" and messages[1]["field"] == "buffer"


def render(server, path, *arguments):
    command = [PROGRAM, "render", str(path), "--remote", f"127.0.0.1:{server.port}", *arguments]
    return subprocess.run(command, capture_output=True, text=True)


def test_what_was_rendered_is_said_at_once(start, tmp_path):
    server = start(*SLOW)
    phrases = tmp_path / "phrases.txt"
    phrases.write_text("# at night\n\nDinner is ready.\nThe washing machine is done.\n---\n")
    done = render(server, phrases)
    assert done.returncode == 0, done.stderr
    assert "2 of 2" in done.stdout and "2 phrases" in done.stdout
    # The last is written behind the sound.
    assert server.until(lambda: len(list((tmp_path / "cache/phrases").glob("*.flac"))) == 2)
    spent = server.metric("makima_compute_seconds_total")
    # At any door, and at any speed.
    assert len(arrivals(server, "Dinner is ready.")) == len("Dinner is ready.")
    assert urllib.request.urlopen(post(server, "Dinner is ready.", speed=2)).read()
    messages, times = asyncio.run(converse(server, "The washing machine is done."))
    assert messages[-1]["type"] == "complete" and len(times) == len("The washing machine is done.")
    assert server.metric("makima_compute_seconds_total") == spent
    # Others are made.
    arrivals(server, "Tea is ready.")
    assert server.metric("makima_compute_seconds_total") > spent


def test_rendering_says_what_is_wrong(start, tmp_path):
    server = start("--set", "phrase-cache=0")
    phrases = tmp_path / "phrases.txt"
    missing = render(server, phrases)
    assert missing.returncode == 1 and "cannot be read" in missing.stderr
    phrases.write_text("# nothing\n")
    assert "no phrase" in render(server, phrases).stderr
    phrases.write_text("Dinner is ready.\n")
    refused = render(server, phrases)
    assert refused.returncode == 1 and "phrase-cache" in refused.stderr
    assert "de" in render(server, phrases, "--language", "klingon").stderr
