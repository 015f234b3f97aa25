"""Writes the reference clips of the built-in voices: speech of free synthesizers, never of a person.

    python voices.py OUT          # OUT/<id>/{reference.wav,transcript.txt,metadata.json}
"""
import json
import os
import subprocess
import sys
import tempfile

import numpy as np
import soundfile
import soxr

RATE = 24000
VOICES = [
    dict(id="makima", name="Makima", voice="slt", description="The default voice: calm, clear, a woman's range.",
         text="Good evening. I am a small voice, made by a machine, and I will read to you whatever you like."),
    dict(id="denji", name="Denji", voice="rms", description="A deeper voice, a man's range.",
         text="Hello there. This is a deeper voice, made by a machine, for when you want to hear someone else."),
    dict(id="power", name="Power", voice="en-us+f3", description="A bright, mechanical voice from a formant synthesizer.",
         text="Listen to me. I am a bright little voice from a formant synthesizer, and I am never tired."),
]


def speech(voice, text):
    """(24 kHz mono speech, source, licence of the tool's voice)"""
    with tempfile.NamedTemporaryFile(suffix=".wav") as f:
        if voice in ("slt", "rms"):
            subprocess.run(["flite", "-voice", voice, "-t", text, "-o", f.name], check=True)
            source, licence = "flite 2.2, voice cmu_us_" + voice, "BSD-like (Carnegie Mellon University)"
        else:
            subprocess.run(["espeak-ng", "-v", voice, "-s", "155", "-w", f.name, text], check=True)
            source, licence = "espeak-ng 1.51, voice " + voice, "tool under GPL-3.0-or-later; its output carries no terms"
        x, rate = soundfile.read(f.name)
    x = soxr.resample(x, rate, RATE)
    x = np.concatenate([np.zeros(RATE // 10), x / np.abs(x).max() * 0.7, np.zeros(RATE // 10)])
    return x, source, licence


def main():
    for v in VOICES:
        folder = os.path.join(sys.argv[1], v["id"])
        os.makedirs(folder, exist_ok=True)
        x, source, licence = speech(v["voice"], v["text"])
        assert 5 <= len(x) / RATE <= 8, (v["id"], len(x) / RATE)
        soundfile.write(os.path.join(folder, "reference.wav"), x, RATE, subtype="PCM_16")
        with open(os.path.join(folder, "transcript.txt"), "w") as f:
            f.write(v["text"] + "\n")
        with open(os.path.join(folder, "metadata.json"), "w") as f:
            json.dump(dict(id=v["id"], name=v["name"], language="english", description=v["description"],
                           synthetic=True, consent="not needed: no person speaks, the clip was synthesized",
                           source=source, license=licence, mode="x-vector"), f, indent=2)
            f.write("\n")
        print("%s: %.1f s" % (v["id"], len(x) / RATE))


if __name__ == "__main__":
    main()
