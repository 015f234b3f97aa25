"""HTTP: operation, voices, who may use it, and what a hostile client gets."""

import asyncio
import http.client
import io
import json
import math
import os
import random
import socket
import ssl
import struct
import subprocess
import time
import uuid
import wave

import jsonschema
import jwt
import pytest
from openapi_spec_validator import validate
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from conftest import ROOT
from test_speak import receive, run, send, until


def recording(seconds=5.0, rate=24000, level=0.2):
    """Bursts of a buzz with pauses, as WAV."""
    out = io.BytesIO()
    noise = random.Random(1)
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        samples = []
        for i in range(int(seconds * rate)):
            t = i / rate
            tone = math.sin(2 * math.pi * 150 * t) if t % 1 > 0.25 else 0
            samples.append(max(-32768, min(32767, int(32767 * (level * tone + 0.0005 * (noise.random() - 0.5))))))
        file.writeframes(struct.pack(f"<{len(samples)}h", *samples))
    return out.getvalue()


CLIP = recording()


def form(boundary="----b", **fields):
    body = b""
    for name, value in fields.items():
        disposition = f'form-data; name="{name}"'
        if name == "audio":
            disposition += '; filename="../../../etc/passwd"'
        data = value if isinstance(value, bytes) else value.encode()
        body += f"--{boundary}\r\nContent-Disposition: {disposition}\r\n\r\n".encode() + data + b"\r\n"
    return body + f"--{boundary}--\r\n".encode(), {"content-type": f"multipart/form-data; boundary={boundary}"}


def post(server, **fields):
    body, headers = form(**fields)
    return server.json("POST", "/api/v1/voices", body, headers)


def test_operation(server):
    assert server.json("GET", "/health") == (200, {"status": "ok"})
    status, ready = server.json("GET", "/ready")
    assert status == 200 and ready["model"]["name"] == "tone" and ready["model"]["sampleRate"] == 24000
    status, headers, metrics = server.request("GET", "/metrics")
    assert status == 200 and headers["content-type"].startswith("text/plain; version=0.0.4")
    names = {line.split()[2] for line in metrics.decode().splitlines() if line.startswith("# TYPE")}
    assert names >= {
        "makima_requests_total", "makima_utterances_running", "makima_utterances_waiting", "makima_first_audio_seconds",
        "makima_real_time_factor", "makima_audio_seconds_total", "makima_underruns_total", "makima_cancel_seconds"}


def test_openapi_is_valid_and_answers_are_as_described(server):
    _, document = server.json("GET", "/openapi.json")
    validate(document)
    schemas = {"$defs": {}, "components": document["components"]}
    for path, name in [("/ready", "Readiness"), ("/api/v1/voices", "VoiceList"), ("/api/v1/voices/makima", "Voice"),
                       ("/api/v1/voices/nobody", "Error"), ("/nothing", "Error")]:
        jsonschema.validate(server.json("GET", path)[1], {**schemas, "$ref": f"#/components/schemas/{name}"})
    status, added = post(server, audio=CLIP, name="described", consent="yes")
    assert status == 201
    jsonschema.validate(added, {**schemas, "$ref": "#/components/schemas/AddedVoice"})
    assert server.request("DELETE", "/api/v1/voices/described")[0] == 204


def test_metrics_count_what_happened(start):
    server = start("--set", "request-burst=2", "--set", "requests-per-second=1")

    async def flow():
        async with connect(server.ws()) as ws:
            for text in ["ab", "abc", "d"]:
                await send(ws, type="speak", text=text)
                await until(ws, "complete", "error")

    run(flow())
    text = server.request("GET", "/metrics")[2].decode()
    assert 'makima_requests_total{door="speak",outcome="stop"} 2' in text
    assert 'makima_requests_total{door="speak",outcome="RATE_LIMITED"} 1' in text
    assert abs(server.metric("makima_audio_seconds_total") - 0.4) < 1e-9
    assert server.metric("makima_first_audio_seconds_count") == 2


def test_the_list_has_the_specifications_shape(server):
    status, answer = server.json("GET", "/api/v1/voices")
    assert status == 200 and list(answer) == ["voices"]
    first = answer["voices"][0]
    assert first["id"] == "makima" and first["isDefault"] is True
    assert all(isinstance(first[k], str) for k in ("id", "name", "language", "description"))
    assert [v["isDefault"] for v in answer["voices"]].count(True) == 1
    assert server.json("GET", "/api/v1/voices/makima")[1] == first
    assert server.json("GET", "/api/v1/voices/nobody")[0] == 404
    assert server.json("GET", "/api/v1/voices/..%2f..%2fetc")[0] == 400


def test_a_voice_is_added_spoken_and_removed(server):
    status, added = post(server, audio=CLIP, name="Ada Löve", consent="Recorded by herself", transcript="x")
    assert status == 201, added
    assert added["voice"]["id"] == "ada-l-ve" and added["voice"]["mode"] == "icl"
    assert added["report"]["findings"] == [] and abs(added["report"]["durationSeconds"] - 5) < 0.01
    folder = server.voices / "ada-l-ve"
    assert sorted(os.listdir(folder)) == ["metadata.json", "reference.wav", "transcript.txt"]
    assert json.loads((folder / "metadata.json").read_text())["consent"] == "Recorded by herself"
    assert any(v["id"] == "ada-l-ve" for v in server.json("GET", "/api/v1/voices")[1]["voices"])

    async def flow():
        async with connect(server.ws()) as ws:
            await receive(ws)
            await send(ws, type="start", voice="ada-l-ve")
            assert (await receive(ws))["voice"] == "ada-l-ve"
            await send(ws, type="speak", text="ab")
            return (await until(ws, "complete"))[0]

    assert len(run(flow())) == 2 * 80 * 48
    assert server.request("DELETE", "/api/v1/voices/ada-l-ve")[0] == 204
    assert server.request("DELETE", "/api/v1/voices/ada-l-ve")[0] == 404
    assert not folder.exists()


def patch(server, voice, **change):
    return server.json("PATCH", f"/api/v1/voices/{voice}", json.dumps(change).encode())


def test_a_voice_is_renamed_while_it_speaks(server):
    assert post(server, audio=CLIP, name="Ida", consent="yes")[0] == 201
    metadata = server.voices / "ida" / "metadata.json"
    metadata.write_text(json.dumps({**json.loads(metadata.read_text()), "studio": {"floor": 3}}))

    async def flow():
        async with connect(server.ws()) as ws:
            await receive(ws)
            await send(ws, type="start", voice="ida")
            await receive(ws)
            await send(ws, type="speak", text="ab", append=True)
            assert patch(server, "ida", name=" Frau  Ida ")[0] == 200
            await send(ws, type="speak", text="cd", append=True, flush=True)
            return (await until(ws, "complete"))[0]

    assert len(run(flow())) == 4 * 80 * 48
    # The id stays, and so does what somebody wrote beside ours.
    told = server.json("GET", "/api/v1/voices/ida")[1]
    assert (told["id"], told["name"]) == ("ida", "Frau  Ida")
    assert json.loads(metadata.read_text())["studio"] == {"floor": 3}
    assert server.json("GET", "/api/v1/voices/FRAU%20%20IDA")[1] == told
    # Its own name in other letters is no other voice's.
    assert patch(server, "ida", name="IDA")[1]["name"] == "IDA"
    assert server.request("DELETE", "/api/v1/voices/Ida")[0] == 204


def test_what_cannot_be_changed_is_said_with_its_field(server):
    assert post(server, audio=CLIP, name="Eva", consent="yes")[0] == 201
    before = server.json("GET", "/api/v1/voices/eva")
    cases = [
        (409, "name", {"name": "Makima"}), (409, "name", {"name": "DENJI"}), (400, "name", {"name": ""}),
        (400, "name", {"name": "x" * 101}), (400, "name", {"name": "a\nb"}), (400, "name", {"name": "a\u202eb"}),
        (400, "name", {"name": "a\x00"}), (400, "name", {"name": 5}), (400, "name", {}),
        (400, "isDefault", {"isDefault": False}), (400, "isDefault", {"isDefault": "yes"}),
    ]
    for wanted, field, change in cases:
        status, answer = patch(server, "eva", **change)
        assert (status, answer["error"].get("field")) == (wanted, field), (change, answer)
    assert patch(server, "nobody", name="x")[1]["error"]["field"] == "id"
    assert patch(server, "makima", name="Other")[0] == 403
    assert server.json("PATCH", "/api/v1/voices/eva", b"[")[0] == 400
    assert server.json("PATCH", "/api/v1/voices/eva", b"x" * 100_000)[0] == 413
    assert server.json("GET", "/api/v1/voices/eva") == before
    # A folder of voices that cannot be written.
    elsewhere = server.voices.with_name("elsewhere")
    server.voices.rename(elsewhere)
    server.voices.write_text("no folder")
    try:
        status, answer = patch(server, "makima", isDefault=True)
        assert status == 500 and "Is the voices folder writable?" in answer["error"]["message"]
    finally:
        server.voices.unlink()
        elsewhere.rename(server.voices)
    assert server.request("DELETE", "/api/v1/voices/eva")[0] == 204


def test_the_default_that_was_chosen_outlives_a_restart(start):
    server = start()

    def speaks(server):
        async def flow():
            async with connect(server.ws()) as ws:
                ready = await receive(ws)
                await send(ws, type="start")
                return ready["voiceLoaded"], (await receive(ws))["voice"]

        return run(flow())

    assert speaks(server) == ("makima", "makima")
    status, told = patch(server, "Denji", isDefault=True)
    assert status == 200 and told["isDefault"] is True
    assert speaks(server) == ("denji", "denji")
    assert [v["id"] for v in server.json("GET", "/api/v1/voices")[1]["voices"] if v["isDefault"]] == ["denji"]
    server.stop()
    server = start("--default-voice", "aki")
    assert speaks(server) == ("denji", "denji")
    # A voice that is gone speaks for nobody: that of the settings does again.
    (server.voices / "default-voice").write_text("gone\n")
    assert speaks(server) == ("aki", "aki")


def test_ready_says_what_is_taken_at_most(start):
    server = start("--set", "text-limit=5000", "--set", "upload-limit=2", "--set", "connections=77")
    assert server.json("GET", "/ready")[1]["limits"] == {
        "textCharacters": 5000, "uploadBytes": 2 << 20, "sessions": 77,
        "clipSeconds": {"least": 3, "most": 30, "bestFrom": 5, "bestTo": 10}}


def test_what_cannot_be_a_voice_is_refused_and_leaves_nothing(server):
    before = sorted(os.listdir(server.voices)) if server.voices.exists() else []
    good = {"audio": CLIP, "name": "B", "consent": "yes"}
    cases = [
        (422, {**good, "audio": recording(1)}), (422, {**good, "audio": recording(5, level=0.0005)}),
        (422, {**good, "audio": recording(5, level=5)}), (400, {**good, "audio": b"RIFF but not audio"}),
        (400, {**good, "audio": b""}), (400, {**good, "consent": "false"}), (400, {**good, "consent": ""}),
        (400, {"audio": CLIP, "name": "B"}), (400, {"name": "B", "consent": "yes"}), (400, {**good, "name": ""}),
        (400, {**good, "surprise": "x"}), (400, {**good, "transcript": "x" * 3000}), (400, {**good, "name": "x" * 5000}),
        (404, {**good, "id": "../evil"}), (400, {**good, "name": b"\xff\xfe"}), (409, {**good, "id": "makima"}),
    ]
    for wanted, fields in cases:
        status, answer = post(server, **fields)
        assert status == wanted, (wanted, status, answer, {k: v for k, v in fields.items() if k != "audio"})
        assert len(answer["error"]["message"]) > 10
    status, answer = post(server, **{**good, "audio": recording(1)})
    assert answer["report"]["findings"][0]["about"] == "duration" and answer["error"]["field"] == "audio"
    for field, fields in [("consent", {**good, "consent": "no"}), ("name", {**good, "name": ""}),
                          ("audio", {**good, "audio": b"x"}), ("transcript", {**good, "transcript": "x" * 3000})]:
        assert post(server, **fields)[1]["error"]["field"] == field
    assert (sorted(os.listdir(server.voices)) if server.voices.exists() else []) == before
    assert server.request("DELETE", "/api/v1/voices/makima")[0] == 403


def test_forms_that_lie(server):
    body, headers = form(audio=CLIP, name="B", consent="yes")
    assert server.json("POST", "/api/v1/voices", body, {"content-type": "application/json"})[0] == 415
    assert server.json("POST", "/api/v1/voices", body, {"content-type": "multipart/form-data"})[0] == 415
    assert server.json("POST", "/api/v1/voices", body[:-40], headers)[0] == 400
    assert server.json("POST", "/api/v1/voices", b"nothing", headers)[0] == 400
    twice = body[:-len(b"------b--\r\n")] + form(name="C")[0]
    assert server.json("POST", "/api/v1/voices", twice, headers)[0] == 400
    # Ten gigabytes are only claimed.
    raw = socket.create_connection(("127.0.0.1", server.port))
    raw.sendall(b"POST /api/v1/voices HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10737418240\r\n"
                b"Content-Type: multipart/form-data; boundary=b\r\n\r\n")
    raw.settimeout(5)
    assert raw.recv(100).startswith(b"HTTP/1.1 413 ")
    raw.close()
    # And here really sent, without saying how much.
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)

    def endless():
        yield b"------b\r\nContent-Disposition: form-data; name=\"audio\"\r\n\r\n"
        for _ in range(300):
            yield b"x" * 100_000

    try:
        connection.request("POST", "/api/v1/voices", endless(), headers, encode_chunked=True)
        assert connection.getresponse().status == 413
    except (BrokenPipeError, ConnectionResetError):
        pass
    assert server.json("GET", "/health")[0] == 200


def test_an_upload_that_breaks_off_leaves_nothing(server):
    body, _ = form(audio=CLIP, name="B", consent="yes")
    before = sorted(os.listdir(server.voices)) if server.voices.exists() else []
    for part in (100, 10_000, len(body) - 10):
        raw = socket.create_connection(("127.0.0.1", server.port))
        raw.sendall(f"POST /api/v1/voices HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n"
                    "Content-Type: multipart/form-data; boundary=----b\r\n\r\n".encode() + body[:part])
        raw.close()
    time.sleep(0.3)
    assert (sorted(os.listdir(server.voices)) if server.voices.exists() else []) == before


def test_a_client_that_breaks_off_after_an_early_answer(server):
    raw = socket.create_connection(("127.0.0.1", server.port))
    raw.sendall(b"POST /api/v1/voices HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nContent-Length: 100\r\n\r\n0123")
    raw.settimeout(5)
    assert raw.recv(1000).startswith(b"HTTP/1.1 415 ")
    raw.shutdown(socket.SHUT_WR)
    # One answer and no more.
    rest = b""
    while more := raw.recv(1000):
        rest += more
    assert b"HTTP/1.1" not in rest
    raw.close()
    assert server.json("GET", "/health") == (200, {"status": "ok"})


def test_a_body_that_breaks_the_protocol(server):
    for _ in range(100):
        raw = socket.create_connection(("127.0.0.1", server.port))
        raw.sendall(b"POST /api/v1/voices HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n"
                    b"Content-Type: multipart/form-data; boundary=b\r\n\r\n3\r\n--b\r\n")
        raw.sendall(b"zz\r\n")
        raw.settimeout(5)
        answer = b""
        try:
            while more := raw.recv(1000):
                answer += more
        except ConnectionResetError:
            pass
        assert answer.count(b"HTTP/1.1") <= 1
        raw.close()
    assert server.json("GET", "/health") == (200, {"status": "ok"})


def test_a_client_that_asks_first_is_told_to_go_on(server):
    raw = socket.create_connection(("127.0.0.1", server.port))
    body, _ = form(audio=CLIP, name="Go On", consent="yes")
    raw.sendall(f"POST /api/v1/voices HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n"
                "Expect: 100-continue\r\nContent-Type: multipart/form-data; boundary=----b\r\n\r\n".encode())
    raw.settimeout(10)
    assert raw.recv(1000).startswith(b"HTTP/1.1 100 ")
    raw.sendall(body)
    assert b"HTTP/1.1 201 " in raw.recv(5000)
    raw.close()
    assert server.request("DELETE", "/api/v1/voices/go-on")[0] == 204


def test_methods_paths_and_heads(server):
    status, headers, _ = server.request("PUT", "/api/v1/voices")
    assert status == 405 and set(headers["allow"].split(", ")) == {"GET", "POST"}
    assert server.request("GET", "/nothing")[0] == 404
    assert server.request("GET", "/api/v1/speak")[0] == 426
    status, headers, body = server.request("HEAD", "/health")
    assert status == 200 and headers["content-length"] == "15" and body == b""
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    for path in ["/health", "/ready", "/api/v1/voices"]:  # one connection, one after the other
        connection.request("GET", path)
        answer = connection.getresponse()
        assert answer.status == 200
        answer.read()


def test_an_upgrade_nobody_takes_is_an_ordinary_request(server):
    for headers in [{"Upgrade": "h2c", "Connection": "Upgrade, HTTP2-Settings", "HTTP2-Settings": "x"},
                    {"Upgrade": "websocket", "Connection": "Upgrade"}]:
        assert server.request("GET", "/health", headers=headers)[0] == 200


def test_other_names_and_origins_are_refused(server):
    for host, wanted in [("evil.example.com", 421), ("localhost", 200), ("makima.local", 200), ("", 421)]:
        assert server.request("GET", "/health", headers={"Host": host})[0] == wanted
    assert server.request("DELETE", "/api/v1/voices/x", headers={"Origin": "https://evil.example.com"})[0] == 403
    status, headers, _ = server.request("GET", "/api/v1/voices", headers={"Origin": "https://evil.example.com"})
    assert status == 200 and "access-control-allow-origin" not in headers
    assert server.request("OPTIONS", "/api/v1/voices", headers={"Origin": "https://evil.example.com"})[0] == 403

    async def flow():
        with pytest.raises(InvalidStatus) as refused:
            await connect(server.ws(), origin="https://evil.example.com")
        assert refused.value.response.status_code == 403
        async with connect(server.ws(), origin=f"http://127.0.0.1:{server.port}") as ws:
            assert (await receive(ws))["type"] == "ready"

    run(flow())


def test_cors_when_configured(start):
    server = start("--set", "allowed-origins=https://app.example.org")
    _, headers, _ = server.request("GET", "/api/v1/voices", headers={"Origin": "https://app.example.org"})
    assert headers["access-control-allow-origin"] == "https://app.example.org" and headers["vary"] == "origin"
    status, headers, _ = server.request("OPTIONS", "/api/v1/voices", headers={"Origin": "https://app.example.org"})
    assert status == 204 and "POST" in headers["access-control-allow-methods"]


SECRET = "a-secret-of-at-least-thirty-two-bytes!"


def tokens(tmp_path, kind):
    """Flag for the server, a good token, bad ones."""
    path = tmp_path / kind
    if kind == "tokens":
        path.write_text("# who\ncorrect-horse-battery-staple\n")
        return f"auth-tokens-file={path}", "correct-horse-battery-staple", ["wrong-horse-battery-staple"]
    path.write_text(SECRET + "\n")
    now = int(time.time())
    good = jwt.encode({"sub": "ada", "exp": now + 60}, SECRET, "HS256")
    bad = [
        jwt.encode({"sub": "ada", "exp": now - 5}, SECRET, "HS256"), jwt.encode({"sub": "ada"}, SECRET, "HS256"),
        jwt.encode({"sub": "ada", "exp": now + 60}, SECRET + "x", "HS256"),
        jwt.encode({"sub": "ada", "exp": now + 60}, None, "none"), jwt.encode({"exp": now + 60, "nbf": now + 50}, SECRET, "HS256"),
        "not.a.token",
    ]
    return f"auth-secret-file={path}", good, bad


@pytest.mark.parametrize("kind", ["tokens", "secret"])
def test_a_token_is_asked_for_on_every_door(start, tmp_path, kind):
    setting, good, bad = tokens(tmp_path, kind)
    server = start("--set", setting)
    assert server.request("GET", "/health")[0] == 200
    for method, path in [("GET", "/api/v1/voices"), ("POST", "/api/v1/voices"), ("DELETE", "/api/v1/voices/x")]:
        status, headers, body = server.request(method, path)
        assert status == 401 and headers["www-authenticate"] == "Bearer"
        assert json.loads(body)["error"]["code"] == "UNAUTHORIZED"
    for token in bad:
        assert server.request("GET", "/api/v1/voices", headers={"Authorization": f"Bearer {token}"})[0] == 401
    assert server.request("GET", "/api/v1/voices", headers={"Authorization": f"bearer {good}"})[0] == 200

    async def speaks(ws):
        await send(ws, type="speak", text="ab")
        return (await until(ws, "complete", "error"))[2]

    async def flow():
        async with connect(server.ws()) as ws:
            assert (await receive(ws))["type"] == "ready"
            assert (await speaks(ws))["code"] == "UNAUTHORIZED"
            await send(ws, type="start", authToken=bad[0])
            error = await receive(ws)
            assert error["code"] == "UNAUTHORIZED" and error["recoverable"] is False
            assert (await speaks(ws))["code"] == "UNAUTHORIZED"
            await send(ws, type="start", authToken=good)
            assert (await receive(ws))["type"] == "started"
            assert (await speaks(ws))["type"] == "complete"
        async with connect(server.ws(), additional_headers={"Authorization": f"Bearer {good}"}) as ws:
            assert (await speaks(ws))["type"] == "complete"
        async with connect(server.ws("/api/v1/listen")) as ws:
            await send(ws, type="hello", contractId="c")
            assert (await receive(ws))["code"] == "UNAUTHORIZED"
            await send(ws, type="hello", contractId="c", authToken=good)
            assert (await receive(ws))["type"] == "ready"

    run(flow())


def test_tls(start, tmp_path):
    certificate, key = tmp_path / "c.pem", tmp_path / "k.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate],
        check=True, capture_output=True)
    server = start("--set", f"tls-certificate={certificate}", "--set", f"tls-key={key}", wait=False)
    context = ssl.create_default_context(cafile=certificate)

    def answers():
        try:
            connection = http.client.HTTPSConnection("localhost", server.port, context=context, timeout=5)
            connection.request("GET", "/ready")
            return connection.getresponse().status == 200
        except OSError:
            return False

    assert server.until(answers, 20), server.log_path.read_text()

    async def flow():
        async with connect(f"wss://localhost:{server.port}/api/v1/speak", ssl=context) as ws:
            await receive(ws)
            await send(ws, type="speak", text="ab")
            assert len((await until(ws, "complete"))[0]) == 2 * 80 * 48

    run(flow())


@pytest.mark.parametrize("arguments,words", [
    (["--port", "99999"], "--port"), (["--set", "nonsense=1"], "nonsense"), (["--engine", "festival"], "festival"),
    (["--set", "auth-tokens-file=/nonexistent"], "/nonexistent"), (["--config", "/nonexistent"], "/nonexistent"),
    (["--set", "tls-certificate=/nonexistent"], "tls-key"), (["--set", "device=metal"], "metal"),
])
def test_settings_that_cannot_be_are_named(start, arguments, words):
    server = start(*arguments, wait=False)
    assert server.process.wait(20) != 0
    assert words in server.log_path.read_text()


@pytest.mark.parametrize("host,warns", [("127.0.0.1", False), ("localhost", False), ("::1", False), ("0.0.0.0", True)])
def test_it_warns_where_others_can_reach_it(start, host, warns):
    server = start("--host", host, wait=False)
    assert server.until(lambda: "listening" in server.log_path.read_text() or server.process.poll() is not None)
    if "This machine has no such address" in server.log_path.read_text():
        pytest.skip("no IPv6 here")
    time.sleep(0.1)
    assert ("anybody on the network" in server.log_path.read_text()) == warns


def test_an_address_of_the_internet_needs_a_token(start, tmp_path):
    (tmp_path / "tokens").write_text("correct-horse-battery-staple\n")
    for settings, words in [
        ([], "93.184.215.14 is an address of the internet"), (["--set", "allow-public=true"], "no such address"),
        (["--set", f"auth-tokens-file={tmp_path}/tokens"], "no such address"),
    ]:
        server = start("--host", "93.184.215.14", *settings, wait=False)
        assert server.process.wait(20) != 0
        assert words in server.log_path.read_text()


def test_a_port_in_use_is_said(start, server):
    second = start("--port", str(server.port), wait=False)
    assert second.process.wait(20) != 0
    assert "Another program uses it" in second.log_path.read_text()


def test_systemd_is_told(start, tmp_path):
    path = str(tmp_path / "notify")
    manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    manager.bind(path)
    manager.settimeout(10)
    server = start(environment={"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "600000"})
    heard = []
    while "WATCHDOG=1" not in heard or not any(h.startswith("STATUS=Ready: tone") for h in heard):
        heard += manager.recv(1000).decode().splitlines()
    assert heard[0] == "READY=1" and any(h.startswith("STATUS=Ready: tone") for h in heard)
    server.process.terminate()
    while "STOPPING=1" not in heard:
        heard += manager.recv(1000).decode().splitlines()
    assert server.process.wait(10) == 0


def test_the_watchdog_is_fed_only_while_frames_come(start, tmp_path):
    path = str(tmp_path / "notify")
    manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    manager.bind(path)
    manager.settimeout(10)
    # Fed every 0.2 s; a frame takes 3 s, as it does when a model hangs.
    server = start("--set", "tone-frame=3000", environment={"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "600000"})

    def feedings():
        count = 0
        manager.setblocking(False)
        try:
            while True:
                count += manager.recv(1000).decode().splitlines().count("WATCHDOG=1")
        except BlockingIOError:
            return count

    async def flow():
        async with connect(server.ws()) as ws:
            await send(ws, type="speak", text="x")
            while server.metric("makima_utterances_running") == 0:
                await asyncio.sleep(0.05)
            await asyncio.sleep(0.5)
            feedings()
            await asyncio.sleep(1.2)
            assert feedings() == 0
            await until(ws, "complete")

    run(flow())
    assert server.until(lambda: feedings() > 0)


def test_print_config_prints_what_it_reads(tmp_path):
    program = os.environ.get("MAKIMA", str(ROOT / ".build/debug/makima"))
    first = subprocess.run([program, "serve", "--print-config", "--port", "1234"], capture_output=True, text=True, check=True)
    assert "port = 1234" in first.stdout and "TTS_DEFAULT_VOICE" in first.stdout
    path = tmp_path / "makima.toml"
    path.write_text(first.stdout)
    again = subprocess.run([program, "serve", "--print-config", "--config", path], capture_output=True, text=True, check=True)
    assert again.stdout == first.stdout
