"""Memory that a control group limits, and disks that nothing is written to while nobody speaks."""

import json
import os
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

import conftest
import pytest
from conftest import PROGRAM, ROOT, Server

MINI = str(ROOT / "Models/makima-mini")
MEGABYTE = 1 << 20


class Group:
    """A control group of this test, in whichever version of the kernel's interface there is."""

    def __init__(self, limit):
        for parent, file, peak in [
            ("/sys/fs/cgroup", "memory.max", "memory.peak"),
            ("/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.max_usage_in_bytes"),
        ]:
            self.folder = Path(parent) / f"makima-test-{os.getpid()}"
            try:
                self.folder.mkdir()
            except OSError:
                continue
            self.limit, self.peak_file = self.folder / file, self.folder / peak
            # Where the parent is another kind of folder, or leaves memory to its own, the file is missing.
            if self.limit.exists():
                self.limit.write_text(str(limit))
                return
            self.folder.rmdir()
        pytest.skip("no control group for memory can be made here: that needs root, and a controller that is not taken")

    def peak(self):
        return int(self.peak_file.read_text())

    def program(self, folder):
        """A script that runs the program in this group."""
        script = folder / "makima-in-group"
        script.write_text(f'#!/bin/sh\necho $$ > {self.folder}/cgroup.procs && exec {PROGRAM} "$@"\n')
        script.chmod(0o755)
        return str(script)

    def remove(self):
        end = time.monotonic() + 5
        while True:
            try:
                return self.folder.rmdir()
            except OSError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.05)


@pytest.fixture
def group():
    group = Group(512 * MEGABYTE)
    yield group
    group.remove()


@pytest.fixture
def limited(group, tmp_path, monkeypatch):
    """The program in that group, which servers that are started are, too."""
    program = group.program(tmp_path)
    monkeypatch.setattr(conftest, "PROGRAM", program)
    return program


def write_header(path, shapes, kind, size):
    """A file as long as its header says, whose weights take no room on the disk."""
    header, offset = {}, 0
    for name, extents in shapes:
        count = size
        for extent in extents:
            count *= extent
        header[name] = {"dtype": kind, "shape": extents, "data_offsets": [offset, offset + count]}
        offset += count
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        file.truncate(8 + len(text) + offset)


@pytest.fixture
def released(tmp_path):
    """The shape of the released 0.6B model, without weights."""
    folder = tmp_path / "Qwen3-TTS-0.6B"
    shapes = ROOT / "Benchmarks/Bench/Shapes"
    (folder / "speech_tokenizer").mkdir(parents=True)
    (folder / "config.json").write_text((shapes / "config.json").read_text())
    (folder / "speech_tokenizer/config.json").write_text((shapes / "speech_tokenizer.json").read_text())
    lines = [line.split() for line in (shapes / "tensors.txt").read_text().splitlines()]
    tensors = [(name, [int(extent) for extent in extents.split("x")]) for name, extents in lines]
    write_header(folder / "model.safetensors", [t for t in tensors if t[0].startswith("talker.")], "BF16", 2)
    write_header(
        folder / "speech_tokenizer/model.safetensors", [t for t in tensors if t[0].startswith("decoder.")], "F32", 4)
    return folder


def say(program, model, output, *arguments):
    command = [program, "say", "Good morning to all of you.", "--model", str(model), "--output", str(output), *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=240)


def speech(server):
    """Status and body. The first voice that is prepared takes a program that is not optimised long."""
    body = json.dumps({"input": "Good morning to all of you.", "response_format": "pcm"}).encode()
    request = urllib.request.Request(server.url("/v1/audio/speech"), body, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=240) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def readiness(server):
    """What `/ready` says: the status and a message; nothing before it answers."""
    try:
        answer = server.json("GET", "/ready")[1]
        return answer["status"], answer.get("message")
    except OSError:
        return None, None


def test_the_built_in_model_speaks_in_512_megabytes(group, limited, start, tmp_path):
    done = say(limited, MINI, tmp_path / "morning.wav")
    assert done.returncode == 0 and "memory" not in done.stderr, done.stderr
    server = start("--engine", "qwen3", "--model", MINI, "--threads", "1")
    status, sound = speech(server)
    assert status == 200 and len(sound) > 24000
    assert "memory is short" not in server.log_path.read_text()
    assert group.peak() < 512 * MEGABYTE


def test_doctor_works_where_there_is_little_memory(tmp_path):
    """And measures nothing that would have it killed."""
    group = Group(200 * MEGABYTE)
    try:
        command = [group.program(tmp_path), "doctor", "--json", "--port", "0"]
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=240)
        findings = {finding["check"]: finding for finding in json.loads(done.stdout)["findings"]}
    finally:
        group.remove()
    assert str(group.limit) in findings["memory"]["detail"] and "not measured" in findings["speed"]["detail"]
    assert findings["model"]["status"] == "ok", findings["model"]


def test_a_model_too_large_for_the_group_is_refused_with_what_helps(group, limited, released, tmp_path):
    refused = say(limited, released, tmp_path / "morning.wav")
    assert refused.returncode == 1 and not (tmp_path / "morning.wav").exists()
    for part in ["Qwen3-TTS-0.6B needs 15", "536 MB", str(group.limit), "--model makima-mini", "MemoryMax"]:
        assert part in refused.stderr, refused.stderr
    assert len(refused.stderr.splitlines()) == 1
    # Nothing of the weights was read: holes of a file fill the page cache as well.
    assert group.peak() < 200 * MEGABYTE


def test_a_server_whose_model_is_too_large_stays_and_says_why(group, limited, released, start):
    server = start("--engine", "qwen3", "--model", str(released), wait=False)
    assert server.until(lambda: readiness(server)[0] == "failed", 30)
    message = readiness(server)[1]
    assert "makima-mini" in message and str(group.limit) in message
    # Whoever asks is told, and has it tried again.
    time.sleep(1.1)
    status, content = speech(server)
    assert status == 503 and b"Retry-After" not in content
    assert server.until(lambda: readiness(server)[0] == "failed")
    assert "needs" in json.loads(speech(server)[1])["error"]["message"]
    assert server.request("GET", "/health")[0] == 200
    assert group.peak() < 200 * MEGABYTE
    assert server.stop() == 0


def test_the_need_of_a_model_is_what_it_takes(start):
    """Of the built-in model, which is small beside the program: the limits are wide."""
    told = subprocess.run([PROGRAM, "inspect", MINI], capture_output=True, text=True, cwd=ROOT, timeout=60).stdout
    row = next(line.split() for line in told.splitlines() if line.startswith("memory "))
    assert row[2] == "MB," and row[5] == "MB"
    needed = (float(row[1]) + float(row[4])) * 1e6
    server = start("--engine", "qwen3", "--model", MINI, "--threads", "1", "--set", "load=first-use", wait=False)
    assert server.until(lambda: readiness(server)[0] == "unloaded")
    before = server.resident()
    assert server.until(lambda: speech(server)[0] == 200)
    assert 0.5 * needed < server.resident() - before < 2 * needed


def states(folder):
    return {path: (path.stat().st_size, path.stat().st_mtime_ns) for path in Path(folder).rglob("*")}


def written(server):
    lines = Path(f"/proc/{server.process.pid}/io").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("write_bytes")))


def test_nothing_is_written_while_nobody_speaks(start, tmp_path):
    server = start(
        "--engine", "qwen3", "--model", MINI, "--threads", "1", "--set", "phrase-cache=16", "--set", "unload-after=60",
        "--set", "log-level=debug")
    for _ in range(2):
        assert speech(server)[0] == 200
    server.request("GET", "/metrics")
    # What was said is kept a moment behind its sound.
    time.sleep(2)
    before = written(server), states(tmp_path)
    time.sleep(6)
    assert (written(server), states(tmp_path)) == before
