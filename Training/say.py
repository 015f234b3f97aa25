"""Speaks a list of texts through the reference implementation: NNNN.wav (and NNNN.codes.npy) for line N.

    python say.py MODEL LIST FOLDER --reference CLIP.wav [--temperature 0.5]
"""
import argparse
import json
import os

import numpy as np
import soundfile
import torch

import common


def main():
    p = argparse.ArgumentParser()
    p.add_argument("model")
    p.add_argument("list")
    p.add_argument("folder")
    p.add_argument("--reference", required=True, help="clip of the wanted voice, 24 kHz")
    p.add_argument("--temperature", type=float, help="0: always the likeliest code; default: the model's own")
    p.add_argument("--sub_temperature", type=float)
    p.add_argument("--repetition_penalty", type=float)
    p.add_argument("--limit", type=int, default=600, help="frames after which an utterance counts as unending")
    p.add_argument("--seed", type=int, default=0)
    a = p.parse_args()
    common.import_reference()
    from qwen_tts import Qwen3TTSModel
    with open(os.path.join(a.model, "generation_config.json")) as f:
        settings = json.load(f)
    if a.temperature is not None:
        settings.update(do_sample=a.temperature > 0, subtalker_dosample=a.temperature > 0,
                        temperature=a.temperature or 1.0, subtalker_temperature=a.temperature or 1.0)
    if a.sub_temperature is not None:
        settings.update(subtalker_dosample=a.sub_temperature > 0, subtalker_temperature=a.sub_temperature or 1.0)
    if a.repetition_penalty is not None:
        settings["repetition_penalty"] = a.repetition_penalty
    settings["max_new_tokens"] = a.limit
    model = Qwen3TTSModel.from_pretrained(a.model, dtype=torch.float32)
    x, rate = soundfile.read(a.reference, dtype="float32")
    prompt = model.create_voice_clone_prompt((x, rate), x_vector_only_mode=True)
    caught, inner = [], model.model.generate

    def generate(*args, **kw):
        out = inner(*args, **kw)
        caught.append(out[0][0].cpu().numpy())
        return out
    model.model.generate = generate
    os.makedirs(a.folder, exist_ok=True)
    with open(a.list, encoding="utf-8") as f:
        texts = [line.strip() for line in f if line.strip()]
    for i, text in enumerate(texts):
        torch.manual_seed(a.seed * 100003 + i)
        w, rate = model.generate_voice_clone(text=text, language="english", voice_clone_prompt=prompt,
                                             non_streaming_mode=False, **settings)
        soundfile.write(os.path.join(a.folder, "%04d.wav" % i), w[0], rate, subtype="PCM_16")
        np.save(os.path.join(a.folder, "%04d.codes.npy" % i), caught[-1])


if __name__ == "__main__":
    main()
