"""Writes the samples of docs/samples: five sentences of no list, as WAV files and spectrograms.

    python samples.py ../docs/samples --command "makima say --output {wav} {text}"
"""
import argparse
import os
import shlex
import subprocess

import numpy as np
import soundfile
from PIL import Image

TEXTS = ["The quick brown fox jumps over the lazy dog at half past seven.",
         "Would you mind closing the curtains? It is getting late.",
         "Thirty sailors carried water and fresh bread back to the ship.",
         "Nobody in the village remembered when the old clock had stopped.",
         "Thank you for calling, and have a pleasant weekend."]


def spectrogram(x, path, window=512, hop=96, top=8000, rate=24000):
    """Decibels from -70 to 0 of the loudest, black on white, 0 to 8 kHz."""
    frames = np.lib.stride_tricks.sliding_window_view(np.pad(x, window // 2), window)[::hop] * np.hanning(window)
    power = np.abs(np.fft.rfft(frames, 1024)[:, :1024 * top // rate]) ** 2
    level = 10 * np.log10(power / power.max() + 1e-12)
    grey = (15 * np.clip(-level / 70, 0, 1)).astype(np.uint8) * 17                # sixteen greys compress
    Image.fromarray(grey.T[::-1]).save(path, optimize=True)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("out")
    p.add_argument("--command", required=True)
    a = p.parse_args()
    os.makedirs(a.out, exist_ok=True)
    for i, text in enumerate(TEXTS, 1):
        wav = os.path.join(a.out, "%d.wav" % i)
        subprocess.run([part.format(wav=wav, text=text) for part in shlex.split(a.command)], check=True)
        x, rate = soundfile.read(wav)
        assert rate == 24000
        spectrogram(x, wav[:-4] + ".png")


if __name__ == "__main__":
    main()
