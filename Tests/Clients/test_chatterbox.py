"""The second engine through every door, with its tiny checkpoint of random weights."""

import asyncio
import json
import subprocess
import wave
from pathlib import Path

import pytest
from conftest import PROGRAM, ROOT, Server, free_port
from test_model import one, run
from test_speak import receive
from websockets.asyncio.client import connect
from wyoming.audio import AudioChunk, AudioStop
from wyoming.client import AsyncTcpClient
from wyoming.tts import Synthesize

GOLDENS = ROOT / "Tests/Goldens/chatterbox"
MODEL = str(GOLDENS / "tiny")


@pytest.fixture(scope="module")
def wyoming_port():
    return free_port()


@pytest.fixture(scope="module")
def box(tmp_path_factory, wyoming_port):
    # By its name in the environment, as the specification has it; the last --engine counts.
    server = Server(
        tmp_path_factory.mktemp("chatterbox"), "--engine", "chatterbox", "--model", MODEL, "--set",
        f"wyoming-port={wyoming_port}")
    yield server
    log = server.log_path.read_text()
    assert server.stop() == 0, log
    assert "Fatal error" not in log, log


def test_it_says_what_speaks(box):
    status, ready = box.json("GET", "/ready")
    assert status == 200 and "chatterbox" in json.dumps(ready)

    async def flow():
        async with connect(box.ws()) as ws:
            return json.dumps(await receive(ws))

    hello = run(flow()).lower()
    assert "english" in hello and "german" not in hello


def test_it_speaks_over_http(box):
    body = json.dumps({"input": "Hello there.", "voice": "makima", "response_format": "wav", "model": "tts-1"})
    status, _, sound = box.request("POST", "/v1/audio/speech", body.encode(), {"Content-Type": "application/json"})
    assert status == 200 and sound[:4] == b"RIFF" and len(sound) > 4000


def test_it_speaks_to_home_assistant(box, wyoming_port):
    async def body():
        async with AsyncTcpClient("127.0.0.1", wyoming_port) as client:
            await client.write_event(Synthesize(text="Hello there.").event())
            length = 0
            while not AudioStop.is_type((event := await client.read_event()).type):
                if AudioChunk.is_type(event.type):
                    length += len(AudioChunk.from_event(event).audio)
        assert length > 4000

    run(body())


def test_ten_at_once_each_as_alone(box):
    texts = [f"number {word}" for word in "one two three four five six seven eight nine ten".split()]

    async def flow():
        alone = [(await one(box, text))[0] for text in texts]
        together = [sound for sound, _ in await asyncio.gather(*(one(box, text) for text in texts))]
        assert together == alone
        assert len(set(together)) == 10

    run(flow())


def test_another_language_is_refused(box):
    body = json.dumps({"input": "Guten Tag.", "voice": "makima", "language": "german"})
    status, _, answer = box.request("POST", "/v1/audio/speech", body.encode(), {"Content-Type": "application/json"})
    assert status == 400 and b"english" in answer.lower()


def test_a_file_is_written_and_the_checkpoint_verified(tmp_path):
    path = tmp_path / "a.wav"
    subprocess.run(
        [PROGRAM, "say", "--model", MODEL, "--seed", "1", "Hello there.", "--output", str(path)], check=True, timeout=60)
    with wave.open(str(path)) as file:
        assert file.getframerate() == 24_000 and file.getnframes() > 2000
    verified = subprocess.run(
        [PROGRAM, "verify", "--model", MODEL, "--golden", str(GOLDENS / "tiny.safetensors")],
        capture_output=True, text=True, timeout=120)
    assert verified.returncode == 0, verified.stdout
    assert " 0 failed" in verified.stdout and "not compared" not in verified.stdout


def test_a_missing_part_is_named(tmp_path):
    for name in ["t3_turbo_v1.safetensors", "vocab.json", "merges.txt", "tokenizer_config.json", "added_tokens.json"]:
        (tmp_path / name).symlink_to(GOLDENS / "tiny" / name)
    said = subprocess.run(
        [PROGRAM, "say", "--model", str(tmp_path), "Hello.", "--output", str(tmp_path / "a.wav")],
        capture_output=True, text=True, timeout=60)
    assert said.returncode != 0 and "s3gen_meanflow.safetensors" in said.stderr


@pytest.mark.parametrize("form", ["int8", "int4"])
def test_a_quantized_checkpoint_is_served(tmp_path, form):
    quantizer = str(Path(PROGRAM).parent / "makima-quantize")
    # Random weights in four bits are below the gate, which is no matter here.
    made = subprocess.run(
        [quantizer, MODEL, str(tmp_path / form), "--format", form, "--no-listen"], capture_output=True, text=True, timeout=120)
    assert made.returncode == 0, made.stderr
    inspected = subprocess.run([PROGRAM, "inspect", str(tmp_path / form)], capture_output=True, text=True, timeout=60)
    assert f"format          {form}" in inspected.stdout, inspected.stdout + inspected.stderr
    server = Server(tmp_path, "--engine", "auto", "--model", str(tmp_path / form))
    try:
        status, ready = server.json("GET", "/ready")
        assert status == 200 and "chatterbox" in json.dumps(ready)

        async def flow():
            alone = [(await one(server, text))[0] for text in ("number one", "number two")]
            together = [sound for sound, _ in await asyncio.gather(*(one(server, t) for t in ("number one", "number two")))]
            assert together == alone and len(alone[0]) > 4000

        run(flow())
    finally:
        assert server.stop() == 0, server.log_path.read_text()
