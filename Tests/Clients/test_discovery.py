"""Announced over mDNS by a real Avahi daemon, found by avahi-browse and by makima discover."""

import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
from conftest import PROGRAM, ROOT, free_port

TOOLS = [shutil.which(name, path="/usr/sbin:/usr/bin") for name in ["avahi-daemon", "avahi-browse", "dbus-daemon"]]
pytestmark = pytest.mark.skipif(
    not all(TOOLS) or os.geteuid() != 0, reason="needs root, avahi-daemon, avahi-utils and dbus")
KINDS = ["_http._tcp", "_makima._tcp", "_wyoming._tcp"]

DAEMON = """[server]
host-name=makima-test
use-ipv4=yes
use-ipv6=no
allow-interfaces=lo
enable-dbus=yes
disallow-other-stacks=no
[publish]
publish-hinfo=no
publish-workstation=no
[rlimits]
"""


class Daemon:
    """An Avahi daemon that speaks on the loopback interface alone."""

    def __init__(self, folder):
        self.configuration = Path(folder) / "avahi.conf"
        self.configuration.write_text(DAEMON)
        self.process = None

    def start(self):
        Path("/run/avahi-daemon/pid").unlink(missing_ok=True)
        self.process = subprocess.Popen(
            [TOOLS[0], "-f", str(self.configuration), "--no-drop-root", "--no-chroot", "--no-rlimits"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.monotonic() + 15
        while time.monotonic() < end and subprocess.run([TOOLS[1], "-t", "-p", "_none._tcp"],
                                                        capture_output=True).returncode != 0:
            time.sleep(0.2)

    def stop(self):
        if self.process:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(10)
        self.process = None


@pytest.fixture(scope="module")
def bus():
    """The system's message bus; one of our own when none runs."""
    if subprocess.run(["dbus-send", "--system", "--dest=org.freedesktop.DBus", "/", "org.freedesktop.DBus.ListNames"],
                      capture_output=True).returncode == 0:
        yield
        return
    Path("/run/dbus").mkdir(parents=True, exist_ok=True)
    Path("/run/dbus/pid").unlink(missing_ok=True)
    out = subprocess.run([TOOLS[2], "--system", "--fork", "--print-pid"], capture_output=True, text=True, check=True)
    yield
    os.kill(int(out.stdout), signal.SIGTERM)


@pytest.fixture
def daemon(bus, tmp_path):
    daemon = Daemon(tmp_path)
    daemon.start()
    yield daemon
    daemon.stop()


def seen(kind):
    """Name, port and TXT of what answers."""
    out = subprocess.run([TOOLS[1], "-rtp", kind], capture_output=True, text=True, timeout=20).stdout
    rows = [line.split(";") for line in out.splitlines() if line.startswith("=")]
    return {row[3].replace("\\032", " "): (int(row[8]), row[9]) for row in rows}


def until(condition, seconds=20):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.2)
    return False


def begin(start, *arguments, **options):
    port = free_port()
    return start("--host", "0.0.0.0", "--set", f"wyoming-port={port}", "--set", "mdns=true", *arguments, **options), port


def discover(*arguments):
    return subprocess.run([PROGRAM, "discover", *arguments], capture_output=True, text=True, cwd=ROOT, timeout=30)


def test_three_services_appear_and_vanish(daemon, start):
    server, wyoming = begin(start)
    assert until(lambda: all(seen(kind) for kind in KINDS))
    ports = {kind: list(seen(kind).values())[0][0] for kind in KINDS}
    assert ports == {"_http._tcp": server.port, "_makima._tcp": server.port, "_wyoming._tcp": wyoming}
    text = list(seen("_makima._tcp").values())[0][1]
    for field in ["txtvers=1", "path=/api/v1/speak", "model=tone", "quant=f32", "auth=0"]:
        assert f'"{field}"' in text
    assert server.stop() == 0
    assert until(lambda: not any(seen(kind) for kind in KINDS))


def test_names_stay_apart(daemon, start):
    begin(start)
    assert until(lambda: len(seen("_makima._tcp")) == 1)
    begin(start)
    assert until(lambda: len(seen("_makima._tcp")) == 2), seen("_makima._tcp")


def test_it_is_announced_when_the_daemon_comes_and_comes_back(bus, start, tmp_path):
    daemon = Daemon(tmp_path)
    server, _ = begin(start)
    try:
        daemon.start()
        assert until(lambda: seen("_makima._tcp"), 30)
        daemon.stop()
        time.sleep(1)
        daemon.start()
        assert until(lambda: seen("_makima._tcp"), 30)
    finally:
        daemon.stop()
    assert server.log_path.read_text().count("not announced") <= 1


def test_discover_lists_them(daemon, start):
    server, _ = begin(start)
    assert until(lambda: seen("_makima._tcp"))
    found = json.loads(discover("--json").stdout)
    assert [(one["port"], one["details"]["model"]) for one in found] == [(server.port, "tone")]
    told = discover()
    assert told.returncode == 0 and f":{server.port}" in told.stdout and "tone" in told.stdout


def test_discover_says_when_there_is_none(daemon):
    told = discover("--wait", "1")
    assert told.returncode == 1 and "No appliance answers" in told.stdout


def test_discover_without_a_daemon_says_what_to_do(bus):
    told = discover("--wait", "1")
    assert told.returncode == 1 and "avahi-daemon" in told.stderr


def test_remote_plays_what_the_server_sends(daemon, start, tmp_path):
    server, _ = begin(start)
    assert until(lambda: seen("_makima._tcp"))
    raw = tmp_path / "played.raw"
    (tmp_path / "alsa.conf").write_text(
        f'pcm.!default {{ type file slave.pcm {{ type null }} file "{raw}" format raw }}\n')
    environment = {**os.environ, "ALSA_CONFIG_PATH": str(tmp_path / "alsa.conf")}
    text = "From another room."
    subprocess.run([PROGRAM, "say", "--remote", "first", text], check=True, cwd=ROOT, env=environment, timeout=60)
    body = json.dumps({"input": text, "response_format": "pcm"}).encode()
    sent = server.request("POST", "/v1/audio/speech", body, {"content-type": "application/json"})[2]
    heard = raw.read_bytes()
    assert len(sent) == len(text) * 1920 * 2
    assert heard[:len(sent)] == sent and not any(heard[len(sent):])
