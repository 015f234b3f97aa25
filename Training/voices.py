"""Writes the reference clips of the built-in voices: speech of free synthesizers, never of a person.

    python voices.py OUT          # OUT/<id>/{reference.wav,transcript.txt,metadata.json}

Each clip is a speaker of the corpus (`speakers.py`) reading at the teacher's own pace.
"""
import json
import os
import sys

import numpy as np
import soundfile

import data
import vocoder
from speakers import SPEAKERS

RATE = 24000
VOICES = [
    dict(id="makima", name="Makima", description="The default voice: calm, clear, a woman's range.",
         text="Good evening. I am a small voice, made by a machine, and I will read to you whatever you like."),
    dict(id="denji", name="Denji", description="A deeper voice, a man's range.",
         text="Hello there. This is a deeper voice, made by a machine, for when you want to hear someone else."),
    dict(id="power", name="Power", description="A bright, high voice.",
         text="Listen to me. I am a bright little voice, made by a machine, and I am never ever tired."),
    dict(id="kobeni", name="Kobeni", speaker="slt", description="A lighter voice, a woman's range, a little rough.",
         text="Excuse me. I am a lighter voice, made by a machine, and I hope you do not mind my asking."),
    dict(id="kishibe", name="Kishibe", speaker="awb", description="A man's range, with a Scottish accent.",
         text="Well now. I am an older voice, made by a machine, and I have read a great many books in my time."),
    dict(id="aki", name="Aki", description="The lowest voice, dark and even.",
         text="Good morning. I am the lowest of these voices, made by a machine, and I take my time with every word."),
]


def speech(speaker, text):
    """24 kHz mono speech of a speaker at its own pace."""
    x, _ = data.speak(text, SPEAKERS[speaker][0])
    x = np.pad(x, (0, -len(x) % 1280 + 1280))
    x = x + 1e-5 * np.random.default_rng(0).standard_normal(len(x))
    w = data.natural_speech(x, vocoder.analyse(x), speaker)[:len(x) * 3 // 2]
    return np.concatenate([np.zeros(RATE // 10), w / np.abs(w).max() * 0.7])


def source(speaker):
    voice, pitch, formant = SPEAKERS[speaker]
    moved = "" if (pitch, formant) == (1.0, 1.0) else ", pitch times %g and formants times %g (WORLD)" % (pitch, formant)
    return "flite 2.2, voice cmu_us_%s%s" % (voice, moved)


def main():
    for v in VOICES:
        folder = os.path.join(sys.argv[1], v["id"])
        os.makedirs(folder, exist_ok=True)
        x = speech(v.get("speaker", v["id"]), v["text"])
        assert 5 <= len(x) / RATE <= 8, (v["id"], len(x) / RATE)
        soundfile.write(os.path.join(folder, "reference.wav"), x, RATE, subtype="PCM_16")
        with open(os.path.join(folder, "transcript.txt"), "w") as f:
            f.write(v["text"] + "\n")
        with open(os.path.join(folder, "metadata.json"), "w") as f:
            json.dump(dict(id=v["id"], name=v["name"], language="english", description=v["description"],
                           synthetic=True, consent="not needed: no person speaks, the clip was synthesized",
                           source=source(v.get("speaker", v["id"])), license="BSD-like (Carnegie Mellon University)",
                           mode="x-vector"), f, indent=2)
            f.write("\n")
        print("%s: %.1f s" % (v["id"], len(x) / RATE))


if __name__ == "__main__":
    main()
