"""Bytes from a hostile client: frames that break the protocol, floods, noise. The server answers, closes, and serves on."""

import base64
import json
import os
import random
import socket
import struct

import pytest

from conftest import free_port

SEEDS = range(int(os.environ.get("FUZZ_ROUNDS", "40")))


class Raw:
    """A WebSocket client that does what it is told."""

    def __init__(self, server, path="/api/v1/speak"):
        self.socket = socket.create_connection(("127.0.0.1", server.port))
        self.socket.settimeout(5)
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(
            f"GET {path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode())
        head = b""
        while b"\r\n\r\n" not in head:
            head += self.socket.recv(1)
        assert b" 101 " in head

    def send(self, opcode, data=b"", fin=True, mask=True, reserved=0, length=None):
        size = len(data) if length is None else length
        head = bytes([fin << 7 | reserved << 4 | opcode])
        bit = 0x80 if mask else 0
        if size < 126:
            head += bytes([bit | size])
        elif size < 65536:
            head += bytes([bit | 126]) + struct.pack(">H", size)
        else:
            head += bytes([bit | 127]) + struct.pack(">Q", size)
        if mask:
            key = os.urandom(4)
            data = bytes(b ^ key[i % 4] for i, b in enumerate(data))
            head += key
        self.socket.sendall(head + data)

    def exactly(self, count):
        data = b""
        while len(data) < count:
            more = self.socket.recv(count - len(data))
            if not more:
                raise EOFError
            data += more
        return data

    def frame(self):
        first, second = self.exactly(2)
        size = second & 127
        if size == 126:
            size = struct.unpack(">H", self.exactly(2))[0]
        elif size == 127:
            size = struct.unpack(">Q", self.exactly(8))[0]
        return first & 15, self.exactly(size)

    def close_code(self):
        """The code the server closes with; None when it just goes."""
        try:
            while True:
                opcode, data = self.frame()
                if opcode == 8:
                    return struct.unpack(">H", data[:2])[0] if len(data) >= 2 else None
        except (EOFError, ConnectionResetError):
            return None


def message(**fields):
    return json.dumps(fields).encode()


@pytest.mark.parametrize("code,frames", [
    (1002, [dict(opcode=1, data=b"{}", mask=False)]),
    (1002, [dict(opcode=1, data=b"{}", reserved=4)]),
    (1002, [dict(opcode=3, data=b"{}")]),
    (1002, [dict(opcode=11, data=b"{}")]),
    (1002, [dict(opcode=0, data=b"{}")]),
    (1002, [dict(opcode=1, data=b"{", fin=False), dict(opcode=1, data=b"}")]),
    (1002, [dict(opcode=9, data=b"x" * 126)]),
    (1002, [dict(opcode=9, data=b"x", fin=False)]),
    (1002, [dict(opcode=8, data=b"x")]),
    (1002, [dict(opcode=8, data=struct.pack(">H", 1005))]),
    (1007, [dict(opcode=1, data=b"\xff\xfe")]),
    (1007, [dict(opcode=1, data=b"\xe2\x82", fin=False), dict(opcode=0, data=b"\x20")]),
    (1007, [dict(opcode=8, data=struct.pack(">H", 1000) + b"\xff")]),
    (1009, [dict(opcode=1, data=b"", length=1 << 40)]),
    (1009, [dict(opcode=2, data=b"", length=(1 << 63) - 1)]),
    (1009, [dict(opcode=1, data=b"", length=1 << 63)]),
    (1009, [dict(opcode=1, data=b"", length=(1 << 64) - 1)]),
    (1008, [dict(opcode=1, data=b"{", fin=False)] + [dict(opcode=0, data=b"", fin=False)] * 300),
    (1009, [dict(opcode=1, data=b"{", fin=False)] + [dict(opcode=0, data=b"x" * 10_000, fin=False)] * 120),
    (1009, [dict(opcode=2, data=b"x" * 700_000, fin=False), dict(opcode=0, data=b"x" * 700_000)]),
    (1008, [dict(opcode=9, data=b"p")] * 300),
])
def test_broken_frames_close_with_their_code(server, code, frames):
    raw = Raw(server)
    try:
        for frame in frames:
            raw.send(**frame)
    except (BrokenPipeError, ConnectionResetError):
        pass
    assert raw.close_code() == code
    raw.socket.close()
    assert server.until(lambda: server.metric("makima_sessions") == 0)


def test_a_message_in_many_fragments_with_pings_between(server):
    raw = Raw(server)
    text = message(type="speak", text="ab")
    for index, byte in enumerate(text):
        raw.send(1 if index == 0 else 0, bytes([byte]), fin=index == len(text) - 1)
        if index % 10 == 0:
            raw.send(9, b"are you there")
    kinds = []
    while True:
        opcode, data = raw.frame()
        kinds.append(opcode)
        if opcode == 1 and json.loads(data)["type"] == "complete":
            break
    assert 10 in kinds and 2 in kinds
    raw.socket.close()


@pytest.mark.parametrize("seed", SEEDS)
def test_random_frames(server, seed):
    """Good and bad messages and frames in any order: an answer or a close, never the end of the server."""
    chance = random.Random(seed)
    good = [
        message(type="start", sampleRate=chance.choice([8000, 24000, 48000]), transport=chance.choice(["binary", "json"])),
        message(type="speak", text="x" * chance.randrange(1, 50), priority=chance.choice(["high", "normal"])),
        message(type="speak", text="x" * 5, append=True), message(type="speak", text="", flush=True),
        message(type="cancel"), message(type="played", ms=5), message(type="start", voice="nobody"), message(type="stop"),
        message(type="hello", contractId="c", minSpeechMs=0), message(type="speech_started"), message(type="final", text="stop"),
    ]
    raw = Raw(server, chance.choice(["/api/v1/speak", "/api/v1/listen", "/v1/realtime"]))
    try:
        for _ in range(chance.randrange(1, 40)):
            kind = chance.random()
            if kind < 0.7:
                data = bytearray(chance.choice(good[:-4] if chance.random() < 0.7 else good))
                if chance.random() < 0.3:
                    data[chance.randrange(len(data))] = chance.randrange(256)
                raw.send(1, bytes(data))
            elif kind < 0.8:
                raw.send(chance.randrange(16), os.urandom(chance.randrange(200)), fin=chance.random() < 0.8)
            elif kind < 0.9:
                raw.send(9, os.urandom(chance.randrange(126)))
            elif kind < 0.95:
                raw.socket.sendall(os.urandom(chance.randrange(1, 300)))
            else:
                raw.send(2, os.urandom(50))
            if chance.random() < 0.2:
                raw.socket.setblocking(False)
                try:
                    raw.socket.recv(100_000)
                except BlockingIOError:
                    pass
                raw.socket.setblocking(True)
                raw.socket.settimeout(5)
    except (BrokenPipeError, ConnectionResetError):
        pass
    raw.socket.close()
    assert server.process.poll() is None


@pytest.mark.parametrize("seed", SEEDS)
def test_random_requests(server, seed):
    chance = random.Random(seed)
    good = (b"GET /api/v1/voices?x=%20 HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n\r\n"
            b"POST /api/v1/voices HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=b\r\n"
            b"Content-Length: 80\r\n\r\n--b\r\nContent-Disposition: form-data; name=\"audio\"\r\n\r\nRIFF\r\n--b--\r\n")
    data = bytearray(good)
    for _ in range(chance.randrange(0, 8)):
        where = chance.randrange(len(data))
        if chance.random() < 0.5:
            data[where] = chance.randrange(256)
        else:
            data[where:where] = chance.choice([b"\r\n", b"\0", b"Transfer-Encoding: chunked\r\n", b"x" * 9000, b"%", b"-1"])
    raw = socket.create_connection(("127.0.0.1", server.port))
    try:
        raw.sendall(bytes(data))
        raw.shutdown(socket.SHUT_WR)
        raw.settimeout(5)
        while raw.recv(10_000):
            pass
    except OSError:
        pass
    raw.close()
    assert server.process.poll() is None


def test_afterwards_nothing_is_left(server):
    """Runs last: no session, no utterance, no connection."""
    assert server.until(lambda: server.metric("makima_sessions") == 0)
    assert server.until(lambda: server.metric("makima_utterances_running") == 0)
    assert server.json("GET", "/health") == (200, {"status": "ok"})
    files = server.open_files()
    for _ in range(30):
        Raw(server).socket.close()
    assert server.until(lambda: server.open_files() <= files + 2)


def test_more_connections_than_allowed_are_closed_at_once(start):
    wyoming = free_port()
    server = start("--set", "connections=4", "--set", f"wyoming-port={wyoming}")
    for port in [server.port, wyoming]:
        held = []

        def is_closed_at_once():
            """Opens one more; it is held unless the server closes it."""
            one = socket.create_connection(("127.0.0.1", port))
            one.settimeout(0.3)
            try:
                closed = one.recv(1) == b""
            except TimeoutError:
                closed = False
            except ConnectionResetError:
                closed = True
            held.append(one)
            return closed

        # Those of earlier requests may still be closing.
        assert server.until(is_closed_at_once)
        assert len(held) <= 5
        for one in held:
            one.close()
        assert server.until(lambda: not is_closed_at_once())
        for one in held:
            one.close()
    assert server.until(lambda: answers(server))


def answers(server):
    try:
        return server.request("GET", "/health")[0] == 200
    except OSError:
        return False
