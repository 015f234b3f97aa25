"""The real `openai` package: every format, streaming, errors."""

import ctypes
import http.client
import io
import json
import time

import openai
import pytest
import soundfile

from test_http import CLIP, form, recording

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


@pytest.mark.parametrize("form", ["mp3", "opus", "flac", "wav"])
def test_every_format_is_read_back_whole(client, form):
    answer = client.audio.speech.create(model="tts-1", voice="alloy", input=TEXT, response_format=form)
    samples, rate = soundfile.read(io.BytesIO(answer.content))
    assert len(samples) / rate == pytest.approx(len(TEXT) * 0.08, abs=0.12)


@pytest.mark.parametrize("form", ["mp3", "opus", "wav", "pcm"])
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
    with client.audio.speech.with_streaming_response.create(
            model="gpt-4o-mini-tts", voice="alloy", input=TEXT, response_format="pcm", stream_format="sse") as answer:
        assert answer.headers["content-type"] == "text/event-stream"
        events = [json.loads(line[6:]) for line in answer.iter_lines() if line.startswith("data: ")]
    assert [e["type"] for e in events[:-1]] == ["speech.audio.delta"] * (len(events) - 1) and len(events) > 10
    assert events[-1]["type"] == "speech.audio.done"
    assert events[-1]["usage"]["total_tokens"] == events[-1]["usage"]["input_tokens"] + len(TEXT)
    assert sum(len(base64.b64decode(e["audio"])) for e in events[:-1]) == len(TEXT) * 1920 * 2


def test_aac_is_frames_where_its_library_is_and_an_error_elsewhere(client):
    try:
        ctypes.CDLL("libvo-aacenc.so.0")
    except OSError:
        with pytest.raises(openai.BadRequestError, match="libvo-aacenc0"):
            client.audio.speech.create(model="tts-1", voice="alloy", input=TEXT, response_format="aac")
        return
    answer = client.audio.speech.create(model="tts-1", voice="alloy", input=TEXT, response_format="aac")
    assert answer.response.headers["content-type"] == "audio/aac"
    data, frames = answer.content, 0
    while data:
        assert data[0] == 0xFF and data[1] & 0xF6 == 0xF0
        data = data[(data[3] & 3) << 11 | data[4] << 3 | data[5] >> 5:]
        frames += 1
    assert frames * 1024 / 24000 == pytest.approx(len(TEXT) * 0.08, abs=0.12)


@pytest.mark.parametrize("model", ["gpt-4o-mini-tts-2025-12-15", "tts-1-1106", "tts-1-hd-1106", ""])
def test_models_may_have_a_date(client, model):
    client.audio.speech.create(model=model, voice="alloy", input="Hi.", response_format="pcm")
    assert not model or client.models.retrieve(model).id == model


@pytest.mark.parametrize("voice", ["Makima", "MAKIMA", "", "Alloy", {"id": "Makima"}])
def test_voices_are_known_by_the_names_they_are_shown_under(client, voice):
    ours = client.audio.speech.create(model="tts-1", voice="makima", input="Hi.", response_format="pcm")
    theirs = client.audio.speech.create(model="tts-1", voice=voice, input="Hi.", response_format="pcm")
    assert ours.content == theirs.content


@pytest.mark.parametrize("text", ["\U0001f600", "...", "\u2014 ?!", "**"])
@pytest.mark.parametrize("form", ["mp3", "opus", "flac", "wav", "pcm"])
def test_a_text_with_nothing_to_say_is_a_short_silence(client, text, form):
    answer = client.audio.speech.create(model="tts-1", voice="alloy", input=text, response_format=form)
    assert seconds(answer.content, form) == pytest.approx(0.2, abs=0.12)
    if form == "pcm":
        assert answer.content == bytes(9600)


def test_silence_comes_as_events_too(server):
    _, headers, body = server.request(
        "POST", "/v1/audio/speech", json.dumps({"input": "\U0001f600", "response_format": "pcm", "stream_format": "sse"}).encode())
    assert headers["content-type"] == "text/event-stream"
    events = [json.loads(line[6:]) for line in body.decode().split("\n") if line]
    assert [event["type"] for event in events] == ["speech.audio.delta", "speech.audio.done"]


def test_half_a_character_is_no_error(server):
    status, _, body = server.request(
        "POST", "/v1/audio/speech", b'{"input": "Hi \\ud83d", "response_format": "pcm"}')
    assert status == 200 and len(body) >= 2 * 1920 * 2


def test_an_answer_that_is_cut_off_looks_cut_off(start):
    server = start("--set", "tone-frame=20", "--grace", "1")
    body = json.dumps({"input": "x" * 2000, "response_format": "pcm"}).encode()
    answer = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    answer.request("POST", "/v1/audio/speech", body)
    response = answer.getresponse()
    assert response.status == 200 and response.read(4096)
    server.process.terminate()
    with pytest.raises(http.client.IncompleteRead):
        response.read()
    assert server.stop() == 0


def test_lists(client, server):
    models = [model.id for model in client.models.list()]
    assert "tone" in models and "tts-1" in models
    assert client.models.retrieve("tts-1").id == "tts-1"
    # What Open WebUI asks for.
    assert {"id": "tts-1", "object": "model", "created": 0, "owned_by": "makima"} in server.json(
        "GET", "/v1/audio/models")[1]["models"]
    told = server.json("GET", "/v1/audio/voices")[1]
    assert told["object"] == "list" and told["has_more"] is False
    assert told["data"] == told["voices"] and told["first_id"] == told["data"][0]["id"] == "makima"
    for voice in told["data"]:
        assert voice["object"] == "audio.voice" and voice["name"] and voice["created_at"] > 0
        assert server.json("GET", f"/v1/audio/voices/{voice['id']}")[1] == voice


STANDARD = ["alloy", "ash", "ballad", "coral", "echo", "fable", "nova", "onyx", "sage", "shimmer", "verse"]


def test_the_standard_names_are_spread_over_the_voices(client, server):
    voices = [voice["id"] for voice in server.json("GET", "/v1/audio/voices")[1]["data"]]

    def speak(voice):
        return client.audio.speech.create(model="tts-1", voice=voice, input="Hi.", response_format="pcm").content

    for place, name in enumerate(STANDARD):
        assert speak(name) == speak(voices[place % len(voices)]), name
    assert speak("ash") != speak("alloy") == speak("marin")
    # A voice of that name is meant itself.
    body, headers = form(audio_sample=CLIP, name="Verse", consent="mine")
    assert server.json("POST", "/v1/audio/voices", body, headers)[0] == 200
    samples = speak("verse")
    assert samples == speak("Verse") and samples not in [speak(voice) for voice in voices]
    assert server.request("DELETE", "/v1/audio/voices/verse")[0] == 200


def test_a_voice_is_made_and_deleted(client, server):
    body, headers = form(audio_sample=CLIP, name="Rita", consent="Recorded by herself")
    status, voice = server.json("POST", "/v1/audio/voices", body, headers)
    assert (status, voice["object"], voice["id"], voice["name"]) == (200, "audio.voice", "rita", "Rita")
    assert abs(voice["created_at"] - time.time()) < 600
    assert server.json("GET", "/api/v1/voices/rita")[1]["consent"] == "Recorded by herself"
    client.audio.speech.create(model="tts-1", voice={"id": "rita"}, input="Hi.", response_format="pcm")
    deleted = server.json("DELETE", "/v1/audio/voices/rita")
    assert deleted == (200, {"object": "audio.voice", "id": "rita", "deleted": True})
    good = {"audio_sample": CLIP, "name": "Rita", "consent": "yes"}
    for wanted, param, change in [
            (400, "consent", {"consent": ""}), (400, "name", {"name": ""}), (400, "audio_sample", {"audio_sample": b"x"}),
            (422, "audio_sample", {"audio_sample": recording(1)}), (400, "language", {"language": "en"})]:
        body, headers = form(**{**good, **change})
        status, answer = server.json("POST", "/v1/audio/voices", body, headers)
        assert (status, answer["error"]["param"]) == (wanted, param), answer
        assert set(answer["error"]) == {"message", "type", "param", "code"}
    assert server.json("POST", "/v1/audio/voices", b"{}", {"content-type": "application/json"})[0] == 415
    for method in ("GET", "DELETE"):
        status, answer = server.json(method, "/v1/audio/voices/rita")
        assert (status, answer["error"]["param"]) == (404, "voice_id")
    assert server.request("DELETE", "/v1/audio/voices/makima")[0] == 403


def test_how_freely_a_model_speaks_is_taken_within_bounds(client):
    for options in {"temperature": 0}, {"temperature": 0.7, "top_p": 0.9, "seed": 7}, {"top_p": 1}:
        client.audio.speech.create(model="tts-1", voice="alloy", input="Hi.", response_format="pcm", extra_body=options)
    for name, value in [("temperature", -1), ("temperature", 11), ("temperature", "hot"), ("top_p", 0), ("top_p", 1.1),
                        ("seed", -1), ("seed", 1.5)]:
        with pytest.raises(openai.BadRequestError) as caught:
            client.audio.speech.create(model="tts-1", voice="alloy", input="Hi.", extra_body={name: value})
        assert caught.value.param == name


@pytest.mark.parametrize("change, error, param", [
    ({"input": ""}, openai.BadRequestError, "input"),
    ({"input": "x" * 10001}, openai.BadRequestError, "input"),
    ({"voice": "nobody"}, openai.NotFoundError, "voice"),
    ({"voice": {"id": "nobody"}}, openai.NotFoundError, "voice"),
    ({"voice": 5}, openai.BadRequestError, "voice"),
    ({"speed": 9}, openai.BadRequestError, "speed"),
    ({"speed": "fast"}, openai.BadRequestError, "speed"),
    ({"response_format": "webm"}, openai.BadRequestError, "response_format"),
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
