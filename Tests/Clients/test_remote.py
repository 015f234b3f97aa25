"""makima say --remote: a client of /api/v1/speak on the command line."""

import json
import os
import signal
import socket
import subprocess
import threading
import time

import pytest
from conftest import PROGRAM, ROOT

FRAME = 1920 * 2  # bytes of the tone's sound for each character


def say(server, *arguments, **options):
    url = server if isinstance(server, str) else server.url("")
    options = {"capture_output": True, "timeout": 60, "cwd": ROOT, **options}
    return subprocess.run([PROGRAM, "say", *arguments, "--remote", url], **options)


def heard(server, *arguments, **options):
    answer = say(server, *arguments, "--output", "-", **options)
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


def refused(server, *arguments, **options):
    """The one line that is printed."""
    answer = say(server, *arguments, "--output", "-", **options)
    assert answer.returncode == 1 and not answer.stdout, answer
    lines = answer.stderr.decode().splitlines()
    assert len(lines) == 1 and lines[0].startswith("Error: "), lines
    return lines[0]


def posted(server, **fields):
    body = json.dumps({"response_format": "pcm", **fields}).encode()
    return server.request("POST", "/v1/audio/speech", body, {"content-type": "application/json"})[2]


def test_a_text_sounds_as_the_server_makes_it(server):
    text = "From another room."
    sound = heard(server, text)
    assert len(sound) == len(text) * FRAME
    assert sound == posted(server, input=text)
    assert heard(server, text, "--voice", "denji") == posted(server, input=text, voice="denji") != sound


def test_speed_and_the_text_as_it_is_are_the_servers_work(server):
    text = "I am 7."
    assert len(heard(server, text)) == len("I am seven.") * FRAME
    assert len(heard(server, text, "--text-as-is")) == len(text) * FRAME
    fast = heard(server, text, "--speed", "2")
    assert fast == posted(server, input=text, speed=2)
    assert len(fast) == len("I am seven.") * FRAME // 2


def test_it_speaks_from_the_first_sentence_on(server):
    """The second sentence is written when the first has been heard: it would wait for ever otherwise."""
    process = subprocess.Popen(
        [PROGRAM, "say", "-", "--remote", server.url(""), "--output", "-"], stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, cwd=ROOT)
    watchdog = threading.Timer(30, process.kill)
    watchdog.start()
    first, second = "One sentence. ", "Another one comes later."
    process.stdin.write(first.encode())
    process.stdin.flush()
    sound = process.stdout.read(len("One sentence.") * FRAME)
    assert len(sound) == len("One sentence.") * FRAME
    process.stdin.write(second.encode())
    process.stdin.close()
    sound += process.stdout.read()
    watchdog.cancel()
    assert process.wait(30) == 0
    assert len(sound) == len(first + second) * FRAME


def test_standard_input_as_a_whole_sounds_as_an_argument(server):
    text = "Some words from a pipe."
    assert heard(server, "-", input=text.encode()) == heard(server, text)


def test_volume_is_that_of_what_is_played(server, tmp_path):
    raw = tmp_path / "played.raw"
    (tmp_path / "alsa.conf").write_text(
        f'pcm.!default {{ type file slave.pcm {{ type null }} file "{raw}" format raw }}\n')
    environment = {**os.environ, "ALSA_CONFIG_PATH": str(tmp_path / "alsa.conf")}
    wav = tmp_path / "a.wav"
    assert say(server, "Hum.", "--volume", "50", "--play", "--output", str(wav), env=environment).returncode == 0
    written, played = wav.read_bytes()[44:], raw.read_bytes()
    assert len(written) == 4 * FRAME

    def values(data):
        return memoryview(data[:len(written)]).cast("h")

    assert max(abs(a / 2 - b) for a, b in zip(values(written), values(played))) <= 1


@pytest.mark.parametrize("text", ["", " \n", "🙂"])
def test_nothing_to_say_is_a_sentence(server, text):
    assert "letter" in refused(server, "-", input=text.encode())
    refused(server, text)


def test_input_that_is_no_text_is_a_sentence(server):
    """What came before it may be heard."""
    answer = say(server, "-", "--output", "-", input=b"Hello \xff")
    assert answer.returncode == 1 and b"UTF-8" in answer.stderr


def test_an_unknown_voice_is_not_replaced(server):
    assert "nobody" in refused(server, "Hello.", "--voice", "nobody")


def test_a_token_is_asked_for_and_sent(start, tmp_path):
    (tmp_path / "tokens").write_text("a-token-for-tests\n")
    server = start("--set", f"auth-tokens-file={tmp_path}/tokens")
    assert "MAKIMA_TOKEN" in refused(server, "Hello.", env={**os.environ, "MAKIMA_TOKEN": ""})
    environment = {**os.environ, "MAKIMA_TOKEN": "a-token-for-tests"}
    assert len(heard(server, "Hello.", env=environment)) == 6 * FRAME


def test_it_waits_for_a_model_that_loads(start):
    """Asked for, the model begins to load: the first answer is MODEL_LOADING."""
    server = start("--set", "load=first-use", wait=False)
    assert server.until(lambda: reachable(server))
    assert len(heard(server, "-", input=b"Good morning.")) == 13 * FRAME


def reachable(server):
    try:
        return server.request("GET", "/health")[0] == 200
    except OSError:
        return False


def test_control_c_leaves_nothing_half_made(start, tmp_path):
    server = start("--set", "tone-frame=50")
    process = subprocess.Popen(
        [PROGRAM, "say", "word " * 200, "--remote", server.url(""), "--output", str(tmp_path / "a.wav")], cwd=ROOT,
        stderr=subprocess.PIPE)
    assert server.until(lambda: server.metric("makima_utterances_running") > 0 or process.poll() is not None)
    process.send_signal(signal.SIGINT)
    assert process.wait(10) == 130
    assert not (tmp_path / "a.wav").exists()


def test_a_server_that_goes_away_is_a_sentence(start, tmp_path):
    server = start("--set", "tone-frame=50")
    process = subprocess.Popen(
        [PROGRAM, "say", "word " * 200, "--remote", server.url(""), "--output", str(tmp_path / "a.wav")], cwd=ROOT,
        stderr=subprocess.PIPE)
    assert server.until(lambda: server.metric("makima_utterances_running") > 0)
    server.process.kill()
    assert process.wait(20) == 1
    assert "appliance" in process.stderr.read().decode()
    assert not (tmp_path / "a.wav").exists()


@pytest.mark.parametrize("address", ["127.0.0.1:{}", "localhost:{}", "http://127.0.0.1:{}"])
def test_an_address_needs_no_scheme(server, address):
    assert heard(address.format(server.port), "ab") == heard(server, "ab")


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "[::1]", "[::1]:1", "nobody.invalid", "nobody.invalid:1"])
def test_an_address_where_nobody_is_needs_no_daemon(address):
    message = refused(address, "Hello.")
    assert "No appliance can be reached at http://" in message and "aemon" not in message


def test_nobody_there_is_a_sentence():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        assert url in refused(url, "Hello.")
    assert "address" in refused("http://", "Hello.")


@pytest.mark.parametrize("answer", [
    b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello",
    b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n",
    b"SSH-2.0-OpenSSH_9.2\r\n",
    b"",
])
def test_a_stranger_is_a_sentence(answer):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        def serve():
            peer, _ = listener.accept()
            with peer:
                peer.recv(4096)
                peer.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        assert "127.0.0.1" in refused(f"http://127.0.0.1:{listener.getsockname()[1]}", "Hello.")
        thread.join()


@pytest.mark.parametrize("arguments", [
    ["--model", "x"], ["--reference", "a.wav"], ["--threads", "2"], ["--temperature", "1"], ["--speed", "9"],
    ["--volume", "101"],
])
def test_what_is_the_servers_own_is_refused(arguments):
    answer = say("http://127.0.0.1:1", "Hello.", *arguments)
    assert answer.returncode == 2 and b"Usage" in answer.stderr
