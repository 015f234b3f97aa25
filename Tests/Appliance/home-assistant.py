#!/usr/bin/env python3
"""Plays the person who sets Home Assistant up: adds what was discovered by Wyoming, and has it speak.

    home-assistant.py SECONDS_OF_A_FRAME

Runs beside a fresh Home Assistant at port 8123, with its Python. The server it finds hums one frame for each character of what
it says, so the length of the sound tells what was said. Exit status 1 when something is not as it should be.
"""
import asyncio
import io
import sys
import wave

import aiohttp

HOME = "http://127.0.0.1:8123"


def ok(text):
    print("ok   ", text, flush=True)


async def until(what, find, seconds=90):
    for _ in range(seconds * 2):
        try:
            if found := await find():
                return found
        except aiohttp.ClientError:
            pass
        await asyncio.sleep(0.5)
    sys.exit(f"FAIL  {what}: not within {seconds} s")


async def post(session, path, **fields):
    async with session.post(HOME + path, json=fields) as answer:
        assert answer.status < 300, (path, answer.status, await answer.text())
        return await answer.json()


async def get(session, path):
    async with session.get(HOME + path) as answer:
        return await answer.json() if answer.status == 200 else None


async def log_in(session):
    await until("Home Assistant answers", lambda: get(session, "/api/onboarding"))
    owner = await post(
        session, "/api/onboarding/users", client_id=HOME + "/", name="Owner", username="owner", password="owner",
        language="de")
    form = {"client_id": HOME + "/", "grant_type": "authorization_code", "code": owner["auth_code"]}
    async with session.post(HOME + "/auth/token", data=form) as answer:
        return (await answer.json())["access_token"]


async def command(session, token, kind, **fields):
    """One command over the WebSocket, by which the frontend asks."""
    async with session.ws_connect(HOME + "/api/websocket") as socket:
        await socket.receive_json()
        await socket.send_json({"type": "auth", "access_token": token})
        await socket.receive_json()
        await socket.send_json({"id": 1, "type": kind, **fields})
        return (await socket.receive_json())["result"]


async def discovered(session, token):
    flows = await command(session, token, "config_entries/flow/progress")
    return next((flow for flow in flows if flow["handler"] == "wyoming"), None)


async def seconds(session, entity, message, language, voice):
    options = {"voice": voice, "preferred_format": "wav"}
    answer = await post(
        session, "/api/tts_get_url", engine_id=entity, message=message, language=language, options=options, cache=False)
    async with session.get(HOME + answer["path"]) as sound:
        assert sound.status == 200, sound.status
        data = await sound.read()
    # The header of a stream does not know the length.
    with wave.open(io.BytesIO(data)) as file:
        return (len(data) - data.index(b"data") - 8) / file.getsampwidth() / file.getframerate()


async def main(frame):
    async with aiohttp.ClientSession() as session:
        token = await log_in(session)
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {token}"}) as session:
        flow = await until("makima is discovered", lambda: discovered(session, token))
        assert flow["context"]["source"] == "zeroconf", flow
        ok(f"discovered by {flow['context']['source']}: {flow['context'].get('title_placeholders')}")
        entry = await post(session, f"/api/config/config_entries/flow/{flow['flow_id']}")
        assert entry["type"] == "create_entry", entry
        ok(f"added: {entry['title']}")

        async def entity():
            states = await get(session, "/api/states") or []
            return next((state["entity_id"] for state in states if state["entity_id"].startswith("tts.")), None)
        entity = await until("its entity is there", entity)
        voices = (await command(session, token, "tts/engine/voices", engine_id=entity, language="de"))["voices"]
        ok(f"{entity} offers in German: {', '.join(voice['name'] for voice in voices[:4])}, …")
        assert "makima-de" in [voice["voice_id"] for voice in voices], voices

        failed = False
        for message, language, voice, said in [
                ("Es ist 12 Uhr.", "de", "makima-de", "Es ist zwölf Uhr."),
                ("It is 12.", "en", "makima-en", "It is twelve."),
                ("Um 7:30 Uhr.", "de", "makima", "Um sieben Uhr dreißig.")]:
            length = await seconds(session, entity, message, language, voice)
            right = abs(length - frame * len(said)) < frame / 2
            failed |= not right
            print("ok   " if right else "FAIL ", f"{voice}: {message!r} takes {length:.2f} s, as {said!r} does", flush=True)
        return failed


sys.exit(asyncio.run(main(float(sys.argv[1]))))
