"""Text units and their timing: one text token is spoken in exactly one codec frame.

In the streaming layout of the model one text token arrives with every 80 ms
frame.  The tokens here are graphemes ("th", "ee", " s"), about one phone each,
and the teacher's speech is re-timed so that token i sounds in frame LEAD + i.
The talker then needs no memory of where it is in the text: the token to speak
always lies LEAD positions back, silence ends when the text has ended, and an
error in one frame cannot lose the place.
"""
import json
import math
import re
from collections import Counter

import numpy as np

LEAD = 4          # frames of silence before the first token sounds: the talker's look at what follows
TAIL = 2          # silent frames after the last token
FRAME = 0.08      # seconds
SPECIALS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<tts_pad>", "<tts_text_bos>", "<tts_text_eod>"]

PAIRS = ("o u|g h|t h|s h|c h|p h|w h|c k|n g|q u|k n|w r|i gh|ou gh|a u|au gh|e i|ei gh|e e|o o|e a|a i|a y|o a|o w|"
         "o i|o y|a w|i e|e y|e w|e r|i r|u r|l l|s s|t t|f f|p p|r r|n n|m m|d d|b b|g g|c c|z z|i o|io n|t ion|s ion|"
         "T h|S h|C h|P h|W h|Q u|K n|W r|"
         "ss i|ssi s|ssis t|ssist a|ssista n|ssistan t|a ssistant").split("|")
ONSETS = ("b c d f g h j k l m n p q r s t v w x y z th sh ch ph wh qu kn wr").split()
ONSETS += [x.capitalize() for x in ONSETS]
SPACE = "\u0120"
PATTERN = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|"
           r"\s*[\r\n]+|\s+(?!\S)|\s+")


def byte_letters():
    """The 256 printable stand-ins for bytes, in the order of the bytes (the GPT-2 table)."""
    plain = list(range(33, 127)) + list(range(161, 173)) + list(range(174, 256))
    spare, out = 256, []
    for b in range(256):
        out.append(chr(b) if b in plain else chr(spare))
        spare += b not in plain
    return out


def merges():
    return [tuple(p.split()) for p in PAIRS] + [(SPACE, o) for o in ONSETS]


def vocabulary():
    names = byte_letters() + ["".join(m) for m in merges()]
    return {n: i for i, n in enumerate(dict.fromkeys(names))}


_rank = {m: i for i, m in enumerate(merges())}


def pieces(text):
    """Tokens of ASCII text as strings (a space shown as such), by the rules of a byte-level BPE."""
    out = []
    for word in re.findall(r"'(?:s|t|re|ve|m|ll|d)|[^\r\nA-Za-z0-9]?[A-Za-z]+|[0-9]| ?[^\sA-Za-z0-9]+[\r\n]*|"
                           r"\s*[\r\n]+|\s+(?!\S)|\s+", text, re.I):
        parts = list(word.replace(" ", SPACE))
        while len(parts) > 1:
            best = min(range(len(parts) - 1), key=lambda i: _rank.get((parts[i], parts[i + 1]), 1e9))
            if (parts[best], parts[best + 1]) not in _rank:
                break
            pair = parts[best], parts[best + 1]
            i, new = 0, []
            while i < len(parts):
                if tuple(parts[i:i + 2]) == pair:
                    new.append(parts[i] + parts[i + 1])
                    i += 2
                else:
                    new.append(parts[i])
                    i += 1
            parts = new
        out += [p.replace(SPACE, " ") for p in parts]
    return out


def word_spans(text):
    """[(word, first token, past the last token)]; a space before a vowel belongs to the word that follows."""
    toks = pieces(text)
    ends = np.cumsum([len(t) for t in toks])
    starts = ends - [len(t) for t in toks]
    out = []
    for m in re.finditer(r"[A-Za-z']+", text):
        hit = [i for i in range(len(toks)) if starts[i] < m.end() and ends[i] > m.start()]
        first = hit[0]
        if first and toks[first - 1] == " ":
            first -= 1
        out.append((m.group().lower(), first, hit[-1] + 1))
    return toks, out


# ---------------------------------------------------------------- letters and phones

class Letters:
    """Which phones each letter of a word stands for (none, one or two), by hard expectation maximisation."""

    def __init__(self, lexicon, rounds=4):
        self.score = {}
        prior = {0: -2.0, 1: 0.0, 2: -4.0}
        self.cost = lambda letter, ps: self.score.get((letter, ps), prior[len(ps)] - 4.0)
        for _ in range(rounds):
            count = Counter()
            for word, phones in lexicon.items():
                for letter, ps in self.align(word, phones) or ():
                    count[letter, ps] += 1
            total = Counter()
            for (letter, _), n in count.items():
                total[letter] += n
            self.score = {k: math.log(n / total[k[0]]) for k, n in count.items()}
            self.cost = lambda letter, ps: self.score.get((letter, ps), prior[len(ps)] - 9.0)

    def align(self, word, phones):
        """[(letter, phones)] or None where the word is too short for its phones."""
        n, m = len(word), len(phones)
        best = np.full((n + 1, m + 1), -np.inf)
        back = np.zeros((n + 1, m + 1), int)
        best[0, 0] = 0
        for i in range(1, n + 1):
            for j in range(m + 1):
                for k in (0, 1, 2):
                    if k <= j and best[i - 1, j - k] > -np.inf:
                        s = best[i - 1, j - k] + self.cost(word[i - 1], tuple(phones[j - k:j]))
                        if s > best[i, j]:
                            best[i, j], back[i, j] = s, k
        if best[n, m] == -np.inf:
            return None
        out, j = [], m
        for i in range(n, 0, -1):
            k = back[i, j]
            out.append((word[i - 1], tuple(phones[j - k:j])))
            j -= k
        return out[::-1]


VOWELS = set("aa ae ah ao aw ax ay eh er ey ih iy ow oy uh uw".split())


def match(wanted, heard):
    """For each index of `wanted` the index in `heard` it corresponds to, by edit distance (monotonic cut points)."""
    n, m = len(wanted), len(heard)
    cost = np.zeros((n + 1, m + 1))
    cost[:, 0], cost[0] = np.arange(n + 1), np.arange(m + 1)
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            a, b = wanted[i - 1], heard[j - 1]
            sub = 0 if a == b else 0.5 if (a in VOWELS) == (b in VOWELS) else 1.5
            cost[i, j] = min(cost[i - 1, j - 1] + sub, cost[i - 1, j] + 1, cost[i, j - 1] + 1)
    cut, i, j = [0] * (n + 1), n, m
    cut[n] = m
    while i > 0:
        a, b = wanted[i - 1], heard[j - 1] if j else None
        sub = 9 if j == 0 else 0 if a == b else 0.5 if (a in VOWELS) == (b in VOWELS) else 1.5
        if j and cost[i, j] == cost[i - 1, j - 1] + sub:
            i, j = i - 1, j - 1
            cut[i] = j
        elif cost[i, j] == cost[i - 1, j] + 1:
            i -= 1
            cut[i] = j
        else:
            j -= 1
    cut[0] = 0
    return cut


PLOSIVES = set("p t k b d g ch jh".split())


def schedule(text, phones, lexicon, letters, lock=1.0, rate=1.12):
    """Times of the re-timed utterance.

    phones: [(name, end in seconds)] of the teacher.  Returns (token count, [(source time, target time)],
    [(phone, target end)]) or None where text and phones cannot be brought together.

    Phone boundaries are pulled towards their tokens' frames (by `lock`) and every phone towards its natural duration
    times `rate`: both by least squares, so that a boundary lies about a tenth of a frame off its token.
    """
    toks, words = word_spans(text)
    sounds, paused, start = [], set(), 0.0
    for p, e in phones:
        if p == "pau":
            paused.add(len(sounds))
        else:
            sounds.append((p, start, e))
        start = e
    wanted = [p for w, _, _ in words for p in lexicon.get(w, ())]
    if not words or not sounds or abs(len(wanted) - len(sounds)) > 2 + len(wanted) // 6:
        return None
    cut = match(wanted, [s[0] for s in sounds])
    source, goal, names, at = [sounds[0][1]], [], [], 0
    for w, t0, t1 in words:
        need = len(lexicon.get(w, ()))
        first, mine = cut[at], sounds[cut[at]:cut[at + need]]
        at += need
        if not mine:
            return None
        cuts = word_cuts(w, toks[t0:t1], mine, letters, (LEAD + t0) * FRAME, (LEAD + t1) * FRAME)
        if not goal:
            goal.append(cuts[0])
        elif first in paused and mine[0][1] - source[-1] > 0.03:
            source.append(mine[0][1])
            goal.append(cuts[0])
            names.append("pau")
        else:                                           # punctuation the teacher reads over
            goal[-1] = 0.5 * (goal[-1] + cuts[0])
        for s, g in zip(mine, cuts[1:]):
            source.append(s[2])
            goal.append(g)
            names.append(s[0])
    source = np.array(source)
    target = settle(source, np.array(goal), names, lock, rate)
    total = (LEAD + len(toks) + TAIL) * FRAME
    last = max(phones[-1][1], source[-1] + 0.05)
    anchors = [(0.0, 0.0), (max(0.0, source[0] - 0.02), max(0.0, target[0] - 0.02))]
    anchors += steady(source, target, names) + [(last, max(total, target[-1] + 0.05))]
    named = [("pau", target[0])] + list(zip(names, target[1:])) + [("pau", total)]
    return len(toks), anchors, named


def word_cuts(word, toks, sounds, letters, begin, end):
    """Where a word's phones would begin and end if they kept to their tokens: half by letters, half evenly."""
    lengths = np.array([s[2] - s[1] for s in sounds])
    linear = begin + (end - begin) * np.concatenate([[0], np.cumsum(lengths)]) / lengths.sum()
    aligned = letters.align(word, [s[0] for s in sounds])
    return 0.5 * linear + 0.5 * grapheme_cuts(toks, aligned, lengths, begin) if aligned else linear


def settle(source, goal, names, lock, rate):
    """Boundaries that weigh natural durations against the tokens' places (least squares); no phone under 45 %."""
    natural = np.diff(source)
    want, m = natural * rate, len(natural)
    stiff = np.array([0.15 if n == "pau" else 1.0 for n in names]) / (natural + 0.03) ** 2
    pull = np.full(m + 1, lock / FRAME ** 2)
    pull[0] = pull[-1] = 4 * max(lock, 1) / FRAME ** 2
    i = np.arange(m)
    for _ in range(6):
        a, b = np.diag(pull), pull * goal
        a[i, i] += stiff
        a[i + 1, i + 1] += stiff
        a[i, i + 1] -= stiff
        a[i + 1, i] -= stiff
        b[:-1] -= stiff * want
        b[1:] += stiff * want
        x = np.linalg.solve(a, b)
        short = np.diff(x) < 0.45 * want
        if not short.any():
            break
        stiff = np.where(short, 4 * stiff, stiff)
    return np.maximum.accumulate(x + 1e-4 * np.arange(m + 1))


def steady(source, target, names):
    """Anchors that leave the edges of every phone at natural speed (a plosive's burst above all); its middle gives."""
    anchors = []
    for j, name in enumerate(names):
        anchors.append((source[j], target[j]))
        if name != "pau":
            head, tail = (0.01, 0.045) if name in PLOSIVES else (0.02, 0.02)
            room = 0.7 * min(source[j + 1] - source[j], target[j + 1] - target[j])
            scale = min(1.0, room / (head + tail))
            anchors += [(source[j] + head * scale, target[j] + head * scale),
                        (source[j + 1] - tail * scale, target[j + 1] - tail * scale)]
    return anchors + [(source[-1], target[-1])]


def grapheme_cuts(toks, aligned, lengths, begin):
    """Phone boundaries when every token's phones fill the token's own frames; silent tokens lengthen a neighbour."""
    at, groups, k = 0, [], 0                            # groups: [frames, phone count]
    for t in toks:
        n = len(t.strip(" "))
        count = sum(len(ps) for _, ps in aligned[at:at + n])
        at += n
        if count == 0 and groups:
            groups[-1][0] += 1
        elif groups and groups[-1][1] == 0:
            groups[-1][0] += 1
            groups[-1][1] = count
        else:
            groups.append([1, count])
    out, now = [begin], begin
    for frames, count in groups:
        part = lengths[k:k + count]
        k += count
        for x in part:
            out.append(out[-1] + frames * FRAME * x / part.sum())
        now += frames * FRAME
        if count:
            out[-1] = now
    return np.array(out)


def retime(env, pitch, voiced, anchors, frames, columns=16):
    """Vocoder parameters (5 ms columns) moved from the teacher's time to the schedule's."""
    src, dst = np.array(anchors).T
    dst = np.maximum.accumulate(dst + 1e-7 * np.arange(len(dst)))
    centre = (np.arange(frames * columns) + 0.5) * FRAME / columns
    where = np.interp(centre, dst, src) / (FRAME / columns) - 0.5
    where = np.clip(where, 0, len(env) - 1.001)
    lo = where.astype(int)
    frac = (where - lo).astype(np.float32)[:, None]
    near = np.rint(where).astype(int)
    return env[lo] * (1 - frac) + env[lo + 1] * frac, pitch[near], voiced[near]


# ---------------------------------------------------------------- files of the text tokenizer

def write_tokenizer(folder):
    with open(folder + "/vocab.json", "w", encoding="utf-8") as f:
        json.dump(vocabulary(), f, ensure_ascii=False)
    with open(folder + "/merges.txt", "w", encoding="utf-8") as f:
        f.write("#version: 0.2\n" + "\n".join(" ".join(m) for m in merges()) + "\n")
    n = len(vocabulary())
    added = {str(n + i): dict(content=s, lstrip=False, normalized=False, rstrip=False, single_word=False, special=True)
             for i, s in enumerate(SPECIALS)}
    with open(folder + "/tokenizer_config.json", "w") as f:
        json.dump(dict(add_prefix_space=False, added_tokens_decoder=added, additional_special_tokens=SPECIALS[1:],
                       bos_token=None, clean_up_tokenization_spaces=False, eos_token="<|im_end|>", errors="replace",
                       model_max_length=32768, pad_token="<|endoftext|>", split_special_tokens=False,
                       tokenizer_class="Qwen2Tokenizer", unk_token=None), f, indent=2)
