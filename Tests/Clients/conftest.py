"""A server of its own for each test module: the built program, with the engine that hums (tone)."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("MAKIMA", str(ROOT / ".build/debug/makima"))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    def __init__(self, folder, *arguments, environment=None, wait=True, program=None, port=None):
        self.port = port or free_port()
        self.log_path = Path(folder) / f"log-{self.port}"
        self.voices = Path(folder) / "voices"
        command = [*(program or [PROGRAM]), "serve", "--engine", "tone", "--host", "127.0.0.1", "--port", str(self.port)]
        # Several servers run side by side: the doors with fixed numbers are opened by their own tests.
        command += ["--set", "wyoming-port=0", "--set", "mdns=false"]
        command += ["--voices-dir", str(self.voices), "--set", f"built-in-voices={ROOT}/Voices", "--set", f"cache-dir={folder}/cache", *arguments]
        with open(self.log_path, "w") as log:
            self.process = subprocess.Popen(
                command, stdout=log, stderr=log, cwd=ROOT, env={**os.environ, **(environment or {})})
        if wait:
            self.wait_until_ready()

    def url(self, path):
        return f"http://127.0.0.1:{self.port}{path}"

    def ws(self, path="/api/v1/speak"):
        return f"ws://127.0.0.1:{self.port}{path}"

    def wait_until_ready(self, seconds=30):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise RuntimeError(self.log_path.read_text())
            try:
                if self.request("GET", "/ready")[0] == 200:
                    return
            except OSError:
                pass
            time.sleep(0.05)
        raise RuntimeError("not ready: " + self.log_path.read_text())

    def request(self, method, path, body=None, headers=None, timeout=30):
        """Status, headers, body."""
        request = urllib.request.Request(self.url(path), data=body, method=method, headers=headers or {})
        try:
            with urllib.request.urlopen(request, timeout=timeout) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read()

    def json(self, method, path, body=None, headers=None):
        status, _, content = self.request(method, path, body, headers)
        return status, json.loads(content) if content else None

    def metric(self, name):
        for line in self.request("GET", "/metrics")[2].decode().splitlines():
            if line.startswith(name + " "):
                return float(line.split()[-1])
        return 0.0

    def open_files(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def resident(self):
        fields = Path(f"/proc/{self.process.pid}/statm").read_text().split()
        return int(fields[1]) * 4096

    def threads(self):
        return len(os.listdir(f"/proc/{self.process.pid}/task"))

    def until(self, condition, seconds=10):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if condition():
                return True
            time.sleep(0.02)
        return False

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        return self.process.returncode


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("server"))
    yield server
    log = server.log_path.read_text()
    assert server.stop() == 0, log
    assert "Fatal error" not in log, log


@pytest.fixture
def start(tmp_path):
    """Starts servers with settings of a test's own."""
    started = []

    def begin(*arguments, **options):
        started.append(Server(tmp_path, *arguments, **options))
        return started[-1]

    yield begin
    for one in started:
        one.stop()


def pytest_sessionstart(session):
    if not Path(PROGRAM).exists():
        sys.exit(f"{PROGRAM} is not there: build it, or name it by MAKIMA.")
