"""Where the errors lie: which words, places and phones, from the transcripts that evaluate.py leaves.

    python errors.py OUT/makima-mini_whisper.txt [more of them] [--corpus 8400]

A transcript is a line that was to be said and below it, indented, what was heard. Phones are those of the dictionary
of pocketsphinx-en-us, compared where words differ. --corpus counts how often the training corpus of so many items has a
word (it needs the packages fortunes and wamerican).
"""
import argparse
from collections import Counter

import asr
import sentences
from wording import words

CLASSES = dict(vowels="AA AE AH AO AW AY EH ER EY IH IY OW OY UH UW", plosives="P B T D K G",
               fricatives="F V TH DH S Z SH ZH HH", affricates="CH JH", nasals="M N NG", liquids="L R W Y")
CLASS = {p: name for name, phones in CLASSES.items() for p in phones.split()}


def transcripts(paths):
    """Pairs of what was to be said and what was heard."""
    pairs = []
    for path in paths:
        with open(path, encoding="utf-8") as f:
            lines = f.read().split("\n")
        pairs += [(said, heard.strip()) for said, heard in zip(lines[::2], lines[1::2])]
    return pairs


def pronunciations():
    known = {}
    with open(asr.DICT) as f:
        for line in f:
            word, *phones = line.split()
            known.setdefault(word.replace("'", ""), phones)
    return known


def phones_of(word, known):
    """The phones of a word or of a number in figures, each with its place in the word; None for what is not known."""
    spoken = [word]
    if word.removesuffix("th").isdigit() and len(word) < 9:
        n = int(word.removesuffix("th"))
        spoken = (sentences.ordinal(n) if word.endswith("th") and 0 < n < 100 else sentences.number(n)).split()
    if not all(w in known for w in spoken):
        return None
    place = lambda i, n: "only" if n == 1 else "first" if i == 0 else "last" if i == n - 1 else "inner"
    return [(p, place(i, len(known[w]))) for w in spoken for i, p in enumerate(known[w])]


def differing(pairs):
    """The pairs of words in pieces: each alone where they agree, together where they do not."""
    out = []
    for x, y in pairs:
        if x != y and out and out[-1][0] != out[-1][1]:
            out[-1][0].extend([x] if x else [])
            out[-1][1].extend([y] if y else [])
        else:
            out.append(([x] if x else [], [y] if y else []))
    return out


def phone_cost(x, y):
    """Sounds of one class are taken for one another sooner, a vowel for a consonant hardly."""
    if x[0] == y[0]:
        return 0
    both = {CLASS[x[0]], CLASS[y[0]]}
    return 0.8 if len(both) == 1 else 1.6 if "vowels" in both else 1.0


def phone_pairs(pairs, known):
    out = []
    for said, heard in differing(pairs):
        a, b = ([phones_of(w, known) for w in ws] for ws in (said, heard))
        if None not in a + b:
            out += asr.aligned(sum(a, []), sum(b, []), phone_cost)
    return out


def shares(title, counts, least=1, most=40):
    """A line for each group: how many of how many are wrong, and which share of all that is wrong that is."""
    wrong = sum(n for n, _ in counts.values())
    print("\n%s:" % title)
    for name, (n, of) in list(counts.items())[:most]:
        if of >= least:
            print("    %-16s %5.1f %%  (%d of %d; %.0f %% of all)" % (name, 100 * n / of, n, of, 100 * n / max(1, wrong)))


def tally(items):
    """{group: [wrong, of]} of pairs (group, wrong)."""
    counts = {}
    for group, wrong in items:
        count = counts.setdefault(group, [0, 0])
        count[0] += wrong
        count[1] += 1
    return counts


def word_groups(heard, corpus):
    said = [(i, [(x, y) for x, y in pairs if x]) for i, pairs in enumerate(heard)]
    flat = [(x, x != y) for _, pairs in said for x, y in pairs]
    place = lambda k, n: {0: "first", 1: "second", n - 2: "last but one", n - 1: "last"}.get(k, "between")
    shares("place in the sentence", tally((place(k, len(p)), x != y) for _, p in said for k, (x, y) in enumerate(p)))
    size = lambda n: "to 4 words" if n < 5 else "5 to 7" if n < 8 else "8 to 10" if n < 11 else "11 and more"
    shares("length of the sentence", tally((size(len(p)), x != y) for _, p in said for x, y in p))
    shares("numbers", tally(("number" if x.removesuffix("th").isdigit() else "other word", w) for x, w in flat))
    if corpus:
        seen = Counter(w for s in sentences.corpus(corpus) for w in words(s))
        often = lambda n: "never" if n == 0 else "1 to 9" if n < 10 else "10 to 99" if n < 100 else "100 and more"
        shares("how often the corpus has the word", tally((often(seen[x]), w) for x, w in flat))
    worst = sorted(tally(flat).items(), key=lambda c: -c[1][0])
    print("\nmost often wrong:", ", ".join("%s %d of %d" % (w, n, of) for w, (n, of) in worst[:24]))


def phone_groups(heard):
    known = pronunciations()
    pairs = [p for one in heard for p in phone_pairs(one, known)]
    said = [(x, y) for x, y in pairs if x]
    wrong = lambda x, y: y is None or x[0] != y[0]
    shares("phones, by class", tally((CLASS[x[0]], wrong(x, y)) for x, y in said))
    shares("phones, by place in the word", tally((x[1], wrong(x, y)) for x, y in said))
    shares("consonants, by place in the word", tally((x[1], wrong(x, y)) for x, y in said if CLASS[x[0]] != "vowels"))
    ranked = dict(sorted(tally((x[0], wrong(x, y)) for x, y in said).items(), key=lambda c: -c[1][0] / c[1][1]))
    shares("phones said at least 20 times", ranked, 20)
    name = lambda x: x[0] if x else "nothing"
    taken = Counter("%s as %s" % (name(x), name(y)) for x, y in pairs if name(x) != name(y))
    print("\ntaken for another:", ", ".join("%s %d" % c for c in taken.most_common(30)))


def main():
    p = argparse.ArgumentParser()
    p.add_argument("transcripts", nargs="+")
    p.add_argument("--corpus", type=int)
    a = p.parse_args()
    heard = [asr.aligned(words(said), words(found)) for said, found in transcripts(a.transcripts)]
    flat = [pair for pairs in heard for pair in pairs]
    said, out, put = (sum(f(x, y) for x, y in flat) for f in (
        lambda x, y: x is not None, lambda x, y: y is None, lambda x, y: x is None))
    wrong = sum(x != y for x, y in flat)
    print("%d sentences, %d words: %.1f %% wrong; taken for another %d, left out %d, put in %d; without an error %d" % (
        len(heard), said, 100 * wrong / said, wrong - out - put, out, put, sum(all(x == y for x, y in p) for p in heard)))
    word_groups(heard, a.corpus)
    phone_groups(heard)


if __name__ == "__main__":
    main()
