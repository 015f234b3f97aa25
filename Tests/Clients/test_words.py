"""POST /api/v1/words: what will be said of a text."""

import json

import jsonschema
import pytest


def words(server, **fields):
    return server.json("POST", "/api/v1/words", json.dumps(fields).encode())


def test_says_what_will_be_said(server):
    text = "Set it to 21 °C. [pause:1.5s] Now.\n\nDone."
    status, answer = words(server, text=text, language="en")
    assert status == 200
    assert answer["language"] == "english" and answer["textFormat"] == "plain"
    steps = answer["steps"]
    assert [s.get("pauseMs") for s in steps] == [None, 1500, None, 600, None]
    assert steps[0]["text"].strip() == "Set it to twenty-one degrees Celsius."
    assert (steps[0]["start"], steps[2]["start"]) == (0, text.index("Now"))
    assert answer["text"].endswith("Now. Done.")


def test_the_answer_is_as_described(server):
    _, document = server.json("GET", "/openapi.json")
    _, answer = words(server, text="5 km. Die Katze schläft seit 3 Stunden auf dem Sofa. [pause:1s]")
    schema = {"$ref": "#/components/schemas/Words", "components": document["components"]}
    jsonschema.validate(answer, schema)
    assert answer["language"] == "auto"
    assert "drei Stunden" in answer["text"]


def test_ssml_is_known_by_its_first_tag(server):
    text = '<speak>Call <say-as interpret-as="digits">112</say-as><break time="10h"/>now.</speak>'
    _, answer = words(server, text=text, language="en")
    assert answer["textFormat"] == "ssml"
    assert [s.get("pauseMs") for s in answer["steps"]] == [None, 10000, None]
    assert answer["steps"][0]["text"].strip() == "Call one one two"
    _, plain = words(server, text=text, language="en", textFormat="plain")
    assert plain["textFormat"] == "plain"


@pytest.mark.parametrize("fields, field", [
    ({}, "text"), ({"text": 5}, "text"), ({"text": "a", "language": "tlh"}, "language"),
    ({"text": "a", "textFormat": "html"}, "textFormat"), ({"text": "a", "normalize": "no"}, "normalize"),
    ({"text": "é" * 10_001}, "text")])
def test_wrong_fields_are_named(server, fields, field):
    status, answer = words(server, **fields)
    assert status == 400 and answer["error"]["code"] == "INVALID_TEXT" and answer["error"]["field"] == field


def test_an_unknown_voice_is_said(server):
    status, answer = words(server, text="a", voice="nobody")
    assert status == 404 and answer["error"]["code"] == "VOICE_NOT_FOUND"


@pytest.mark.parametrize("text", ["", "😀", "[pause:1s]", "<speak>", "\u202e\u200d\ufeff"])
def test_nothing_to_say_is_no_error(server, text):
    status, answer = words(server, text=text)
    assert status == 200 and answer["text"] == ""
