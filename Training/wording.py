"""One form of a text, for what was to be said and for what a recogniser wrote of it.

A recogniser writes "at 7:05 it's $20" where "at seven oh five it is twenty dollars" was said. Every rule here is
applied to both sides: it may be coarse (it writes "four" as "4" wherever it stands) but must not make one of two words
that sound different. A number is one word, written in figures; what is read figure by figure is one number.
"""
import re
import unicodedata

import sentences

VALUES = {w: n for n, w in enumerate(sentences.ONES)}
VALUES.update({w: 10 * n for n, w in enumerate(sentences.TENS, 2)})
ORDINALS = {sentences.ordinal(n): n for n in [*range(1, 21), *range(30, 100, 10)]}
SCALES = dict(hundred=100, thousand=1000, million=10 ** 6, billion=10 ** 9)
MONTHS = {m.lower() for m in sentences.MONTHS}

CURRENCIES = {"$": "dollars", "£": "pounds", "€": "euros"}
SIGNS = {"%": "percent", "&": "and", "+": "plus", "=": "equals", "@": "at", "°": "degrees"}
TITLES = dict(mr="mister", mrs="missus", dr="doctor", st="saint", ok="okay")
FILLERS = {"uh", "um", "hm", "hmm", "mm", "mhm"}

IS = r"it|s?he|that|this|there|here|what|who|where|when|why|how|(?:every|some|any|no)(?:one|body|thing)"
CONTRACTIONS = [(r"\bwon't\b", "will not"), (r"\bcan't\b|\bcannot\b", "can not"), (r"\bshan't\b", "shall not"),
                (r"\blet's\b", "let us"), (r"n't\b", " not"), (r"'re\b", " are"), (r"'ll\b", " will"), (r"'ve\b", " have"),
                (r"'m\b", " am"), (r"'d\b", " would"), (r"\b(%s)'s\b" % IS, r"\1 is")]
# British spellings as the American ones, in words long enough to leave "hour", "rise" and "filled" alone.
SPELLINGS = [(r"(?<=\w{3})our", "or"), (r"(?<=\w{3})is(?=(e|ed|es|er|ers|ing|ation)$)", "iz"),
             (r"(?<=\w{2})yse", "yze"), (r"(?<=\w{3})tre$", "ter"), (r"(?<=\w{2})ogue$", "og"),
             (r"(?<=\w{4})ll(?=(ed|er|ers|ing)$)", "l"), (r"^grey", "gray")]


def words(text):
    """The words of a text in their one form."""
    t = "".join(c for c in unicodedata.normalize("NFKD", text.lower()) if not unicodedata.combining(c))
    t = re.sub(r"[‘’`´]", "'", t)
    t = re.sub(r"\[[^\]]*\]|\([^)]*\)", " ", t)                                     # a recogniser's remark: [music]
    t = re.sub(r"(?<=\d),(?=\d{3})", "", t)                                         # 6,927
    t = re.sub(r"([$£€]) ?(\d[\d.]*\d|\d)((?: (?:%s))?)" % "|".join(SCALES), lambda m: "%s%s %s" % (
        m[2], m[3], CURRENCIES[m[1]] if (m[2], m[3]) != ("1", "") else CURRENCIES[m[1]][:-1]), t)
    t = re.sub(r"[%s]" % "".join(SIGNS), lambda m: " %s " % SIGNS[m[0]], t)
    t = re.sub(r"\b(\d\d?):00\b(?! *o'clock)", r"\1 o'clock", t)
    t = re.sub(r"\b([ap])\. ?m\b\.?", r"\1m", t)
    t = re.sub(r"(?<=\d)(?=[a-z])(?!(?:st|nd|rd|th)\b)", " ", t)                    # 5pm
    for pattern, form in CONTRACTIONS:
        t = re.sub(pattern, form, t)
    found = re.findall(r"\d+\.\d+|\d+(?:st|nd|rd|th)?|[a-z]+", t.replace("'", ""))
    return [spelled(w) for w in numbered([TITLES.get(w, w) for w in found if w not in FILLERS])]


def spelled(word):
    for pattern, form in SPELLINGS:
        word = re.sub(pattern, form, word)
    return word


def value(word):
    """(value, whether it is an ordinal) of a word that is a number by itself, or None."""
    if word in VALUES:
        return VALUES[word], False
    if word in ORDINALS:
        return ORDINALS[word], True
    m = re.fullmatch(r"(\d+)(st|nd|rd|th)?", word)
    return (int(m[1]), bool(m[2])) if m else None


def numbered(found):
    """The words, with each run of number words or figures as one number in figures."""
    out, i = [], 0
    while i < len(found):
        number, end = number_at(found, i)
        if number and number.endswith("th") and out and out[-1] in MONTHS:          # May 4th, May 4
            number = number[:-2]
        out.append(number or found[i])
        i = max(end, i + 1)
    return out


class Figures:
    """A number while it is read: figures that are settled, then thousands and more, then what is below a thousand."""

    def __init__(self):
        self.settled, self.large, self.small = "", 0, None

    def flush(self, then=None):
        if self.large or self.small is not None:
            self.settled += str(self.large + (self.small or 0))
        self.large, self.small = 0, then

    def append(self, text):
        self.flush()
        self.settled += text

    def text(self):
        self.flush()
        return self.settled

    def add(self, n, text):
        """Twenty and five are twenty-five; five and twenty are said one after the other."""
        room = self.small if self.small is not None else self.large
        size = 10 ** len(str(n))
        if len(text) > 1 and text[0] == "0":                                        # 05, as in 7:05
            self.append(text)
        elif n == 0 or not room or room % size or (size == 10 and room % 100 == 10):
            self.flush(n)
        else:
            self.small = (self.small or 0) + n

    def multiply(self, scale):
        """Two hundred, six thousand."""
        if scale == 100 and 0 < (self.small or 0) < 100:
            self.small *= 100
        elif scale == 100:
            self.flush(100)
        else:
            if self.large % (scale * 1000):
                self.settled, self.large = self.settled + str(self.large), 0
            self.large, self.small = self.large + (1 if self.small is None else self.small) * scale, None


def number_at(found, start):
    """The number that begins at a place (in figures, with "th" behind an ordinal) or None, and where it ends."""
    at = lambda i: found[i] if i < len(found) else ""
    figures, i = Figures(), start
    while i < len(found):
        word, known, begun, more = found[i], value(found[i]), i > start, value(at(i + 1))
        if word == "a" and at(i + 1) in SCALES:
            figures.flush()
            figures.multiply(SCALES[at(i + 1)])
            i += 1
        elif word in SCALES and begun:
            figures.multiply(SCALES[word])
        elif word[:-2] in SCALES and begun:                                         # hundredth
            figures.multiply(SCALES[word[:-2]])
            return figures.text() + "th", i + 1
        elif known:
            figures.add(known[0], word)
            if known[1]:
                return figures.text() + "th", i + 1
        elif re.fullmatch(r"\d+\.\d+", word):
            figures.append(word)
        elif begun and word == "and" and at(i - 1) in SCALES and more and more[0] < 100:
            pass
        elif begun and word in ("oh", "o") and more:
            figures.add(0, "0")
        elif begun and word == "point" and (more or at(i + 1) == "oh"):
            figures.append(".")
        else:
            break
        i += 1
    return (figures.text(), i) if i > start else (None, start)
