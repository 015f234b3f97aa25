"""What a model may get wrong, and the tables of docs/voices.md."""
KINDS = ("all", "everyday", "template", "common")

# What is allowed: what was measured (docs/voices.md), and a margin for another machine's arithmetic, which changes what
# is drawn. 120 sentences are a thousand words: ten of them are one point. Five seeds had 15.9 to 20.0 % of them misheard.
LIMITS = dict(
    words=dict(whisper=21.0),                    # percent
    words_above_teacher=dict(pocketsphinx=13.0),         # points
    cut_by_guard=0.01,                           # share of the texts that did not end by themselves
    duration=(0.75, 1.15),                       # median, of the teacher's, which begins with 0.2 s of silence
    own_voice=0.9,                               # share of the clones nearest to their own reference
    format_points=2.0,                           # words: int8 against bfloat16
    dnsmos=2.4,                                  # overall, mean of the voices
    lufs=(-20.0, -18.0),                         # median of each voice
    silence=0.06,                                # seconds before the first sound, median of each voice
    semitones=0.8,                               # how wide the pitch moves, mean of the voices: share of the teachers'
)


def broken_words(w):
    faults = ["%s: %.1f %% of the words misheard by %s, more than %g" % (w["name"], w["model_" + ear]["all"], ear, most)
              for ear, most in LIMITS["words"].items() if w["model_" + ear]["all"] > most]
    for ear, most in LIMITS["words_above_teacher"].items():
        if "teacher_" + ear in w:
            above = w["model_" + ear]["all"] - w["teacher_" + ear]["all"]
            if above > most:
                faults.append("%s: word errors by %s are %.1f points above the teacher's, more than %g" % (
                    w["name"], ear, above, most))
    return faults


def broken_stops(s):
    low, high = LIMITS["duration"]
    faults = ["%s: %s: %s" % (s["name"], what, "; ".join(s[what][:3])) for what in ("missed", "cut_short") if s[what]]
    if len(s["cut_by_guard"]) > LIMITS["cut_by_guard"] * s["texts"]:
        faults.append("%s: %d of %d texts ended by the guard only" % (s["name"], len(s["cut_by_guard"]), s["texts"]))
    if not low <= s["duration_ratio"][1] <= high:
        faults.append("%s: median duration %g of the teacher's" % (s["name"], s["duration_ratio"][1]))
    return faults


def broken_voices(v):
    return [] if v["nearest_is_own"] >= LIMITS["own_voice"] * v["trials"] else [
        "%s: nearest to their own reference in %d of %d" % (v["name"], v["nearest_is_own"], v["trials"])]


def broken_sounds(s):
    voices, teachers = voices_of(s), teachers_of(s)
    mean = lambda table, figure: sum(f[figure] for f in table.values()) / len(table)
    faults = []
    if mean(voices, "dnsmos") < LIMITS["dnsmos"]:
        faults.append("%s: DNSMOS %.2f, less than %g" % (s["name"], mean(voices, "dnsmos"), LIMITS["dnsmos"]))
    if mean(voices, "semitones") < LIMITS["semitones"] * mean(teachers, "semitones"):
        faults.append("%s: the pitch moves over %.1f semitones, the teachers' over %.1f" % (
            s["name"], mean(voices, "semitones"), mean(teachers, "semitones")))
    for voice, f in voices.items():
        if not LIMITS["lufs"][0] <= f["lufs"] <= LIMITS["lufs"][1]:
            faults.append("%s: %s at %g LUFS" % (s["name"], voice, f["lufs"]))
        if f["silence"] > LIMITS["silence"]:
            faults.append("%s: %s begins after %g s" % (s["name"], voice, f["silence"]))
    return faults


def broken_formats(shipped, source):
    rates = [w["model_whisper"]["all"] for w in (shipped, source)]
    return [] if rates[0] <= rates[1] + LIMITS["format_points"] else [
        "word errors: %g in the shipped format, %g in bfloat16" % tuple(rates)]


# ---------------------------------------------------------------- tables

def voices_of(sounds):
    return {v: f for v, f in sounds["voices"].items() if not v.startswith("teacher ")}


def teachers_of(sounds):
    return {v: f for v, f in sounds["voices"].items() if v.startswith("teacher ")}


def row(*cells):
    return "| " + " | ".join(str(c) for c in cells) + " |"


def word_table(spoken_by, ears):
    titles = ("all 120", "everyday (64)", "template (40)", "common words in a row (16)")
    lines = [row("", *["%s: %s" % (title, ", ".join(ears)) for title in titles]), row(*["---"] * 5)]
    cells = lambda w, who: [", ".join(str(w["%s_%s" % (who, ear)][kind]) for ear in ears) for kind in KINDS]
    lines.append(row("teacher", *cells(next(iter(spoken_by.values())), "teacher")))
    return lines + [row(name, *cells(w, "model")) for name, w in spoken_by.items()]


def stop_table(ends):
    lines = [row("", *ends), row(*["---"] * (len(ends) + 1))]
    for label, value in (
            ("texts of 1 to 40 words", lambda s: s["texts"]),
            ("speech that did not end", lambda s: len(s["missed"])),
            ("without the guard", lambda s: len(s["cut_by_guard"])),
            ("cut short", lambda s: len(s["cut_short"])),
            ("duration against the teacher's: least, median, most",
             lambda s: ", ".join("%.2f" % r for r in s["duration_ratio"]))):
        lines.append(row(label, *[value(s) for s in ends.values()]))
    return lines


def clone_table(clones, codec):
    lines = [row("voice", *["%s: own, next" % v["encoder"] for v in clones], "mel distance"),
             row(*["---"] * (len(clones) + 2))]
    for voice in clones[0]["cosine"]:
        cells = []
        for v in clones:
            others = {k: c for k, c in v["cosine"][voice].items() if k != voice}
            nearest = max(others, key=others.get)
            cells.append("%.2f, %.2f (%s)" % (v["cosine"][voice][voice], others[nearest], nearest))
        lines.append(row(voice, *cells, codec["mel"][voice]))
    return lines + ["", "Nearest to its own: " + ", ".join(
        "%d of %d (%s)" % (v["nearest_is_own"], v["trials"], v["encoder"]) for v in clones)
        + "; mel distance, mean: %g." % codec["mean"]]


def sound_table(sounds):
    columns = [("words misheard, %", "{words:.1f}"), ("DNSMOS: overall, speech", "{dnsmos:.2f}, {dnsmos_speech:.2f}"),
               ("LUFS: median (least to most)", "{lufs:.1f} ({lufs_least:.1f} to {lufs_most:.1f})"),
               ("first sound, s: median, latest", "{silence:.2f}, {silence_most:.2f}"), ("pitch, Hz", "{pitch:.0f}"),
               ("its range, semitones", "{semitones:.1f}"),
               ("its end: statements, questions", "{end:+.1f}, {end_of_questions:+.1f}"),
               ("tilt, dB an octave", "{tilt:.1f}"), ("4–8, 8–12 kHz, dB", "{to_8_khz:.0f}, {to_12_khz:.0f}"),
               ("reaches, kHz", "{reach:.1f}")]
    lines = [row("", *sounds["voices"]), row(*["---"] * (len(sounds["voices"]) + 1))]
    cell = lambda form, f: form.format(**f).replace("-", "−")
    return lines + [row(title, *[cell(form, f) for f in sounds["voices"].values()]) for title, form in columns]


def tables(spoken_by, ends, clones, codec, sounds, ears):
    """docs/voices.md's tables."""
    parts = (word_table(spoken_by, ears), stop_table(ends), sound_table(sounds), clone_table(clones, codec))
    return "\n\n".join("\n".join(lines) for lines in parts) + "\n"
