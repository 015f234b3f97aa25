"""The program where the system is not what it expects: no /proc, files written by other editors."""

import os
import subprocess
from pathlib import Path

import pytest
from conftest import PROGRAM, ROOT


QUANTIZER = str(Path(PROGRAM).with_name("makima-quantize"))


def makima(*arguments, program=PROGRAM):
    return subprocess.run([program, *arguments], capture_output=True, text=True, cwd=ROOT, timeout=60)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to hide /proc")
def test_a_root_without_proc_keeps_the_arguments():
    def hidden(*arguments, program=PROGRAM):
        script = 'mount -t tmpfs none /proc && exec "$0" "$@"'
        return subprocess.run(
            ["unshare", "--mount", "sh", "-c", script, program, *arguments], capture_output=True, text=True, cwd=ROOT, timeout=60)

    if subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode != 0:
        pytest.skip("no mount namespaces here")
    assert hidden("--version").stdout == makima("--version").stdout != ""
    assert hidden("sing").returncode == 2
    assert hidden("models", "list").stdout == makima("models", "list").stdout
    assert hidden("nowhere", program=QUANTIZER).stderr == makima("nowhere", program=QUANTIZER).stderr != ""
    assert "DST" in makima("nowhere", program=QUANTIZER).stderr


def test_a_settings_file_may_begin_with_a_mark(tmp_path):
    path = tmp_path / "makima.toml"
    path.write_bytes(b"\xef\xbb\xbfport = 1234\r\n")
    told = makima("serve", "--print-config", "--config", str(path))
    assert told.returncode == 0 and "port = 1234" in told.stdout


@pytest.mark.parametrize("kind,words", [
    ("missing", "There is no settings file"), ("folder", "is a folder"), ("binary", "is no text in UTF-8"),
])
def test_a_settings_file_that_cannot_be_is_named(tmp_path, kind, words):
    path = tmp_path / "makima.toml"
    if kind == "folder":
        path.mkdir()
    elif kind == "binary":
        path.write_bytes(b"\xff\xfe\0")
    told = makima("serve", "--print-config", "--config", str(path))
    assert told.returncode != 0 and words in told.stderr and str(path) in told.stderr


def test_a_proxy_that_is_none_is_a_sentence(tmp_path):
    environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    told = subprocess.run(
        [PROGRAM, "models", "pull", "Qwen/Nothing", "--store", str(tmp_path)], capture_output=True, text=True, timeout=60,
        env={**environment, "HTTPS_PROXY": "ftp://nowhere"})
    assert told.returncode == 1 and told.stderr.startswith("Error: HTTPS_PROXY names no proxy")
