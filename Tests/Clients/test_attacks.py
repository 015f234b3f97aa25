"""What advisories against speech servers tell of: bombs, paths in names, addresses in place of clips, numbers out of range."""

import io
import json
import socket
import threading
import time
from urllib.parse import quote

import numpy
import pytest
import soundfile
from websockets.asyncio.client import connect

from test_http import CLIP, form, post
from test_speak import receive, run, send


def speech(server, body):
    body = body if isinstance(body, bytes) else json.dumps(body).encode()
    return server.json("POST", "/v1/audio/speech", body, {"content-type": "application/json"})


@pytest.mark.parametrize("kind", [("OGG", "OPUS"), ("FLAC", "PCM_16")])
def test_a_small_clip_that_becomes_hours_is_not_decoded(server, kind):
    file = io.BytesIO()
    with soundfile.SoundFile(file, "w", 48000, 2, format=kind[0], subtype=kind[1]) as sound:
        for _ in range(900):
            sound.write(numpy.zeros((48000, 2), dtype="float32"))
    assert len(file.getvalue()) < 3_000_000
    before, began = server.resident(), time.monotonic()
    status, answer = post(server, audio=file.getvalue(), name="Bomb", consent="yes")
    assert status == 400 and "at most 60 s" in answer["error"]["message"], answer
    assert time.monotonic() - began < 10
    assert server.resident() - before < 100 << 20


PATHS = ["../../../../etc/{}", "/etc/{}", "~/{}", "file:///etc/{}", "..%2f..%2f..%2fetc%2f{}", "....//....//etc/{}",
         "..\\..\\etc\\{}", "makima/../../../etc/{}", "\u2024\u2024/etc/{}", "makima\x00/etc/{}"]


@pytest.mark.parametrize("path", PATHS)
def test_no_door_tells_which_files_there_are(server, path):
    """The file that is there and the one that is not get the same answer, but for the name."""
    there, absent = path.format("passwd"), path.format("absent")

    def compared(ask):
        answers = [ask(name) for name in (there, absent)]
        assert json.dumps(answers[0]).replace("passwd", "absent") == json.dumps(answers[1])
        return answers[0]

    status, answer = compared(lambda name: speech(server, {"input": "Hello.", "voice": name}))
    assert status == 404 and answer["error"]["code"] == "voice_not_found"
    status, _ = compared(lambda name: speech(server, {"input": "Hello.", "voice": {"id": name}}))
    assert status == 404
    for method in "GET", "DELETE":
        status, _ = compared(lambda name: server.json(method, "/api/v1/voices/" + quote(name, safe="")))
        assert status in (400, 404)
    status, _ = compared(lambda name: post(server, audio=CLIP, name="P", consent="yes", id=name))
    assert status == 404

    async def flow(name):
        async with connect(server.ws()) as ws:
            await receive(ws)
            await send(ws, type="start", voice=name)
            return await receive(ws)

    assert compared(lambda name: run(flow(name)))["code"] == "VOICE_NOT_FOUND"


def test_a_clip_is_never_fetched(server):
    """Neither a field that names one, nor an upload that is an address."""
    calls = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(1)

        def wait():
            try:
                calls.append(listener.accept())
            except TimeoutError:
                pass

        thread = threading.Thread(target=wait)
        thread.start()
        address = f"http://127.0.0.1:{listener.getsockname()[1]}/clip.wav"
        for clip in address, "file:///etc/passwd", "/etc/passwd", "ref.wav":
            status, answer = post(server, audio=clip.encode(), name="Fetched", consent="yes")
            assert status == 400 and "root:" not in json.dumps(answer)
            assert post(server, audio_url=clip, name="Fetched", consent="yes")[0] == 400
            assert speech(server, {"input": "Hello.", "voice": clip})[0] == 404
        # Fields of other servers are unknown here, and unknown fields say nothing.
        body = {"input": "ab", "response_format": "pcm", "ref_audio": address, "reference_audio": address, "voice_url": address}
        assert server.request("POST", "/v1/audio/speech", json.dumps(body).encode())[0] == 200
        thread.join()
    assert calls == []


NUMBERS = ["-1", "0", "1e999", "-1e999", "1e-999", "0.0001", "4.0001", "99999999999999999999999", '"1"', "true", "[]", "{}", "NaN"]


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("field", ["speed", "seed"])
def test_numbers_out_of_range_are_named(server, field, number):
    body = b'{"input":"ab","response_format":"pcm","%s":%s}' % (field.encode(), number.encode())
    status, _, content = server.request("POST", "/v1/audio/speech", body, {"content-type": "application/json"})
    if (field, number) in (("seed", "0"), ("seed", "1e-999")):
        assert status in (200, 400)
    else:
        assert status == 400, content
        assert json.loads(content)["error"]["message"]


@pytest.mark.parametrize("length", ["-1", "+5", "0x10", "1e3", "5.0", "99999999999999999999", "5, 6", "5 6"])
def test_lengths_that_are_none(server, length):
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        client.settimeout(5)
        client.sendall(f"POST /v1/audio/speech HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n"
                       "{}GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        answer = b""
        try:
            while more := client.recv(1000):
                answer += more
        except (ConnectionResetError, TimeoutError):
            pass
        assert answer.startswith(b"HTTP/1.1 400 ") and answer.count(b"HTTP/1.1") == 1, answer


@pytest.mark.parametrize("chunk", ["-1", "8000000000000000", "ffffffffffffffff", "10000000000000000", "0x5", "5 ", "g", ""])
def test_chunks_of_no_length(server, chunk):
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        client.settimeout(5)
        client.sendall(f"POST /v1/audio/speech HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n{chunk}\r\n".encode()
                       + b"hello\r\n")
        client.shutdown(socket.SHUT_WR)
        answer = b""
        try:
            while more := client.recv(1000):
                answer += more
        except ConnectionResetError:
            pass
        assert b"200 OK" not in answer
    assert server.json("GET", "/health")[0] == 200


@pytest.mark.parametrize("host,origin,wanted", [
    ("127.0.0.1:{}", "http://127.0.0.1:{}", 101), ("rebound.example.com:{}", "http://rebound.example.com:{}", 421),
    ("127.0.0.1:{}", "null", 403), ("127.0.0.1:{}", "http://rebound.example.com:{}", 403), ("127.0.0.1:{}", "file://", 403),
    ("127.0.0.1.rebound.example.com", None, 421), ("2130706433", None, 101), ("127.0.0.1:{}", None, 101),
])
@pytest.mark.parametrize("path", ["/api/v1/speak", "/api/v1/listen", "/v1/realtime"])
def test_pages_of_others_open_no_websocket(server, path, host, origin, wanted):
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        client.settimeout(5)
        lines = [f"GET {path} HTTP/1.1", f"Host: {host.format(server.port)}", "Upgrade: websocket", "Connection: Upgrade",
                 "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==", "Sec-WebSocket-Version: 13"]
        if origin:
            lines.append("Origin: " + origin.format(server.port))
        client.sendall("\r\n".join(lines + ["", ""]).encode())
        assert client.recv(1000).startswith(b"HTTP/1.1 %d " % wanted)
