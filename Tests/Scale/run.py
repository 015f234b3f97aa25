#!/usr/bin/env python3
"""A thousand sessions through HAProxy and three servers, one of which is killed and one drained meanwhile.

    MAKIMA=.build/release/makima Tests/Scale/run.py [SESSIONS]

Only sentences that the killed server was in the middle of may break; every other one must end, and sound as from a server alone, byte
for byte. What it prints is the record kept in docs/scale-test.txt.
"""

import asyncio
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from appliances import NAMES, PROGRAM, Appliances, Visitors

TEXTS = [f"{'Word ' * (2 + number)}and the {number}th." for number in range(6)]
VOICES = ["makima", "power"]
NEW_VOICE = "newcomer"
# Of the sessions, from which on they come late.
LATE = 0.8


class Run:
    def __init__(self, appliances, count, at_once):
        """`at_once`: more sessions than the machines can speak to at the same time, so that some wait."""
        self.appliances = appliances
        self.at_once = at_once
        self.count = count
        self.done = 0
        self.random = random.Random(7)
        self.faults = 0
        self.killed_at = self.drained_at = self.back_at = None
        self.settled = asyncio.Event()
        # The machines of both sides of conversations, one of which came while a machine was away.
        self.meetings = []
        self.exit_code = None

    def check(self, fact, is_true, detail=""):
        self.faults += not is_true
        print(f"{'ok   ' if is_true else 'FAIL '} {fact}{'' if is_true else f': {detail}'}", flush=True)

    async def expected(self):
        """What a server alone says of each text in each voice."""
        alone = Visitors(self.appliances, {})
        sounds = {}
        for voice in [*VOICES, NEW_VOICE]:
            for text in TEXTS:
                body = {"model": "tts-1", "voice": voice, "input": text, "response_format": "pcm"}
                answer = await alone.http.post(self.appliances.alone.url("/v1/audio/speech"), json=body)
                assert answer.status_code == 200, answer.text
                sounds[text, voice] = answer.content
        await alone.http.aclose()
        return sounds

    async def visit(self, visitors, number, gate):
        # The last ones come when all that befell has befallen, and every other one wants the voice that came meanwhile.
        is_late = number >= LATE * self.count
        if is_late:
            await self.settled.wait()
        async with gate:
            voice = NEW_VOICE if is_late and number % 2 else self.random.choice(VOICES)
            texts = self.random.choices(TEXTS, k=2)
            match number % 20:
                case 0 | 1 | 2 | 3 | 4: await visitors.single(texts[0], voice)
                case 5 | 6 | 7: await visitors.conversation(texts[0], voice, f"contract-{number}")
                case _: await visitors.session(texts, voice, pause=self.random.uniform(0, 0.5))
        self.done += 1

    async def until(self, share):
        while self.done < share * self.count:
            await asyncio.sleep(0.02)

    async def until_speaking(self, visitors, name):
        """So that whoever goes is in the middle of something."""
        while not any(one.machine == name and not one.ended for one in visitors.sentences):
            await asyncio.sleep(0.005)

    async def disturb(self, visitors):
        """What befalls the machines meanwhile."""
        servers = self.appliances.servers
        await self.until(0.2)
        self.appliances.add_voice(NEW_VOICE)
        await self.until_speaking(visitors, "one")
        self.killed_at = time.monotonic()
        servers["one"].process.kill()
        servers["one"].process.wait()
        await self.until(0.4)
        await self.until_speaking(visitors, "two")
        self.drained_at = time.monotonic()
        servers["two"].process.terminate()
        self.exit_code = await asyncio.to_thread(servers["two"].process.wait, 150)
        first = await self.sides(visitors, "speak")
        await self.until(0.6)
        await asyncio.to_thread(self.appliances.restart, "one")
        while await visitors.machine() != "one":
            await asyncio.sleep(0.1)
        self.back_at = time.monotonic()
        second = await self.sides(visitors, "listen")
        self.meetings = [(one.machine, other.machine) for one, other in zip(first, second)]
        for side in first + second:
            await side.close()
        self.settled.set()

    async def sides(self, visitors, door):
        """One side of eight conversations, and where it came to."""
        sides = [await visitors.socket(f"/api/v1/{door}?contract=long-{number}") for number in range(8)]
        for side in sides:
            side.machine = side.response.headers["x-appliance"]
        return sides

    async def run(self):
        self.appliances.add_voice(NEW_VOICE)
        visitors = Visitors(self.appliances, await self.expected())
        shutil.rmtree(self.appliances.voices / NEW_VOICE)
        gate = asyncio.Semaphore(self.at_once)
        async with asyncio.TaskGroup() as group:
            group.create_task(self.disturb(visitors))
            for number in range(self.count):
                group.create_task(self.visit(visitors, number, gate))
        await visitors.http.aclose()
        self.judge(visitors)

    def judge(self, visitors):
        counts, sentences = visitors.counts(), visitors.sentences
        broken = [one for one in sentences if one.outcome == "broken"]
        print(f"{self.count} sessions, {len(sentences)} sentences: {dict(counts)}; asked for again, "
              f"before a sound: {sum(one.repeats > 0 for one in sentences)}")
        for name in NAMES:
            print(f"machine {name}: {sum(one.machine == name for one in sentences)} sentences")
        others = {outcome: count for outcome, count in counts.items() if outcome not in ("whole", "broken")}
        self.check("every sentence is whole and as from a server alone, or broke", not others, others)
        in_progress = visitors.running("one", self.killed_at)
        self.check(f"the killed server was in the middle of sentences ({len(in_progress)})", in_progress)
        # What it had sent may arrive a moment later.
        strange = [one for one in broken if one.machine != "one" or one.began > self.killed_at + 1]
        self.check(f"whatever broke ({len(broken)}) is of those", not strange, strange[:3])
        drained = visitors.running("two", self.drained_at)
        self.check(f"the drained server was in the middle of sentences ({len(drained)}), and all became whole",
                   drained and all(one.outcome == "whole" for one in drained))
        self.check("it ended by itself", self.exit_code == 0, self.exit_code)
        self.check("both sides of every conversation met", not visitors.apart, visitors.apart[:3])
        self.check("who joined a conversation after it came back met the other side",
                   len(self.meetings) == 8 and all(one == other for one, other in self.meetings), self.meetings)
        by = {one.machine for one in sentences if one.began > self.back_at}
        self.check("the server that came back speaks beside the one that stayed", by == {"one", "three"}, by)
        by = {one.machine for one in sentences if one.voice == NEW_VOICE}
        self.check("a voice that came meanwhile is known to both", by == {"one", "three"}, by)


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    for command in ([PROGRAM, "--version"], ["haproxy", "-v"]):
        print(subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[0], flush=True)
    with tempfile.TemporaryDirectory() as folder:
        appliances = Appliances(Path(folder))
        try:
            run = Run(appliances, count, at_once=150)
            asyncio.run(run.run())
        finally:
            appliances.stop()
    sys.exit(run.faults > 0)


if __name__ == "__main__":
    main()
