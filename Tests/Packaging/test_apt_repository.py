"""packaging/apt-repository.sh with a key made for a test and packages that hold a sentence: apt itself installs from it, or refuses."""

import contextlib
import functools
import http.server
import os
import shutil
import subprocess
import threading
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "packaging/apt-repository.sh"
VERSION = "1.2.3"
# 2030: later than any key that a test makes, so that it may sign.
EPOCH = "1893456000"
ADDRESS = "https://makima.example/apt"


def run(*command, check=True, **environment):
    answer = subprocess.run([str(word) for word in command], capture_output=True, text=True, env={**os.environ, **environment})
    assert not check or answer.returncode == 0, answer.stdout + answer.stderr
    return answer


def make_package(folder, architecture, version=VERSION, name="makima"):
    source = folder / f"source-{architecture}-{version}"
    (source / "DEBIAN").mkdir(parents=True)
    (source / "DEBIAN/control").write_text(
        f"Package: {name}\nVersion: {version}\nArchitecture: {architecture}\nMaintainer: A <a@makima.example>\nDescription: says it\n")
    (source / "said").write_text(f"good morning from {architecture}\n")
    package = folder / "packages" / f"makima_{version}_{architecture}.deb"
    package.parent.mkdir(exist_ok=True)
    run("dpkg-deb", "--root-owner-group", "--build", source, package)
    return package


def make_key(folder):
    """A file that holds a new secret key."""
    home = folder / "gnupg"
    home.mkdir(parents=True, mode=0o700)
    run("gpg", "--batch", "--passphrase", "", "--quick-generate-key", "maker@makima.example", "ed25519", "sign", "never", GNUPGHOME=str(home))
    key = folder / "key.gpg"
    run("gpg", "--batch", "--output", key, "--export-secret-keys", GNUPGHOME=str(home))
    run("gpgconf", "--kill", "gpg-agent", GNUPGHOME=str(home))
    return key


@contextlib.contextmanager
def served(folder):
    """The address at which a folder is served."""
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class Machine:
    """apt with lists, packages and keys of its own in a folder, for one architecture; it needs no root."""

    def __init__(self, folder, repository, architecture="amd64"):
        self.folder = folder
        for name in ("etc/apt/sources.list.d", "etc/apt/preferences.d", "etc/apt/apt.conf.d", "etc/apt/keyrings", "state/lists/partial",
                     "cache/archives/partial", "got"):
            (folder / name).mkdir(parents=True)
        (folder / "status").write_text("")
        keyring = folder / "etc/apt/keyrings/makima.gpg"
        shutil.copy(repository / "makima.gpg", keyring)
        source = (repository / "makima.sources").read_text()
        (folder / "etc/apt/sources.list.d/makima.sources").write_text(source.replace("/etc/apt/keyrings/makima.gpg", str(keyring)))
        self.options = [
            "-o", f"Dir::Etc={folder}/etc/apt", "-o", f"Dir::State={folder}/state", "-o", f"Dir::Cache={folder}/cache",
            "-o", f"Dir::State::status={folder}/status", "-o", f"APT::Architecture={architecture}", "-o", f"APT::Architectures::={architecture}",
            "-o", "APT::Sandbox::User=", "-o", "Acquire::Retries=0", "-o", "Acquire::Languages=none",
            "-o", "Debug::NoLocking=true", "-o", "Acquire::http::Proxy::127.0.0.1=DIRECT"]

    def update(self):
        """Whether apt takes the lists as they are, and what it says."""
        answer = run("apt-get", *self.options, "update", "-o", "APT::Update::Error-Mode=any", check=False, LC_ALL="C")
        return answer.returncode == 0, answer.stdout + answer.stderr

    def download(self):
        """The package that apt finds and checks; None when it does not."""
        answer = subprocess.run(
            ["apt-get", *self.options, "download", "makima"], cwd=self.folder / "got", capture_output=True, text=True)
        found = list((self.folder / "got").glob("*.deb"))
        return found[0] if answer.returncode == 0 and found else None


@pytest.fixture(scope="module")
def maker(tmp_path_factory):
    """A folder with packages for both architectures, a key, and a repository of them that is served as www/makima."""
    folder = tmp_path_factory.mktemp("maker")
    for architecture in ("amd64", "arm64"):
        make_package(folder, architecture)
    make_key(folder)
    (folder / "www").mkdir()
    with served(folder / "www") as address:
        run(SCRIPT, folder / "packages", folder / "key.gpg", f"{address}/makima/", folder / "whole")
        yield folder


@pytest.fixture
def published(maker):
    """The repository as it is served, for one test to break."""
    repository = maker / "www/makima"
    shutil.copytree(maker / "whole", repository)
    yield repository
    shutil.rmtree(repository)


@pytest.mark.parametrize("architecture", ["amd64", "arm64"])
def test_apt_finds_the_package_of_its_architecture(maker, published, tmp_path, architecture):
    machine = Machine(tmp_path / "machine", published, architecture)
    taken, said = machine.update()
    assert taken, said
    original = maker / f"packages/makima_{VERSION}_{architecture}.deb"
    assert machine.download().read_bytes() == original.read_bytes()


def test_the_newest_version_is_taken(maker, tmp_path):
    for version in ("1.9.0", "1.10.0"):
        make_package(tmp_path, "amd64", version)
    run(SCRIPT, tmp_path / "packages", maker / "key.gpg", f"file:{tmp_path}/apt", tmp_path / "apt")
    machine = Machine(tmp_path / "machine", tmp_path / "apt")
    assert machine.update()[0]
    assert "1.10.0" in machine.download().name


@pytest.mark.parametrize("name", ["Packages.xz", "InRelease"])
def test_lists_that_were_changed_are_refused(published, tmp_path, name):
    if name == "InRelease":
        text = (published / name).read_text()
        (published / name).write_text(text.replace("Label: makima", "Label: anyone"))
    else:
        subprocess.run(["xz", "--force", "--stdout"], input=b"Package: other\n\n", check=True, stdout=(published / name).open("wb"))
        for other in ("Packages", "Packages.gz"):
            (published / other).unlink()
    taken, said = Machine(tmp_path / "machine", published).update()
    assert not taken, said


def test_lists_without_a_signature_are_refused(published, tmp_path):
    for name in ("InRelease", "Release.gpg"):
        (published / name).unlink()
    taken, said = Machine(tmp_path / "machine", published).update()
    assert not taken, said


def test_lists_that_another_key_signed_are_refused(maker, published, tmp_path):
    machine = Machine(tmp_path / "machine", published)
    run(SCRIPT, maker / "packages", make_key(tmp_path / "other"), ADDRESS, published)
    taken, said = machine.update()
    assert not taken, said


def test_a_detached_signature_does_as_well(published, tmp_path):
    (published / "InRelease").unlink()
    taken, said = Machine(tmp_path / "machine", published).update()
    assert taken, said


def test_a_package_that_was_changed_is_refused(published, tmp_path):
    package = published / f"makima_{VERSION}_amd64.deb"
    content = bytearray(package.read_bytes())
    content[-10] ^= 1
    machine = Machine(tmp_path / "machine", published)
    assert machine.update()[0]
    package.write_bytes(content)
    assert machine.download() is None


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_same_packages_give_the_same_bytes(maker, tmp_path):
    written = []
    for zone in ("UTC", "Asia/Kathmandu"):
        out = tmp_path / zone.replace("/", "-")
        run(SCRIPT, maker / "packages", maker / "key.gpg", ADDRESS, out, SOURCE_DATE_EPOCH=EPOCH, TZ=zone, LANG="de_DE.UTF-8")
        written.append(contents(out))
    assert written[0] == written[1]
    assert b"Date: Tue, 01 Jan 2030 00:00:00 +0000" in written[0]["Release"]


def test_a_key_of_the_ring_signs_by_its_name(maker, tmp_path):
    run(SCRIPT, maker / "packages", "maker@makima.example", ADDRESS, tmp_path / "apt", GNUPGHOME=str(maker / "gnupg"))
    run("gpgv", "--keyring", tmp_path / "apt/makima.gpg", tmp_path / "apt/Release.gpg", tmp_path / "apt/Release")
    run("gpgconf", "--kill", "gpg-agent", GNUPGHOME=str(maker / "gnupg"))


@pytest.mark.parametrize("key, address, epoch, why", [
    ("", ADDRESS, EPOCH, "no key"),
    ("nobody@makima.example", ADDRESS, EPOCH, "no secret key"),
    (str(SCRIPT), ADDRESS, EPOCH, "holds no key"),
    ("KEY", "makima.example", EPOCH, "say by URL"),
    ("KEY", "https://makima.example/a b", EPOCH, "has a space"),
    ("KEY", ADDRESS, "1000000000", "older than the key"),
])
def test_what_cannot_be_published_is_refused(maker, tmp_path, key, address, epoch, why):
    answer = run(SCRIPT, maker / "packages", str(maker / "key.gpg") if key == "KEY" else key, address, tmp_path / "apt", check=False,
                 SOURCE_DATE_EPOCH=epoch, GNUPGHOME=str(tmp_path))
    assert answer.returncode == 1 and why in answer.stderr, answer.stderr
    assert not (tmp_path / "apt").exists()


def test_other_packages_and_other_folders_are_left_alone(maker, tmp_path):
    make_package(tmp_path, "amd64", name="something-else")
    answer = run(SCRIPT, tmp_path / "packages", maker / "key.gpg", ADDRESS, tmp_path / "apt", check=False)
    assert answer.returncode == 1 and "is not a package of makima" in answer.stderr
    answer = run(SCRIPT, maker / "packages", maker / "key.gpg", ADDRESS, tmp_path / "packages", check=False)
    assert answer.returncode == 1 and "is no repository" in answer.stderr
    (tmp_path / "empty").mkdir()
    answer = run(SCRIPT, tmp_path / "empty", maker / "key.gpg", ADDRESS, tmp_path / "apt", check=False)
    assert answer.returncode == 1 and "make deb-arm64" in answer.stderr
