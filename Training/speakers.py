"""The speakers of the corpus: teacher voices of flite, some moved to another pitch and vocal tract length.

Most come from one teacher (rms, the one pocketsphinx understands best): what is learnt of its timing and its phones
serves all of them.
"""
SPEAKERS = {                  # name: (flite voice, pitch factor, formant factor)
    "makima": ("rms", 1.6, 1.1),
    "denji": ("rms", 1.0, 1.0),
    "power": ("rms", 2.1, 1.18),
    "aki": ("rms", 0.85, 0.92),
    "awb": ("awb", 1.0, 1.0),
    "slt": ("slt", 1.0, 1.0),
}
OTHERS = ("denji", "power", "aki", "denji")


def assign(index):
    """The speakers that say text number `index` of the corpus (all of one teacher): mostly makima, often one more."""
    if index % 8 == 7:
        return ["awb"]
    if index % 8 == 3:
        return ["slt"]
    return ["makima"] + ([OTHERS[index // 2 % 4]] if index % 2 == 0 else [])
