"""The real `openai` package: every format, streaming, errors."""

import io
import time

import openai
import pytest
import soundfile

TEXT = "A tone of one frame for each of these characters."


@pytest.fixture(scope="module")
def client(server):
    return openai.OpenAI(base_url=server.url("/v1"), api_key="none", max_retries=0)


def seconds(data, form):
    if form == "pcm":
        return len(data) / 2 / 24000
    with Stream(io.BytesIO(data)) as file:
        frames = 0
        while count := len(file.read(4096)):
            frames += count
        return frames / file.samplerate


class Stream(soundfile.SoundFile):
    """Read from front to back: a stream's header may not tell its length."""

    def seekable(self):
        return False


@pytest.mark.parametrize("form", ["mp3", "opus", "flac", "wav", "pcm"])
@pytest.mark.parametrize("speed", [1.0, 2.0])
def test_every_format_decodes_to_the_right_length(client, form, speed):
    answer = client.audio.speech.create(
        model="tts-1", voice="alloy", input=TEXT, response_format=form, speed=speed)
    assert seconds(answer.content, form) == pytest.approx(len(TEXT) * 0.08 / speed, abs=0.12)


def test_mp3_is_the_default(client):
    answer = client.audio.speech.create(model="tts-1", voice="alloy", input=TEXT)
    assert answer.response.headers["content-type"] == "audio/mpeg"


@pytest.mark.parametrize("form", ["mp3", "opus", "flac", "wav", "pcm"])
def test_first_bytes_come_before_the_end(start, form):
    server = start("--set", "tone-frame=20")
    client = openai.OpenAI(base_url=server.url("/v1"), api_key="none", max_retries=0)
    begin = time.monotonic()
    first = None
    with client.audio.speech.with_streaming_response.create(
            model="tts-1", voice="makima", input="x" * 100, response_format=form) as answer:
        for piece in answer.iter_bytes():
            first = first or time.monotonic() - begin
    assert first < (time.monotonic() - begin) / 2


def test_events_carry_the_sound(client):
    import base64
    import json
    with client.audio.speech.with_streaming_response.create(
            model="gpt-4o-mini-tts", voice="alloy", input=TEXT, response_format="pcm", stream_format="sse") as answer:
        assert answer.headers["content-type"] == "text/event-stream"
        events = [json.loads(line[6:]) for line in answer.iter_lines() if line.startswith("data: ")]
    assert [e["type"] for e in events[:-1]] == ["speech.audio.delta"] * (len(events) - 1) and len(events) > 10
    assert events[-1]["type"] == "speech.audio.done"
    assert events[-1]["usage"]["total_tokens"] == events[-1]["usage"]["input_tokens"] + len(TEXT)
    assert sum(len(base64.b64decode(e["audio"])) for e in events[:-1]) == len(TEXT) * 1920 * 2


def test_lists(client, server):
    models = [model.id for model in client.models.list()]
    assert "tone" in models and "tts-1" in models
    assert client.models.retrieve("tts-1").id == "tts-1"
    # What Open WebUI asks for.
    assert {"id": "tts-1", "object": "model", "created": 0, "owned_by": "makima"} in server.json(
        "GET", "/v1/audio/models")[1]["models"]
    voices = server.json("GET", "/v1/audio/voices")[1]["voices"]
    assert "makima" in [voice["id"] for voice in voices] and all(voice["name"] for voice in voices)


@pytest.mark.parametrize("change, error, param", [
    ({"input": ""}, openai.BadRequestError, "input"),
    ({"input": "x" * 10001}, openai.BadRequestError, "input"),
    ({"voice": "nobody"}, openai.NotFoundError, "voice"),
    ({"voice": {"id": "nobody"}}, openai.NotFoundError, "voice"),
    ({"voice": 5}, openai.BadRequestError, "voice"),
    ({"speed": 9}, openai.BadRequestError, "speed"),
    ({"speed": "fast"}, openai.BadRequestError, "speed"),
    ({"response_format": "aac"}, openai.BadRequestError, "response_format"),
    ({"stream_format": "x"}, openai.BadRequestError, "stream_format"),
    ({"model": "gpt-9"}, openai.NotFoundError, "model"),
    ({"extra_body": {"language": "klingon"}}, openai.BadRequestError, "language"),
])
def test_errors_have_the_envelope(client, change, error, param):
    with pytest.raises(error) as caught:
        client.audio.speech.create(**{"model": "tts-1", "voice": "alloy", "input": "Hi.", **change})
    assert caught.value.param == param
    assert set(caught.value.body) == {"message", "type", "param", "code"}


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"null", b'{"input": 5}', b"[" * 50000, b"\xff\xfe"])
def test_hostile_bodies_are_refused(server, body):
    status, answer = server.json("POST", "/v1/audio/speech", body, {"content-type": "application/json"})
    assert status == 400 and answer["error"]["message"]


def test_a_body_without_end_is_refused(server):
    assert server.json("POST", "/v1/audio/speech", b"x" * 300_000)[0] == 413
