#!/usr/bin/env python3
"""A WebSocket client written from the protocol, with nothing but the standard library.

    speak.py HOST PORT TEXT [VOICE]

Speaks TEXT over /api/v1/speak and prints one line of JSON: seconds to the first audio, seconds of audio, its loudness.
Exit status 1 unless sound came and the server said `complete`.
"""
import array
import base64
import json
import math
import os
import socket
import struct
import sys
import time


class WebSocket:
    def __init__(self, host, port, path):
        self.socket = socket.create_connection((host, port), timeout=60)
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall((
            f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n").encode())
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            byte = self.socket.recv(1)
            if not byte:
                raise SystemExit(f"hung up during the handshake: {head!r}")
            head += byte
        if b" 101 " not in head.split(b"\r\n")[0]:
            raise SystemExit(f"no upgrade: {head!r}")

    def send(self, message):
        payload = json.dumps(message).encode()
        mask = os.urandom(4)
        length = bytes([0x80 | len(payload)]) if len(payload) < 126 else struct.pack("!BH", 0x80 | 126, len(payload))
        self.socket.sendall(b"\x81" + length + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(payload)))

    def exactly(self, count):
        data = b""
        while len(data) < count:
            part = self.socket.recv(count - len(data))
            if not part:
                raise SystemExit("the connection ended early")
            data += part
        return data

    def receive(self):
        """The next whole message: (opcode, payload)."""
        opcode, message = None, b""
        while True:
            first, second = self.exactly(2)
            length = second & 127
            if length == 126:
                length, = struct.unpack("!H", self.exactly(2))
            elif length == 127:
                length, = struct.unpack("!Q", self.exactly(8))
            payload = self.exactly(length)
            if first & 15 >= 8:
                if first & 15 == 8:
                    return 8, payload
                continue
            opcode = opcode or first & 15
            message += payload
            if first & 128:
                return opcode, message


def main():
    host, port, text = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    client = WebSocket(host, port, "/api/v1/speak")
    client.send({"type": "start", "sampleRate": 24000, "encoding": "pcm16", **({"voice": sys.argv[4]} if len(sys.argv) > 4 else {})})
    start = time.monotonic()
    # A server that is still loading says so and may be asked again.
    client.send({"type": "speak", "text": text})
    sound, first, seen = b"", None, []
    while time.monotonic() - start < 120:
        opcode, payload = client.receive()
        if opcode == 2:
            first = first or time.monotonic() - start
            sound += payload
            continue
        if opcode == 8:
            break
        message = json.loads(payload)
        seen.append(message["type"])
        if message["type"] == "error":
            if message.get("code") != "MODEL_LOADING":
                raise SystemExit(f"error: {payload.decode()}")
            time.sleep(0.5)
            client.send({"type": "speak", "text": text})
        if message["type"] == "complete":
            client.send({"type": "stop"})
            break
    samples = array.array("h", sound[: len(sound) // 2 * 2])
    loudness = math.sqrt(sum(s * s for s in samples) / max(1, len(samples))) / 32768
    seconds = len(samples) / 24000
    print(json.dumps({"firstAudioSeconds": round(first or -1, 3), "seconds": round(seconds, 2), "rms": round(loudness, 4),
                      "messages": seen}))
    if "complete" not in seen or seconds < 0.5 or loudness < 0.002:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
