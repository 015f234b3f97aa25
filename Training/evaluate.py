"""Measures a model folder, or any program that speaks, on the fixed lists.

    python evaluate.py words OUT --command "python say.py MODEL {list} {folder} --reference CLIP"
    python evaluate.py words OUT --command "makima say --model MODEL --seed {seed} --output {wav} {text}"
    python evaluate.py stops OUT --command ...          # 200 texts of 1 to 40 words: does speech end?
    python evaluate.py voices OUT --model MODEL --voices ../Voices --command ...   # {voice}, {clip} in the command
    python evaluate.py codec OUT --work WORK            # each stage of the speech tokenizer

A command with {list} speaks all lines of a file into {folder}/0000.wav, 0001.wav ...; one with {text} and {wav} is run
once per line.  Results are printed as JSON and appended to OUT/results.jsonl; transcripts lie beside.
"""
import argparse
import glob
import json
import os
import shlex
import subprocess
import time

import numpy as np
import soundfile

import asr
import data as corpus
from sentences import lines_of

HERE = os.path.dirname(os.path.abspath(__file__))


def spoken(command, texts, folder, **names):
    """Waveforms at 24 kHz of all texts, by the command template; and the seconds it took."""
    os.makedirs(folder, exist_ok=True)
    for old in glob.glob(os.path.join(folder, "*.wav")):
        os.remove(old)
    listing = os.path.join(folder, "list.txt")
    with open(listing, "w", encoding="utf-8") as f:
        f.write("\n".join(texts) + "\n")
    parts, began = shlex.split(command), time.time()
    jobs = [dict(list=listing, folder=folder)] if "{list}" in command else [
        dict(text=t, wav=os.path.join(folder, "%04d.wav" % i), seed=i) for i, t in enumerate(texts)]
    for job in jobs:
        subprocess.run([p.format(**job, **names) for p in parts], check=True, stdout=subprocess.DEVNULL)
    took, out = time.time() - began, []
    for i in range(len(texts)):
        x, rate = soundfile.read(os.path.join(folder, "%04d.wav" % i), dtype="float32")
        assert rate == 24000 and x.ndim == 1, "24 kHz mono expected"
        out.append(x)
    return out, took


def teacher(texts, voice="rms"):
    """The synthesizer the model learnt from, at 24 kHz."""
    out = []
    for t in texts:
        x, _ = corpus.speak(t, voice)
        n = len(x) // 2 * 2
        out.append(np.fft.irfft(np.pad(np.fft.rfft(x[:n]), (0, n // 4)), n * 3 // 2).astype(np.float32) * 1.5)
    return out


def record(a, result):
    print(json.dumps(result), flush=True)
    with open(os.path.join(a.out, "results.jsonl"), "a") as f:
        f.write(json.dumps(result) + "\n")
    return result


def teacher_heard(a, texts, taught, label, lm):
    """What is understood of the teacher; kept in the folder, for it is the same for every model."""
    path = os.path.join(a.out, "teacher_%s.json" % label)
    if os.path.exists(path):
        with open(path) as f:
            known = json.load(f)
        if known["texts"] == texts:
            return known["heard"]
    heard = asr.recognise(taught, os.path.join(a.out, "asr"), lm)
    with open(path, "w") as f:
        json.dump(dict(texts=texts, heard=heard), f)
    return heard


def words(a):
    texts = lines_of(os.path.abspath(a.texts) if a.texts else "heldout.txt")[:a.count]
    kinds = ["everyday"] * 64 + ["template"] * 40 + ["common"] * 16
    waves, took = spoken(a.command, texts, os.path.join(a.out, a.name))
    taught = teacher(texts)
    lms = dict(stock=asr.STOCK)
    if a.domain:
        lms["domain"] = os.path.join(a.out, "domain.lm")
        asr.domain_lm(lms["domain"])
    result = dict(name=a.name, sentences=len(texts), seconds=round(took, 1),
                  audio_seconds=round(sum(map(len, waves)) / 24000, 1),
                  duration_ratio=round(float(np.mean([len(w) / len(t) for w, t in zip(waves, taught)])), 3))
    for label, lm in lms.items():
        for who in ("teacher", "model"):
            hyps = (teacher_heard(a, texts, taught, label, lm) if who == "teacher"
                    else asr.recognise(waves, os.path.join(a.out, "asr"), lm))
            rates = {"all": asr.wer(texts, hyps)}
            if not a.texts:
                for kind in sorted(set(kinds[:len(texts)])):
                    pick = [i for i in range(len(texts)) if kinds[i] == kind]
                    rates[kind] = asr.wer([texts[i] for i in pick], [hyps[i] for i in pick])
            result["%s_%s" % (who, label)] = {k: round(100 * v, 1) for k, v in rates.items()}
            if who == "model":
                with open(os.path.join(a.out, "%s_%s.txt" % (a.name, label)), "w") as f:
                    f.writelines("%s\n    %s\n" % (t, " ".join(h)) for t, h in zip(texts, hyps))
    record(a, result)
    if a.limit is not None and result["model_stock"]["all"] > result["teacher_stock"]["all"] + a.limit:
        raise SystemExit("word error rate above the teacher's by more than %g points" % a.limit)


def stops(a):
    texts = lines_of(os.path.abspath(a.texts) if a.texts else "stops.txt")[:a.count]
    waves, _ = spoken(a.command, texts, os.path.join(a.out, a.name + "_stops"))
    taught = teacher(texts)
    ratio = np.array([len(w) / len(t) for w, t in zip(waves, taught)])
    missed = [t for w, u, t in zip(waves, taught, texts) if len(w) > 2 * len(u) + 48000]
    early = [t for w, u, t in zip(waves, taught, texts) if len(w) < 0.5 * len(u)]
    record(a, dict(name=a.name + " stops", texts=len(texts), missed=len(missed), cut_short=len(early),
                   duration_ratio=[round(float(v), 3) for v in np.quantile(ratio, [0, 0.5, 1])]))
    if a.limit is not None and len(missed) > a.limit:
        raise SystemExit("speech did not end: " + "; ".join(missed[:5]))


def own_encoder(folder):
    """Embeddings by the model's own speaker encoder."""
    import torch

    import common
    common.import_reference()
    from qwen_tts import Qwen3TTSModel
    model = Qwen3TTSModel.from_pretrained(folder, dtype=torch.float32)
    return lambda x: model.model.extract_speaker_embedding(x, 24000).float().cpu().numpy()


def other_encoder():
    """Embeddings by Resemblyzer, which carries its weights and knows nothing of this project."""
    from resemblyzer import VoiceEncoder, preprocess_wav
    encoder = VoiceEncoder("cpu", verbose=False)
    return lambda x: encoder.embed_utterance(preprocess_wav(x, 24000))


def voices(a):
    """Whose reference is each cloned utterance nearest to, by two speaker encoders."""
    clips = {os.path.basename(os.path.dirname(p)): p for p in sorted(glob.glob(os.path.join(a.voices, "*", "reference.wav")))}
    texts = lines_of("heldout.txt")[:a.count or 10]
    made = {v: spoken(a.command, texts, os.path.join(a.out, a.name + "_" + v), voice=v, clip=clip)[0]
            for v, clip in clips.items()}
    for who, encode in (("own", own_encoder(a.model)), ("resemblyzer", other_encoder())):
        embed = lambda x: (lambda e: e / np.linalg.norm(e))(encode(x))
        refs = np.stack([embed(soundfile.read(p, dtype="float32")[0]) for p in clips.values()])
        table, right = {}, 0
        for i, (v, waves) in enumerate(made.items()):
            cosine = np.stack([embed(w) for w in waves]) @ refs.T
            table[v] = {r: round(float(c), 3) for r, c in zip(clips, cosine.mean(0))}
            right += int((cosine.argmax(1) == i).sum())
        trials = len(texts) * len(clips)
        record(a, dict(name="%s voices by %s" % (a.name, who), nearest_is_own="%d/%d" % (right, trials), cosine=table))
        if a.limit is not None and right < a.limit * trials:
            raise SystemExit("voices nearest to their own reference in %d of %d trials only" % (right, trials))


def codec_stages(a):
    """Teacher, re-timed target, codes through the vocoder, and the decoder, on the held-out list."""
    import torch

    import codec
    import common
    import lockstep
    import sentences
    import talker
    import vocoder
    texts = lines_of("heldout.txt")[:a.count]
    lex = corpus.lexicon(sorted({w for t in texts + sentences.corpus(2000) for w in sentences.words_of(t)}),
                         os.path.join(a.out, "lexicon.json"))
    letters = lockstep.Letters(lex)
    fitted = common.restore(os.path.join(a.work, "codebooks.pt"))
    dec, enc = codec.new_decoder(fitted).eval(), codec.new_encoder(fitted).eval()
    dec.load_state_dict(common.restore(os.path.join(a.work, "decoder.pt"))["model"])
    enc.load_state_dict(common.restore(os.path.join(a.work, "encoder.pt"))["model"])
    stages = {k: [] for k in ("target", "codes", "decoder", "encoder")}
    agree = []
    for t in texts:
        _, _, frames, locked, _ = corpus.analysed(t, "rms", lex, letters)
        env, voiced, count = corpus.as_speaker(locked, "makima")
        item = dict(frames=frames, bands=vocoder.bands(env), voiced=voiced, count=count)
        c = common.tensor(codec.encode_item(item, fitted)).long()
        target = vocoder.synthesise(env, voiced, count)
        with torch.no_grad():
            own = enc.encode(common.tensor(target)[None, None], return_dict=True).audio_codes
            stages["decoder"].append(dec(c.T[None])[0, 0].cpu().numpy())
            stages["encoder"].append(dec(own)[0, 0].cpu().numpy())
        agree.append((own[0].T[:frames] == c).float().mean(0).cpu().numpy())
        stages["target"].append(target)
        stages["codes"].append(codec.through_vocoder(c, fitted))

    def mel_distance(p, q):
        n = min(len(p), len(q))
        m = [talker.mel(common.tensor(np.clip(w[:n], -1, 1))[None])[0, :, :96].clamp(min=-7) for w in (p, q)]
        return (m[0] - m[1]).abs().mean().item()

    for k, waves in dict(teacher=teacher(texts), **stages).items():
        hyps = asr.recognise(waves, os.path.join(a.out, "asr"), asr.STOCK)
        more = {} if k in ("teacher", "target") else dict(
            mel=round(float(np.mean([mel_distance(p, q) for p, q in zip(waves, stages["target"])])), 3))
        record(a, dict(name="codec " + k, stock=round(100 * asr.wer(texts, hyps), 1), **more))
    record(a, dict(name="encoder agreement", codes=[round(float(v), 3) for v in np.mean(agree, 0)]))


def main():
    p = argparse.ArgumentParser()
    p.add_argument("what", choices=["words", "stops", "voices", "codec"])
    p.add_argument("out")
    p.add_argument("--command", help="template; names: list, folder or text, wav, seed; for voices also voice, clip")
    p.add_argument("--name", default="model")
    p.add_argument("--texts", help="another list")
    p.add_argument("--count", type=int, help="only so many lines")
    p.add_argument("--limit", type=float, help="words: points above the teacher allowed; stops: misses allowed; voices: share of trials")
    p.add_argument("--model")
    p.add_argument("--voices")
    p.add_argument("--work")
    p.add_argument("--domain", action="store_true", help="words: with the language model of the training texts as well")
    a = p.parse_args()
    os.makedirs(a.out, exist_ok=True)
    {"words": words, "stops": stops, "voices": voices, "codec": codec_stages}[a.what](a)


if __name__ == "__main__":
    main()
