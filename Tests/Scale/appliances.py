"""Three servers of the engine that hums behind HAProxy, as packaging/haproxy/haproxy.cfg has it, and those who speak through it."""

import asyncio
import collections
import dataclasses
import json
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import httpx
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tests/Clients"))
from conftest import PROGRAM, Server, free_port  # noqa: E402

NAMES = ("one", "two", "three")
# What every machine is told: all clients have one address here, and the proxy is nobody's flood.
SETTINGS = ["--set", "requests-per-second=0", "--set", "queue=2000", "--set", "connections=2000", "--set", "grace=120",
            "--set", "phrase-cache=0", "--set", "tone-frame=20"]


class Appliances:
    """Three servers with one folder of voices, HAProxy before them, and a fourth that stands alone and says how it should sound."""

    def __init__(self, folder):
        self.folder = folder
        self.voices = folder / "voices"
        self.voices.mkdir()
        self.servers = {name: self.begin(name) for name in NAMES}
        self.alone = self.begin("alone")
        self.port = free_port()
        (folder / "haproxy.cfg").write_text(self.configuration())
        with open(folder / "haproxy.log", "w") as log:
            self.proxy = subprocess.Popen(["haproxy", "-db", "-f", folder / "haproxy.cfg"], stdout=log, stderr=log)
        self.wait_for_proxy()

    def begin(self, name, port=None):
        """A server of that name, with the voices of all, as if their folder was mounted there."""
        place = self.folder / name
        place.mkdir(exist_ok=True)
        if not (place / "voices").exists():
            (place / "voices").symlink_to(self.voices)
        return Server(place, *SETTINGS, port=port)

    def configuration(self):
        """The packaged one, but for what needs root, and the addresses; each answer tells who gave it."""
        text = (ROOT / "packaging/haproxy/haproxy.cfg").read_text()
        text = re.sub(r"^ +(log|chroot|stats socket|user|group|daemon|maxconn)\b.*\n", "", text, flags=re.M)
        text = text.replace("bind :8012", f"bind 127.0.0.1:{self.port}\n    http-response set-header x-appliance %s")
        for name, server in self.servers.items():
            text, count = re.subn(rf"(server {name}) [\d.]+:8012", rf"\1 127.0.0.1:{server.port}", text)
            assert count == 2, f"{name} is not in both backends"
        return text

    def wait_for_proxy(self):
        """Until it passes on what is asked of it."""
        for _ in range(300):
            try:
                if httpx.get(self.url("/ready")).status_code == 200:
                    return
            except httpx.TransportError:
                if self.proxy.poll() is not None:
                    break
            time.sleep(0.1)
        raise RuntimeError("HAProxy does not serve: " + (self.folder / "haproxy.log").read_text())

    def url(self, path):
        return f"http://127.0.0.1:{self.port}{path}"

    def restart(self, name):
        self.servers[name] = self.begin(name, port=self.servers[name].port)

    def add_voice(self, name):
        """As rsync and `makima voices add` do: under another name first."""
        shutil.copytree(ROOT / "Voices/denji", self.folder / f"new-{name}")
        metadata = self.folder / f"new-{name}/metadata.json"
        metadata.write_text(json.dumps({**json.loads(metadata.read_text()), "id": name, "name": name}))
        (self.folder / f"new-{name}").rename(self.voices / name)

    def stop(self):
        self.proxy.terminate()
        self.proxy.wait()
        for server in [self.alone, *self.servers.values()]:
            server.stop()


@dataclasses.dataclass
class Sentence:
    """One that somebody wants to hear: its words, its voice, and how it went."""

    text: str
    voice: str
    # Which machine spoke it at last, and from when to when.
    machine: str = ""
    began: float = 0
    ended: float = 0
    # "whole", "broken" after something had been heard, or what was heard instead.
    outcome: str = ""
    # How often it was asked for once more, since nothing of it had been heard.
    repeats: int = 0


class Moved(Exception):
    """Nothing was heard: the sentence is asked for again."""


class Visitors:
    """Sessions of all kinds, that know what each sentence must sound like."""

    def __init__(self, appliances, expected):
        self.appliances = appliances
        self.expected = expected
        self.sentences = []
        # Conversations whose sides did not meet.
        self.apart = []
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=50)
        self.http = httpx.AsyncClient(timeout=300, limits=limits)

    def counts(self):
        return collections.Counter(sentence.outcome for sentence in self.sentences)

    def running(self, name, when):
        """Sentences that a machine was in the middle of."""
        return [one for one in self.sentences if one.machine == name and one.began <= when <= one.ended]

    async def machine(self):
        """Which one answers a request now."""
        return (await self.http.get(self.appliances.url("/ready"))).headers.get("x-appliance")

    async def say(self, text, voice, way):
        """Says a sentence by `way` until something of it was heard."""
        sentence = Sentence(text, voice)
        self.sentences.append(sentence)
        for _ in range(60):
            sound = bytearray()
            try:
                await way(sentence, sound)
                sentence.outcome = "whole" if sound == self.expected[text, voice] else f"other: {len(sound)} bytes"
            except (Moved, httpx.TransportError, ConnectionClosed, InvalidHandshake, OSError) as error:
                if not sound:
                    sentence.repeats += 1
                    await asyncio.sleep(0.1)
                    continue
                sentence.outcome = f"refused: {error}" if isinstance(error, Moved) else "broken"
            sentence.ended = time.monotonic()
            return sentence
        sentence.outcome = "never heard"
        return sentence

    async def over_http(self, sentence, sound):
        body = {"model": "tts-1", "voice": sentence.voice, "input": sentence.text, "response_format": "pcm"}
        async with self.http.stream("POST", self.appliances.url("/v1/audio/speech"), json=body) as answer:
            if answer.status_code != 200:
                raise Moved(f"{answer.status_code} {await answer.aread()}")
            sentence.machine, sentence.began = answer.headers["x-appliance"], time.monotonic()
            async for piece in answer.aiter_raw():
                sound += piece

    def socket(self, path):
        return connect(self.appliances.url(path).replace("http", "ws", 1), open_timeout=300, ping_interval=None, max_size=None, compression=None)

    async def hear(self, ws, sentence, sound):
        """What is said of a sentence that was asked for, to its end."""
        while True:
            message = await ws.recv()
            if isinstance(message, bytes):
                if not sound:
                    sentence.machine, sentence.began = ws.response.headers["x-appliance"], time.monotonic()
                sound += message
                continue
            message = json.loads(message)
            if message["type"] == "complete":
                return
            if message["type"] in ("error", "stopped"):
                raise Moved(message)

    async def over_socket(self, sentence, sound, ws):
        await ws.send(json.dumps({"type": "start", "voice": sentence.voice}))
        await ws.send(json.dumps({"type": "speak", "text": sentence.text}))
        await self.hear(ws, sentence, sound)

    async def single(self, text, voice):
        await self.say(text, voice, self.over_http)

    async def session(self, texts, voice, pause):
        """A WebSocket that stays open from one sentence to the next, and is opened anew when its machine goes."""
        ws = None

        async def way(sentence, sound):
            nonlocal ws
            ws = ws or await self.socket("/api/v1/speak")
            try:
                await self.over_socket(sentence, sound, ws)
            except (Moved, ConnectionClosed):
                await ws.close()
                ws = None
                raise

        for text in texts:
            await self.say(text, voice, way)
            await asyncio.sleep(pause)
        if ws:
            await ws.close()

    async def conversation(self, text, voice, contract):
        """Both sides of a contract: the listening one is told when the other speaks, if they are on one machine."""
        told = []

        async def listen():
            async with self.socket(f"/api/v1/listen?contract={contract}") as ws:
                await ws.send(json.dumps({"type": "hello", "contractId": contract, "policy": "half-duplex"}))
                async for message in ws:
                    told.append((ws.response.headers["x-appliance"], json.loads(message)))

        async def way(sentence, sound):
            told.clear()
            listener = asyncio.create_task(listen())
            try:
                while not any(message["type"] == "ready" for _, message in told):
                    if listener.done():
                        raise Moved(listener.exception() or "the listening side was closed")
                    await asyncio.sleep(0.01)
                async with self.socket(f"/api/v1/speak?contract={contract}") as ws:
                    await ws.send(json.dumps({"type": "start", "voice": sentence.voice, "contractId": contract}))
                    await ws.send(json.dumps({"type": "speak", "text": sentence.text}))
                    await self.hear(ws, sentence, sound)
                    if not any(message == {"type": "speaking", "on": True} for _, message in told):
                        self.apart.append((contract, sentence.machine, list(told)))
            finally:
                listener.cancel()
                await asyncio.gather(listener, return_exceptions=True)

        await self.say(text, voice, way)
