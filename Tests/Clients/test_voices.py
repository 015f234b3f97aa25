"""`makima voices`: what a person does with voices on the machine itself, and what the server then sees."""

import json
import os
import subprocess

import pytest

from conftest import PROGRAM, ROOT
from test_http import post, recording


@pytest.fixture
def voices(server):
    """Runs the command on the voices of a server that runs: exit status, output, errors."""

    def run(*arguments):
        done = subprocess.run(
            [PROGRAM, "voices", *arguments, "--voices-dir", str(server.voices)], capture_output=True, text=True,
            cwd=ROOT, env={**os.environ, "MAKIMA_BUILT_IN_VOICES": str(ROOT / "Voices")}, timeout=60)
        return done.returncode, done.stdout, done.stderr

    return run


def clip(folder, name="ada.wav", **how):
    path = folder / name
    path.write_bytes(recording(**how))
    return str(path)


def test_a_voice_comes_is_shown_and_goes(voices, tmp_path, server):
    status, out, _ = voices("list")
    assert status == 0 and "* makima" in out and "built in" in out and "ada" not in out
    status, out, _ = voices(
        "add", clip(tmp_path), "--name", "Ada", "--consent", "Recorded by herself", "--transcript", "Good morning.")
    assert status == 0 and "Added ada" in out
    status, out, _ = voices("show", "ada")
    assert status == 0 and "consent: Recorded by herself" in out and "transcript: Good morning." in out and "mode: icl" in out
    status, out, _ = voices("list", "--json")
    assert "ada" in [voice["id"] for voice in json.loads(out)]
    # A server that runs sees a folder as soon as it is there, and that it is gone.
    assert server.json("GET", "/api/v1/voices/ada")[1]["name"] == "Ada"
    assert voices("remove", "ada") == (0, "Removed ada.\n", "")
    assert server.json("GET", "/api/v1/voices/ada")[0] == 404
    assert voices("show", "ada")[0] != 0


def test_a_recording_is_checked(voices, tmp_path, server):
    assert voices("check", clip(tmp_path))[0] == 0
    assert voices("check", "makima")[0] == 0
    status, out, _ = voices("check", clip(tmp_path, "short.wav", seconds=1), "--json")
    assert status == 1 and json.loads(out)["durationSeconds"] == 1
    status, out, err = voices("add", str(tmp_path / "short.wav"), "--name", "Short", "--consent", "yes")
    assert status != 0 and "3" in out + err and not (server.voices / "short").exists()


def test_what_was_meant_to_be_a_voice_is_named(voices, tmp_path, server):
    sound = recording()
    for name in "With Space/reference.wav", "lone/reference.mp3", "loose.wav", "custom/spec/reference.wav":
        path = server.voices / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(sound)
    status, out, _ = voices("list")
    problems = [line for line in out.splitlines() if line.startswith("! ")]
    assert status == 0 and len(problems) == 3 and " spec" in out
    assert any("with-space" in line for line in problems) and any("reference.mp3" in line for line in problems)
    assert voices("show", "spec")[0] == 0
    assert "spec" in [voice["id"] for voice in server.json("GET", "/api/v1/voices")[1]["voices"]]


def test_the_log_names_them_when_the_server_starts(start, tmp_path):
    path = tmp_path / "voices/With Space/reference.wav"
    path.parent.mkdir(parents=True)
    path.write_bytes(recording())
    server = start()
    lines = [line for line in server.log_path.read_text().splitlines() if "voice not usable" in line]
    assert len(lines) == 1 and "with-space" in lines[0]


def test_no_more_voices_than_allowed(start):
    server = start("--set", "voices-limit=1")
    assert post(server, audio=recording(), name="One", consent="yes")[0] == 201
    status, answer = post(server, audio=recording(), name="Two", consent="yes")
    assert status == 409 and "voices-limit" in answer["error"]["message"]


def test_a_recording_of_a_phone_says_what_to_do(voices, tmp_path):
    path = tmp_path / "memo.m4a"
    path.write_bytes(b"\0\0\0\x1cftypM4A " + bytes(5000))
    status, out, err = voices("add", str(path), "--name", "Memo", "--consent", "yes")
    assert status == 1 and "M4A" in err and "ffmpeg" in err


@pytest.mark.parametrize("arguments,words", [
    (("show", "nobody"), "There is no voice nobody"), (("remove", "makima"), "came with the program"),
    (("check", "/nonexistent.wav"), "/nonexistent.wav"), (("show", "../etc"), "cannot name a voice"),
])
def test_errors_name_what_is_wrong(voices, arguments, words):
    status, out, err = voices(*arguments)
    assert status != 0 and words in out + err
