"""The add-on's folder as Home Assistant's Supervisor reads it, and its start with stand-ins for the Supervisor and the program."""

import http.server
import json
import os
import re
import socket
import struct
import subprocess
import threading
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "packaging/home-assistant-addon"

REQUIRED = {"name", "version", "slug", "description", "arch"}
# What each optional key that is used may hold.
TYPES = {
    "startup": lambda value: value in {"initialize", "system", "services", "application", "once"},
    "boot": lambda value: value in {"auto", "manual", "manual_only"},
    "init": lambda value: isinstance(value, bool),
    "discovery": lambda value: value == ["wyoming"],
    "ports": lambda value: all(re.fullmatch(r"\d+/(tcp|udp)", port) and (at is None or 0 < at < 65536) for port, at in value.items()),
    "ports_description": lambda value: all(isinstance(text, str) for text in value.values()),
    "webui": lambda value: re.match(r"https?://\[HOST\]:\[PORT:\d+\]", value),
    "watchdog": lambda value: re.match(r"(https?|tcp)://\[HOST\]:\[PORT:\d+\]", value),
    "backup_exclude": lambda value: all(isinstance(pattern, str) for pattern in value),
    "options": lambda value: isinstance(value, dict),
    "schema": lambda value: all(ELEMENT.fullmatch(kind) for kind in value.values()),
}
NUMBERS = r"(\([\d.]*,[\d.]*\))?"
ELEMENT = re.compile(rf"(bool|email|url|port|str{NUMBERS}|password{NUMBERS}|int{NUMBERS}|float{NUMBERS}|match\(.*\)|list\(.+\))\??")


def read(name):
    return yaml.safe_load((FOLDER / name).read_text())


@pytest.fixture(scope="module")
def config():
    return read("config.yaml")


def test_every_key_is_one_that_the_supervisor_knows(config):
    assert REQUIRED <= config.keys() <= REQUIRED | TYPES.keys()
    assert all(isinstance(config[key], str) and config[key] for key in REQUIRED - {"arch"})
    assert set(config["arch"]) <= {"aarch64", "amd64"} and re.fullmatch("[a-z0-9_-]+", config["slug"])
    wrong = [key for key, fits in TYPES.items() if key in config and not fits(config[key])]
    assert not wrong


def test_the_defaults_are_of_their_kinds(config):
    for name, kind in config["schema"].items():
        assert kind.endswith("?") == (name not in config["options"]), name
        default = config["options"].get(name)
        if kind.startswith("match("):
            assert re.match(kind[6:-1], default), name
        elif kind.startswith("float("):
            low, high = map(float, kind[6:-1].split(","))
            assert low <= default <= high, name


def test_every_option_and_port_is_explained(config):
    texts = read("translations/en.yaml")
    assert texts["configuration"].keys() == config["schema"].keys()
    assert all(set(text) == {"name", "description"} for text in texts["configuration"].values())
    assert texts["network"].keys() == config["ports"].keys() == config["ports_description"].keys()
    documented = (FOLDER / "DOCS.md").read_text()
    assert all(f"`{name}`" in documented for name in config["schema"])


def test_its_version_is_the_programs(config):
    stated = re.search(r'version = "(.+)"', (ROOT / "Sources/makima/Version.swift").read_text())[1]
    assert config["version"] == stated and f"## {stated}" in (FOLDER / "CHANGELOG.md").read_text()


@pytest.mark.parametrize("name, size", [("icon.png", (128, 128)), ("logo.png", (250, 100))])
def test_pictures_have_their_sizes(name, size):
    head = (FOLDER / name).read_bytes()[:24]
    assert head[:8] == b"\x89PNG\r\n\x1a\n" and struct.unpack(">II", head[16:]) == size


def test_ports_are_those_the_program_opens(config):
    settings = (ROOT / "Sources/Server/ServerConfiguration.swift").read_text()
    opened = {re.search(rf"var {name} = ([\d_]+)", settings)[1].replace("_", "") for name in ("port", "wyomingPort")}
    assert {port.split("/")[0] for port in config["ports"]} == opened


class Supervisor(http.server.ThreadingHTTPServer):
    """Keeps what it is asked."""

    def __init__(self):
        self.asked = []
        self.hasCome = threading.Event()
        super().__init__(("127.0.0.1", 0), Supervisor.Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            self.server.asked.append((self.path, self.headers["authorization"], body))
            self.send_response(200)
            self.end_headers()
            self.server.hasCome.set()

        def log_message(self, *_):
            pass


@pytest.mark.parametrize("model", [None, "Qwen/Qwen3-TTS-12Hz-0.6B-Base"])
def test_it_starts_the_program_and_tells_home_assistant(tmp_path, model):
    for name in ("data", "bin"):
        (tmp_path / name).mkdir()
    options = {"voice": "power", "language": "auto", "speed": 1.5} | ({"model": model} if model else {})
    (tmp_path / "data/options.json").write_text(json.dumps(options))
    for name, does in {"chown": "true", "makima": "true", "setpriv": f'printf "%s\\n" "$MAKIMA_MODELS_DIR" "$@" > {tmp_path}/said'}.items():
        (tmp_path / "bin" / name).write_text(f"#!/bin/sh\n{does}\n")
        (tmp_path / "bin" / name).chmod(0o755)
    supervisor, door = Supervisor(), socket.create_server(("127.0.0.1", 0))
    # The door is another one here, since Wyoming's may be in use.
    script = tmp_path / "run.sh"
    script.write_text((FOLDER / "run.sh").read_text().replace("/dev/tcp/127.0.0.1/10200", f"/dev/tcp/127.0.0.1/{door.getsockname()[1]}"))
    process = subprocess.Popen(["bash", script], env={
        **os.environ, "PATH": f"{tmp_path}/bin:{os.environ['PATH']}", "DATA": f"{tmp_path}/data", "SUPERVISOR_TOKEN": "secret",
        "SUPERVISOR": f"http://127.0.0.1:{supervisor.server_port}"})
    assert process.wait(60) == 0
    assert supervisor.hasCome.wait(60)
    door.close()
    supervisor.shutdown()
    uri = f"tcp://{socket.gethostname()}:10200"
    assert supervisor.asked == [("/discovery", "Bearer secret", {"service": "wyoming", "config": {"uri": uri}})]
    models, *words = (tmp_path / "said").read_text().splitlines()
    assert models == f"{tmp_path}/data/models" and words[:7] == ["--reuid", "makima", "--regid", "makima", "--clear-groups", "makima", "serve"]
    assert {"default-voice=power", "default-language=auto", "speed=1.5", "mdns=false"} <= set(words)
    assert (words[-2:] == ["--model", model]) == bool(model)
