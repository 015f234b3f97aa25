#!/usr/bin/env python3
"""Runs every command that README.md and docs/ show, and follows every link.

    run.py PROGRAMS

PROGRAMS is the folder of the built programs. A command is a line of a code block, or code in running text, that begins
with a program's name. It is run as it stands, in a copy of what it needs, unless the tables below say how it is checked
instead; a command that is in no table and cannot be run fails the test.
"""
import os
import re
import shlex
import subprocess
import sys
import tempfile

root = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
PROGRAMS = {"makima", "makima-quantize", "makima-bench"}
OTHERS = {"make", "swift", "sudo", "apt", "systemctl", "systemd-analyze", "journalctl", "curl", "sha256sum", "python3", "pip", "git"}

# Run on a booted machine by Tests/Appliance/run.sh, which must hold the words given here.
ON_THE_APPLIANCE = {
    r"sudo apt install \./build/makima_\*\.deb": "apt-get install",
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
    r"makima models pull": "needs the Internet; Tests/ModelStoreTests pull from a server of their own",
    r"makima (say|inspect|verify) .*Qwen/": "needs the released model",
    r"makima models (path|remove) Qwen/": "needs the released model",
    r"makima-bench": "takes minutes and the whole machine",
    r"curl -F audio=": "Tests/Clients upload voices to a server of their own",
    r"makima discover": "waits for the network",
    r"makima say .*--remote": "needs a second computer",
}

# What the examples call files of the reader's own.
STANDS_FOR = {"FOLDER": "Models/makima-mini", "me.wav": "Voices/makima/reference.wav"}


def commands(path):
    """(line number, command, whether it stands in a block) of every command in a file of Markdown."""
    fenced = False
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            text = line.rstrip("\n")
            if text.lstrip().startswith("```"):
                fenced = not fenced
                continue
            block = fenced or text.startswith("    ")
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


def check(command, block, programs, folder):
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
            # The name of a command, in running text.
            answer = execute(words + ["--help"], folder, os.environ)
            return None if answer.returncode == 0 and " ".join(words[1:]) in answer.stdout else answer.stderr or "no such command"
        if any(re.match(pattern, command) for pattern in UNDERSTOOD):
            # Options that do not exist are refused before anything is done; --help stops the rest.
            answer = execute(words + ["--help"], folder, os.environ)
            unknown = [w for w in words[1:] if w.startswith("--") and w.split("=")[0] not in answer.stdout]
            return f"no option {unknown}" if unknown else None if answer.returncode == 0 else answer.stderr
        # A sound card that takes everything and is silent.
        with open(f"{folder}/silent.conf", "w", encoding="utf-8") as silent:
            silent.write("pcm.!default { type null }\n")
        environment = {**os.environ, "XDG_DATA_HOME": folder, "MAKIMA_MODELS_DIR": folder,
                       "ALSA_CONFIG_PATH": f"{folder}/silent.conf"}
        answer = execute(words, folder, environment)
        return None if answer.returncode == 0 else answer.stdout + answer.stderr
    if any(re.match(pattern, command) for pattern in UNDERSTOOD):
        return None
    return "it is in no table of Tests/Documentation/run.py"


def main():
    programs = os.path.realpath(sys.argv[1])
    pages = [root + "/README.md"] + sorted(
        os.path.join(folder, name)
        for folder, _, names in os.walk(root + "/docs") for name in names if name.endswith(".md"))
    seen, failures, linked = {}, 0, set()
    with tempfile.TemporaryDirectory() as folder:
        # What the commands of a fresh clone find beside them.
        for name in ("Models", "Voices", "Tests", "Training"):
            os.symlink(f"{root}/{name}", f"{folder}/{name}")
        for page in pages:
            shown = os.path.relpath(page, root)
            for number, command, block in commands(page):
                if (command, block) not in seen:
                    seen[command, block] = check(command, block, programs, folder)
                fault = seen[command, block]
                if fault is not None:
                    failures += 1
                    print(f"{shown}:{number}: {command}\n    {fault.strip()[-600:]}")
            for target in links(page):
                file = os.path.normpath(os.path.join(os.path.dirname(page), target.split("#")[0])) if target[0] != "#" else page
                linked.add(file)
                if not os.path.exists(file):
                    failures += 1
                    print(f"{shown}: the link {target} leads nowhere")
    for page in pages[1:]:
        if page not in linked:
            failures += 1
            print(f"{os.path.relpath(page, root)}: no page links to it")
    print(f"{len(seen)} commands in {len(pages)} pages, {failures} failed")
    sys.exit(failures > 0 or not seen)


if __name__ == "__main__":
    main()
