"""Speaks a list of texts with a checkpoint of the talker, all at once and without an export: for choosing between models.

    python freerun.py WORK LIST FOLDER --talker talker.pt [--speaker makima] [--temperature 0.1]

Writes FOLDER/NNNN.wav for line N, as `say.py` does; the streaming layout keeps all lines at one position, so they run as
one batch. The speaker embedding is the mean one of the corpus.
"""
import argparse
import os

import numpy as np
import soundfile
import torch

import codec
import common
import lockstep
import talker as tk


def pick(logits, temperature, top=50):
    if temperature <= 0:
        return logits.argmax(-1)
    values, where = logits.topk(top)
    chosen = torch.multinomial(torch.softmax(values / temperature, -1), 1)
    return where.gather(1, chosen)[:, 0]


class Speaker:
    """A talker with its code predictor, both with caches, for many texts at once."""

    def __init__(self, work, checkpoint):
        self.model, self.config = tk.new_model(work)
        self.talker = self.model.talker.eval()
        self.talker.load_state_dict(common.restore(os.path.join(work, checkpoint))["model"])
        self.layout = tk.Layout(self.config, work)
        self.vocab = lockstep.vocabulary()

    def rows(self, text):
        ids = [self.vocab[p.replace(" ", lockstep.SPACE)] for p in lockstep.pieces(text)]
        part = dict(text=np.array(ids), codes=np.zeros((1, 16), int), phones=np.zeros((1, 3), int), voice="")
        return self.layout.one([part], streaming=True, english=True), ids + [self.config.tts_eos_token_id]

    def frame_codes(self, h, first, temperature):
        cp = self.talker.code_predictor
        codes = [first]
        x = torch.stack([h, self.talker.get_input_embeddings()(first)], 1)
        cache = None
        for i in range(15):
            out = cp.model(inputs_embeds=cp.small_to_mtp_projection(x), past_key_values=cache, use_cache=True)
            cache = out.past_key_values
            codes.append(pick(cp.lm_head[i](out.last_hidden_state[:, -1]), temperature))
            x = cp.get_input_embeddings()[i](codes[-1])[:, None]
        return torch.stack(codes, 1)

    @torch.no_grad()
    def __call__(self, texts, embedding, temperature=0.1, limit=600):
        """Codes [frames, 16] of each text."""
        t, pad = self.talker, self.config.tts_pad_token_id
        made = [self.rows(s) for s in texts]
        row = made[0][0]
        start = row["start"]
        tx, co = torch.tensor([r["tx"][:start] for r, _ in made]), torch.tensor([r["co"][:start] for r, _ in made])
        text = lambda ids: t.text_projection(t.get_text_embeddings()(ids))
        x = text(tx) + t.get_input_embeddings()(co.clamp(min=0)) * (co >= 0)[..., None]
        x[:, row["spk"]] += embedding
        bos = t.get_input_embeddings()(torch.full((len(texts), 1), self.config.talker_config.codec_bos_id))
        at = lambda k: text(torch.tensor([[ids[k] if k < len(ids) else pad] for _, ids in made]))
        x, cache = torch.cat([x, at(0) + bos], 1), None
        done, frames, k = torch.zeros(len(texts), dtype=torch.bool), [], 0
        lengths = torch.zeros(len(texts), dtype=torch.long)
        eos, size = self.config.talker_config.codec_eos_token_id, common.SIZES["codebook"]
        while k < limit and not done.all():
            seen = 0 if cache is None else cache.get_seq_length()
            where = torch.arange(seen, seen + x.shape[1])[None].expand(len(texts), -1)
            out = t.model(inputs_embeds=x, past_key_values=cache, position_ids=where[None].expand(3, -1, -1),
                          use_cache=True)
            cache, h = out.past_key_values, out.last_hidden_state[:, -1]
            logits = t.codec_head(h)
            ended = logits.argmax(-1) == eos
            lengths += ~(done | ended)
            done |= ended
            codes = self.frame_codes(h, pick(logits[:, :size], temperature), temperature)
            frames.append(codes)
            k += 1
            e = t.get_input_embeddings()(codes[:, 0])
            for i in range(15):
                e = e + t.code_predictor.get_input_embeddings()[i](codes[:, i + 1])
            x = e[:, None] + at(k)
        frames = torch.stack(frames, 1)
        return [f[:n] for f, n in zip(frames, lengths.tolist())]


def main():
    p = argparse.ArgumentParser()
    p.add_argument("work")
    p.add_argument("list")
    p.add_argument("folder")
    p.add_argument("--talker", default="talker.pt")
    p.add_argument("--speaker", default="makima")
    p.add_argument("--temperature", type=float, default=0.1)
    p.add_argument("--count", type=int)
    p.add_argument("--vocoder", action="store_true", help="through the vocoder instead of the decoder")
    a = p.parse_args()
    os.makedirs(a.folder, exist_ok=True)
    with open(a.list, encoding="utf-8") as f:
        texts = [line.strip() for line in f if line.strip()][:a.count]
    torch.manual_seed(0)
    speaker = Speaker(a.work, a.talker)
    embedding = common.restore(os.path.join(a.work, "embeddings.pt"))[a.speaker].mean(0)
    fitted = common.restore(os.path.join(a.work, "codebooks.pt"))
    decoder = codec.new_decoder(fitted).eval()
    if not a.vocoder:
        decoder.load_state_dict(common.restore(os.path.join(a.work, "decoder.pt"))["model"])
    for i, codes in enumerate(speaker(texts, embedding, a.temperature)):
        with torch.no_grad():
            w = codec.through_vocoder(codes, fitted) if a.vocoder else decoder(codes.T[None])[0, 0].cpu().numpy()
        soundfile.write(os.path.join(a.folder, "%04d.wav" % i), np.clip(w, -1, 1), 24000, subtype="PCM_16")
        np.save(os.path.join(a.folder, "%04d.codes.npy" % i), codes.cpu().numpy())


if __name__ == "__main__":
    main()
