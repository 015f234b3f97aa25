"""/v1/realtime: the `openai` package's realtime client, and clients that mean no good."""

import asyncio
import base64
import json
import time

import openai
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from test_hostile import Raw

FRAME = 1920 * 2  # bytes of the tone's sound for each character


def sdk(server, **options):
    return openai.OpenAI(base_url=server.url("/v1"), api_key="none", max_retries=0, **options).realtime


def say(connection, text, **item):
    connection.conversation.item.create(
        item={"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}], **item})
    added, done = connection.recv(), connection.recv()
    assert (added.type, done.type) == ("conversation.item.added", "conversation.item.done")
    assert added.item.content[0].text == text and done.item.status == "completed"
    return added.item.id


def until(connection, kind):
    """Events up to the first of a kind."""
    events = []
    while not events or events[-1].type != kind:
        events.append(connection.recv())
        assert events[-1].type != "error" or kind == "error", events[-1]
    return events


def refusal(connection):
    return until(connection, "error")[-1].error


def sound(events):
    return b"".join(base64.b64decode(e.delta) for e in events if e.type == "response.output_audio.delta")


def transcript(events):
    return "".join(e.delta for e in events if e.type == "response.output_audio_transcript.delta")


@pytest.fixture
def session(server):
    with sdk(server).connect(model="gpt-realtime") as connection:
        created = connection.recv()
        assert created.type == "session.created" and created.session.model == "gpt-realtime"
        assert created.session.audio.output.voice == "makima" and created.session.output_modalities == ["audio"]
        yield connection


def test_a_message_is_spoken_word_for_word(server, session):
    text = "Good morning, Ada."
    say(session, text)
    session.response.create()
    events = until(session, "response.done")
    kinds = [e.type for e in events]
    assert kinds[:4] == ["response.created", "response.output_item.added", "conversation.item.added", "response.content_part.added"]
    assert kinds[-6:] == ["response.output_audio.done", "response.output_audio_transcript.done", "response.content_part.done",
                          "conversation.item.done", "response.output_item.done", "response.done"]
    assert len(sound(events)) == len(text) * FRAME
    assert transcript(events) == text == events[-5].transcript == events[-4].part.transcript
    response = events[-1].response
    assert response.status == "completed" and response.output[0].content[0].transcript == text
    assert response.usage.output_tokens == len(text) and response.usage.total_tokens == 2 * len(text)
    assert len({e.event_id for e in events}) == len(events)
    assert sound(events) == server.request(
        "POST", "/v1/audio/speech", json.dumps({"input": text, "response_format": "pcm"}).encode())[2]


def test_the_sound_comes_before_the_end(start):
    server = start("--set", "tone-frame=20")
    with sdk(server).connect(model="gpt-realtime") as session:
        session.recv()
        say(session, "x" * 50)
        session.response.create()
        begin = time.monotonic()
        until(session, "response.output_audio.delta")
        first = time.monotonic() - begin
        until(session, "response.done")
        assert first < (time.monotonic() - begin) / 2


def test_two_responses_in_a_conversation(session):
    say(session, "One.")
    session.response.create()
    first = until(session, "response.done")[-1].response
    say(session, "Two.")
    session.response.create(response={"metadata": {"turn": "two"}})
    events = until(session, "response.done")
    assert transcript(events) == "Two."
    assert events[-1].response.id != first.id and events[-1].response.metadata == {"turn": "two"}
    assert events[-1].response.conversation_id == first.conversation_id
    session.response.create()
    assert refusal(session).code == "nothing_to_say"


def test_a_history_is_not_spoken(session):
    say(session, "What time is it?")
    session.conversation.item.create(
        item={"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Noon."}]})
    until(session, "conversation.item.done")
    say(session, "Thank you.")
    session.response.create()
    assert transcript(until(session, "response.done")) == "Thank you."


def test_what_a_response_says_beside_the_conversation(session):
    message = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Only this."}]}
    session.response.create(response={"conversation": "none", "input": [message]})
    events = until(session, "response.done")
    assert transcript(events) == "Only this." and events[-1].response.conversation_id is None
    assert not [e for e in events if e.type.startswith("conversation.")]
    session.response.create(response={"instructions": "And that."})
    assert transcript(until(session, "response.done")) == "And that."


def test_voice_and_speed(server, session):
    text = "In another voice."
    session.session.update(session={"type": "realtime", "audio": {"output": {"voice": "denji", "speed": 2}}})
    updated = session.recv()
    assert updated.type == "session.updated"
    assert (updated.session.audio.output.voice, updated.session.audio.output.speed) == ("denji", 2)
    say(session, text)
    session.response.create()
    pcm = sound(until(session, "response.done"))
    assert len(pcm) == len(text) * FRAME // 2
    body = {"input": text, "voice": "denji", "speed": 2, "response_format": "pcm"}
    assert pcm == server.request("POST", "/v1/audio/speech", json.dumps(body).encode())[2]
    say(session, text)
    session.response.create(response={"audio": {"output": {"voice": "alloy"}}})
    assert until(session, "response.done")[-1].response.audio.output.voice == "makima"


def test_a_session_is_sent_back_as_it_came(session):
    session.session.update(session={"type": "realtime"})
    told = session.recv().session.model_dump(exclude_unset=True)
    session.session.update(session=told)
    assert session.recv().type == "session.updated"


def test_a_text_with_nothing_to_say_is_silence(session):
    say(session, "🙂")
    session.response.create()
    events = until(session, "response.done")
    assert events[-1].response.status == "completed" and sound(events) == b""


# What a client does while it is spoken to


def speaking(session, text="x" * 200):
    """A response whose first sound has come."""
    say(session, text)
    session.response.create()
    return until(session, "response.output_audio.delta")


def test_a_cancelled_response_is_silent_at_once(start):
    server = start("--set", "tone-frame=20")
    with sdk(server).connect(model="gpt-realtime") as session:
        session.recv()
        before = speaking(session)
        session.response.cancel()
        events = until(session, "response.done")
        # Sound of 80 ms comes every 20 ms: what was on its way lasts longer than what is made after the cancel.
        assert len(sound(events)) <= 10 * FRAME
        response = events[-1].response
        assert (response.status, response.status_details.reason) == ("cancelled", "client_cancelled")
        assert response.output[0].status == "incomplete"
        assert response.output[0].content[0].transcript == transcript(before + events)
        assert server.until(lambda: server.metric("makima_utterances_running") == 0)
        say(session, "Next.")
        session.response.create()
        assert transcript(until(session, "response.done")) == "Next."


def test_nothing_follows_a_cancelled_response(start):
    server = start("--set", "tone-frame=20")
    with sdk(server).connect(model="gpt-realtime") as session:
        session.recv()
        speaking(session)
        session.response.cancel()
        until(session, "response.done")
        with pytest.raises(TimeoutError):
            session._connection.recv(timeout=0.5)


def test_only_one_response_at_a_time(start):
    server = start("--set", "tone-frame=20")
    with sdk(server).connect(model="gpt-realtime") as session:
        session.recv()
        speaking(session)
        session.response.create(event_id="second")
        error = refusal(session)
        assert error.code == "conversation_already_has_active_response" and error.event_id == "second"
        session.response.cancel(response_id="resp_77")
        assert refusal(session).param == "response_id"
        session.response.cancel()
        assert until(session, "response.done")[-1].response.status == "cancelled"


def test_cancel_without_a_response(session):
    session.response.cancel(event_id="e")
    error = refusal(session)
    assert (error.type, error.code, error.event_id) == ("invalid_request_error", "response_cancel_not_active", "e")


def test_truncated_is_what_was_heard(session):
    say(session, "abcdefghij")
    session.response.create()
    item = until(session, "response.done")[-1].response.output[0].id
    session.conversation.item.truncate(item_id=item, content_index=0, audio_end_ms=801)
    assert refusal(session).param == "audio_end_ms"
    session.conversation.item.truncate(item_id=item, content_index=0, audio_end_ms=390)
    truncated = session.recv()
    assert (truncated.type, truncated.audio_end_ms) == ("conversation.item.truncated", 390)
    session.conversation.item.retrieve(item_id=item)
    assert session.recv().item.content[0].transcript == "abcde"
    session.conversation.item.delete(item_id=item)
    assert session.recv().type == "conversation.item.deleted"
    session.conversation.item.retrieve(item_id=item)
    assert refusal(session).code == "item_not_found"


# What is refused


@pytest.mark.parametrize("event,param", [
    ({"type": "session.update", "session": {"type": "realtime", "output_modalities": ["text"]}}, "session.output_modalities"),
    ({"type": "session.update", "session": {"type": "realtime", "tools": [{"type": "function", "name": "f"}]}}, "session.tools"),
    ({"type": "session.update", "session": {"type": "transcription"}}, "session.type"),
    ({"type": "session.update", "session": {"type": "realtime", "audio": {"input": {"turn_detection": {"type": "server_vad"}}}}},
     "session.audio.input.turn_detection"),
    ({"type": "session.update", "session": {"type": "realtime", "audio": {"output": {"voice": "nobody"}}}}, "session.audio.output.voice"),
    ({"type": "session.update", "session": {"type": "realtime", "audio": {"output": {"speed": 9}}}}, "session.audio.output.speed"),
    ({"type": "response.create", "response": {"audio": {"output": {"voice": "nobody"}}}}, "response.audio.output.voice"),
    ({"type": "response.create", "response": {"tools": [{}]}}, "response.tools"),
    ({"type": "input_audio_buffer.append", "audio": "AAAA"}, "type"),
    ({"type": "input_audio_buffer.commit"}, "type"),
    ({"type": "conversation.item.create", "item": {
        "type": "message", "role": "user", "content": [{"type": "input_audio", "audio": "AAAA"}]}}, "item.content[0].type"),
    ({"type": "conversation.item.create", "item": {"type": "function_call_output", "call_id": "a", "output": "b"}}, "item.type"),
    ({"type": "nonsense"}, "type"), ({}, "type"), ({"type": ["session.update"]}, "type"),
    ({"type": "conversation.item.create", "item": {
        "type": "message", "role": "user", "content": [{"type": "input_text", "text": "x" * 10_001}]}}, "item.content[0].text"),
])
def test_what_is_not_taken_is_named(server, session, event, param):
    session.send_raw(json.dumps({"event_id": "mine", **event}))
    error = refusal(session)
    assert (error.param, error.event_id) == (param, "mine") and error.message and error.code
    say(session, "Still here.")
    session.response.create()
    assert transcript(until(session, "response.done")) == "Still here."


@pytest.mark.parametrize("data", [
    "", "[]", "7", '"text"', "null", "{", "\0", "[" * 200_000, '{"type":"session.update","session":' * 5_000,
    '{"type":' + "9" * 100_000 + "}", '{"type":"response.create","response":' + "x" * 300_000 + "}", b"\0\1\2",
])
def test_garbage_is_answered(session, data):
    session.send_raw(data)
    assert refusal(session).type == "invalid_request_error"
    say(session, "Ab")
    session.response.create()
    assert transcript(until(session, "response.done")) == "Ab"


def test_a_flood_of_messages_is_bounded(server, session):
    event = {"type": "conversation.item.create", "item": {
        "type": "message", "role": "user", "content": [{"type": "input_text", "text": "x" * 1000}]}}
    refused = 0
    for _ in range(300):
        session.send_raw(json.dumps(event))
        answer = session.recv()
        if answer.type == "error":
            assert answer.error.code == "conversation_full"
            refused += 1
        else:
            assert session.recv().type == "conversation.item.done"
    assert refused == 291
    event["item"]["role"] = "assistant"
    event["item"]["content"][0]["type"] = "output_text"
    ids = []
    for _ in range(300):
        session.send_raw(json.dumps(event))
        ids.append(session.recv().item.id)
        session.recv()
    for item, kept in [(ids[0], False), (ids[-41], False), (ids[-40], True), (ids[-1], True)]:
        session.conversation.item.retrieve(item_id=item)
        assert (session.recv().type == "conversation.item.retrieved") == kept


def test_a_model_that_is_none_is_named(server):
    with sdk(server).connect(model="whisper-1") as connection:
        error = connection.recv().error
        assert (error.code, error.param) == ("model_not_found", "model")
        with pytest.raises(ConnectionClosed) as closed:
            connection.recv()
        assert closed.value.rcvd.code == 1008


@pytest.mark.parametrize("model", ["gpt-realtime-2025-08-28", "gpt-realtime-2.1-mini", "gpt-4o-mini-tts", ""])
def test_models_that_speak(server, model):
    with connect(server.ws(f"/v1/realtime?model={model}")) as connection:
        assert json.loads(connection.recv())["type"] == "session.created"


def test_without_websocket_it_says_what_it_is(server):
    status, headers, body = server.request("GET", "/v1/realtime")
    assert status == 426 and headers["upgrade"] == "websocket"


def test_huge_frames_close(server):
    for frame, code in [(dict(opcode=1, data=b"", length=1 << 40), 1009), (dict(opcode=1, data=b"\xff"), 1007)]:
        raw = Raw(server, "/v1/realtime")
        raw.send(**frame)
        assert raw.close_code() == code


def test_a_client_that_leaves_is_not_spoken_to(start):
    server = start("--set", "tone-frame=20")
    with sdk(server).connect(model="gpt-realtime") as session:
        session.recv()
        speaking(session, "x" * 5000)
    assert server.until(lambda: server.metric("makima_utterances_running") == 0 and server.metric("makima_sessions") == 0)


def test_a_client_that_does_not_read_is_heard(start):
    """Its sound waits, and its cancel is taken."""
    server = start()
    with connect(server.ws("/v1/realtime"), max_queue=1) as session:
        item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "x" * 9000}]}
        session.send(json.dumps({"type": "conversation.item.create", "item": item}))
        session.send(json.dumps({"type": "response.create"}))
        time.sleep(1)
        assert server.metric("makima_utterances_running") + server.metric("makima_utterances_waiting") <= 1
        session.send(json.dumps({"type": "response.cancel"}))
        assert server.until(lambda: server.metric("makima_utterances_running") == 0)
        kinds = []
        while not kinds or kinds[-1] != "response.done":
            kinds.append(json.loads(session.recv())["type"])


# Who may


TOKEN = "a-token-for-tests"


@pytest.fixture
def guarded(start, tmp_path):
    (tmp_path / "tokens").write_text(TOKEN + "\n")
    return start("--set", f"auth-tokens-file={tmp_path}/tokens")


def test_a_token_is_asked_for(guarded):
    with sdk(guarded).connect(model="gpt-realtime") as connection:
        error = connection.recv().error
        assert (error.type, error.code) == ("authentication_error", "unauthorized")
        with pytest.raises(ConnectionClosed) as closed:
            connection.recv()
        assert closed.value.rcvd.code == 1008
    client = openai.OpenAI(base_url=guarded.url("/v1"), api_key=TOKEN)
    with client.realtime.connect(model="gpt-realtime") as connection:
        assert connection.recv().type == "session.created"


@pytest.mark.parametrize("token,kind", [(TOKEN, "session.created"), ("another-token-of-theirs", "error")])
def test_a_page_names_its_token_in_a_subprotocol(guarded, token, kind):
    offered = ["realtime", "openai-insecure-api-key." + token]
    with connect(guarded.ws("/v1/realtime"), subprotocols=offered) as connection:
        assert connection.subprotocol == "realtime"
        assert json.loads(connection.recv())["type"] == kind


def test_a_page_of_another_site_may_not(guarded):
    offered = ["realtime", "openai-insecure-api-key." + TOKEN]
    with pytest.raises(Exception, match="403"):
        connect(guarded.ws("/v1/realtime"), subprotocols=offered, origin="http://elsewhere.example")


# The end


def test_a_server_that_stops_finishes_what_is_said(start):
    server = start("--set", "tone-frame=20")
    with sdk(server).connect(model="gpt-realtime") as session:
        session.recv()
        before = speaking(session, "x" * 50)
        server.process.terminate()
        events = until(session, "response.done")
        assert events[-1].response.status == "completed" and transcript(before + events) == "x" * 50
        with pytest.raises(ConnectionClosed) as closed:
            session.recv()
        assert closed.value.rcvd.code == 1001


def test_the_async_client_speaks_as_well(server):
    async def talk():
        client = openai.AsyncOpenAI(base_url=server.url("/v1"), api_key="none")
        async with client.realtime.connect(model="gpt-realtime") as session:
            await session.conversation.item.create(
                item={"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hello."}]})
            await session.response.create()
            async for event in session:
                if event.type == "response.done":
                    return event.response

    response = asyncio.run(talk())
    assert response.status == "completed" and response.output[0].content[0].transcript == "Hello."


def test_a_model_that_loads_is_a_failed_response(start):
    server = start("--set", "load=first-use", wait=False)
    assert server.until(lambda: answers(server))
    with sdk(server).connect(model="gpt-realtime") as session:
        session.recv()
        say(session, "Hello.")
        session.response.create()
        events = until(session, "response.done")
        response = events[-1].response
        if response.status == "failed":
            assert response.status_details.error.code == "model_loading" and response.output == []
            assert server.until(lambda: server.request("GET", "/ready")[0] == 200)
            session.response.create()
            events = until(session, "response.done")
        assert transcript(events) == "Hello."


def answers(server):
    try:
        return server.request("GET", "/health")[0] == 200
    except OSError:
        return False
