"""Builds the training corpus: teacher speech (flite), analysis and frame-locked targets.

Usage: python data.py OUT_DIR [--count 6000] [--jobs 2]
       python data.py OUT_DIR --codebooks WORK/codebooks.pt --skip 3600 --count 30000

Writes OUT_DIR/shard_*.npz (waveforms, envelope bands, voicing, pitch cycles) and
OUT_DIR/shard_*.jsonl (texts, phone timings).  Shards that exist are kept, so an
interrupted run resumes.

With --codebooks only codes are stored (for the talker: half the time, a
hundredth of the space).  --skip leaves out the first items of the same corpus,
which another folder already holds.
"""
import argparse
import functools
import json
import os
import re
import subprocess
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor

import numpy as np

import lockstep
import sentences
import vocoder
from speakers import SPEAKERS, assign

SHARD = 100
LEAD = 6400              # silence before the teacher's speech, samples at 16 kHz


def wait_while_paused():
    """Politeness on shared machines: sleep while the file named by PAUSE_FILE exists."""
    path = os.environ.get("PAUSE_FILE")
    while path and os.path.exists(path):
        time.sleep(1)


def speak(text, voice):
    """Teacher speech at 16 kHz and its phones as [(name, end in seconds)]."""
    import soundfile
    with tempfile.NamedTemporaryFile(suffix=".wav") as f:
        out = subprocess.run(["flite", "-voice", voice, "-psdur", "-t", text, "-o", f.name],
                             capture_output=True, text=True, check=True).stdout
        x, rate = soundfile.read(f.name)
    assert rate == 16000
    phones = [(p.rsplit(":", 1)[0], float(p.rsplit(":", 1)[1])) for p in out.split() if ":" in p]
    return x, phones


STARTED = time.time()
LIMIT = [1e9]


@functools.cache
def pronunciations(folder):
    with open(os.path.join(folder, "lexicon.json")) as f:
        lex = json.load(f)
    some = sorted(lex)[::max(1, len(lex) // 4000)]
    return lex, lockstep.Letters({w: lex[w] for w in some})


def analysed(text, voice, lex, letters):
    """The teacher's text: (16 kHz speech, its vocoder parameters, frames, the re-timed parameters, phones), or None."""
    x, phones = speak(text, voice)
    plan = lockstep.schedule(text, [(p, e + LEAD / 16000) for p, e in phones], lex, letters)
    if plan is None:
        return None
    tokens, anchors, named = plan
    x = np.concatenate([np.zeros(LEAD), x])
    natural = int(np.ceil(len(x) / 1280)) + 1
    x = np.pad(x, (0, natural * 1280 - len(x)))
    x = x + 1e-5 * np.random.default_rng(0).standard_normal(len(x))
    frames = lockstep.LEAD + tokens + lockstep.TAIL
    own = vocoder.analyse(x)
    return x, own, frames, lockstep.retime(*own, anchors, frames), named


def as_speaker(parameters, name):
    """Vocoder parameters (envelope, voicing, pitch cycles) in the voice of a speaker."""
    env, pitch, voiced = parameters
    _, higher, shorter = SPEAKERS[name]
    return (env if shorter == 1 else vocoder.shift(env, shorter), voiced,
            vocoder.cycles(pitch * higher, voiced, 8 * higher))


def natural_speech(x, own, name):
    """The speaker at the teacher's own pace, 24 kHz: what a reference clip sounds like."""
    if SPEAKERS[name][1:] == (1.0, 1.0):
        return (np.fft.irfft(np.pad(np.fft.rfft(x), (0, len(x) // 4)), len(x) * 3 // 2) * 1.5).astype(np.float32)
    return vocoder.synthesise(*as_speaker(own, name))


def fit_length(x, n):
    return np.pad(x, (0, max(0, n - len(x))))[:n]


def make_shard(job):
    index, items, out, codebooks = job
    base = os.path.join(out, "shard_%04d" % index)
    if os.path.exists(base + ".npz") or time.time() - STARTED > LIMIT[0]:
        return 0.0
    import codec
    import common
    fitted = common.restore(codebooks) if codebooks else None
    lex, letters = pronunciations(out)
    keys = ("codes",) if fitted else ("wave", "teacher", "bands", "voiced", "count")
    data = {k: [] for k in keys}
    lines, counts, seconds = [], [], 0.0
    for text, speakers in items:
        wait_while_paused()
        made = analysed(text, SPEAKERS[speakers[0]][0], lex, letters)
        if made is None:
            continue
        x, own, frames, locked, named = made
        for name in speakers:
            env, voiced, count = as_speaker(locked, name)
            bands = vocoder.bands(env)
            if fitted:
                data["codes"].append(codec.encode_item(
                    dict(frames=frames, bands=bands, voiced=voiced, count=count), fitted))
            else:
                y, t = vocoder.synthesise(env, voiced, count), natural_speech(x, own, name)
                peak = max(np.abs(y).max(), np.abs(t).max(), 0.95) / 0.95
                data["wave"].append((y / peak * 32767).astype(np.int16))
                data["teacher"].append((fit_length(t, frames * 1920) / peak * 32767).astype(np.int16))
                data["bands"].append((bands - 2 * np.log(peak)).astype(np.float16))
                data["voiced"].append(voiced)
                data["count"].append(count.astype(np.int16))
            counts.append(frames)
            lines.append(json.dumps(dict(text=text, voice=name, frames=frames,
                                         phones=[(p, round(e, 3)) for p, e in named])))
            seconds += frames * 0.08
    with open(base + ".jsonl", "w") as f:
        f.write("\n".join(lines) + "\n")
    np.savez(base + ".tmp.npz", frames=np.array(counts), **{k: np.concatenate(data[k]) for k in keys})
    os.rename(base + ".tmp.npz", base + ".npz")
    return seconds


STEPS = dict(wave=1920, teacher=1920, bands=16, voiced=16, count=1, codes=1)     # array rows per frame


def read_shard(path, only=None):
    """The items of one shard: text fields and views into the arrays named in `only`."""
    z = np.load(path)
    arrays = {k: z[k] for k in z.files if k != "frames" and (only is None or k in only)}
    with open(path[:-4] + ".jsonl") as f:
        items = [json.loads(line) for line in f]
    at = 0
    for m in items:
        for k, x in arrays.items():
            m[k] = x[at * STEPS[k]:(at + m["frames"]) * STEPS[k]]
        at += m["frames"]
    return items


def load(folders, limit=None, only=None):
    """All items of the folders (comma-separated), with codes where `codec.py codes` has written them."""
    out = []
    for folder in folders.split(","):
        first = len(out)
        for name in sorted(os.listdir(folder)):
            if re.fullmatch(r"shard_\d+\.npz", name):
                out += read_shard(os.path.join(folder, name), only)
            if limit and len(out) >= limit:
                break
        codes = os.path.join(folder, "codes.npz")
        if os.path.exists(codes):
            z = np.load(codes)
            for m, c in zip(out[first:], np.split(z["codes"], np.cumsum(z["frames"])[:-1])):
                assert len(c) == m["frames"]
                m["codes"] = c
    return out[:limit] if limit else out


def _phones_of(words):
    """Phones of a list of words: one call, the words set apart by full stops, so pauses divide them."""
    out = subprocess.run(["flite", "-voice", "kal", "-ps", "-t", " ".join(w + "." for w in words), "-o", "none"],
                         capture_output=True, text=True).stdout
    parts = [p.split() for p in re.split(r"\bpau\b", out) if p.strip()]
    if len(parts) == len(words):
        return dict(zip(words, parts))
    if len(words) == 1:
        return {words[0]: sum(parts, [])}
    half = len(words) // 2
    return _phones_of(words[:half]) | _phones_of(words[half:])


def lexicon(words, path):
    """Phones of each single word (used to locate words in time)."""
    known = json.load(open(path)) if os.path.exists(path) else {}
    wanted = [w for w in words if w not in known]
    for i in range(0, len(wanted), 16):
        wait_while_paused()
        known.update(_phones_of(wanted[i:i + 16]))
    with open(path, "w") as f:
        json.dump(known, f)
    return known


def main():
    p = argparse.ArgumentParser()
    p.add_argument("out")
    p.add_argument("--count", type=int, default=6000)
    p.add_argument("--jobs", type=int, default=2)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--skip", type=int, default=0, help="items of the corpus to leave out at the start")
    p.add_argument("--codebooks", help="store codes only, made with these codebooks")
    p.add_argument("--seconds", type=float, default=1e9, help="start no further shard after this time")
    a = p.parse_args()
    os.environ["DEVICE"] = "cpu"               # many processes, little work each
    os.makedirs(a.out, exist_ok=True)
    LIMIT[0] = a.seconds
    items = [(s, assign(i)) for i, s in enumerate(sentences.corpus(a.count, seed=a.seed))]
    lexicon(sorted({w for s, _ in items for w in sentences.words_of(s)}), os.path.join(a.out, "lexicon.json"))
    jobs = [(i // SHARD, items[i:i + SHARD], a.out, a.codebooks) for i in range(a.skip, len(items), SHARD)]
    began, total = time.time(), 0.0
    with ProcessPoolExecutor(a.jobs) as pool:
        for n, s in enumerate(pool.map(make_shard, jobs)):
            total += s
            print("shard %d/%d  %.2f h of speech  %.0f s" % (n + 1, len(jobs), total / 3600,
                                                             time.time() - began), flush=True)
    print("done", time.time() - began, flush=True)


if __name__ == "__main__":
    main()
