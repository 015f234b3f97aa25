"""What a proxy before several appliances asks of each, and a few sessions through HAProxy: Tests/Scale/run.py has a thousand."""

import asyncio
import contextlib
import json
import shutil
import signal
import sys

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from conftest import ROOT
from test_speak import receive, run, send

sys.path.insert(0, str(ROOT / "Tests/Scale"))


@pytest.mark.skipif(not shutil.which("haproxy"), reason="haproxy is not installed")
def test_only_what_a_killed_machine_was_saying_breaks(tmp_path):
    from appliances import Appliances
    from run import Run
    appliances = Appliances(tmp_path)
    try:
        run = Run(appliances, 60, at_once=30)
        asyncio.run(asyncio.wait_for(run.run(), 300))
    finally:
        appliances.stop()
    assert run.faults == 0


async def speaking(server, stack):
    """A session that is in the middle of a sentence of sixteen seconds."""
    ws = await stack.enter_async_context(connect(server.ws()))
    await receive(ws)
    await send(ws, type="speak", text="x" * 200)
    return ws


async def ready(server):
    status, answer = await asyncio.to_thread(server.json, "GET", "/ready")
    return status, answer["status"]


def test_a_long_queue_is_not_ready(start):
    server = start("--set", "speakers=1", "--set", "queue=4", "--set", "tone-frame=20", "--set", "grace=0")

    async def flow():
        async with contextlib.AsyncExitStack() as stack:
            sessions = [await speaking(server, stack) for _ in range(3)]
            while server.metric("makima_utterances_waiting") < 2:
                await asyncio.sleep(0.02)
            assert await ready(server) == (200, "ready")
            sessions.append(await speaking(server, stack))
            while server.metric("makima_utterances_waiting") < 3:
                await asyncio.sleep(0.02)
            assert await ready(server) == (503, "busy")
            for session in sessions:
                await send(session, type="cancel")
            while server.metric("makima_utterances_waiting") > 0:
                await asyncio.sleep(0.02)
            assert await ready(server) == (200, "ready")

    run(flow())


def test_a_server_that_shuts_down_takes_nobody_in(start):
    server = start("--set", "tone-frame=5")

    async def flow():
        async with contextlib.AsyncExitStack() as stack:
            session = await speaking(server, stack)
            assert isinstance(await receive(session), bytes)
            server.process.send_signal(signal.SIGTERM)
            while await ready(server) != (503, "stopping"):
                await asyncio.sleep(0.02)
            with pytest.raises(InvalidStatus) as refusal:
                await connect(server.ws())
            assert refusal.value.response.status_code == 503
            assert json.loads(refusal.value.response.body)["error"]["code"] == "MODEL_LOADING"
            sound = 0
            while isinstance(message := await receive(session), bytes):
                sound += len(message)
            assert message["type"] == "complete" and message["audioLengthMs"] == 16_000

    run(flow())
    assert server.process.wait(20) == 0
