"""What the log says of each request, at every door: for people, and for programs."""

import json

from websockets.asyncio.client import connect
from wyoming.audio import AudioStop
from wyoming.client import AsyncTcpClient
from wyoming.tts import Synthesize

from conftest import free_port
from test_speak import receive, run, send, until


def lines(server, message):
    """Of the log as JSON."""
    all_lines = [json.loads(line) for line in server.log_path.read_text().splitlines()]
    return [line for line in all_lines if line["message"] == message]


def test_every_door_leaves_one_line_for_each_request(start):
    port = free_port()
    server = start("--set", "log-format=json", "--set", f"wyoming-port={port}")
    assert server.request("GET", "/api/v1/say?text=Over+HTTP.&voice=DENJI&language=en")[0] == 200

    async def sockets():
        async with connect(server.ws()) as ws, connect(server.ws("/api/v1/listen")) as ear:
            await receive(ws)
            await send(ws, type="start", voice="Aki", contractId="c")
            await send(ear, type="hello", contractId="c")
            await until(ws, "started")
            await send(ws, type="speak", text="By ", append=True)
            await send(ws, type="speak", text="pieces.", append=True, flush=True)
            await until(ws, "complete")
            await send(ws, type="speak", text="...")
            await until(ws, "error")
        async with AsyncTcpClient("127.0.0.1", port) as client:
            await client.write_event(Synthesize("Over Wyoming.").event())
            while not AudioStop.is_type((await client.read_event()).type):
                pass

    run(sockets())
    assert server.until(lambda: len(lines(server, "listened")) == 1)
    told = {line["door"]: line for line in lines(server, "utterance")}
    assert set(told) == {"http", "speak", "wyoming"} and len(lines(server, "utterance")) == 3
    assert (told["http"]["voice"], told["http"]["language"], told["http"]["characters"]) == ("denji", "english", 10)
    assert (told["speak"]["voice"], told["speak"]["characters"]) == ("aki", 10)
    assert (told["wyoming"]["voice"], told["wyoming"]["characters"]) == ("makima", 13)
    for line in told.values():
        assert line["client"] == "127.0.0.1" and line["outcome"] == "stop" and line["level"] == "info"
        assert isinstance(line["firstSoundMs"], int) and line["frames"] > 0
    refused = lines(server, "refused")
    assert [(line["door"], line["code"]) for line in refused] == [("speak", "INVALID_TEXT")]
    heard = lines(server, "listened")[0]
    assert (heard["door"], heard["policy"], heard["interruptions"]) == ("listen", "speech", 0)
    metrics = server.request("GET", "/metrics")[2].decode()
    for door in told:
        assert f'makima_requests_total{{door="{door}",outcome="stop"}} 1' in metrics


def test_every_line_of_the_log_is_an_object(start):
    server = start("--set", "log-format=json", "--set", "log-level=trace")
    assert server.request("GET", "/nothing")[0] == 404
    server.stop()
    text = server.log_path.read_text()
    for line in text.splitlines():
        told = json.loads(line)
        assert {"time", "level", "logger", "message"} <= set(told)
    assert '"code":"NOT_FOUND"' in text


def test_a_format_that_there_is_not_is_refused(start, tmp_path):
    server = start("--set", "log-format=xml", wait=False)
    assert server.process.wait(20) != 0
    assert "log-format is one of text, json" in server.log_path.read_text()
