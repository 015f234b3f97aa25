"""Measures a model folder, or any program that speaks, on the fixed lists.

    python evaluate.py quick OUT                    # words of 120 sentences, ends of 50 texts: what `make test` runs
    python evaluate.py all OUT [--source FOLDER]    # every figure of docs/voices.md, as OUT/table.md, with limits
    python evaluate.py words|stops|voices|sounds OUT      # one of them; --model FOLDER, --command for another program
    python evaluate.py codec OUT --work WORK        # each stage of the speech tokenizer, from a training folder

A command speaks one line: {text} is read, {wav} written; {seed} is the line's number, {voice} and {clip} name whom to
clone, {model} the folder. One with {list} speaks all lines of a file into {folder}/0000.wav, 0001.wav ...
Results are printed as JSON and appended to OUT/results.jsonl; transcripts lie beside. Exit status 1: a limit is broken.
"""
import argparse
import functools
import glob
import json
import os
import shlex
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import soundfile

import asr
import data as corpus
import report
import sound
from sentences import lines_of
from speakers import SPEAKERS

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
SAY = "{programs}/makima say --threads 1 --model {model} --voice {voice} --seed {seed} --output {wav} {text}"
WH = set("what when where which who whom whose why how".split())
KINDS = ["everyday"] * 64 + ["template"] * 40 + ["common"] * 16          # of the lines of heldout.txt


def spoken(a, texts, folder, **names):
    """Waveforms at 24 kHz of all texts by the command template, what it remarked on each, and the seconds it took."""
    os.makedirs(folder, exist_ok=True)
    for old in glob.glob(os.path.join(folder, "*.wav")):
        os.remove(old)
    listing = os.path.join(folder, "list.txt")
    with open(listing, "w", encoding="utf-8") as f:
        f.write("\n".join(texts) + "\n")
    clip = os.path.join(a.voices, "makima", "reference.wav")
    names = dict(dict(programs=a.programs, model=a.model, voice="makima", clip=clip), **names)
    jobs = [dict(list=listing, folder=folder)] if "{list}" in a.command else [
        dict(text=t, wav=os.path.join(folder, "%04d.wav" % i), seed=i) for i, t in enumerate(texts)]

    def run(job):
        done = subprocess.run([p.format(**job, **names) for p in shlex.split(a.command)], capture_output=True, text=True)
        if done.returncode:
            raise SystemExit("%s\n%s" % (" ".join(done.args), done.stderr))
        return done.stderr
    began = time.time()
    with ThreadPoolExecutor(a.jobs) as pool:
        remarks = list(pool.map(run, jobs))
    took, waves = time.time() - began, []
    for i in range(len(texts)):
        x, rate = soundfile.read(os.path.join(folder, "%04d.wav" % i), dtype="float32")
        if rate != 24000 or x.ndim != 1:
            raise SystemExit("%s/%04d.wav: 24 kHz mono expected" % (folder, i))
        waves.append(x)
    return waves, remarks, took


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


def keep(a, label, texts, heard):
    """A transcript, for errors.py and for whoever reads it."""
    with open(os.path.join(a.out, label + ".txt"), "w", encoding="utf-8") as f:
        f.writelines("%s\n    %s\n" % pair for pair in zip(texts, heard))


def teacher_heard(a, texts, taught, ear, listen):
    """What is understood of the teacher; kept in the folder, for it is the same for every model."""
    path = os.path.join(a.out, "teacher_%s.json" % ear)
    if os.path.exists(path):
        with open(path) as f:
            known = json.load(f)
        if known["texts"] == texts:
            return known["heard"]
    heard = listen(taught, os.path.join(a.out, "asr"))
    with open(path, "w") as f:
        json.dump(dict(texts=texts, heard=heard), f)
    return heard


def ears(a):
    """The recognisers to ask, by name."""
    chosen = {name: asr.EARS[name] for name in a.ears}
    if a.domain:
        lm = os.path.join(a.out, "domain.lm")
        asr.domain_lm(lm)
        chosen["domain"] = functools.partial(asr.pocketsphinx, lm=lm)
    return chosen


def words(a):
    """Words misheard, in percent, and how long the speech is beside the teacher's."""
    texts = lines_of(os.path.abspath(a.texts) if a.texts else "heldout.txt")[:a.count]
    waves, _, took = spoken(a, texts, os.path.join(a.out, a.name))
    taught = teacher(texts)
    result = dict(name=a.name, sentences=len(texts), seconds=round(took, 1),
                  audio_seconds=round(sum(map(len, waves)) / 24000, 1),
                  duration_ratio=round(float(np.mean([len(w) / len(t) for w, t in zip(waves, taught)])), 3))
    for ear, listen in ears(a).items():
        heard = dict(model=listen(waves, os.path.join(a.out, "asr")))
        if a.beside_teacher:
            heard["teacher"] = teacher_heard(a, texts, taught, ear, listen)
        for who, hyps in heard.items():
            rates = {"all": asr.wer(texts, hyps)}
            if not a.texts:
                for kind in sorted(set(KINDS[:len(texts)])):
                    pick = [i for i in range(len(texts)) if KINDS[i] == kind]
                    rates[kind] = asr.wer([texts[i] for i in pick], [hyps[i] for i in pick])
            result["%s_%s" % (who, ear)] = {k: round(100 * v, 1) for k, v in rates.items()}
            keep(a, "%s_%s" % (a.name if who == "model" else who, ear), texts, hyps)
    return record(a, result)


def stops(a):
    """Does speech end when its text does? `cut_by_guard`: what would not have ended without makima's guard."""
    texts = lines_of(os.path.abspath(a.texts) if a.texts else "stops.txt")[::a.every][:a.count]
    waves, remarks, _ = spoken(a, texts, os.path.join(a.out, a.name + "_stops"))
    taught = teacher(texts)
    ratio = np.array([len(w) / len(t) for w, t in zip(waves, taught)])
    missed = [t for w, u, t in zip(waves, taught, texts) if len(w) > 2 * len(u) + 48000]
    early = [t for r, t in zip(ratio, texts) if r < 0.5]
    guarded = [t for r, t in zip(remarks, texts) if "speech was cut" in r]
    return record(a, dict(name=a.name + " stops", texts=len(texts), missed=missed, cut_short=early, cut_by_guard=guarded,
                          duration_ratio=[round(float(v), 3) for v in np.quantile(ratio, [0, 0.5, 1])]))


def own_encoder(folder):
    """Embeddings by the model's own speaker encoder, which every format of the model holds as it was trained."""
    import torch
    from safetensors.torch import load_file

    import common
    import talker
    common.import_reference()
    from qwen_tts.core.models.configuration_qwen3_tts import Qwen3TTSSpeakerEncoderConfig
    from qwen_tts.core.models.modeling_qwen3_tts import Qwen3TTSSpeakerEncoder
    with open(os.path.join(folder, "config.json")) as f:
        encoder = Qwen3TTSSpeakerEncoder(Qwen3TTSSpeakerEncoderConfig(**json.load(f)["speaker_encoder_config"]))
    state = load_file(os.path.join(folder, "model.safetensors"))
    encoder.load_state_dict({k.removeprefix("speaker_encoder."): v for k, v in state.items() if k.startswith("speaker_encoder.")})
    encoder = encoder.float().eval()

    def embed(x):
        with torch.no_grad():
            return encoder(talker.mel(common.tensor(x)[None]))[0].cpu().numpy()
    return embed


def other_encoder():
    """Embeddings by Resemblyzer, which carries its weights and knows nothing of this project."""
    from resemblyzer import VoiceEncoder, preprocess_wav
    encoder = VoiceEncoder("cpu", verbose=False)
    return lambda x: encoder.embed_utterance(preprocess_wav(x, 24000))


def reference_clips(a):
    return {os.path.basename(os.path.dirname(p)): p for p in sorted(glob.glob(os.path.join(a.voices, "*", "reference.wav")))}


def by_voice(a, texts, label):
    return {v: spoken(a, texts, os.path.join(a.out, "%s_%s_%s" % (a.name, label, v)), voice=v, clip=clip)[0]
            for v, clip in reference_clips(a).items()}


def voices(a):
    """Whose reference is each cloned utterance nearest to, by two speaker encoders."""
    clips = reference_clips(a)
    texts = lines_of("heldout.txt")[:a.count or 10]
    made = by_voice(a, texts, "voices")
    results = []
    for who, encode in (("own", own_encoder(a.model)), ("resemblyzer", other_encoder())):
        def embed(x):
            e = encode(x)
            return e / np.linalg.norm(e)
        refs = np.stack([embed(soundfile.read(p, dtype="float32")[0]) for p in clips.values()])
        table, right = {}, 0
        for i, (v, waves) in enumerate(made.items()):
            cosine = np.stack([embed(w) for w in waves]) @ refs.T
            table[v] = {r: round(float(c), 3) for r, c in zip(clips, cosine.mean(0))}
            right += int((cosine.argmax(1) == i).sum())
        results.append(record(a, dict(name="%s voices by %s" % (a.name, who), encoder=who, nearest_is_own=right,
                                      trials=len(texts) * len(clips), cosine=table)))
    return results


def described(texts, waves, heard):
    """One voice in figures, over its sentences; `questions` are those that yes or no answers."""
    dnsmos = np.mean([sound.dnsmos(x) for x in waves], 0)
    level = [sound.loudness(x) for x in waves]
    pitch = np.median([sound.spread(x) for x in waves], 0)
    asked = [t.endswith("?") and t.split()[0].lower() not in WH for t in texts]
    ends = np.array([sound.ending(x) for x in waves])
    spectrum = sound.average_spectrum(waves)
    bright = sound.brightness(spectrum)
    silence = [sound.silence_before(x) for x in waves]
    figures = dict(words=100 * asr.wer(texts, heard), dnsmos=dnsmos[0], dnsmos_speech=dnsmos[1],
                   lufs=np.median(level), lufs_least=min(level), lufs_most=max(level),
                   silence=np.median(silence), silence_most=max(silence), pitch=pitch[0], semitones=pitch[1],
                   end=np.median(ends[np.logical_not(asked)]), end_of_questions=np.median(ends[asked]),
                   tilt=sound.tilt(spectrum), to_8_khz=bright[0], to_12_khz=bright[1], reach=sound.reach(spectrum))
    return {k: round(float(v), 2) for k, v in figures.items()}


def sounds(a):
    """Each voice, and the synthesizers they were made from, in the same sentences."""
    everyday = lines_of("everyday.txt")
    texts = [t for i, t in enumerate(everyday) if i < 20 or t.endswith("?")][:a.count]
    made = by_voice(a, texts, "sounds")
    made.update({"teacher " + v: teacher(texts, v) for v in sorted({s[0] for s in SPEAKERS.values()})})
    heard, table = iter(asr.whisper([x for waves in made.values() for x in waves])), {}
    for v, waves in made.items():
        hyps = [next(heard) for _ in waves]
        keep(a, "%s_sounds_%s" % (a.name, v.replace(" ", "_")), texts, hyps)
        table[v] = described(texts, waves, hyps)
    return record(a, dict(name=a.name + " sounds", sentences=len(texts), voices=table))


def mel_distance(p, q):
    """Mean difference of log mel energies (natural logarithm, 96 bands, floor at -7)."""
    import common
    import talker
    n = min(len(p), len(q))
    m = [talker.mel(common.tensor(np.clip(w[:n], -1, 1).astype(np.float32))[None])[0, :, :96].clamp(min=-7) for w in (p, q)]
    return (m[0] - m[1]).abs().mean().item()


def tokenizer(a):
    """The reference clips through encoder, codes and decoder, by the reference implementation."""
    import torch
    import transformers

    import common
    common.import_reference()
    from qwen_tts import Qwen3TTSTokenizer
    transformers.logging.set_verbosity_error()          # it would list the zeros that align the quantizer's tensors
    codec = Qwen3TTSTokenizer.from_pretrained(os.path.join(a.model, "speech_tokenizer"), dtype=torch.float32)
    distances = {}
    for voice, clip in reference_clips(a).items():
        x, rate = soundfile.read(clip, dtype="float32")
        wave = codec.decode(codec.encode(x, sr=rate))[0][0]
        distances[voice] = round(mel_distance(x, wave), 3)
    return record(a, dict(name=a.name + " tokenizer", mel=distances, mean=round(float(np.mean(list(distances.values()))), 3)))


def codec_stages(a):
    """Teacher, re-timed target, codes through the vocoder, and the decoder, on the held-out list."""
    import torch

    import codec
    import common
    import lockstep
    import sentences
    import vocoder
    texts = lines_of("heldout.txt")[:a.count]
    lex = corpus.lexicon(sorted({w for t in texts + sentences.corpus(2000) for w in sentences.words_of(t)}),
                         os.path.join(a.out, "lexicon.json"))
    letters = lockstep.Letters(lex)
    fitted = common.restore(os.path.join(a.work, "codebooks.pt"))
    dec, enc = codec.new_decoder(fitted).eval(), codec.new_encoder(fitted).eval()
    dec.load_state_dict(common.restore(os.path.join(a.work, a.decoder))["model"])
    enc.load_state_dict(common.restore(os.path.join(a.work, a.encoder))["model"])
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
    for k, waves in dict(teacher=teacher(texts), **stages).items():
        more = {} if k in ("teacher", "target") else dict(
            mel=round(float(np.mean([mel_distance(p, q) for p, q in zip(waves, stages["target"])])), 3))
        heard = {ear: listen(waves, os.path.join(a.out, "asr")) for ear, listen in ears(a).items()}
        record(a, dict(name="codec " + k, **{ear: round(100 * asr.wer(texts, h), 1) for ear, h in heard.items()}, **more))
    record(a, dict(name="encoder agreement", codes=[round(float(v), 3) for v in np.mean(agree, 0)]))


def other_formats(a):
    """The model in other formats: the source it was quantized from, and that in four bits."""
    int4 = os.path.join(a.out, "int4")
    if not os.path.exists(int4):
        subprocess.run([a.programs + "/makima-quantize", a.source, int4, "--format", "int4", "--no-listen"], check=True,
                       stdout=subprocess.DEVNULL)
    return {"bfloat16": a.source, "int4": int4}


def everything(a):
    shipped, spoken_by, ends = a.model, {}, {}
    for name, folder in {"makima-mini": shipped, **(other_formats(a) if a.source else {})}.items():
        a.name, a.model, a.every = name, folder, 1 if folder == shipped else 4
        spoken_by[name], ends[name] = words(a), stops(a)
    a.name, a.model, a.every = "makima-mini", shipped, 1
    clones, codec, heard = voices(a), tokenizer(a), sounds(a)
    with open(os.path.join(a.out, "table.md"), "w") as f:
        f.write(report.tables(spoken_by, ends, clones, codec, heard, a.ears))
    faults = report.broken_words(spoken_by["makima-mini"]) + report.broken_stops(ends["makima-mini"])
    faults += report.broken_sounds(heard) + [f for v in clones for f in report.broken_voices(v)]
    return faults + (report.broken_formats(spoken_by["makima-mini"], spoken_by["bfloat16"]) if a.source else [])


def quick(a):
    a.every, a.ears, a.beside_teacher = 4, ["whisper"], False
    return report.broken_words(words(a)) + report.broken_stops(stops(a))


def main():
    p = argparse.ArgumentParser()
    p.add_argument("what", choices=["quick", "all", "words", "stops", "voices", "sounds", "tokenizer", "codec"])
    p.add_argument("out")
    p.add_argument("--model", default=os.path.join(ROOT, "Models/makima-mini"))
    p.add_argument("--programs", default=os.path.join(ROOT, ".build/release"),
                   help="the folder of makima and makima-quantize")
    p.add_argument("--voices", default=os.path.join(ROOT, "Voices"))
    p.add_argument("--source", help="all: the folder the model was quantized from, to compare the formats")
    p.add_argument("--command", default=SAY,
                   help="template; names: list and folder, or text, wav and seed; voice, clip, model, programs")
    p.add_argument("--jobs", type=int, default=os.cpu_count(), help="lines spoken at once")
    p.add_argument("--name", default="model")
    p.add_argument("--texts", help="another list")
    p.add_argument("--count", type=int, help="only so many lines")
    p.add_argument("--every", type=int, default=1, help="stops: only every so many lines")
    p.add_argument("--work", help="codec: the training folder")
    p.add_argument("--decoder", default="decoder.pt")
    p.add_argument("--encoder", default="encoder.pt")
    p.add_argument("--ears", nargs="+", choices=list(asr.EARS), default=list(asr.EARS),
                   help="words, codec: the recognisers to ask")
    p.add_argument("--domain", action="store_true", help="words: with the language model of the training texts as well")
    p.set_defaults(beside_teacher=True)
    a = p.parse_args()
    a.out = os.path.abspath(a.out)
    os.makedirs(a.out, exist_ok=True)
    run = {"quick": quick, "all": everything, "words": words, "stops": stops, "voices": voices, "sounds": sounds,
           "tokenizer": tokenizer, "codec": codec_stages}[a.what]
    found = run(a)
    if a.what in ("quick", "all") and found:
        raise SystemExit("\n".join(found))


if __name__ == "__main__":
    main()
