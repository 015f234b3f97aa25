"""Tests of the parts that need no training: python -m pytest test_training.py"""
import numpy as np

import asr
import lockstep
import sentences

LEXICON = dict(make=["m", "ey", "k"], the=["dh", "ax"], apple=["ae", "p", "ax", "l"], see=["s", "iy"],
               she=["sh", "iy"], ship=["sh", "ih", "p"])


def test_pieces_are_graphemes():
    assert lockstep.pieces("She sees, through an eye.") == [
        "Sh", "e", " s", "ee", "s", ",", " th", "r", "ough", " ", "a", "n", " ", "ey", "e", "."]


def test_pieces_agree_with_the_tokenizer_files(tmp_path):
    from transformers import Qwen2TokenizerFast
    lockstep.write_tokenizer(str(tmp_path))
    tok = Qwen2TokenizerFast.from_pretrained(str(tmp_path))
    for text in sentences.corpus(200, seed=5) + ["I don't know; it's an assistant's!", "O'clock at 7?", "a  b - c"]:
        assert [t.replace(lockstep.SPACE, " ") for t in tok.tokenize(text)] == lockstep.pieces(text)
    assert len(tok("<|im_start|>assistant\n")["input_ids"]) == 3


def test_letters_share_out_the_phones():
    letters = lockstep.Letters(LEXICON)
    got = letters.align("ship", LEXICON["ship"])
    assert "".join(x for x, _ in got) == "ship"
    assert [p for _, ps in got for p in ps] == LEXICON["ship"]
    assert letters.align("a", ["m", "ey", "k"]) is None


def test_match_cuts_are_monotonic_and_complete():
    cut = lockstep.match(list("abcd"), list("abxcd"))
    assert cut[0] == 0 and cut[-1] == 5 and cut == sorted(cut)


def teacher_phones(text, pause_after=None):
    phones, now = [("pau", 0.2)], 0.2
    for w in sentences.words_of(text):
        for p in LEXICON[w]:
            now += 0.07
            phones.append((p, now))
        if w == pause_after:
            now += 0.3
            phones.append(("pau", now))
    return phones + [("pau", now + 0.2)]


def test_schedule_gives_every_token_one_frame():
    text = "See, she make the apple."
    letters = lockstep.Letters(LEXICON)
    count, anchors, named = lockstep.schedule(text, teacher_phones(text, "see"), LEXICON, letters)
    assert count == len(lockstep.pieces(text))
    source, target = np.array(anchors).T
    assert (np.diff(source) >= -1e-9).all() and (np.diff(target) >= -1e-9).all()
    assert abs(named[-1][1] - (lockstep.LEAD + count + lockstep.TAIL) * lockstep.FRAME) < 1e-9
    _, spans = lockstep.word_spans(text)
    first = spans[1]                                    # "she" begins exactly with its first token
    assert any(abs(t - (lockstep.LEAD + first[1]) * lockstep.FRAME) < 1e-9 for t in target)


def test_schedule_refuses_what_does_not_fit():
    letters = lockstep.Letters(LEXICON)
    assert lockstep.schedule("See.", teacher_phones("make the apple make the apple"), LEXICON, letters) is None


def test_retime_keeps_constant_input():
    env, pitch, voiced = np.ones((64, 4), np.float32), np.full(64, 100.0), np.ones(64, bool)
    e, p, v = lockstep.retime(env, pitch, voiced, [(0, 0), (0.1, 0.2), (0.32, 0.4)], 5)
    assert e.shape == (80, 4) and np.allclose(e, 1) and (p == 100).all() and v.all()


def test_word_error_rate():
    assert asr.distance("a b c".split(), "a x c d".split()) == 2
    assert asr.wer(["one two", "three four"], [["one"], ["three", "four"]]) == 0.25


def test_numbers():
    assert sentences.number(6927) == "six thousand nine hundred and twenty seven"
    assert sentences.ordinal(31) == "thirty first"


def test_heldout_is_not_in_training():
    import os
    here = os.path.dirname(os.path.abspath(__file__))
    with open(os.path.join(here, "heldout.txt")) as f:
        held = f.read().splitlines()
    assert len(held) >= 100 and len(set(held)) == len(held)
    assert not set(held) & set(sentences.corpus(24000))
    with open(os.path.join(here, "stops.txt")) as f:
        assert sorted(len(x.split()) for x in f) == [n for n in range(1, 41) for _ in range(5)]
