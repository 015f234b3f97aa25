"""Text tokenizer, speaker encoder and talker (with code predictor).

    python talker.py tokenizer DATA WORK     byte-level BPE in the Qwen2 file layout
    python talker.py speaker   DATA WORK     speaker encoder by voice classification
    python talker.py train     DATA WORK     talker and code predictor on (text, codes)

The training sequences are laid out exactly as generation builds them: role
tokens, control prefix with the speaker embedding, then either the streaming
layout (one text token per frame) or the non-streaming one (all text first).
A share of the items joins two utterances of one speaker, which is what a
voice-cloning prompt with reference text looks like.

Three auxiliary signals, all dropped at export, replace the thousands of hours
of speech a large model would need to find the alignment by itself: a few
attention heads are pulled towards the word being spoken, and linear heads on
the hidden state predict the phones of the coming frame.
"""
import argparse
import json
import os
import re

import numpy as np
import torch
import torch.nn.functional as F

import common
import codec
import data as corpus
import lockstep

SPECIALS = lockstep.SPECIALS


# ---------------------------------------------------------------- text tokenizer

def build_tokenizer(a):
    out = os.path.join(a.work, "text")
    os.makedirs(out, exist_ok=True)
    lockstep.write_tokenizer(out)
    role = load_tokenizer(a.work)("<|im_start|>assistant\n")["input_ids"]
    assert len(role) == 3, role
    print(token_ids(a.work))


def load_tokenizer(work):
    from transformers import Qwen2TokenizerFast
    return Qwen2TokenizerFast.from_pretrained(os.path.join(work, "text"))


def token_ids(work):
    with open(os.path.join(work, "text", "vocab.json"), encoding="utf-8") as f:
        vocab = json.load(f)
    n = len(vocab)
    return dict(vocab=n + len(SPECIALS), assistant=vocab["assistant"], im_start=n + 1, im_end=n + 2,
                tts_pad=n + 3, tts_bos=n + 4, tts_eos=n + 5)


# ---------------------------------------------------------------- model

def new_model(work, kind="base"):
    common.import_reference()
    from qwen_tts.core.models.configuration_qwen3_tts import Qwen3TTSConfig
    from qwen_tts.core.models.modeling_qwen3_tts import Qwen3TTSForConditionalGeneration
    torch.manual_seed(0)
    config = Qwen3TTSConfig(**common.model_config(token_ids(work), kind))
    model = Qwen3TTSForConditionalGeneration._from_config(config, attn_implementation="eager")
    if model.speaker_encoder is not None:
        codec.reset(model.speaker_encoder)
    return model, config


# ---------------------------------------------------------------- speaker encoder

def mel(x):
    common.import_reference()
    from qwen_tts.core.models.modeling_qwen3_tts import mel_spectrogram
    return mel_spectrogram(x, n_fft=1024, num_mels=128, sampling_rate=24000, hop_size=256, win_size=1024,
                           fmin=0, fmax=12000).transpose(1, 2)


def speaker_clip(it, speed, rng, seconds=1.4):
    """A piece of one item, at the natural or the locked phase, at a changed speed and level."""
    w = it["wave" if rng.random() < 0.5 else "teacher"].astype(np.float32) / 32768
    need = int(24000 * seconds * speed)
    if len(w) < need:
        w = np.tile(w, need // len(w) + 1)
    s = rng.integers(0, len(w) - need + 1)
    w = np.interp(np.linspace(0, need - 1, int(24000 * seconds)), np.arange(need), w[s:s + need])
    return np.clip(w.astype(np.float32) * rng.uniform(0.4, 1.2), -1, 1)


def pooled(enc, m):
    """The input of the speaker encoder's last layer, [batch, 2 * channels]."""
    box = []
    hook = enc.fc.register_forward_pre_hook(lambda _, args: box.append(args[0][..., 0]))
    enc(m)
    hook.remove()
    return box[0]


def train_speaker(a):
    """Voice classification; speed-changed copies count as further voices.

    The body stays at its random start unless --speaker_steps asks for gradient
    steps; the last layer is then fitted in closed form by discriminant
    analysis, which separates the voices of this small corpus at once.
    """
    items = corpus.load(a.data, 800)
    model, config = new_model(a.work)
    enc = model.speaker_encoder
    speeds = [1.0, 0.85, 1.18]
    names = sorted({i["voice"] for i in items})
    by = {n: [i for i in items if i["voice"] == n] for n in names}
    rng = np.random.default_rng(0)
    log = common.Log(os.path.join(a.work, "speaker.log"))
    dim = common.SIZES["hidden"]

    def clips(count):
        ys = rng.integers(len(names) * len(speeds), size=count)
        xs = [speaker_clip(by[names[y // len(speeds)]][rng.integers(len(by[names[y // len(speeds)]]))],
                           speeds[y % len(speeds)], rng) for y in ys]
        return mel(common.tensor(np.stack(xs))), common.tensor(ys)

    if a.speaker_steps:
        head = torch.nn.Linear(dim, len(speeds) * len(names))
        opt = torch.optim.AdamW(list(enc.parameters()) + list(head.parameters()), lr=2e-3, weight_decay=0.01)
        right = 0.0
        for step in range(1, a.speaker_steps + 1):
            log.pause()
            m, y = clips(16)
            logits = head(F.normalize(enc(m), dim=1) * 10)
            loss = F.cross_entropy(logits, y)
            opt.zero_grad()
            loss.backward()
            opt.step()
            for g in opt.param_groups:
                g["lr"] = 2e-3 * (1 - step / (a.speaker_steps + 1))
            right = 0.95 * right + 0.05 * (logits.argmax(1) == y).float().mean().item()
            if step % 25 == 0:
                log(step=step, loss=round(loss.item(), 3), accuracy=round(right, 3))
    enc.eval()
    with torch.no_grad():
        xs, ys = [], []
        for _ in range(a.speaker_clips // 16):
            log.pause()
            m, y = clips(16)
            xs.append(pooled(enc, m))
            ys.append(y)
        x, y = torch.cat(xs).double(), torch.cat(ys)
        mean = x.mean(0)
        x = x - mean
        centres = torch.stack([x[y == k].mean(0) for k in range(int(y.max()) + 1)])
        inner = x - centres[y]
        within = inner.T @ inner / len(x)
        within += 0.05 * torch.eye(len(within)) * within.diagonal().mean()
        values, vectors = torch.linalg.eigh(within)
        white = vectors / values.sqrt()
        _, _, v = torch.linalg.svd(centres @ white, full_matrices=False)
        lda = (white @ v.T)                                            # pooled -> a few discriminant axes
        spread = torch.linalg.qr(torch.randn(dim, lda.shape[1], dtype=torch.double))[0]
        scale = 0.3 / (centres @ lda @ spread.T).std()
        enc.fc.weight.copy_((spread @ lda.T * scale).float()[..., None])
        enc.fc.bias.copy_((-(mean @ lda) @ spread.T * scale).float())
    common.save(os.path.join(a.work, "speaker.pt"), model=enc.state_dict())
    embed, clip = {}, {}
    with torch.no_grad():
        for n in names:
            log.pause()
            whole = min(60, max(1, len(by[n]) // 2))               # whole items, and pieces of others
            embed[n] = torch.cat([enc(mel(common.tensor(i["wave"].astype(np.float32) / 32768)[None]))
                                  for i in by[n][:whole]])
            clip[n] = torch.cat([enc(mel(common.tensor(speaker_clip(i, 1.0, rng, 2.0))[None]))
                                 for i in by[n][-40:]])
            embed[n] = torch.cat([embed[n], clip[n]])
    for n in names:
        for k in names:
            c = F.normalize(embed[n], dim=1) @ F.normalize(embed[k], dim=1).T
            log(voices=n + "-" + k, cosine=round(c.mean().item(), 3), lowest=round(c.min().item(), 3))
    torch.save(embed, os.path.join(a.work, "embeddings.pt"))


# ---------------------------------------------------------------- what the codebooks say about codes

class CodeSpace:
    """Distances between the entries of each codebook: soft targets, and neighbours to stand in for a code."""

    def __init__(self, fitted, draws=32):
        self.books = [c.float() for c in fitted["semantic"] + fitted["acoustic"]]
        self.soft, self.near = [], []
        for book in self.books:
            size = int((book.abs().sum(0) > 0).sum())
            soft = self.blurred(book, min(0.5, 0.12 * size))
            self.soft.append(soft)
            self.near.append(torch.multinomial(soft, draws, replacement=True))
        self.soft, self.near = torch.stack(self.soft), torch.stack(self.near)

    @staticmethod
    def blurred(book, own):
        """Rows of exp(-distance^2 / 2 s^2), s such that a code keeps the share `own` of its row in the mean."""
        d = torch.cdist(book, book).pow(2)
        low, high = -20.0, 20.0
        for _ in range(40):
            mid = (low + high) / 2
            soft = torch.softmax(-d / np.exp(mid), 1)
            low, high = (mid, high) if soft.diagonal().mean() > own else (low, mid)
        return soft

    def jitter(self, codes, share):
        """A `share` of the frames with every code replaced by one near it."""
        which = torch.randint(self.near.shape[2], codes.shape)
        near = self.near[torch.arange(16).expand_as(codes), codes, which]
        return torch.where((torch.rand(len(codes)) < share)[:, None], near, codes)

    def latent(self, codes):
        """Pitch and spectrum the acoustic codes stand for, [frames, vq]."""
        return sum(self.books[i][codes[:, i]] for i in range(1, 16))


def soft_loss(logits, soft):
    return -(soft * F.log_softmax(logits.float(), -1)).sum(-1)


def start_codes(talker, space):
    """Embeddings and heads of the acoustic codes begin as random projections of their codebook entries."""
    cp = talker.code_predictor
    with torch.no_grad():
        for i in range(1, 16):
            book = space.books[i]
            used = book[:, book.abs().sum(0) > 0]
            used = (used - used.mean(0)) / used.std(0).mean()
            for table, scale in ((cp.get_input_embeddings()[i - 1].weight, 0.02), (cp.lm_head[i - 1].weight, 0.05)):
                table.copy_(used @ torch.randn(used.shape[1], table.shape[1]) * scale / used.shape[1] ** 0.5
                            + 0.2 * scale * torch.randn(table.shape))


# ---------------------------------------------------------------- training items

PHONES = ("pau aa ae ah ao aw ax ay b ch d dh eh er ey f g hh ih iy jh k l m n ng ow oy p r s sh t th "
          "uh uw v w y z zh").split()


class Items:
    """Token ids, codes and phones per frame of every item; `refresh` adds shards written since."""

    def __init__(self, folders):
        self.folders, self.known, self.first = folders.split(","), set(), None
        self.vocab = lockstep.vocabulary()
        self.held, self.train = [], []

    def ids(self, text):
        return np.array([self.vocab[p.replace(" ", lockstep.SPACE)] for p in lockstep.pieces(text)])

    def refresh(self):
        at = {p: i for i, p in enumerate(PHONES)}
        for folder in self.folders:
            for name in sorted(os.listdir(folder)):
                if not re.fullmatch(r"shard_\d+\.npz", name) or (folder, name) in self.known:
                    continue
                self.known.add((folder, name))
                self.first = self.first or (folder, name)
                into = self.held if (folder, name) == self.first else self.train
                for item in corpus.read_shard(os.path.join(folder, name), ("codes",)):
                    n = item["frames"]
                    ends = np.array([e for _, e in item["phones"]])
                    names = np.array([at.get(p, 0) for p, _ in item["phones"]])
                    grid = (np.arange(n)[:, None] + np.array([1 / 6, 0.5, 5 / 6])) * 0.08
                    which = np.minimum(np.searchsorted(ends, grid), len(names) - 1)
                    text = self.ids(item["text"])
                    assert n == lockstep.LEAD + len(text) + lockstep.TAIL, item["text"]
                    into.append(dict(voice=item["voice"], text=text, after=self.ids(" " + item["text"]),
                                     codes=item["codes"].astype(np.int64), phones=names[which]))
        return len(self.train)


class Layout:
    """Builds one padded batch in the generation layout."""

    def __init__(self, config, work, seed=0):
        t = config.talker_config
        self.t, self.c = t, config
        self.rng = np.random.default_rng(seed)
        tok = load_tokenizer(work)
        self.role = tok("<|im_start|>assistant\n")["input_ids"]

    def one(self, parts, streaming, english):
        """One utterance of one or more sentences: the silence between them gives way to the next one's tokens."""
        t, c = self.t, self.c
        lead, tail = lockstep.LEAD, lockstep.TAIL
        text, codes, phones = parts[0]["text"], parts[0]["codes"], parts[0]["phones"]
        for p in parts[1:]:
            gap = len(p["after"]) - len(p["text"])         # a space of its own before a vowel: one silent frame
            text = np.concatenate([text, p["after"]])
            codes = np.concatenate([codes[:-tail], p["codes"][lead - gap:]])
            phones = np.concatenate([phones[:-tail], p["phones"][lead - gap:]])
        prefix = ([t.codec_think_id, t.codec_think_bos_id, t.codec_language_id["english"], t.codec_think_eos_id]
                  if english else [t.codec_nothink_id, t.codec_think_bos_id, t.codec_think_eos_id])
        spk = 3 + len(prefix)
        tx = list(self.role) + [c.tts_pad_token_id] * (len(prefix) + 1) + [c.tts_bos_token_id]
        co = [-1] * 3 + prefix + [-1, t.codec_pad_id]
        n = len(codes)
        if streaming:
            start = len(tx)                    # position of codec_bos; frame k sits at start + 1 + k
            text_at = len(tx)
            body = (list(text) + [c.tts_eos_token_id])[:n + 1]
            tx += body + [c.tts_pad_token_id] * (n + 1 - len(body))
        else:
            text_at = len(tx)
            tx += list(text) + [c.tts_eos_token_id]
            co += [t.codec_pad_id] * (len(text) + 1)
            start = len(tx)
            tx += [c.tts_pad_token_id] * (n + 1)
        co += [t.codec_bos_id] + [-2] * n
        return dict(tx=tx, co=co, spk=spk, start=start, text_at=text_at, codes=codes, phones=phones, tokens=len(text),
                    voice=parts[0]["voice"], visible=len(tx))

    def batch(self, rows):
        b, length = len(rows), max(len(r["tx"]) for r in rows)
        n = max(len(r["codes"]) for r in rows)
        tx = torch.full((b, length), self.c.tts_pad_token_id)
        co = torch.full((b, length), -1)
        mask = torch.zeros(b, length, dtype=torch.long)
        codes = torch.zeros(b, length, 16, dtype=torch.long)
        is_frame = torch.zeros(b, length, dtype=torch.bool)
        labels = torch.full((b, length), -100)
        phones = torch.full((b, length, 3), -100)
        spoken = torch.full((b, length), -1)           # where the token of the coming frame lies
        for i, r in enumerate(rows):
            k, s, m = len(r["tx"]), r["start"], len(r["codes"])
            tx[i, :k] = torch.tensor(r["tx"])
            co[i, :k] = torch.tensor(r["co"])
            mask[i, :k] = 1
            cc = common.tensor(r["codes"])
            codes[i, s + 1:s + 1 + m] = cc
            is_frame[i, s + 1:s + 1 + m] = True
            labels[i, s:s + m] = cc[:, 0]
            labels[i, s + m] = self.t.codec_eos_token_id
            phones[i, s:s + m] = common.tensor(r["phones"])
            first = s + lockstep.LEAD
            spoken[i, first:first + r["tokens"]] = torch.arange(r["tokens"]) + r["text_at"]
        return dict(tx=tx, co=co, mask=mask, codes=codes, is_frame=is_frame, labels=labels, phones=phones, spoken=spoken,
                    spk=torch.tensor([r["spk"] for r in rows]), voices=[r["voice"] for r in rows])


def embed(talker, batch, speakers, noise=0.0):
    text = talker.text_projection(talker.get_text_embeddings()(batch["tx"]))
    co, frames = batch["co"], batch["is_frame"]
    control = talker.get_input_embeddings()(co.clamp(min=0)) * (co >= 0).unsqueeze(-1)
    codes = batch["codes"]
    if noise > 0:                              # exposure to wrong history: swap some frames for others
        flat = torch.nonzero(frames)
        swap = flat[torch.rand(len(flat)) < noise]
        other = flat[torch.randint(len(flat), (len(swap),))]
        codes = codes.clone()
        codes[swap[:, 0], swap[:, 1]] = batch["codes"][other[:, 0], other[:, 1]]
    rows = codes[frames]
    e = talker.get_input_embeddings()(rows[:, 0])
    for i in range(1, 16):
        e = e + talker.code_predictor.get_input_embeddings()[i - 1](rows[:, i])
    x = text + control
    x = x.index_put(tuple(torch.nonzero(frames).T), e, accumulate=True)
    where = (torch.arange(len(co)), batch["spk"])
    return x.index_put(where, speakers, accumulate=True)


def guided_loss(attentions, batch, heads):
    """Mean of -log(attention on the token to speak, or one near it) over the chosen heads."""
    spoken = batch["spoken"]
    rows = spoken >= 0
    here = torch.arange(spoken.shape[1])[None].expand_as(spoken)[rows]
    loss = 0.0
    for layer, head, offset in heads:
        at = torch.minimum(spoken[rows] + offset, here)
        mass = attentions[layer][:, head][rows].gather(1, at[:, None])
        loss = loss - torch.log(mass + 1e-3).mean()
    return loss / len(heads)


HEADS = [(0, 0, 0), (0, 1, 1), (0, 2, -1), (0, 3, 2), (1, 0, 0), (1, 2, 1), (2, 0, 0)]      # layer, head, token offset


def forward(model, batch, speakers, aux, space, noise=0.0, jitter=0.0, share=0.25):
    talker = model.talker
    true = batch["codes"]
    if jitter > 0:                             # the past, and the codes before within a frame, a little off
        heard = true.clone()
        heard[batch["is_frame"]] = space.jitter(true[batch["is_frame"]], jitter)
    else:
        heard = true
    x = embed(talker, dict(batch, codes=heard), speakers, noise)
    pos = torch.arange(x.shape[1])[None].expand(len(x), -1)
    out = talker.model(inputs_embeds=x, attention_mask=batch["mask"], position_ids=pos[None].expand(3, -1, -1),
                       use_cache=False, output_attentions=True)
    h = out.last_hidden_state.float()
    labels, k = batch["labels"], common.SIZES["codebook"]
    on = labels >= 0
    logits = talker.codec_head(h[on])
    label = labels[on]
    soft = torch.zeros(len(label), logits.shape[1])
    codes = label < k
    soft[codes, :k] = space.soft[0][label[codes]]
    soft[~codes, label[~codes]] = 1.0
    c0 = soft_loss(logits, soft).mean()
    has = batch["phones"][..., 0] >= 0
    guess = aux(h[has])
    ph = guess[:, :3 * len(PHONES)].reshape(-1, 3, len(PHONES))
    phone = F.cross_entropy(ph.flatten(0, 1), batch["phones"][has].flatten())
    latent = space.latent(true[batch["is_frame"]]) - space.mean
    regress = ((guess[:, 3 * len(PHONES):].float() - latent) * space.weight).pow(2).sum(1).mean()
    guide = guided_loss(out.attentions, batch, HEADS)
    # code predictor on a share of the frames; the hidden state one position earlier predicts the frame
    frames = torch.nonzero(batch["is_frame"])
    if share < 1:
        frames = frames[torch.rand(len(frames)) < share]
    codes = true[frames[:, 0], frames[:, 1]]
    hidden = h[frames[:, 0], frames[:, 1] - 1]
    sub, _ = talker.forward_sub_talker_finetune(heard[frames[:, 0], frames[:, 1]], hidden)
    rows = space.soft[torch.arange(1, 16).expand(len(codes), -1), codes[:, 1:]]
    per = soft_loss(sub, rows).mean(0)
    with torch.no_grad():                      # how far the likeliest codes lie from the true ones
        best = torch.cat([codes[:, :1], sub.argmax(2)], 1)
        off = ((space.latent(best) - space.latent(codes)) * space.weight).pow(2)
        right = (logits.argmax(1) == label).float().mean()
        right_phone = (ph.argmax(2) == batch["phones"][has]).float().mean()
    return dict(c0=c0, phone=phone, guide=guide, regress=regress, sub=per.mean(), sub1=per[0].detach(),
                off_pitch=off[:, :codec.PITCH_DIMS].sum(1).mean(), off=off[:, codec.PITCH_DIMS:].sum(1).mean(),
                acc=right, acc_phone=right_phone)


def make_rows(layout, items, picks, by_voice, rng, pair, text_first):
    rows = []
    for i in picks:
        parts = [items[i]]
        while rng.random() < pair and len(parts) < 5:
            same = by_voice[items[i]["voice"]]
            parts.append(items[same[rng.integers(len(same))]])
        rows.append(layout.one(parts, streaming=rng.random() >= text_first, english=rng.random() < 0.5))
    return rows


def dequantised(state):
    """Tensors of a checkpoint in float32; weights in eight bits lie beside a scale for each row."""
    return {k: v.float() * state[k + "_scale"] if v.dtype == torch.int8 else v.float() for k, v in state.items()}


def start_from(talker, path):
    """The layers of an exported model; its codes mean other things, so their embeddings and heads are left alone."""
    from safetensors.torch import load_file
    state = {k[7:]: v for k, v in dequantised(load_file(path)).items() if k.startswith("talker.")}
    own = talker.state_dict()
    kept = {k: v for k, v in state.items() if k in own and own[k].shape == v.shape
            and not re.search(r"code_predictor\.(model\.codec_embedding|lm_head)|^codec_head|^model\.codec_embedding", k)}
    print("from", path, "without", len(own) - len(kept), "tensors", flush=True)
    talker.load_state_dict({**own, **kept})


def train(a):
    pool = Items(a.data)
    pool.refresh()
    held, items = pool.held, pool.train
    print("items", len(items), "held", len(held), flush=True)
    model, config = new_model(a.work)
    config.talker_config.use_cache = False
    config.talker_config.code_predictor_config.use_cache = False
    model.speaker_encoder.load_state_dict(common.restore(os.path.join(a.work, "speaker.pt"))["model"])
    embeddings = common.restore(os.path.join(a.work, "embeddings.pt"))
    talker = model.talker
    fitted = common.restore(os.path.join(a.work, "codebooks.pt"))
    space = CodeSpace(fitted)
    some = space.latent(common.tensor(np.concatenate([i["codes"] for i in held])))
    space.mean = some.mean(0)
    space.weight = 1 / some.var(0).clamp(min=1e-3).pow(0.25)      # between plain and whitened
    space.weight = space.weight / (some.var(0) * space.weight ** 2).sum().sqrt()
    aux = torch.nn.Linear(common.SIZES["hidden"], 3 * len(PHONES) + common.SIZES["vq"])
    start_codes(talker, space)
    n_talker = sum(p.numel() for n, p in talker.named_parameters() if "code_predictor" not in n)
    n_cp = sum(p.numel() for p in talker.code_predictor.parameters())
    print("talker %.2f M, code predictor %.2f M" % (n_talker / 1e6, n_cp / 1e6), flush=True)
    named = [(n, p) for n, p in talker.named_parameters() if p.requires_grad] + list(aux.named_parameters("head"))
    params = [p for _, p in named]
    opt = codec.Muon(named, a.lr, betas=(0.9, 0.98), weight_decay=0.02)
    path = os.path.join(a.work, a.out)
    step = 0
    if os.path.exists(path):
        ck = common.restore(path)
        talker.load_state_dict(ck["model"])
        aux.load_state_dict(ck["aux"])
        opt.load_state_dict(ck["opt"])
        step = ck["step"]
    elif a.init:
        start_from(talker, a.init)
    log = common.Log(path[:-3] + ".log")
    rng = np.random.default_rng(1000 * a.seed + step)
    torch.manual_seed(1000 * a.seed + step)
    layout = Layout(config, a.work)
    order, mean = [], {}

    def speakers_for(voices):
        e = torch.stack([embeddings[v][rng.integers(len(embeddings[v]))] for v in voices])
        return e + 0.03 * torch.randn_like(e)

    def validate():
        model.eval()
        total, r = {}, np.random.default_rng(5)
        bv = {v: [i for i, it in enumerate(held) if it["voice"] == v] for v in embeddings}
        torch.manual_seed(5)
        with torch.no_grad(), torch.autocast(common.DEVICE, dtype=torch.bfloat16, enabled=bool(a.bf16)):
            for s in range(0, len(held), 25):
                rows = make_rows(layout, held, range(s, min(s + 25, len(held))), bv, r, 0.0, 0.0)
                b = layout.batch(rows)
                out = forward(model, b, torch.stack([embeddings[v].mean(0) for v in b["voices"]]), aux, space, share=0.3)
                for k, v in out.items():
                    total[k] = total.get(k, 0) + v.item() * 25 / len(held)
        model.train()
        return {"val_" + k: round(v, 3) for k, v in total.items()}

    def write(path, **more):
        common.save(path, model=talker.state_dict(), aux=aux.state_dict(), step=step, **more)

    model.train()
    first, best = step, 1e9
    while step < a.steps and log.busy() < common.budget(log, a.seconds, a.until):
        log.pause()
        frac = max(step / a.steps, log.busy() / common.budget(log, a.seconds, a.until))
        lr = a.lr * min(1, (step - first + 1) / a.warm) * (0.5 * (1 + np.cos(np.pi * min(1, frac))) * 0.96 + 0.04)
        opt.set_lr(float(lr))
        if not order or step % 400 == 0:       # new data, in buckets of similar length
            pool.refresh()
            by_voice = {v: [i for i, it in enumerate(items) if it["voice"] == v] for v in embeddings}
            lengths = np.array([len(i["codes"]) for i in items])
            order = []
            shuffled = rng.permutation(len(items))
            big = np.array_split(shuffled, max(1, len(shuffled) // (a.batch * 12)))
            for chunk in big:
                chunk = chunk[np.argsort(lengths[chunk], kind="stable")]
                order += [chunk[i:i + a.batch] for i in range(0, len(chunk), a.batch)]
            order = [order[i] for i in rng.permutation(len(order))]
        rows = make_rows(layout, items, order.pop(), by_voice, rng, a.pair, a.text_first)
        b = layout.batch(rows)
        with torch.autocast(common.DEVICE, dtype=torch.bfloat16, enabled=bool(a.bf16)):
            out = forward(model, b, speakers_for(b["voices"]), aux, space, a.noise, a.jitter, a.share)
        loss = out["c0"] + a.sub_weight * out["sub"] + 0.3 * out["phone"] + a.guide * out["guide"] + a.regress * out["regress"]
        opt.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(params, 1.0)
        opt.step()
        step += 1
        for k, v in out.items():
            mean[k] = 0.97 * mean.get(k, v.item()) + 0.03 * v.item()
        if step % 25 == 0 or step < 3:
            log(step=step, items=len(items), lr=round(lr, 6), **{k: round(v, 3) for k, v in mean.items()})
        if step % 100 == 0:
            write(path, opt=opt.state_dict())
        if step % 200 == 0:
            v = validate()
            log(step=step, **v)
            if v["val_c0"] + 0.5 * v["val_sub"] < best:            # early stopping: the best so far is kept
                best = v["val_c0"] + 0.5 * v["val_sub"]
                write(path[:-3] + "_best.pt")
    v = validate()
    log(step=step, **v)
    if v["val_c0"] + 0.5 * v["val_sub"] < best:
        write(path[:-3] + "_best.pt")
    write(path, opt=opt.state_dict())


def main():
    p = argparse.ArgumentParser()
    p.add_argument("what", choices=["tokenizer", "speaker", "train"])
    p.add_argument("data")
    p.add_argument("work")
    p.add_argument("--steps", type=int, default=100000)
    p.add_argument("--seconds", type=float, default=1e9)
    p.add_argument("--until", help="stop at this clock time (HH:MM)")
    p.add_argument("--warm", type=int, default=100, help="steps of rising learning rate")
    p.add_argument("--text_first", type=float, default=0.0, help="share of items in the text-first layout")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--out", default="talker.pt")
    p.add_argument("--init", help="checkpoint to start from where there is none yet")
    p.add_argument("--batch", type=int, default=24)
    p.add_argument("--lr", type=float, default=1.2e-3)
    p.add_argument("--pair", type=float, default=0.15, help="chance of one more sentence in an item")
    p.add_argument("--noise", type=float, default=0.3, help="share of past frames swapped for others")
    p.add_argument("--jitter", type=float, default=0.4, help="share of past frames whose codes give way to near ones")
    p.add_argument("--regress", type=float, default=1.0, help="weight of the spectrum regressed from the hidden state")
    p.add_argument("--share", type=float, default=0.2)
    p.add_argument("--sub_weight", type=float, default=0.5)
    p.add_argument("--guide", type=float, default=0.6)
    p.add_argument("--speaker_steps", type=int, default=0)
    p.add_argument("--speaker_clips", type=int, default=320)
    p.add_argument("--bf16", type=int, default=1, help="bfloat16 matrix products (4 times faster where the CPU has them)")
    a = p.parse_args()
    {"tokenizer": build_tokenizer, "speaker": train_speaker, "train": train}[a.what](a)


if __name__ == "__main__":
    main()
