"""GET /api/v1/say: speech as an address that a media player opens."""

import http.client
import io
import json
import subprocess
import urllib.parse

import pytest
import soundfile

TEXT = "A tone of one frame for each of these characters."
SECONDS = len(TEXT) * 0.08


def address(server, **query):
    return server.url("/api/v1/say?" + urllib.parse.urlencode(query))


def ask(server, method="GET", headers=None, **query):
    return server.request(method, "/api/v1/say?" + urllib.parse.urlencode(query), headers=headers)


def probe(url, *options):
    told = subprocess.run(
        ["ffprobe", "-loglevel", "error", *options, "-show_entries", "stream=codec_name,sample_rate,channels", "-of", "json", url],
        capture_output=True, text=True, timeout=60)
    assert told.returncode == 0, told.stderr
    return json.loads(told.stdout)["streams"][0]


@pytest.mark.parametrize("form, media, codec", [
    (None, "audio/mpeg", "mp3"), ("wav", "audio/wav", "pcm_s16le"), ("opus", "audio/ogg", "opus"),
    ("flac", "audio/flac", "flac"), ("pcm", "audio/pcm", "pcm_s16le")])
def test_players_read_every_format(server, form, media, codec):
    query = {"text": TEXT, **({"format": form} if form else {})}
    status, headers, sound = ask(server, **query)
    assert status == 200 and headers["content-type"] == media
    assert headers["cache-control"] == "no-store" and headers["accept-ranges"] == "none" and "etag" not in headers
    options = ["-f", "s16le", "-ar", "24000"] if form == "pcm" else []
    found = probe(address(server, **query), *options)
    assert found["codec_name"] == codec and found["channels"] == 1
    # Decoded to its end, from the address itself.
    told = subprocess.run(
        ["ffmpeg", "-loglevel", "error", *options, "-i", address(server, **query), "-f", "s16le", "-ar", "24000", "-ac", "1", "-"],
        capture_output=True, timeout=60)
    assert told.returncode == 0, told.stderr
    assert len(told.stdout) / 48000 == pytest.approx(SECONDS, abs=0.15)


def test_it_is_what_the_speech_endpoint_says(server):
    body = json.dumps({"input": TEXT, "voice": "denji", "response_format": "wav", "speed": 1.5}).encode()
    theirs = server.request("POST", "/v1/audio/speech", body)[2]
    assert ask(server, text=TEXT, voice="Denji", format="wav", speed="1.5")[2] == theirs
    # An address says nothing where it says an empty value.
    plain = ask(server, text=TEXT, format="wav")[2]
    assert ask(server, text=TEXT, format="wav", voice="", speed="", language="")[2] == plain
    # Signs that an address writes otherwise.
    assert len(soundfile.read(io.BytesIO(ask(server, text="a+b & ä?", format="wav")[2]))[0]) > 0


@pytest.mark.parametrize("query, status, field", [
    ({}, 400, "text"), ({"text": ""}, 400, "text"), ({"text": " "}, 400, "text"), ({"text": "x" * 10_001}, 400, "text"),
    ({"text": "a", "voice": "nobody"}, 404, "voice"), ({"text": "a", "language": "klingon"}, 400, "language"),
    ({"text": "a", "speed": "9"}, 400, "speed"), ({"text": "a", "speed": "nan"}, 400, "speed"),
    ({"text": "a", "speed": "inf"}, 400, "speed"), ({"text": "a", "speed": "fast"}, 400, "speed"),
    ({"text": "a", "format": "webm"}, 400, "format"), ({"text": "a", "voice": "x" * 300}, 400, "voice")])
def test_what_is_wrong_is_said_with_its_field(server, query, status, field):
    for method in ("GET", "HEAD"):
        told, _, body = ask(server, method, **query)
        # A HEAD does not look into the text.
        if method == "HEAD" and query.get("text") == " ":
            continue
        assert told == status
        if method == "GET":
            assert json.loads(body)["error"]["field"] == field


def test_a_head_says_what_would_come_and_speaks_nothing(server):
    before = server.metric("makima_audio_seconds_total")
    status, headers, body = ask(server, "HEAD", text=TEXT, format="opus")
    assert (status, headers["content-type"], headers["x-sample-rate"], body) == (200, "audio/ogg", "24000", b"")
    assert server.metric("makima_audio_seconds_total") == before


def test_a_range_from_the_beginning_is_the_whole_and_another_is_refused(server):
    whole = ask(server, text=TEXT, format="wav")[2]
    for wanted in "bytes=0-", "bytes=0-99":
        status, headers, body = ask(server, text=TEXT, format="wav", headers={"Range": wanted})
        assert (status, body) == (200, whole) and "content-range" not in headers
    for wanted in "bytes=100-", "bytes=-5", "bytes=5-1", "seconds=1-", "bytes=0-1,5-9":
        status, headers, body = ask(server, text=TEXT, format="wav", headers={"Range": wanted})
        assert status == (200 if wanted == "bytes=0-1,5-9" else 416), wanted
        if status == 416:
            assert json.loads(body)["error"]["field"] == "range" and headers["accept-ranges"] == "none"


def test_the_sound_comes_while_it_is_made_and_ends_with_the_player(start):
    server = start("--set", "tone-frame=20")
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    connection.request("GET", "/api/v1/say?format=pcm&text=" + "x" * 5000)
    answer = connection.getresponse()
    assert answer.status == 200 and answer.read(4096)
    assert server.metric("makima_utterances_running") == 1
    connection.close()
    answer.close()
    assert server.until(lambda: server.metric("makima_utterances_running") == 0)
    assert server.metric("makima_audio_seconds_total") < 300


EVIL = "https://evil.example.com"


@pytest.mark.parametrize("headers", [
    {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "audio"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": EVIL},
    {"Origin": "null"}, {"Referer": EVIL + "/page"}, {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64)"}])
def test_a_page_of_another_site_is_refused(server, headers):
    before = server.metric("makima_audio_seconds_total")
    assert ask(server, text=TEXT, headers=headers)[0] == 403
    assert server.metric("makima_audio_seconds_total") == before


def test_the_own_page_and_those_that_are_allowed_may(start):
    server = start("--set", "allowed-origins=https://app.example.org")
    own = server.url("")
    for headers in ({"Referer": own + "/", "Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"},
                    {"Origin": "https://app.example.org"}, {"Referer": "https://app.example.org/x", "Sec-Fetch-Site": "cross-site"}):
        assert ask(server, text="Hi.", headers=headers)[0] == 200, headers
    assert ask(server, text="Hi.", headers={"Origin": EVIL})[0] == 403


def test_a_token_in_the_address_is_taken_where_the_settings_allow_it(start, tmp_path):
    (tmp_path / "tokens").write_text("correct-horse-battery-staple\n")
    good = {"text": "Hi.", "token": "correct-horse-battery-staple"}
    server = start("--set", f"auth-tokens-file={tmp_path}/tokens")
    status, _, body = ask(server, **good)
    assert status == 401 and "token-in-address" in json.loads(body)["error"]["message"]
    assert ask(server, text="Hi.", headers={"Authorization": "Bearer correct-horse-battery-staple"})[0] == 200
    assert ask(server, text="Hi.")[0] == 401
    open_server = start("--set", f"auth-tokens-file={tmp_path}/tokens", "--set", "token-in-address=true")
    assert ask(open_server, **good)[0] == 200
    assert ask(open_server, **{**good, "token": "wrong-horse"})[0] == 401
    # Nowhere else.
    assert open_server.request("GET", "/api/v1/voices?token=correct-horse-battery-staple")[0] == 401
    assert ask(open_server, headers={"Referer": EVIL}, **good)[0] == 403
    # What is in an address is not written down.
    ask(open_server, **{**good, "speed": "9"})
    log = open_server.log_path.read_text()
    assert "GET /api/v1/say" in log and "correct-horse" not in log and "Hi." not in log
