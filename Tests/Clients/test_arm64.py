"""The programs for arm64 under QEMU, as four processors: exact, and the same samples on each.

`make arm64` builds them; without them, or without QEMU, nothing here is tested, and pytest says so.
"""

import asyncio
import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from websockets.asyncio.client import connect
from wyoming.audio import AudioChunk, AudioStop
from wyoming.client import AsyncTcpClient
from wyoming.tts import Synthesize

from conftest import PROGRAM, ROOT, Server, free_port

PROGRAMS = ROOT / ".build/package-arm64/aarch64-unknown-linux-gnu/release"
# Without a dot product of bytes (Raspberry Pi 4), with one (Raspberry Pi 5, servers), and with all that QEMU knows.
PROCESSORS = ["cortex-a72", "cortex-a76", "neoverse-n1", "max"]
GOLDENS = ROOT / "Tests/Goldens/tiny"
# What they say, by the samples of the sound: a change of the arithmetic of arm64 changes it, and nothing else does.
SAMPLES = (ROOT / "Tests/Goldens/arm64.sha256").read_text().split()

pytestmark = [
    pytest.mark.skipif(not (PROGRAMS / "makima").exists(), reason="no programs for arm64: sudo make arm64 builds them"),
    pytest.mark.skipif(not shutil.which("qemu-aarch64-static"), reason="no QEMU: the package qemu-user-static has it"),
]


def emulated(processor, program="makima"):
    """The beginning of a command line, and what its process finds in its environment."""
    return [str(ROOT / "packaging/cross.sh"), "emulate", str(PROGRAMS / program)], {"CPU": processor}


def run(processor, *arguments, program="makima"):
    command, environment = emulated(processor, program)
    # Voices are prepared anew: what this computer's own program has kept of them differs in the last bits.
    with tempfile.TemporaryDirectory() as cache:
        environment["QEMU_SET_ENV"] = f"XDG_CACHE_HOME={cache}"
        done = subprocess.run([*command, *arguments], env={**os.environ, **environment}, capture_output=True, cwd=ROOT)
    assert done.returncode == 0, done.stdout.decode() + done.stderr.decode()
    return done.stdout


def on_each(task):
    """What `task` gives for each processor; two at a time."""
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(task, PROCESSORS))


@pytest.mark.parametrize("golden", ["base", "custom_voice"])
def test_every_stage_is_that_of_the_official_implementation(golden):
    reports = on_each(lambda processor: run(
        processor, "verify", "--model", str(GOLDENS / golden), "--golden", str(GOLDENS / f"{golden}.safetensors")).decode())
    for report in reports:
        assert " 0 failed" in report, report[-2000:]


def test_speech_has_the_same_samples_on_every_processor():
    sounds = on_each(lambda processor: run(
        processor, "say", "Good morning.", "--seed", "7", "--threads", "1", "--output", "-"))
    hashes = [hashlib.sha256(sound).hexdigest() for sound in sounds]
    assert len(sounds[0]) > 24_000 and hashes == [SAMPLES[0]] * len(PROCESSORS)


def test_threads_do_not_change_a_sample():
    sound = run("cortex-a76", "say", "Good morning.", "--seed", "7", "--threads", "2", "--output", "-")
    assert hashlib.sha256(sound).hexdigest() == SAMPLES[0]


@pytest.mark.parametrize("format", ["int8", "int4"])
def test_the_quantizer_writes_the_same_weights_as_elsewhere(format, tmp_path):
    native = Path(PROGRAM).with_name("makima-quantize")
    options = [str(GOLDENS / "base"), "--format", format, "--allow-below-gate"]
    here = subprocess.run([native, options[0], tmp_path / "here", *options[1:]], capture_output=True)
    assert here.returncode == 0, here.stderr.decode()
    run("cortex-a76", options[0], str(tmp_path / "there"), *options[1:], program="makima-quantize")
    for name in ["model.safetensors", "speech_tokenizer/model.safetensors"]:
        assert (tmp_path / "here" / name).read_bytes() == (tmp_path / "there" / name).read_bytes(), name


async def spoken_by_websocket(server):
    size = 0
    async with connect(server.ws(), open_timeout=60, ping_interval=None) as ws:
        await ws.send(json.dumps({"type": "speak", "text": "Hello."}))
        while True:
            message = await ws.recv()
            if isinstance(message, bytes):
                size += len(message)
            elif json.loads(message)["type"] == "complete":
                return size


async def spoken_by_wyoming(port):
    size = 0
    async with AsyncTcpClient("127.0.0.1", port) as client:
        await client.write_event(Synthesize("Hello.").event())
        while (event := await client.read_event()) is not None:
            if AudioStop.is_type(event.type):
                break
            if AudioChunk.is_type(event.type):
                size += len(AudioChunk.from_event(event).audio)
    return size


def test_a_server_answers_at_every_door(tmp_path):
    command, environment = emulated("cortex-a76")
    wyoming = free_port()
    server = Server(
        tmp_path, "--engine", "qwen3", "--model", str(ROOT / "Models/makima-mini"), "--set", f"wyoming-port={wyoming}",
        program=command, environment=environment, wait=False)
    try:
        server.wait_until_ready(120)
        assert server.json("GET", "/health")[1]["status"] == "ok"
        body = json.dumps({"model": "tts-1", "input": "Hello.", "voice": "makima", "response_format": "pcm"}).encode()
        # Preparing the voice takes an emulated processor long.
        status, _, sound = server.request(
            "POST", "/v1/audio/speech", body, {"Content-Type": "application/json"}, timeout=240)
        assert status == 200 and len(sound) > 4800
        assert asyncio.run(spoken_by_websocket(server)) > 4800
        assert asyncio.run(spoken_by_wyoming(wyoming)) > 4800
    finally:
        assert server.stop() == 0, server.log_path.read_text()
