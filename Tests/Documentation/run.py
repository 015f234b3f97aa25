#!/usr/bin/env python3
"""Runs every command that README.md and docs/ show, and follows every link.

    run.py PROGRAMS

PROGRAMS is the folder of the built programs. What is run, in a folder that holds what a fresh clone has:

- a block fenced as sh: a script, whole and as it is written, against a server of the built-in model; but for the ports,
  for which free ones are taken. It must succeed, and a sound file it names must hold sound.
- a block fenced as json: its lines are sent over /api/v1/speak, and must be answered by `complete` and no error.
- a line of any other block, or code in running text, that begins with a program's name; unless the tables below say how
  it is checked instead. One that is in no table and cannot be run fails the test.

It runs in an environment of Python that has what Tests/Clients/requirements.txt names.
"""
import asyncio
import contextlib
import itertools
import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

root = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
PROGRAMS = {"makima", "makima-quantize", "makima-bench"}
OTHERS = {"make", "swift", "sudo", "apt", "systemctl", "systemd-analyze", "journalctl", "curl", "sha256sum", "python3", "pip", "git"}

# Run on a booted machine by Tests/Appliance/run.sh, which must hold the words given here.
ON_THE_APPLIANCE = {
    r"sudo apt install \./(build/)?makima_\*(_arm64)?\.deb": "apt-get install",
    r"sudo apt update": "apt-get update",
    r"apt install": "apt-get install",
    r"apt remove makima": "apt-get remove",
    r"apt purge makima": "apt-get purge",
    r"systemctl status makima": "systemctl is-active makima",
    r"sudo systemctl restart makima": "systemctl restart makima",
    r"systemd-analyze security makima": "systemd-analyze security makima",
    r"journalctl -u makima": "journalctl -u makima",
    r"curl http://localhost:8012/health": "get /health",
    r"sha256sum -c SHA256SUMS": "sha256sum -c --quiet SHA256SUMS",
}
# Only understood, not carried out: what they would change or wait for is not for a test.
UNDERSTOOD = {
    r"makima serve(?! .*--print-config)": "serves until it is stopped; Tests/ServerTests and Tests/Clients run it",
    r"swift (build|test)\b": "made the programs that this test runs",
    r"sudo systemctl edit makima": "opens an editor",
    r"sudo (curl .*https://EXAMPLE/|apt install makima$)": "of whoever publishes; Tests/Packaging/test_apt_repository.py does",
    r"sudo (apt install haproxy|cp packaging/haproxy/|systemctl restart haproxy)": "Tests/Scale/run.py runs HAProxy with that file",
    r"makima-quantize SRC DST": "Tests/QuantizeTests quantize checkpoints of theirs",
    r"makima models pull": "needs the Internet; Tests/ModelStoreTests pull from a server of their own",
    r"makima (say|inspect|verify) .*Qwen/": "needs the released model",
    r"makima models (path|remove) Qwen/": "needs the released model",
    r"makima-bench": "takes minutes and the whole machine",
    r"makima discover": "waits for the network",
    r"makima say .*--remote": "needs a second computer",
    r"makima mcp": "talks to another program; Tests/Clients/test_mcp.py is one",
    r"makima render": "needs an appliance that keeps what it makes; Tests/Clients/test_slow.py has one",
    r"Tests/Appliance/home-assistant\.sh": "installs Home Assistant in a Debian 13 root, which takes an hour",
}

# What the examples call files of the reader's own.
STANDS_FOR = {
    "FOLDER": "Models/makima-mini", "me.wav": "Voices/makima/reference.wav", "book.txt": "Tests/Documentation/book.txt"}
# Files that scripts find beside them.
FILES = {"ada.wav": "Voices/denji/reference.wav"}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """makima serve with the built-in model, while the scripts run."""

    def __init__(self, programs, folder):
        self.ports = {"8012": str(free_port()), "10200": str(free_port())}
        self.process = subprocess.Popen(
            [f"{programs}/makima", "serve", "--host", "127.0.0.1", "--port", self.ports["8012"],
             "--set", f"wyoming-port={self.ports['10200']}", "--set", f"cache-dir={folder}/cache", "--voices-dir", f"{folder}/voices"],
            cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.monotonic() + 60
        while time.monotonic() < end and self.process.poll() is None:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.ports['8012']}/ready", timeout=5)
                return
            except OSError:
                time.sleep(0.1)
        sys.exit("makima serve is not ready")

    def on_its_ports(self, text):
        return re.sub("|".join(self.ports), lambda port: self.ports[port[0]], text)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)


def run_script(script, server, folder, environment):
    """None when it does what it should, else what is wrong."""
    answer = subprocess.run(["bash", "-euo", "pipefail", "-c", server.on_its_ports(script)], cwd=folder, env=environment,
                            capture_output=True, text=True, timeout=120)
    if answer.returncode != 0:
        return answer.stdout + answer.stderr or f"exit status {answer.returncode}"
    for name in set(re.findall(r"[\w-]+\.(?:wav|mp3|flac|opus|ogg)", script)) - set(FILES):
        if not holds_sound(f"{folder}/{name}"):
            return f"{name} holds no sound"
    return None


def holds_sound(path):
    import soundfile

    class Stream(soundfile.SoundFile):
        """Read from front to back: the header of what was streamed does not tell its length."""

        def seekable(self):
            return False

    with Stream(path) as file:
        samples = file.read(24_000)
    return len(samples) > 2400 and abs(samples).max() > 0.01


def send_messages(lines, server):
    """None when the speak session answers them by speech, else what is wrong."""
    from websockets.asyncio.client import connect

    async def flow():
        async with connect(f"ws://127.0.0.1:{server.ports['8012']}/api/v1/speak") as session:
            for line in lines.splitlines():
                await session.send(line)
            while True:
                message = await session.recv()
                kind = "sound" if isinstance(message, bytes) else json.loads(message)["type"]
                if kind in ("complete", "error"):
                    return None if kind == "complete" else message

    return asyncio.run(asyncio.wait_for(flow(), 60))


def blocks(path):
    """(line number, language, text) of every fenced block that names its language."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    for match in re.finditer(r"^```(\w+)\n(.*?)^```$", text, flags=re.S | re.M):
        yield text[:match.start()].count("\n") + 1, match[1], match[2]


def commands(path):
    """(line number, command, whether it stands in a block) of every command in a file of Markdown."""
    fence = None
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            text = line.rstrip("\n")
            if text.lstrip().startswith("```"):
                fence = text.lstrip("` ") or "plain" if fence is None else None
                continue
            if fence not in (None, "plain"):
                continue  # a script
            block = fence is not None or text.startswith("    ")
            if block:
                found = [text.strip().removeprefix("$ ")]
            else:
                found = re.findall(r"`([^`]+)`", text)
            for command in found:
                command = re.split(r"\s+#\s", command)[0]
                words = command.split()
                # In running text a lone name is a name.
                if not words or (len(words) == 1 and not block):
                    continue
                name = os.path.basename(words[0]) if words[0].startswith((".build/", "Tests/", "packaging/")) else words[0]
                if name in PROGRAMS | OTHERS or words[0].startswith((".build/", "packaging/", "Tests/")):
                    yield number, command, block


def links(path):
    with open(path, encoding="utf-8") as file:
        text = re.sub(r"```.*?```", "", file.read(), flags=re.S)
    for target in re.findall(r"\[[^\]]*\]\(([^)\s]+)\)", text):
        if not re.match(r"[a-z]+:", target):
            yield target


def execute(words, folder, environment):
    return subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, timeout=300)


def check(command, block, programs, folder, environment):
    """None when the command does what it should, else what is wrong."""
    for pattern, words in ON_THE_APPLIANCE.items():
        if re.match(pattern, command):
            with open(root + "/Tests/Appliance/run.sh", encoding="utf-8") as script:
                return None if words in script.read() else f"Tests/Appliance/run.sh does not run {words}"
    command = re.sub(r"\.build/(release|debug)/", "", command.split(" > ")[0])
    words = [STANDS_FOR.get(word, word) for word in shlex.split(command)]
    if words[0] == "sudo":
        words = words[1:]
    if words[0] == "make":
        answer = execute(["make", "-n", *words[1:]], root, os.environ)
        return None if answer.returncode == 0 else answer.stderr
    if words[0] in PROGRAMS:
        words[0] = os.path.join(programs, words[0])
        if not os.path.exists(words[0]):
            return f"{words[0]} is not built"
        if not block and all(re.fullmatch("[a-z-]+", word) for word in words[1:]):
            # The name of a command, in running text, perhaps with an option.
            options = [word for word in words[1:] if word.startswith("-")]
            names = list(itertools.takewhile(lambda word: not word.startswith("-"), words[1:]))
            answer = execute(words[:1] + names + ["--help"], folder, os.environ)
            is_known = all(word in answer.stdout for word in [" ".join(names), *options])
            return None if answer.returncode == 0 and is_known else answer.stderr or "no such command"
        if any(re.match(pattern, command) for pattern in UNDERSTOOD):
            # Options that do not exist are refused before anything is done; --help stops the rest.
            answer = execute(words + ["--help"], folder, os.environ)
            unknown = [w for w in words[1:] if w.startswith("--") and w.split("=")[0] not in answer.stdout]
            return f"no option {unknown}" if unknown else None if answer.returncode == 0 else answer.stderr
        answer = execute(words, folder, environment)
        return None if answer.returncode == 0 else answer.stdout + answer.stderr
    if any(re.match(pattern, command) for pattern in UNDERSTOOD):
        return None
    return "it is in no table of Tests/Documentation/run.py"


def environment_of(programs, folder):
    """That of the programs, of this Python, and of a sound card that takes everything and is silent."""
    with open(f"{folder}/silent.conf", "w", encoding="utf-8") as silent:
        silent.write("pcm.!default { type null }\n")
    return {
        **os.environ, "PATH": f"{os.path.dirname(sys.executable)}:{programs}:{os.environ['PATH']}",
        "XDG_DATA_HOME": folder, "MAKIMA_MODELS_DIR": folder, "ALSA_CONFIG_PATH": f"{folder}/silent.conf"}


def main():
    programs = os.path.realpath(sys.argv[1])
    pages = [root + "/README.md"] + sorted(
        os.path.join(folder, name)
        for folder, _, names in os.walk(root + "/docs") for name in names if name.endswith(".md"))
    seen, scripts, failures, linked = {}, 0, 0, set()
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as cleanup:
        # What the commands of a fresh clone find beside them.
        for name in ("Models", "Voices", "Tests", "Training"):
            os.symlink(f"{root}/{name}", f"{folder}/{name}")
        for name, source in FILES.items():
            os.symlink(f"{root}/{source}", f"{folder}/{name}")
        environment = environment_of(programs, folder)
        server = Server(programs, folder)
        cleanup.callback(server.stop)

        def report(page, number, what, fault):
            nonlocal failures
            if fault is not None:
                failures += 1
                print(f"{os.path.relpath(page, root)}:{number}: {what}\n    {fault.strip()[-600:]}")

        for page in pages:
            for number, language, text in blocks(page):
                scripts += 1
                run = {"sh": lambda: run_script(text, server, folder, environment), "json": lambda: send_messages(text, server)}
                report(page, number, f"the block of {language}", run[language]() if language in run else "neither sh nor json")
            for number, command, block in commands(page):
                if (command, block) not in seen:
                    seen[command, block] = check(command, block, programs, folder, environment)
                report(page, number, command, seen[command, block])
            for target in links(page):
                file = os.path.normpath(os.path.join(os.path.dirname(page), target.split("#")[0])) if target[0] != "#" else page
                linked.add(file)
                if not os.path.exists(file):
                    report(page, 1, f"the link {target}", "leads nowhere")
    for page in pages[1:]:
        if page not in linked:
            failures += 1
            print(f"{os.path.relpath(page, root)}: no page links to it")
    print(f"{len(seen)} commands and {scripts} scripts in {len(pages)} pages, {failures} failed")
    sys.exit(failures > 0 or not seen)


if __name__ == "__main__":
    main()
