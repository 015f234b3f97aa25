"""Makes the fixed lists heldout.txt and stops.txt (kept in the repository; made once, with this).

heldout.txt: 64 everyday sentences written by hand (everyday.txt), 40 from the templates and 16 sequences of common words,
none of them in the training corpus.  stops.txt: 200 texts of 1 to 40 words, five of each length.
"""
import os

import asr
import sentences

HERE = os.path.dirname(os.path.abspath(__file__))


def main():
    known = asr.pronounceable()
    seen = set(sentences.corpus(60000, seed=1))
    with open(os.path.join(HERE, "everyday.txt")) as f:
        out = [line.strip() for line in f]
    for s in out:
        assert s not in seen and all(w in known for w in sentences.words_of(s)), s
    g = sentences.Generator(99)
    for count, make in ((40, lambda: g.template()[1]), (16, lambda: g.salad(g.common)[1])):
        n = 0
        while n < count:
            s = make()
            if s not in seen and len(s) <= 80 and all(w in known for w in sentences.words_of(s)):
                seen.add(s)
                out.append(s)
                n += 1
    with open(os.path.join(HERE, "heldout.txt"), "w") as f:
        f.write("\n".join(out) + "\n")
    stops = []
    for length in range(1, 41):
        for _ in range(5):
            words = []
            while len(words) < length:
                words += g.template()[1].split()
            s = " ".join(words[:length]).rstrip(".,?!") + "."
            stops.append(s[0].upper() + s[1:])
    with open(os.path.join(HERE, "stops.txt"), "w") as f:
        f.write("\n".join(stops) + "\n")
    print(len(out), "held out,", len(stops), "for the end of speech")


if __name__ == "__main__":
    main()
