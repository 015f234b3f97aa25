"""Chromium and Firefox without a window, by WebDriver BiDi, which both speak."""

import base64
import itertools
import json
import os
import re
import shutil
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

from websockets.sync.client import connect

CHROMIUM, CHROMEDRIVER = shutil.which("chromium"), shutil.which("chromedriver")
# Firefox has no clock for sound without a sound device; PulseAudio has one that is none.
FIREFOX, PULSEAUDIO = shutil.which("firefox-esr"), shutil.which("pulseaudio")
ENTER, CONTROL, TAB, RIGHT = "\ue007", "\ue009", "\ue004", "\ue014"

# A microphone that hums, sound without a tap on the page, and a name of the local network that is no secure context.
CHROMIUM_FLAGS = [
    "--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--mute-audio",
    "--autoplay-policy=no-user-gesture-required", "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream", "--host-resolver-rules=MAP makima.lan 127.0.0.1"]
FIREFOX_SETTINGS = {
    "media.autoplay.default": 0, "media.navigator.streams.fake": True, "media.navigator.permission.disabled": True,
    "network.dns.localDomains": "makima.lan", "layout.css.prefers-color-scheme.content-override": 0,
    "browser.shell.checkDefaultBrowser": False, "datareporting.policy.dataSubmissionEnabled": False,
    "app.update.enabled": False, "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False, "remote.active-protocols": 1}


class Browser:
    """One tab. Conditions are asked for until they hold."""

    def __init__(self, name):
        self.name = name
        self.folder = tempfile.TemporaryDirectory(prefix="makima-page-")
        self.downloads = Path(self.folder.name) / "downloads"
        self.downloads.mkdir()
        self.numbers = itertools.count(1)
        self.complaints = []
        self.processes = []
        address = self._chromium() if name == "chromium" else self._firefox()
        self.socket = connect(address, max_size=None, open_timeout=60, proxy=None)
        if name == "firefox":
            self._ask("session.new", capabilities={})
        self._ask("session.subscribe", events=["log.entryAdded"])
        allowed = {"type": "allowed", "destinationFolder": str(self.downloads)}
        self._ask("browser.setDownloadBehavior", downloadBehavior=allowed)
        self.tab = self._ask("browsingContext.getTree")["contexts"][0]["context"]

    # ---- Starting and ending

    def _chromium(self):
        port = self._start([CHROMEDRIVER, "--port=0"], tells=r"successfully on port (\d+)")
        self.driver = "http://127.0.0.1:" + port
        options = {"binary": CHROMIUM, "args": CHROMIUM_FLAGS}
        wanted = {"capabilities": {"alwaysMatch": {"webSocketUrl": True, "goog:chromeOptions": options}}}
        request = urllib.request.Request(self.driver + "/session", json.dumps(wanted).encode())
        with urllib.request.urlopen(request, timeout=60) as answer:
            session = json.load(answer)["value"]
        self.session = session["sessionId"]
        return session["capabilities"]["webSocketUrl"]

    def _firefox(self):
        profile = Path(self.folder.name) / "profile"
        profile.mkdir()
        lines = [f"user_pref({json.dumps(key)}, {json.dumps(value)});" for key, value in FIREFOX_SETTINGS.items()]
        (profile / "user.js").write_text("\n".join(lines))
        address = self._start(
            [FIREFOX, "--headless", "--no-remote", "--profile", str(profile), "--remote-debugging-port=0"],
            tells=r"BiDi listening on (\S+)", PULSE_SERVER=self._sound_device())
        return address + "/session"

    def _sound_device(self):
        """One that nobody hears."""
        socket = f"{self.folder.name}/sound"
        modules = [f"module-native-protocol-unix socket={socket} auth-anonymous=1", "module-null-sink"]
        self._start(
            [PULSEAUDIO, "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no", "--disallow-exit",
             *(f"--load={module}" for module in modules)], HOME=self.folder.name, XDG_RUNTIME_DIR=self.folder.name)
        self.wait(Path(socket).exists)
        return f"unix:{socket}"

    def _start(self, command, tells=None, **environment):
        """What the program tells of itself, as a group of a pattern. A file takes what it says, for nobody reads on."""
        said = Path(self.folder.name, f"said-{len(self.processes)}")
        with said.open("w") as file:
            process = subprocess.Popen(command, stdout=file, stderr=file, env={**os.environ, **environment})
        self.processes.insert(0, process)
        return self.wait(lambda: re.search(tells, said.read_text()), 60)[1] if tells else None

    def quit(self):
        try:
            self._ask("browser.close")
            if self.name == "chromium":
                urllib.request.urlopen(
                    urllib.request.Request(f"{self.driver}/session/{self.session}", method="DELETE"), timeout=10)
        except Exception:  # It may be gone before it has answered.
            pass
        self.socket.close()
        for process in self.processes:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(self.folder.name, ignore_errors=True)

    # ---- The protocol

    def _ask(self, name, /, **parameters):
        number = next(self.numbers)
        self.socket.send(json.dumps({"id": number, "method": name, "params": parameters}))
        while True:
            message = json.loads(self.socket.recv(timeout=30))
            if message.get("method") == "log.entryAdded":
                self._note(message["params"])
            elif message.get("id") == number:
                if message["type"] == "error":
                    raise RuntimeError(f"{name}: {message['error']}: {message['message']}")
                return message["result"]

    def _note(self, entry):
        # That an address cannot be reached, or answers with an error, is said by the page itself.
        if entry["level"] == "error" and "Failed to load resource" not in (entry["text"] or ""):
            self.complaints.append(entry["text"])

    # ---- What a person does

    def open(self, url):
        self.complaints.clear()
        self._ask("browsingContext.navigate", context=self.tab, url=url, wait="complete")

    def resize(self, width, height=844, ratio=1):
        viewport = {"width": width, "height": height}
        self._ask("browsingContext.setViewport", context=self.tab, viewport=viewport, devicePixelRatio=ratio)

    def dark(self, on):
        """Chromium alone: Firefox is dark by its profile."""
        features = [{"name": "prefers-color-scheme", "value": "dark" if on else "light"}]
        self.chromium("Emulation.setEmulatedMedia", features=features)

    def chromium(self, command, **parameters):
        session = self._ask("goog:cdp.getSession", context=self.tab)["session"]
        return self._ask("goog:cdp.sendCommand", method=command, params=parameters, session=session)

    def run(self, body, *arguments):
        """What the body of a function returns, given JSON."""
        source = f"async text => {{ const args = JSON.parse(text); const value = await (async () => {{ {body} }})();" \
            " return JSON.stringify(value === undefined ? null : value) }"
        result = self._ask(
            "script.callFunction", functionDeclaration=source, awaitPromise=True, target={"context": self.tab},
            arguments=[{"type": "string", "value": json.dumps(arguments)}], userActivation=True)
        if result["type"] == "exception":
            raise RuntimeError(result["exceptionDetails"]["text"])
        return json.loads(result["result"]["value"])

    def wait(self, condition, seconds=30):
        """Waits for a function, or for an expression of the page, to give something true, and gives that."""
        ask = condition if callable(condition) else lambda: self.run(f"return {condition}")
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if value := ask():
                return value
            time.sleep(0.03)
        raise AssertionError(f"not within {seconds} s: {condition}")

    def click(self, selector):
        """As a pointer or a key does, but wherever it lies on the page."""
        self.run("const it = document.querySelector(args[0]); it.focus(); it.click()", selector)

    def write(self, selector, text):
        self.run("const it = document.querySelector(args[0]); it.value = args[1];"
                 "it.dispatchEvent(new Event('input', {bubbles: true})); it.dispatchEvent(new Event('change', {bubbles: true}))",
                 selector, text)

    def text(self, selector):
        """What can be seen of it."""
        return self.run("return document.querySelector(args[0])?.innerText ?? ''", selector).strip()

    def press(self, *keys):
        """Keys that are held one after the other, then let go in reverse."""
        down = [{"type": "keyDown", "value": key} for key in keys]
        up = [{"type": "keyUp", "value": key} for key in reversed(keys)]
        self._ask("input.performActions", context=self.tab, actions=[{"type": "key", "id": "keys", "actions": down + up}])

    def choose(self, selector, path):
        found = self._ask("browsingContext.locateNodes", context=self.tab, locator={"type": "css", "value": selector})
        reference = {"sharedId": found["nodes"][0]["sharedId"]}
        self._ask("input.setFiles", context=self.tab, element=reference, files=[str(path)])

    def downloaded(self, name, seconds=30):
        path = self.downloads / name
        self.wait(lambda: path.exists() and path.stat().st_size > 0, seconds)
        return path.read_bytes()

    def screenshot(self, path):
        picture = self._ask("browsingContext.captureScreenshot", context=self.tab)["data"]
        Path(path).write_bytes(base64.b64decode(picture))
