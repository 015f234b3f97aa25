"""Tests of what judges speech, without its recognisers: python -m pytest test_hearing.py"""
import random

import numpy as np
import pytest

import asr
import errors
import report
import sentences
import sound
from wording import words


@pytest.mark.parametrize("said, written", [
    ("There are six thousand nine hundred and twenty seven people here.", "There are 6,927 people here"),
    ("At seven oh five it is twenty dollars.", "at 7:05, it's $20"),
    ("The time is five forty five.", "the time is 5:45"),
    ("It is four o'clock, in the afternoon.", "It's 4:00 in the afternoon"),
    ("Your code is two six two three.", "Your code is 26-23."),
    ("A hundred sheep, a thousand and one nights.", "100 sheep, 1001 nights."),
    ("On the thirty first of May, or May fourth.", "On the 31st of May or May 4."),
    ("In nineteen eighty four, in two thousand and ten, in twenty ten.", "In 1984, in 2010, in 2010."),
    ("One million two hundred thousand and five.", "1,200,005"),
    ("Three point oh five percent, five million dollars, one dollar.", "3.05%, $5 million, $1"),
    ("I cannot come and you will not.", "I can't come, and you won't!"),
    ("What is twelve plus ten?", "What's 12 + 10?"),
    ("It is well known to Mister Brown at five p.m.", "It’s well-known to Mr. Brown at 5pm."),
    ("My neighbour realised that he travelled by night.", "My neighbor realized that he traveled by night. [MUSIC]"),
])
def test_one_form_for_what_is_said_and_what_is_written(said, written):
    assert words(said) == words(written)


@pytest.mark.parametrize("one, other", [
    ("five and six", "fifty six"), ("four hours", "for ours"), ("seventeen", "seventy"), ("twenty five", "twenty nine"),
    ("a second one", "second one"), ("one hundred", "one hundredth"), ("zero five", "five"), ("he's", "his"),
    ("nineteen hundred", "nineteen thousand"), ("can", "can't"), ("filled", "filed"), ("source", "sauce")])
def test_what_sounds_different_stays_different(one, other):
    assert words(one) != words(other)


def test_numbers_are_read_back():
    r = random.Random(1)
    for n in [*range(0, 1200), *(r.randrange(10 ** 6) for _ in range(500))]:
        assert words(sentences.number(n)) == words("{:,}".format(n)) == [str(n)]
    assert all(words(sentences.ordinal(n)) == ["%dth" % n] for n in range(1, 100))
    for _ in range(300):
        digits = [r.randrange(10) for _ in range(r.randint(2, 6))]
        assert words(" ".join(sentences.ONES[d] for d in digits)) == ["".join(map(str, digits))]


def test_word_error_rate():
    assert asr.wrong("The cat sat here.", "a cat sat on here") == (2, 4)
    assert asr.wer(["One plus two.", "Red and green."], ["1 plus 3", "red green"]) == pytest.approx(2 / 6)
    assert asr.aligned("abcd", "axcd") == [("a", "a"), ("b", "x"), ("c", "c"), ("d", "d")]
    assert asr.aligned("ab", "") == [("a", None), ("b", None)] and asr.aligned("", "a") == [(None, "a")]


def test_what_the_recogniser_hears_is_at_one_level_with_silence_around():
    x = asr.prepared(0.01 * np.sin(np.arange(24000) / 20), 24000, 0)
    assert len(x) == 16000 + 2 * 3200 and abs(np.abs(x).max() - 0.7) < 0.02 and np.abs(x[:3000]).max() < 1e-3


def test_errors_are_laid_to_the_phones_that_differ():
    known = dict(worm=["W", "ER", "M"], warm=["W", "AO", "R", "M"], a=["AH"], day=["D", "EY"])
    pairs = errors.phone_pairs(asr.aligned(["a", "warm", "day"], ["a", "worm", "day"]), known)
    changed = [(x and x[0], y and y[0]) for x, y in pairs if not (x and y) or x[0] != y[0]]
    assert len(pairs) == 7 and sorted(changed, key=str) in ([("AO", "ER"), ("R", None)], [("AO", None), ("R", "ER")])
    assert errors.phone_pairs([("warm", "unknown")], known) == []
    assert [p for p, _ in errors.phones_of("2", dict(two=["T", "UW"]))] == ["T", "UW"]


def tone(hertz, seconds=2.0, level=1.0):
    return level * np.sin(2 * np.pi * hertz * np.arange(int(sound.RATE * seconds)) / sound.RATE)


def test_loudness_is_that_of_the_recommendation():
    assert sound.loudness(tone(997)) == pytest.approx(-3.01, abs=0.1)               # BS.1770: 0 dBFS in one channel
    with_silence = np.concatenate([tone(997, level=0.1), np.zeros(96000)])          # which does not count
    assert sound.loudness(with_silence) == pytest.approx(-23.0, abs=0.5)
    assert sound.loudness(np.zeros(100)) == -70


def test_silence_before_the_first_sound():
    assert sound.silence_before(np.concatenate([np.zeros(7200), tone(200)])) == pytest.approx(0.3, abs=0.006)


def buzz(course):
    """A voice of twenty harmonics with a pitch for each sample."""
    phase = 2 * np.pi * np.cumsum(course) / sound.RATE
    return sum(np.sin(k * phase) / k for k in range(1, 20)) * 0.2


def test_pitch_its_range_and_its_end():
    falling = np.geomspace(200, 100, 48000)
    middle, wide = sound.spread(buzz(falling))
    assert middle == pytest.approx(141, rel=0.03) and wide == pytest.approx(9.6, abs=0.5)
    assert sound.ending(buzz(falling)) == pytest.approx(-6, abs=0.7) and sound.ending(buzz(falling[::-1])) > 5


def test_spectrum_tilts_and_ends_where_it_does():
    noise = np.random.default_rng(0).standard_normal(96000)
    white = sound.average_spectrum([noise])
    assert sound.tilt(white) == pytest.approx(3, abs=0.2) and sound.reach(white) == pytest.approx(12, abs=0.2)
    faded = noise * np.hanning(96000)
    half = sound.average_spectrum([sound.resampled(sound.resampled(faded, 24000, 12000), 12000, 24000)])
    assert sound.reach(half) == pytest.approx(6, abs=0.3)
    assert sound.brightness(white)[0] == pytest.approx(0, abs=0.3) and sound.brightness(half)[1] < -50


def test_a_broken_limit_is_named():
    rate = lambda r: {"all": r}
    heard = dict(name="m", model_whisper=rate(9), teacher_pocketsphinx=rate(12), model_pocketsphinx=rate(20))
    assert report.broken_words(heard) == []
    assert report.broken_words(dict(name="m", model_whisper=rate(9))) == []    # heard by one ear, without the teacher
    assert "60.0 %" in report.broken_words(dict(heard, model_whisper=rate(60)))[0]
    assert "30.0 points" in report.broken_words(dict(heard, model_pocketsphinx=rate(42)))[0]
    stops = dict(name="m", texts=200, missed=[], cut_short=[], cut_by_guard=["a", "b"], duration_ratio=[0.8, 1.0, 1.4])
    assert report.broken_stops(stops) == []
    worse = dict(stops, missed=["one text"], cut_by_guard=["a", "b", "c"], duration_ratio=[1.0, 2.0, 3.0])
    faults = "\n".join(report.broken_stops(worse))
    assert "missed: one text" in faults and "3 of 200" in faults and "duration 2" in faults
    assert report.broken_voices(dict(name="v", nearest_is_own=54, trials=60)) == []
    assert report.broken_voices(dict(name="v", nearest_is_own=53, trials=60))


def test_a_broken_limit_of_the_sound_is_named():
    good = dict(dnsmos=3.0, semitones=5.0, lufs=-19.1, silence=0.01)
    taught = dict(good, lufs=-23, silence=0.2)
    sounds = lambda **other: dict(name="m", voices={"a": dict(good, **other), "teacher rms": taught})
    assert report.broken_sounds(sounds()) == []
    for other, part in ((dict(dnsmos=1.0), "DNSMOS 1.00"), (dict(semitones=1.0), "over 1.0 semitones"),
                        (dict(lufs=-23), "a at -23 LUFS"), (dict(silence=0.3), "a begins after 0.3 s")):
        assert part in report.broken_sounds(sounds(**other))[0]
