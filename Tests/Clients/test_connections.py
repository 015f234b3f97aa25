"""Clients that leave, that listen without speaking, that ask as other programs ask; and the line in the log that tells of each."""

import json
import socket
import time

import pytest


def raw(server):
    client = socket.create_connection(("127.0.0.1", server.port))
    client.settimeout(20)
    return client


def speak(server, text, **fields):
    """A request for speech, sent whole; its answer is still to come."""
    body = json.dumps({"input": text, "response_format": "pcm", **fields}).encode()
    client = raw(server)
    client.sendall(b"POST /v1/audio/speech HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                   b"Content-Length: %d\r\n\r\n" % len(body) + body)
    return client


def rest(client):
    answer = b""
    while more := client.recv(65536):
        answer += more
    return answer


def test_requests_whose_clients_have_gone_leave_the_queue_and_the_model(start):
    server = start("--set", "tone-frame=100", "--set", "speakers=1")
    spoken = speak(server, "x" * 300)
    assert server.until(lambda: server.metric("makima_utterances_running") == 1)
    waiting = [speak(server, "y" * 100) for _ in range(5)]
    assert server.until(lambda: server.metric("makima_utterances_waiting") == 5)
    for client in waiting:
        client.close()
    assert server.until(lambda: server.metric("makima_utterances_waiting") == 0, 1.5)
    assert server.metric("makima_utterances_running") == 1
    spoken.close()
    assert server.until(lambda: server.metric("makima_utterances_running") == 0, 1.5)


def test_a_client_that_has_said_all_gets_the_whole_speech(start):
    server = start("--set", "tone-frame=20", "--set", "speakers=1")
    first, second = speak(server, "x" * 20), speak(server, "y" * 5)
    for client in first, second:
        client.shutdown(socket.SHUT_WR)
    for client, frames in (first, 20), (second, 5):
        answer = rest(client)
        assert b"HTTP/1.1 200 OK" in answer and answer.endswith(b"0\r\n\r\n")
        assert len(answer) > frames * 1920 * 2


def test_whom_a_browser_asks_for_gets_the_headers_of_an_sdk(start):
    server = start("--set", "allowed-origins=*")
    names = ["authorization", "content-type", "x-stainless-lang", "x-stainless-retry-count", "x-stainless-runtime-version"]
    status, headers, _ = server.request("OPTIONS", "/v1/audio/speech", headers={
        "Origin": "https://app.example.org", "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": ",".join(names)})
    assert status == 204 and set(names) <= set(headers["access-control-allow-headers"].split(", "))


@pytest.mark.parametrize("request_line,host,wanted", [
    ("GET /health HTTP/1.1", "makima.local.", 200), ("GET /health HTTP/1.1", "localhost.:8012", 200),
    ("GET http://makima.local:8012/health HTTP/1.1", "localhost", 200),
    ("GET http://evil.example.com/health HTTP/1.1", "localhost", 421),
    ("OPTIONS * HTTP/1.1", "localhost", 204), ("OPTIONS /health HTTP/1.1", "localhost", 204),
    ("GET /health?a=%+a HTTP/1.1", "localhost", 400),
])
def test_ways_to_ask(server, request_line, host, wanted):
    client = raw(server)
    client.sendall(f"{request_line}\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
    assert rest(client).startswith(b"HTTP/1.1 %d " % wanted)


def test_what_is_refused_leaves_one_line(start):
    server = start()
    body = json.dumps({"input": "Hello.", "voice": "nobody-of-that-name"}).encode()
    assert server.request("POST", "/v1/audio/speech", body, {"content-type": "application/json"})[0] == 404
    assert server.request("GET", "/health", headers={"Host": "evil.example.com"})[0] == 421
    broken = raw(server)
    broken.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 TLS to a plain port")
    assert rest(broken).startswith(b"HTTP/1.1 400 ")
    lines = [line for line in server.log_path.read_text().splitlines() if " refused" in line]
    assert len(lines) == 3, lines
    for line, code in zip(lines, ["voice_not_found", "MISDIRECTED_REQUEST", "400"]):
        assert f"code={code}" in line and "client=127.0.0.1" in line and "door=http" in line and "reason=" in line
    assert "nobody-of-that-name" in lines[0]


def test_slow_clients_are_let_go(server):
    """Together, since each waits for its deadline."""
    head, body, silent = raw(server), raw(server), raw(server)
    began = time.monotonic()
    head.sendall(b"GET /health HTTP/1.1\r\nHost: lo")
    body.sendall(b"POST /v1/audio/speech HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n")
    open_ones = {head: b"", body: b"", silent: b""}
    while open_ones and time.monotonic() - began < 30:
        for client in list(open_ones):
            try:
                if client is not silent:
                    client.sendall(b"x")
                client.settimeout(0.3)
                more = client.recv(1000)
            except TimeoutError:
                continue
            except (BrokenPipeError, ConnectionResetError):
                more = b""
            if client is body and more:
                assert more.startswith(b"HTTP/1.1 408 ")
            if not more:
                del open_ones[client]
    assert not open_ones
    assert time.monotonic() - began > 15
