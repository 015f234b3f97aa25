"""Tests of the parts that need no training: python -m pytest test_training.py (and test_hearing.py, what judges speech)"""
import numpy as np

import torch

import codec
import lockstep
import sentences
import speakers
import talker
import vocoder

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
    first = spans[1]                                    # "she" begins within a frame of its first token
    begin = named[3][1]                                 # silence, s, iy, pause: where it ends
    assert [n for n, _ in named[:5]] == ["pau", "s", "iy", "pau", "sh"]
    assert abs(begin - (lockstep.LEAD + first[1]) * lockstep.FRAME) < lockstep.FRAME


def test_settle_keeps_to_the_tokens_or_to_nature():
    source, goal = np.array([0.0, 0.1, 0.15, 0.3]), np.array([0.0, 0.08, 0.16, 0.32])
    names = ["m", "ey", "k"]
    assert np.allclose(lockstep.settle(source, goal, names, 1e6, 1.0), goal, atol=1e-3)
    free = np.diff(lockstep.settle(source, goal, names, 1e-9, 1.0))
    assert np.allclose(free / free.sum(), np.diff(source) / 0.3, atol=0.02)
    squeezed = np.diff(lockstep.settle(source, np.array([0.0, 0.001, 0.002, 0.003]), names, 1.0, 1.0))
    assert (squeezed > 0).all()


def test_steady_leaves_bursts_alone():
    anchors = np.array(lockstep.steady(np.array([0.0, 0.2]), np.array([1.0, 1.1]), ["t"]))
    assert np.allclose(anchors[-1] - anchors[-2], 0.045)


def test_schedule_refuses_what_does_not_fit():
    letters = lockstep.Letters(LEXICON)
    assert lockstep.schedule("See.", teacher_phones("make the apple make the apple"), LEXICON, letters) is None


def test_retime_keeps_constant_input():
    env, pitch, voiced = np.ones((64, 4), np.float32), np.full(64, 100.0), np.ones(64, bool)
    e, p, v = lockstep.retime(env, pitch, voiced, [(0, 0), (0.1, 0.2), (0.32, 0.4)], 5)
    assert e.shape == (80, 4) and np.allclose(e, 1) and (p == 100).all() and v.all()


def test_shift_moves_resonances():
    env = np.full((1, 513), -10.0, np.float32)
    env[0, 100] = 0.0
    assert vocoder.shift(env, 1.2)[0].argmax() == 120 and vocoder.shift(env, 0.8)[0].argmax() == 80


def test_every_text_has_one_teacher():
    for i in range(32):
        names = speakers.assign(i)
        assert len({speakers.SPEAKERS[n][0] for n in names}) == 1 and len(set(names)) == len(names)
    assert {n for i in range(32) for n in speakers.assign(i)} == set(speakers.SPEAKERS)


def test_dimension_groups_cover_all():
    groups = codec.dimension_groups(np.exp(-np.arange(52) / 8.0), 14)
    assert groups[0][0] == 0 and groups[-1][1] == 52
    assert all(a[1] == b[0] for a, b in zip(groups, groups[1:])) and all(j - i >= 2 for i, j in groups)


def small_codebooks():
    g = torch.Generator().manual_seed(1)
    books = []
    for i in range(15):
        book = torch.zeros(8, 64)
        book[:, 4 * i:4 * i + 4] = torch.randn(8, 4, generator=g)
        books.append(book)
    return dict(semantic=[torch.randn(8, 64, generator=g)], acoustic=books)


def test_codes_of_disjoint_codebooks_do_not_depend_on_one_another():
    books = small_codebooks()["acoustic"]
    wanted = torch.randint(8, (5, 15), generator=torch.Generator().manual_seed(2))
    x = sum(b[wanted[:, i]] for i, b in enumerate(books))
    assert (codec.quantise(x, books)[0] == wanted).all()


def test_soft_targets_prefer_the_code_and_then_its_neighbours():
    space = talker.CodeSpace(small_codebooks())
    assert torch.allclose(space.soft.sum(2), torch.ones(16, 8), atol=1e-5)
    assert (space.soft.argmax(2) == torch.arange(8)).all()
    d = torch.cdist(space.books[3], space.books[3])[0]
    assert (space.soft[3][0].argsort(descending=True) == d.argsort()).all()


def test_weights_in_eight_bits_are_read_back():
    state = dict(w=torch.tensor([[127, -1], [2, 3]], dtype=torch.int8), w_scale=torch.tensor([[0.5], [2.0]]),
                 b=torch.ones(2, dtype=torch.bfloat16))
    read = talker.dequantised(state)
    assert read["w"].tolist() == [[63.5, -0.5], [4.0, 6.0]] and read["b"].dtype == torch.float32


def test_numbers():
    assert sentences.number(6927) == "six thousand nine hundred and twenty seven"
    assert sentences.ordinal(31) == "thirty first"


def test_heldout_is_not_in_training():
    import os
    here = os.path.dirname(os.path.abspath(__file__))
    with open(os.path.join(here, "heldout.txt")) as f:
        held = f.read().splitlines()
    assert len(held) >= 100 and len(set(held)) == len(held)
    with open(os.path.join(here, "dev.txt")) as f:
        dev = f.read().splitlines()
    assert not set(held) & set(dev)
    assert not (set(held) | set(dev)) & set(sentences.corpus(24000))
    with open(os.path.join(here, "stops.txt")) as f:
        assert sorted(len(x.split()) for x in f) == [n for n in range(1, 41) for _ in range(5)]
