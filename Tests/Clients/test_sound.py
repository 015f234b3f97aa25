"""How it sounds: loudness, the silence before and between sentences, and when each sentence is said. With the built-in model."""

import asyncio
import itertools
import json
import os
import socket
import statistics
import subprocess
import urllib.request

import numpy
import pytest
from websockets.asyncio.client import connect

from conftest import PROGRAM, ROOT, Server, free_port
from test_speak import receive, send

RATE = 24000
VOICES = ["aki", "denji", "kishibe", "kobeni", "makima", "power"]
SENTENCES = ["The lights in the kitchen are on.", "The front door is closed, and nobody is there.", "Dinner is ready at seven."]


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    port = free_port()
    server = Server(
        tmp_path_factory.mktemp("sound"), "--engine", "qwen3", "--model", str(ROOT / "Models/makima-mini"), "--threads", "2",
        "--set", f"wyoming-port={port}")
    server.wyoming = port
    yield server
    log = server.log_path.read_text()
    assert server.stop() == 0, log


def samples(sound):
    return numpy.frombuffer(sound, "<i2").astype(float) / 32768


def over_http(server, text, **fields):
    body = json.dumps({"input": text, "response_format": "pcm", **fields}).encode()
    request = urllib.request.Request(server.url("/v1/audio/speech"), body, {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=120) as answer:
        return samples(answer.read())


def over_websocket(server, text, **start):
    """Sound, the messages `sentence`, and `complete`."""

    async def flow():
        async with connect(server.ws()) as ws:
            await receive(ws)
            await send(ws, type="start", **start)
            await send(ws, type="speak", text=text)
            sound, sentences = b"", []
            while True:
                message = await receive(ws)
                if isinstance(message, bytes):
                    sound += message
                elif message["type"] == "sentence":
                    sentences.append(message)
                elif message["type"] in ("complete", "error"):
                    assert message["type"] == "complete", message
                    return samples(sound), sentences, message

    return asyncio.run(asyncio.wait_for(flow(), 240))


def over_wyoming(server, text):
    """As Home Assistant sends the text of a language model: piece by piece."""
    with socket.create_connection(("127.0.0.1", server.wyoming), timeout=120) as client:
        events = [("synthesize-start", {"voice": {"name": "makima"}})]
        events += [("synthesize-chunk", {"text": word + " "}) for word in text.split(" ")]
        events += [("synthesize-stop", {})]
        client.sendall(b"".join(json.dumps({"type": kind, "data": data}).encode() + b"\n" for kind, data in events))
        stream, sound = client.makefile("rb"), b""
        while True:
            header = json.loads(stream.readline())
            stream.read(header.get("data_length") or 0)
            payload = stream.read(header.get("payload_length") or 0)
            assert header["type"] != "error", header
            if header["type"] == "audio-chunk":
                sound += payload
            if header["type"] in ("audio-stop", "synthesize-stopped"):
                return samples(sound)


def filtered(signal, b, a):
    output, first, second = numpy.zeros(len(signal)), 0.0, 0.0
    for index, x in enumerate(signal):
        y = b[0] * x + first
        first, second = b[1] * x - a[0] * y + second, b[2] * x - a[1] * y
        output[index] = y
    return output


def loudness(signal):
    """ITU-R BS.1770-4, at 48 kHz with the coefficients of the standard's tables."""
    signal = numpy.interp(numpy.arange(2 * len(signal)) / 2, numpy.arange(len(signal)), signal)
    shelf = (1.53512485958697, -2.69169618940638, 1.19839281085285), (-1.69065929318241, 0.73248077421585)
    high = (1.0, -2.0, 1.0), (-1.99004745483398, 0.99007225036621)
    power = filtered(filtered(signal, *shelf), *high) ** 2
    blocks = numpy.array([power[i:i + 19200].mean() for i in range(0, len(power) - 19199, 4800)])
    level = lambda value: -0.691 + 10 * numpy.log10(value + 1e-20)
    loud = blocks[level(blocks) > -70]
    return level(loud[level(loud) > level(loud.mean()) - 10].mean())


def silences(signal, below=0.0056, shortest=0.04):
    """Start and length in seconds of what is quieter than -45 dB, the ends included."""
    levels = numpy.sqrt([(signal[i:i + 120] ** 2).mean() for i in range(0, len(signal) - 119, 120)])
    runs, position = [], 0
    for silent, group in itertools.groupby(levels < below):
        count = len(list(group))
        if silent and count * 0.005 >= shortest:
            runs.append((position * 0.005, count * 0.005))
        position += count
    return runs


def lead_in(signal):
    first = next(iter(silences(signal, shortest=0)), (1, 0))
    return first[1] if first[0] == 0 else 0


def test_every_voice_is_as_loud(real):
    text = "Good morning to all of you, and welcome to this small house by the river, where the days are long and quiet. " + SENTENCES[0]
    levels = {voice: loudness(over_http(real, text, voice=voice, seed=3)) for voice in VOICES}
    assert all(abs(level + 19) <= 1 for level in levels.values()), levels


def test_the_same_seed_is_the_same_sound_from_the_first_utterance_on(real):
    def sound():
        return over_http(real, SENTENCES[0], voice="kobeni", seed=5)

    first = sound()
    assert (sound() == first).all()
    # Another server measures the same, and one that finds what was kept does too.
    assert (over_websocket(real, SENTENCES[0], voice="kobeni", seed=5)[0] == first).all()


def test_the_command_speaks_as_loud(tmp_path):
    def say(voice, **environment):
        command = [PROGRAM, "say", " ".join(SENTENCES), "--model", str(ROOT / "Models/makima-mini"), "--voice", voice, "--output", "-"]
        environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path), **environment}
        return subprocess.run(command, env=environment, capture_output=True, check=True, cwd=ROOT).stdout

    first = {voice: say(voice) for voice in ("kobeni", "power")}
    assert all(abs(loudness(samples(sound)) + 19) <= 1 for sound in first.values())
    assert len(list((tmp_path / "makima/loudness").iterdir())) == 2
    assert all(say(voice) == sound for voice, sound in first.items())
    assert loudness(samples(say("power", MAKIMA_LOUDNESS="off"))) < -22


def test_loudness_may_be_off_and_voices_have_a_gain(tmp_path):
    voice = tmp_path / "voices" / "loud"
    voice.mkdir(parents=True)
    (voice / "reference.wav").write_bytes((ROOT / "Voices/makima/reference.wav").read_bytes())
    (voice / "metadata.json").write_text(json.dumps({"name": "Loud", "mode": "x-vector", "gain": 6, "speed": 1.25}))
    server = Server(
        tmp_path, "--engine", "qwen3", "--model", str(ROOT / "Models/makima-mini"), "--threads", "2", "--set", "loudness=off",
        "--set", "speed=0.8")
    try:
        plain, loud = (over_http(server, SENTENCES[1], voice=name, seed=1, speed=1) for name in ("makima", "loud"))
        assert abs(loudness(loud) - loudness(plain) - 6) < 0.2
        lengths = [len(over_http(server, SENTENCES[1], voice=name, seed=1)) / len(plain) for name in ("makima", "loud")]
        assert abs(lengths[0] - 1 / 0.8) < 0.01 and abs(lengths[1] - 1 / 1.25) < 0.01
    finally:
        server.stop()


@pytest.mark.parametrize("voice", VOICES)
def test_speech_begins_at_once(real, voice):
    for seed, text in enumerate(SENTENCES + ["Yes.", "Hello there."]):
        signal, _, complete = over_websocket(real, text, voice=voice, seed=seed)
        assert lead_in(signal) <= 0.06
        assert complete["firstAudioMs"] <= complete["firstSoundMs"] <= complete["firstAudioMs"] + 80
    assert real.metric("makima_first_sound_seconds_count") > 0


# Two groups of sentences, since a group has at most 200 letters.
STORY = (
    "The children went out to play in the garden after lunch. The sun was warm and the wind was soft. "
    "They found an old ball under the tree. It was red and a little flat, but they did not mind. "
    "Their mother watched them from the window and smiled. Soon it would be time for tea and cake.")


def pauses(signal, count):
    """The longest silences inside, as many as sentences meet."""
    inside = [length for start, length in silences(signal) if start > 0 and start + length < len(signal) / RATE - 0.01]
    return sorted(inside, reverse=True)[:count]


def test_pauses_are_the_same_on_every_door(real):
    doors = {
        "http": lambda: over_http(real, STORY, voice="makima"),
        "websocket": lambda: over_websocket(real, STORY, voice="makima")[0],
        "wyoming": lambda: over_wyoming(real, STORY),
    }
    found = {door: statistics.mean(p for _ in range(3) for p in pauses(speak(), 5)) for door, speak in doors.items()}
    print({door: round(value, 3) for door, value in found.items()})
    assert max(found.values()) - min(found.values()) <= 0.04, found
    assert max(found.values()) < 0.3, found


def test_sentences_are_told_when_they_are_said(real):
    text = " ".join(SENTENCES)
    signal, sentences, complete = over_websocket(real, text, voice="makima", seed=2, sentences=True)
    assert [text[s["start"]:s["end"]] for s in sentences] == SENTENCES
    assert [s["index"] for s in sentences] == [0, 1, 2]
    assert complete["sentences"] == [{k: v for k, v in s.items() if k not in ("type", "index")} for s in sentences]
    assert 0 <= sentences[0]["startMs"] <= 60 and abs(sentences[-1]["endMs"] - complete["audioLengthMs"]) < 250
    for one, following in zip(sentences, sentences[1:]):
        assert one["endMs"] <= following["startMs"]
        # They meet where it is still.
        still = signal[int(one["endMs"] * RATE / 1000):int(following["startMs"] * RATE / 1000)]
        assert len(still) == 0 or numpy.sqrt((still ** 2).mean()) < 0.02
    for sentence in sentences:
        words = sentence["estimatedWords"]
        assert [text[w["start"]:w["end"]] for w in words] == text[sentence["start"]:sentence["end"]].split()
        assert words[0]["startMs"] == sentence["startMs"] and words[-1]["endMs"] == sentence["endMs"]


def test_sentences_follow_the_speed_and_are_not_told_unasked(real):
    text = " ".join(SENTENCES)
    fast = over_websocket(real, text, seed=2, sentences=True, speed=2)[1]
    plain = over_websocket(real, text, seed=2, sentences=True)[1]
    assert all(abs(2 * f["endMs"] - p["endMs"]) <= 2 for f, p in zip(fast, plain))
    _, sentences, complete = over_websocket(real, text, seed=2)
    assert sentences == [] and "sentences" not in complete


def test_captions_are_subtitles_of_the_same_sound(real):
    text = " ".join(SENTENCES)

    def captions(**fields):
        body = json.dumps({"input": text, "seed": 2, "voice": "makima", **fields}).encode()
        status, headers, content = real.request("POST", "/v1/audio/captions", body, {"content-type": "application/json"})
        return status, headers["content-type"], content.decode()

    told = over_websocket(real, text, voice="makima", seed=2, sentences=True)[2]["sentences"]
    status, kind, body = captions(response_format="json")
    found = json.loads(body)["sentences"]
    assert status == 200 and kind == "application/json"
    assert [{k: v for k, v in s.items() if k != "text"} for s in found] == told
    assert [s["text"] for s in found] == SENTENCES
    status, kind, body = captions()
    assert status == 200 and kind == "application/x-subrip"
    blocks = body.strip().split("\n\n")
    assert [block.split("\n")[2] for block in blocks] == SENTENCES
    assert blocks[0].startswith("1\n00:00:00,0")
    status, kind, body = captions(response_format="vtt")
    assert kind == "text/vtt" and body.startswith("WEBVTT\n\n00:00:00.0")
    status, _, body = captions(response_format="mp3")
    assert status == 400 and "srt, vtt, json" in body
