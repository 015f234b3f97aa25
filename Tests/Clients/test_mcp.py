"""makima mcp: the official `mcp` package as its client, and lines that mean no good."""

import asyncio
import json
import os
import subprocess
import threading
import time

import jsonschema
import mcp.types as types
import pytest
import soundfile
from conftest import PROGRAM, ROOT, free_port
from mcp import ClientSession, McpError, StdioServerParameters
from mcp.client.stdio import stdio_client

FRAME = 1920 * 2  # bytes of the tone's sound for each character


class Client:
    """makima mcp in a folder of its own, with a sound device that writes what it plays to a file."""

    def __init__(self, folder, *arguments, **environment):
        self.folder = folder
        self.played = folder / "played.raw"
        (folder / "alsa.conf").write_text(f'pcm.!default {{ type file slave.pcm {{ type null }} file "{self.played}" format raw }}\n')
        self.save = folder / "saved"
        self.save.mkdir(exist_ok=True)
        self.environment = {
            **os.environ, "ALSA_CONFIG_PATH": str(folder / "alsa.conf"), "MAKIMA_BUILT_IN_VOICES": f"{ROOT}/Voices",
            "TTS_VOICES_DIR": str(folder / "voices"), **environment}
        self.arguments = ["mcp", "--folder", str(self.save), *arguments]

    def run(self, body):
        """`body` with a session, and what it returns."""
        async def flow():
            parameters = StdioServerParameters(command=PROGRAM, args=self.arguments, env=self.environment, cwd=ROOT)
            async with stdio_client(parameters) as (reading, writing), ClientSession(reading, writing) as session:
                self.greeting = await session.initialize()
                return await body(session)

        return asyncio.run(asyncio.wait_for(flow(), 60))

    def call(self, tool, **arguments):
        return self.run(lambda session: session.call_tool(tool, arguments))


@pytest.fixture
def client(server, tmp_path):
    return Client(tmp_path, MAKIMA_PORT=str(server.port))


@pytest.fixture
def slow(start, tmp_path):
    """Through a server that makes sound of 80 ms in 20 ms."""
    server = start("--set", "tone-frame=20")
    client = Client(tmp_path, MAKIMA_PORT=str(server.port))
    client.server = server
    return client


def said(result):
    assert not result.isError, result
    return result.content[0].text


def fault(result):
    assert result.isError, result
    return result.content[0].text


def posted(server, text, **fields):
    body = json.dumps({"input": text, "response_format": "pcm", **fields}).encode()
    return server.request("POST", "/v1/audio/speech", body)[2]


def test_tools_are_offered(client):
    tools = client.run(lambda session: session.list_tools()).tools
    assert [tool.name for tool in tools] == ["speak", "stop", "list_voices", "save"]
    for tool in tools:
        jsonschema.Draft202012Validator.check_schema(tool.inputSchema)
        assert tool.description and tool.title
    assert client.greeting.serverInfo.name == "makima" and client.greeting.protocolVersion == types.LATEST_PROTOCOL_VERSION
    assert client.greeting.instructions


def test_a_text_is_heard(server, client):
    text = "From a language model."
    assert "s" in said(client.call("speak", text=text))
    assert client.played.read_bytes().rstrip(b"\0") == posted(server, text).rstrip(b"\0")


def test_voice_and_speed(server, client):
    text = "In another voice."
    said(client.call("speak", text=text, voice="denji", speed=2))
    assert client.played.read_bytes().rstrip(b"\0") == posted(server, text, voice="denji", speed=2).rstrip(b"\0")


def test_texts_are_said_one_after_the_other(server, client):
    """The device's file begins anew with each text: what is left in it was said last."""
    ended = []

    async def speak(session, text):
        result = await session.call_tool("speak", {"text": text})
        ended.append(text)
        return said(result)

    client.run(lambda session: asyncio.gather(*[speak(session, text) for text in ("One.", "Two two.")]))
    assert ended == ["One.", "Two two."]
    assert client.played.read_bytes().rstrip(b"\0") == posted(server, "Two two.").rstrip(b"\0")


def test_the_model_here_speaks_where_no_appliance_is(tmp_path):
    client = Client(tmp_path, MAKIMA_PORT=str(free_port()), TTS_ENGINE="tone", MAKIMA_LOUDNESS="off")

    async def body(session):
        await session.call_tool("speak", {"text": "Here."})
        voices = await session.call_tool("list_voices", {})
        return await session.call_tool("save", {"text": "Here as well.", "path": "here.wav"}), voices

    result, voices = client.run(body)
    said(result)
    assert {"makima", "denji"} <= {voice["id"] for voice in voices.structuredContent["voices"]}
    assert client.played.stat().st_size >= len("Here.") * FRAME
    assert soundfile.info(client.save / "here.wav").frames == len("Here as well.") * FRAME // 2


def test_voices_are_listed(client):
    result = client.call("list_voices")
    voices = {voice["id"]: voice for voice in result.structuredContent["voices"]}
    assert voices["makima"]["isDefault"] and not voices["denji"]["isDefault"]
    assert "denji" in said(result)


@pytest.mark.parametrize("ending", ["wav", "mp3", "flac", "opus"])
def test_a_text_is_saved(server, client, ending):
    text = "Kept for later."
    assert f"kept.{ending}" in said(client.call("save", text=text, path=f"kept.{ending}"))
    samples, rate = soundfile.read(client.save / f"kept.{ending}")
    assert len(samples) / rate == pytest.approx(len(text) * 0.08, abs=0.1)
    assert os.listdir(client.save) == [f"kept.{ending}"]
    assert not client.played.exists()


@pytest.mark.parametrize("path", ["../out.wav", "/tmp/makima-out.wav", "way-out/out.wav", "missing/out.wav", "out.txt", "", ".."])
def test_nothing_is_saved_elsewhere(client, tmp_path, path):
    (tmp_path / "outside").mkdir()
    (client.save / "way-out").symlink_to(tmp_path / "outside")
    assert fault(client.call("save", text="Out.", path=path))
    assert not os.listdir(tmp_path / "outside") and not os.path.exists("/tmp/makima-out.wav")
    assert not (tmp_path / "out.wav").exists()


def test_a_file_is_replaced_only_on_request(client):
    (client.save / "mine.wav").write_bytes(b"mine")
    assert "overwrite" in fault(client.call("save", text="Hello.", path="mine.wav"))
    assert (client.save / "mine.wav").read_bytes() == b"mine"
    said(client.call("save", text="Hello.", path="mine.wav", overwrite=True))
    assert soundfile.info(client.save / "mine.wav").frames == len("Hello.") * FRAME // 2


@pytest.mark.parametrize("tool,arguments,word", [
    ("speak", {}, "text"), ("speak", {"text": 7}, "text"), ("speak", {"text": "x" * 10_001}, "10000"), ("speak", {"text": "🙂"}, "letter"),
    ("speak", {"text": "-"}, "letter"), ("speak", {"text": "Hello.", "voice": "nobody"}, "nobody"),
    ("speak", {"text": "Hello.", "speed": 9}, "speed"), ("speak", {"text": "Hello.", "loud": True}, "loud"),
    ("speak", {"text": "Hello.", "language": "klingon"}, "klingon"), ("speak", {"text": "Hello.", "wait": "no"}, "wait"),
    ("stop", {"now": True}, "now"), ("save", {"text": "Hello."}, "path"), ("save", {"text": "Hello.", "path": "a.wav", "overwrite": 1}, "overwrite"),
])
def test_what_is_wrong_is_named(client, tool, arguments, word):
    assert word in fault(client.call(tool, **arguments))
    assert not os.listdir(client.save)


def test_an_unknown_tool_is_an_error_of_the_protocol(client):
    async def body(session):
        with pytest.raises(McpError) as error:
            await session.call_tool("sing", {})
        return error.value.error.code

    assert client.run(body) == types.INVALID_PARAMS


# While it speaks


def test_stop_is_heard_while_it_speaks(slow):
    async def body(session):
        first = asyncio.create_task(session.call_tool("speak", {"text": "x" * 3000}))
        second = asyncio.create_task(session.call_tool("speak", {"text": "y" * 3000}))
        while not (slow.played.exists() and slow.played.stat().st_size):
            await asyncio.sleep(0.02)
        await session.send_ping()
        stopped = await session.call_tool("stop", {})
        at_once = slow.played.stat().st_size
        results = [await first, await second]
        await asyncio.sleep(0.5)
        return stopped, results, slow.played.stat().st_size - at_once

    stopped, results, later = slow.run(body)
    assert said(stopped) == "Silent." and [fault(r) for r in results] == ["Stopped."] * 2
    assert later == 0 and slow.played.stat().st_size < 1000 * FRAME
    assert slow.server.until(lambda: slow.server.metric("makima_utterances_running") == 0)


def test_stop_when_nothing_is_said(client):
    assert said(client.call("stop")) == "Nothing was being said."


def test_speaking_without_waiting(slow):
    async def body(session):
        begin = time.monotonic()
        said(await session.call_tool("speak", {"text": "x" * 3000, "wait": False}))
        answered = time.monotonic() - begin
        while not (slow.played.exists() and slow.played.stat().st_size):
            await asyncio.sleep(0.02)
        heard = time.monotonic() - begin
        return answered, heard, await session.call_tool("stop", {})

    answered, heard, stopped = slow.run(body)
    assert answered < heard and said(stopped) == "Silent."


def test_a_queue_has_an_end(slow):
    async def body(session):
        return [await session.call_tool("speak", {"text": "x" * 1000, "wait": False}) for _ in range(20)]

    results = slow.run(body)
    assert [r.isError for r in results] == [False] * 17 + [True] * 3


def test_a_cancelled_call_falls_silent(slow):
    async def body(session):
        call = asyncio.create_task(session.call_tool("speak", {"text": "x" * 3000}))
        while not (slow.played.exists() and slow.played.stat().st_size):
            await asyncio.sleep(0.02)
        # The package numbers its requests from 0: initialize, then this one.
        notification = types.CancelledNotification(method="notifications/cancelled", params=types.CancelledNotificationParams(requestId=1))
        await session.send_notification(types.ClientNotification(notification))
        while slow.server.metric("makima_utterances_running"):
            await asyncio.sleep(0.02)
        assert not call.done()
        call.cancel()
        return await session.call_tool("speak", {"text": "Next."})

    said(slow.run(body))


def test_progress_is_told(slow):
    told = []

    async def body(session):
        async def tell(progress, total, message):
            told.append((progress, message))

        return await session.call_tool("speak", {"text": "x" * 50}, progress_callback=tell)

    said(slow.run(body))
    values = [progress for progress, _ in told]
    assert values and values == sorted(set(values)) and all(message for _, message in told)


def test_an_appliance_by_its_address_that_asks_for_a_token(start, tmp_path):
    (tmp_path / "tokens").write_text("a-token-for-tests\n")
    server = start("--set", f"auth-tokens-file={tmp_path}/tokens")
    client = Client(tmp_path, "--remote", server.url(""), MAKIMA_TOKEN="")
    assert "MAKIMA_TOKEN" in fault(client.call("speak", text="Hello."))
    assert "401" in fault(client.call("list_voices"))
    client.environment["MAKIMA_TOKEN"] = "a-token-for-tests"
    said(client.call("speak", text="Hello."))
    said(client.call("list_voices"))


def test_an_appliance_that_is_not_there_is_an_error(tmp_path):
    client = Client(tmp_path, "--remote", f"http://127.0.0.1:{free_port()}")
    assert "reached" in fault(client.call("speak", text="Hello."))
    assert "reached" in fault(client.call("list_voices"))


def test_without_a_sound_device_it_says_so(server, client):
    (client.folder / "alsa.conf").write_text("")
    assert "save" in fault(client.call("speak", text="Hello."))


# Lines


class Raw:
    """makima mcp, told line by line."""

    def __init__(self, client):
        self.process = subprocess.Popen(
            [PROGRAM, *client.arguments], env=client.environment, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL)
        self.watchdog = threading.Timer(60, self.process.kill)
        self.watchdog.start()

    def send(self, data):
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def request(self, method, id=1, **parameters):
        self.send(json.dumps({"jsonrpc": "2.0", "id": id, "method": method, "params": parameters}).encode() + b"\n")

    def answer(self):
        return json.loads(self.process.stdout.readline())

    def end(self):
        self.process.stdin.close()
        rest = self.process.stdout.read()
        code = self.process.wait(20)
        self.watchdog.cancel()
        return code, rest


@pytest.fixture
def raw(client):
    raw = Raw(client)
    raw.request("initialize", 0, protocolVersion="2025-06-18", capabilities={}, clientInfo={"name": "test", "version": "1"})
    assert raw.answer()["result"]["protocolVersion"] == "2025-06-18"
    yield raw
    assert raw.end() == (0, b"")


@pytest.mark.parametrize("line,code", [
    (b"{", -32700), (b"\xff\xfe", -32700), (b"\0", None), (b"[" * 200_000, -32700), (b"x" * 300_000, -32600),
    (b'[{"jsonrpc":"2.0","id":1,"method":"ping"}]', -32600), (b'"ping"', -32600), (b'{"jsonrpc":"2.0","id":1,"method":"nothing"}', -32601),
    (b'{"jsonrpc":"2.0","id":[1],"method":"ping"}', -32600), (b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":[]}', -32602),
    (b'{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"cursor":"x"}}', -32602), (b"", None), (b"\r", None),
    (b'{"jsonrpc":"2.0","id":99999999999999999999999,"method":"ping"}', -32600), (b'{"jsonrpc":"2.0","result":{},"id":4}', None),
])
def test_lines_that_mean_nothing(raw, line, code):
    raw.send(line + b"\n")
    if code is not None:
        assert raw.answer()["error"]["code"] == code
    raw.request("ping", "still here")
    assert raw.answer() == {"jsonrpc": "2.0", "id": "still here", "result": {}}


def test_lines_in_pieces(raw):
    for byte in b'{"jsonrpc":"2.0","id":7,"method":"ping"}\r\n':
        raw.send(bytes([byte]))
    assert raw.answer() == {"jsonrpc": "2.0", "id": 7, "result": {}}


def test_a_flood_of_calls_is_bounded(raw):
    for index in range(200):
        raw.request("tools/call", index, name="speak", arguments={"text": "x" * 500})
    raw.request("tools/call", "stop", name="stop")
    answers = [raw.answer() for _ in range(201)]
    assert {answer["id"] for answer in answers} == {*range(200), "stop"}
    refused = [answer for answer in answers if "error" in answer or answer["result"].get("isError")]
    assert len(refused) >= 150


def test_the_end_of_its_input_is_the_end(slow):
    raw = Raw(slow)
    raw.request("initialize", 0, protocolVersion="2025-06-18")
    raw.answer()
    raw.request("tools/call", 1, name="speak", arguments={"text": "x" * 3000})
    while not (slow.played.exists() and slow.played.stat().st_size):
        time.sleep(0.02)
    assert raw.end()[0] == 0
    assert slow.server.until(lambda: slow.server.metric("makima_sessions") == 0)
