"""Sentence generator for the miniature speech model.

Every item is a pair (written, spoken): `written` is what the model reads,
`spoken` is the same sentence with all figures spelled out.  The teacher voice
reads `spoken`, and word error rates are counted against it.
"""
import glob
import os
import random
import re

ONES = ("zero one two three four five six seven eight nine ten eleven twelve thirteen "
        "fourteen fifteen sixteen seventeen eighteen nineteen").split()
TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
ORD = ("first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth "
       "thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth").split()


def number(n):
    if n < 20:
        return ONES[n]
    if n < 100:
        return TENS[n // 10 - 2] + ("" if n % 10 == 0 else " " + ONES[n % 10])
    if n < 1000:
        return ONES[n // 100] + " hundred" + ("" if n % 100 == 0 else " and " + number(n % 100))
    return number(n // 1000) + " thousand" + ("" if n % 1000 == 0 else " " + number(n % 1000))


def ordinal(n):
    if n <= 20:
        return ORD[n - 1]
    if n % 10 == 0:
        return TENS[n // 10 - 2][:-1] + "ieth"
    return TENS[n // 10 - 2] + " " + ORD[n % 10 - 1]


DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
MONTHS = ("January February March April May June July August September October November "
          "December").split()
ROOMS = ("kitchen|bedroom|living room|bathroom|garage|hallway|garden|office|basement|attic|"
         "dining room|guest room|laundry room|balcony|nursery|study").split("|")
DEVICES = ("light|lamp|heater|fan|oven|door|window|washing machine|dishwasher|dryer|fridge|speaker|"
           "television|camera|alarm|kettle|coffee maker|blinds|thermostat|robot vacuum|air "
           "conditioner|freezer|microwave|sprinkler|doorbell").split("|")
STATES = ("on|off|open|closed|ready|running|finished|empty|full|broken|locked|unlocked|clean|"
          "warm|cold|offline|too hot|in use|almost done|waiting").split("|")
COLORS = "red blue green yellow white black orange purple brown pink grey golden silver".split()
ADJ = ("big small old new good bad happy sad quick slow bright dark loud quiet heavy light strong "
       "weak clean dirty young early late long short high low deep wide narrow hot cold warm cool "
       "dry wet soft hard sweet sour fresh rich poor simple strange lovely gentle brave clever "
       "lazy busy empty full round flat sharp smooth rough thick thin proud calm funny serious "
       "hungry thirsty tired famous wild tiny huge perfect broken modern ancient careful "
       "beautiful wonderful terrible important different similar common special single double "
       "public private real true false whole local royal natural human open closed safe "
       "dangerous cheap expensive healthy sick").split()
NOUN = ("man woman child boy girl dog cat bird horse fish cow sheep mouse lion bear wolf fox "
        "rabbit tree flower grass leaf river lake sea ocean mountain hill valley forest field "
        "road street bridge house home room door window wall floor roof table chair bed book "
        "page word letter story song music picture paper pen pencil phone computer machine car "
        "bus train plane boat ship bicycle wheel key lock box bag bottle cup glass plate knife "
        "fork spoon bread butter cheese milk water coffee tea juice sugar salt pepper rice meat "
        "chicken egg apple orange banana lemon cherry potato tomato onion carrot soup cake "
        "cookie sun moon star sky cloud rain snow wind storm fire ice stone rock sand gold "
        "silver iron metal wood plastic school teacher student doctor nurse farmer driver "
        "writer singer king queen friend brother sister mother father uncle aunt cousin family "
        "neighbor city town village country world island beach park market shop store office "
        "bank church hospital library museum hotel kitchen garden winter summer spring autumn "
        "morning evening night day week month year hour minute second time number question "
        "answer problem idea plan job work game ball team player dream hope love fear heart "
        "hand foot head eye ear nose mouth face arm leg finger hair shoulder voice name place "
        "thing way part group line color light sound smell taste coat shirt shoe hat dress "
        "pocket button ring watch clock lamp candle mirror towel blanket pillow carpet basket "
        "bucket hammer ladder engine battery camera radio television newspaper magazine ticket "
        "letter stamp map flag price money coin dollar weather temperature message meeting "
        "office breakfast lunch dinner party birthday holiday journey accident hospital "
        "history science nature energy power system program window information music language "
        "government president company business service minute moment reason result").split()
VERB = ("sees|finds|takes|makes|likes|wants|needs|knows|keeps|brings|holds|leaves|opens|closes|"
        "moves|carries|follows|watches|hears|buys|sells|builds|breaks|draws|paints|reads|writes|"
        "loves|hates|remembers|forgets|visits|helps|meets|pulls|pushes|throws|catches|cuts|"
        "cleans|washes|cooks|eats|drinks|shows|sends|shares|drops|hides|saves|changes|touches|"
        "feels|calls|chooses|covers|crosses|enjoys|explains|fills|fixes|guards|joins|lifts|"
        "misses|offers|orders|passes|plans|plays|pours|protects|raises|reaches|returns|rides|"
        "shakes|spends|starts|stops|studies|teaches|trusts|turns|uses|wears|wins").split("|")
BASE = ("see find take make like want need know keep bring hold leave open close move carry "
        "follow watch hear buy sell build break draw paint read write love remember forget visit "
        "help meet pull push throw catch cut clean wash cook eat drink show send share drop hide "
        "save change touch feel call choose cover cross enjoy explain fill fix join lift miss "
        "offer order pass plan play pour protect raise reach return ride shake spend start stop "
        "study teach trust turn use wear win").split()
ADV = ("quickly slowly quietly loudly carefully happily sadly easily often never always "
       "sometimes usually today tomorrow yesterday again together alone early late outside "
       "inside upstairs downstairs nearby everywhere almost suddenly finally really simply "
       "gently nearly exactly perhaps maybe probably certainly soon").split()
PREP = ("in on under over near behind beside with without for from to into across through "
        "around against between before after during about above below").split()
DET = ("the the the the a this that my your our their his her every each another some").split()
PRON = "I you we they he she it who".split()
MISC = ("yes no hello goodbye please thanks sorry okay what when where why how which who whose "
        "because although while until unless since and but or so if then than as very too also "
        "just only even still already yet once twice here there now more most less least few "
        "many much several both either neither nothing something anything everything nobody "
        "somebody anybody everybody").split()
NAMES = ("Anna Peter Mary John Emma David Laura Thomas Sarah Michael Julia Robert Alice James "
         "Sophie Daniel Kate William Nora Henry Lucy George Helen Martin Oliver Rachel").split()
WEATHER = ("sunny|cloudy|rainy|windy|foggy|snowy|stormy|clear|dry|humid|mild|freezing|partly "
           "cloudy|mostly sunny").split("|")
TASKS = ("water the plants|take out the trash|call your mother|feed the cat|walk the dog|buy some "
         "milk|pay the bills|check the oven|empty the dishwasher|hang up the laundry|charge the "
         "car|close the windows|pick up the kids|read the mail|take your medicine|lock the front "
         "door|clean the filter|go to bed|start the meeting|bake a cake").split("|")
PANGRAMS = ["The quick brown fox jumps over the lazy dog.",
            "Pack my box with five dozen liquor jugs.",
            "How vexingly quick daft zebras jump.",
            "Sphinx of black quartz, judge my vow.",
            "The five boxing wizards jump quickly.",
            "Bright vixens jump, dozy fowl quack.",
            "Jackdaws love my big sphinx of quartz.",
            "We promptly judged antique ivory buckles for the next prize.",
            "A wizard's job is to vex chumps quickly in fog.",
            "She sells sea shells by the sea shore.",
            "Peter Piper picked a peck of pickled peppers.",
            "How much wood would a woodchuck chuck?"]


class Generator:
    def __init__(self, seed, dictionary=()):
        self.r = random.Random(seed)
        self.words = [w for w in dictionary]
        pool = []
        for group in (ADJ, NOUN, BASE, ADV, PREP, MISC, PRON, COLORS):
            pool += group
        pool += [v for v in VERB if " " not in v] + DAYS + MONTHS + NAMES + ONES + TENS + ORD
        pool += "hundred thousand".split()
        self.common = sorted(set(pool))

    def c(self, seq):
        return self.r.choice(seq)

    def num(self, lo, hi):
        """A number as (written, spoken); figures in four cases of ten."""
        n = self.r.randint(lo, hi)
        spoken = number(n)
        return (str(n), spoken) if self.r.random() < 0.4 else (spoken, spoken)

    def np(self):
        det = self.c(DET)
        words = [det]
        if self.r.random() < 0.55:
            words.append(self.c(ADJ + COLORS))
        words.append(self.c(NOUN))
        if words[0] == "a" and words[1][0] in "aeiou":
            words[0] = "an"
        return " ".join(words)

    def clock(self):
        h, m = self.r.randint(1, 12), self.c([0, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55,
                                              self.r.randint(1, 59)])
        if m == 0:
            return (number(h) + " o'clock",) * 2
        spoken = number(h) + " " + ("oh " if m < 10 else "") + number(m)
        return ("%d:%02d" % (h, m), spoken) if self.r.random() < 0.5 else (spoken, spoken)

    def template(self):
        r, c = self.r, self.c
        k = r.randrange(26)
        if k == 0:
            a = self.num(1, 60)
            u = c(["minutes", "seconds", "hours"])
            f = c(["Set a timer for {} %s.", "Start a timer for {} %s, please.",
                   "Your timer for {} %s is done.", "There are {} %s left.",
                   "It will take about {} %s."]) % u
            return f.format(a[0]), f.format(a[1])
        if k == 1:
            t = self.clock()
            f = c(["It is {} now.", "The time is {}.", "Wake me up at {}.",
                   "The meeting starts at {}.", "Your alarm is set for {}.",
                   "The train leaves at {}.", "Dinner is at {}."])
            return f.format(t[0]), f.format(t[1])
        if k == 2:
            d = r.randint(1, 31)
            f = c(["Today is {day}, the {d} of {m}.", "My birthday is on the {d} of {m}.",
                   "The party is on {day}, {m} {d}.", "We leave on the {d} of {m}.",
                   "The next holiday is {m} {d}."])
            kw = dict(day=c(DAYS), m=c(MONTHS))
            s = f.format(d=ordinal(d), **kw)
            return s, s
        if k == 3:
            a, b = self.num(1, 40), self.num(1, 30)
            f = c(["It is {} degrees and %s." % c(WEATHER), "Expect %s weather with {} degrees." % c(WEATHER),
                   "Tomorrow will be %s with a high of {} degrees." % c(WEATHER),
                   "The temperature in the %s is {} degrees." % c(ROOMS),
                   "Set the %s to {} degrees." % c(["heater", "thermostat", "oven", "fridge"])])
            return f.format(a[0]), f.format(a[1])
        if k in (4, 5):
            s = c(["Turn on the {r} {d}.", "Turn off the {d} in the {r}.", "The {d} is {s}.",
                   "The {d} in the {r} is {s}.", "Is the {r} {d} {s}?", "Please check the {d}.",
                   "The {r} {d} has stopped.", "I cannot reach the {r} {d}.",
                   "Someone left the {d} {s}.", "Okay, the {d} is {s} now.",
                   "Your {d} is {s}.", "The {d} needs a new filter."])
            s = s.format(r=c(ROOMS), d=c(DEVICES), s=c(STATES))
            return s, s
        if k == 6:
            s = c(["Remember to {}.", "Do not forget to {}.", "It is time to {}.",
                   "Please {} before noon.", "I reminded %s to {}." % c(NAMES),
                   "Could you {} today?", "You should {} tomorrow."]).format(c(TASKS))
            return s, s
        if k == 7:
            a, b = self.num(0, 50), self.num(0, 50)
            f = "{} plus {} is more than you think." if r.random() < .3 else c(
                ["What is {} plus {}?", "{} and {} are numbers.", "Add {} to {}.",
                 "Count from {} to {}.", "Page {}, line {}."])
            w, s = f.format(a[0], b[0]), f.format(a[1], b[1])
            return w[0].upper() + w[1:], s[0].upper() + s[1:]
        if k == 8:
            n = self.num(100, 9999)
            f = c(["The price is {} dollars.", "There are {} people here.", "The code is {}.",
                   "It costs {} coins.", "We drove {} miles."])
            return f.format(n[0]), f.format(n[1])
        if k == 9:
            ds = [r.randrange(10) for _ in range(r.randint(3, 6))]
            sp = " ".join(ONES[d] for d in ds)
            wr = " ".join(map(str, ds)) if r.random() < 0.5 else sp
            f = c(["The number is {}.", "Call {}.", "Your code is {}.", "Dial {} now."])
            return f.format(wr), f.format(sp)
        if k in (10, 11, 12, 13):
            s = "%s %s %s" % (self.np(), c(VERB), self.np())
            if r.random() < 0.5:
                s += " %s %s" % (c(PREP), self.np())
            if r.random() < 0.3:
                s += " " + c(ADV)
            s += c([".", ".", ".", "."])
        elif k in (14, 15):
            s = "%s %s %s %s %s." % (c(["I", "we", "they", "you"]),
                                     c(["can", "will", "must", "should", "could", "never", "often", "do not"]),
                                     c(BASE), self.np(), c(ADV + ["%s %s" % (c(PREP), self.np())]))
        elif k == 16:
            s = "%s %s %s %s?" % (c(["can", "will", "did", "do", "should", "could", "why did", "when will",
                                     "how can", "where did"]), c(["I", "you", "we", "they"]), c(BASE), self.np())
        elif k == 17:
            s = "%s, %s %s." % (c(NAMES), c(["please", "you should", "we must", "do not"]),
                                c(BASE) + " " + self.np())
        elif k == 18:
            s = "%s is %s than %s." % (self.np(), c(["bigger", "smaller", "older", "better", "faster",
                                                     "slower", "warmer", "colder", "louder", "brighter",
                                                     "heavier", "more " + c(ADJ)]), self.np())
        elif k == 19:
            s = "%s and %s are %s." % (self.np(), self.np(), c(ADJ))
        elif k == 20:
            s = "%s %s, %s %s." % (c(["if", "when", "because", "after", "before", "while"]),
                                   "%s %s %s" % (self.np(), c(VERB), self.np()), c(["we", "they", "you", "I"]),
                                   c(BASE) + " " + self.np())
        elif k == 21:
            s = c(["good morning, {n}", "good night, {n}", "hello {n}, how are you",
                   "welcome home, {n}", "thank you very much, {n}", "nice to meet you, {n}",
                   "see you on {d}, {n}", "are you there, {n}", "happy birthday, {n}"]
                  ).format(n=c(NAMES), d=c(DAYS)) + "."
        elif k == 22:
            s = "there %s %s %s." % (c(["is", "was"]), self.np().replace("their", "the"),
                                     c(PREP) + " " + self.np())
        elif k == 23:
            s = c(PANGRAMS)
        elif k == 24:
            s = "%s, %s, and %s." % (self.np(), self.np(), self.np())
        else:
            s = "%s said that %s %s %s." % (c(NAMES + ["he", "she"]), self.np(), c(VERB), self.np())
        s = s[0].upper() + s[1:]
        return s, s

    def salad(self, pool, lo=3, hi=8):
        n = self.r.randint(lo, hi)
        words = [self.c(pool) for _ in range(n)]
        if n > 4 and self.r.random() < 0.5:
            words[n // 2] += ","
        s = " ".join(words)
        s = s[0].upper() + s[1:] + "."
        return s, s

    def item(self):
        x = self.r.random()
        if x < 0.50 or not self.words:
            return self.template()
        if x < 0.68:
            return self.salad(self.common)
        mix = [self.c(self.words) if self.r.random() < 0.7 else self.c(self.common)
               for _ in range(self.r.randint(2, 7))]
        s = " ".join(mix)
        s = s[0].upper() + s[1:] + "."
        return s, s


def words_of(text):
    return re.findall(r"[a-z']+", text.lower())


def lines_of(name):
    """Lines of a list that lies beside this file."""
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), name), encoding="utf-8") as f:
        return [line.strip() for line in f if line.strip()]


def natural(folder="/usr/share/games/fortunes", known=None):
    """Plain English sentences of the Debian package `fortunes`, sorted."""
    out = set()
    for path in sorted(glob.glob(folder + "/*")):
        if path.endswith((".dat", ".u8")) or os.path.basename(path) == "ascii-art":
            continue
        with open(path, encoding="utf-8", errors="ignore") as f:
            cookies = f.read().split("\n%\n")
        for cookie in cookies:
            text = re.sub(r"\s+", " ", re.sub(r"\n\s+--.*", "", cookie, flags=re.S))
            for s in re.findall(r"(?:(?<=[.?!] )|^)[A-Z](?:[a-z' ,;:]| I(?=[ ']))*[.?!](?= |$)", text):
                words = words_of(s)
                if len(words) >= 3 and len(s) <= 90 and (known is None or all(w in known for w in words)):
                    out.add(s)
    if not out:
        raise SystemExit("no sentences in " + folder + ": install the Debian package fortunes")
    return sorted(out)


def corpus(count, seed=1, dictionary_file="/usr/share/dict/words"):
    """`count` sentences, none of the held-out and development lists among them; the same ones for the same seed."""
    with open(dictionary_file, encoding="utf-8") as f:
        dictionary = [w.strip() for w in f]
    dictionary = [w for w in dictionary if re.fullmatch(r"[a-z]{3,9}", w)]
    g = Generator(seed, dictionary)
    plain = natural()
    g.r.shuffle(plain)
    seen, out = set(lines_of("heldout.txt") + lines_of("dev.txt")), []
    while len(out) < count:
        s = plain.pop() if plain and g.r.random() < 0.35 else g.item()[1]     # figures spelled out
        if s not in seen and len(s) <= 90:
            seen.add(s)
            out.append(s)
    return out


if __name__ == "__main__":
    items = corpus(4000)
    vocabulary = {}
    for s in items:
        for w in words_of(s):
            vocabulary[w] = vocabulary.get(w, 0) + 1
    print("\n".join(items[:40]))
    print(len(vocabulary), sum(1 for v in vocabulary.values() if v >= 5), sum(vocabulary.values()) / len(items))
