"""Shared pieces: loading the reference implementation, politeness, checkpoints, configuration."""
import json
import os
import sys
import time
import types

import torch

torch.set_num_threads(int(os.environ.get("THREADS", "1")))
DEVICE = os.environ.get("DEVICE") or ("cuda" if torch.cuda.is_available() else "cpu")
torch.set_default_device(DEVICE)


def import_reference(path=None):
    """Imports the reference package `qwen_tts`; the modules only its 25 Hz tokenizer needs are stubbed."""
    path = path or os.environ.get("REFERENCE")
    if path and path not in sys.path:
        sys.path.insert(0, path)

    class Stub(types.ModuleType):
        def __getattr__(self, name):
            if name.startswith("__"):
                raise AttributeError(name)
            return type(name, (), {})

    import importlib.machinery
    import importlib.util
    wanted = ("sox", "onnxruntime", "torchaudio", "torchaudio.compliance", "torchaudio.compliance.kaldi")
    missing = {n.split(".")[0] for n in wanted
               if n.split(".")[0] not in sys.modules and importlib.util.find_spec(n.split(".")[0]) is None}
    for name in wanted:
        if name.split(".")[0] in missing:
            stub = Stub(name)
            stub.__spec__ = importlib.machinery.ModuleSpec(name, None)
            stub.__path__ = []
            sys.modules[name] = stub
            if "." in name:
                setattr(sys.modules[name.rsplit(".", 1)[0]], name.rsplit(".", 1)[1], stub)
    import qwen_tts  # noqa: F401
    return sys.modules["qwen_tts"]


def wait_while_paused():
    path = os.environ.get("PAUSE_FILE")
    waited = 0.0
    while path and os.path.exists(path):
        time.sleep(0.5)
        waited += 0.5
    return waited


def tensor(array):
    return torch.from_numpy(array).to(DEVICE)


class Log:
    """One JSON object per line, echoed to the terminal; counts busy (unpaused) seconds."""

    def __init__(self, path):
        self.file = open(path, "a")
        self.began, self.paused = time.time(), 0.0

    def pause(self):
        self.paused += wait_while_paused()

    def busy(self):
        return time.time() - self.began - self.paused

    def __call__(self, **fields):
        fields["busy_s"] = round(self.busy(), 1)
        fields["cpu_s"] = round(time.process_time(), 1)
        line = json.dumps(fields)
        self.file.write(line + "\n")
        self.file.flush()
        print(line, flush=True)


def budget(log, seconds, until=None):
    """Busy seconds this run may take in all: `seconds`, less where the clock time `until` (HH:MM) comes sooner."""
    if until:
        h, m = map(int, until.split(":"))
        t = time.localtime()
        left = (h - t.tm_hour) * 3600 + (m - t.tm_min) * 60 - t.tm_sec
        seconds = min(seconds, log.busy() + left)
    return max(seconds, 1e-3)


def save(path, **content):
    torch.save(content, path + ".tmp")
    os.replace(path + ".tmp", path)


def restore(path):
    """Reads a file this project wrote itself (optimiser states hold more than tensors)."""
    return torch.load(path, weights_only=False, map_location=DEVICE)


SIZES = dict(
    codebook=512,
    # speech tokenizer
    vq=64, latent=128, decoder_dim=192, decoder_layers=2,
    filters=16, encoder_hidden=128, encoder_layers=2,
    # talker and code predictor
    hidden=256, layers=6, heads=4, kv_heads=2, head_dim=64, mlp=768,
    cp_hidden=128, cp_layers=3, cp_heads=4, cp_head_dim=32, cp_mlp=384,
    speaker=64,
)


def decoder_config(s=SIZES):
    return dict(
        attention_bias=False, attention_dropout=0.0, latent_dim=s["latent"], codebook_dim=2 * s["vq"],
        codebook_size=s["codebook"], decoder_dim=s["decoder_dim"], hidden_act="silu", hidden_size=128,
        intermediate_size=256, layer_scale_initial_scale=0.01, max_position_embeddings=8000, head_dim=32,
        num_attention_heads=4, num_hidden_layers=s["decoder_layers"], num_key_value_heads=4, num_quantizers=16,
        num_semantic_quantizers=1, rms_norm_eps=1e-5, rope_theta=10000, semantic_codebook_size=s["codebook"],
        sliding_window=16, upsample_rates=[8, 5, 4, 3], upsampling_ratios=[2, 2],
        vector_quantization_hidden_dimension=2 * s["vq"])


def encoder_config(s=SIZES):
    return dict(
        _frame_rate=12.5, attention_bias=False, attention_dropout=0.0, audio_channels=1, codebook_dim=s["vq"],
        codebook_size=s["codebook"], compress=2, dilation_growth_rate=2, head_dim=32, hidden_act="gelu",
        hidden_size=s["encoder_hidden"], initializer_range=0.02, intermediate_size=256, kernel_size=7,
        last_kernel_size=3, layer_scale_initial_scale=0.01, max_position_embeddings=8000, norm_eps=1e-5,
        normalize=False, num_attention_heads=4, num_filters=s["filters"], num_hidden_layers=s["encoder_layers"],
        num_key_value_heads=4, num_quantizers=16, num_residual_layers=1, num_semantic_quantizers=1,
        pad_mode="constant", residual_kernel_size=3, rope_theta=10000.0, sampling_rate=24000, sliding_window=32,
        trim_right_ratio=1.0, upsample_groups=s["encoder_hidden"], upsampling_ratios=[8, 6, 5, 4], use_cache=False,
        use_causal_conv=True, use_conv_shortcut=False, use_streaming=False,
        vector_quantization_hidden_dimension=s["vq"])


def tokenizer_config(s=SIZES):
    return dict(architectures=["Qwen3TTSTokenizerV2Model"], model_type="qwen3_tts_tokenizer_12hz",
                encoder_valid_num_quantizers=16, input_sample_rate=24000, output_sample_rate=24000,
                decode_upsample_rate=1920, encode_downsample_rate=1920,
                decoder_config=decoder_config(s), encoder_config=encoder_config(s))


SPEAKERS = {"makima": 60, "denji": 61}        # offsets above the codebook in the codec vocabulary
LANGUAGES = {"english": 10}


def model_config(ids, kind="base", s=SIZES):
    """ids: token ids of the text tokenizer (im_start, im_end, assistant, tts_pad, tts_bos, tts_eos, vocab)."""
    base = s["codebook"]
    half = s["head_dim"] // 2
    third = half // 3
    cp = dict(attention_bias=False, attention_dropout=0.0, head_dim=s["cp_head_dim"], hidden_act="silu",
              hidden_size=s["cp_hidden"], initializer_range=0.02, intermediate_size=s["cp_mlp"],
              layer_types=["full_attention"] * s["cp_layers"], max_position_embeddings=65536,
              max_window_layers=s["cp_layers"], model_type="qwen3_tts_talker_code_predictor",
              num_attention_heads=s["cp_heads"], num_code_groups=16, num_hidden_layers=s["cp_layers"],
              num_key_value_heads=s["cp_heads"] // 2, rms_norm_eps=1e-6, rope_theta=1000000, rope_scaling=None,
              sliding_window=None, use_cache=True, use_sliding_window=False, vocab_size=s["codebook"])
    talker = dict(attention_bias=False, attention_dropout=0, code_predictor_config=cp,
                  codec_pad_id=base + 100, codec_bos_id=base + 101, codec_eos_token_id=base + 102,
                  codec_think_id=base + 106, codec_nothink_id=base + 107, codec_think_bos_id=base + 108,
                  codec_think_eos_id=base + 109, pad_token_id=base + 100,
                  codec_language_id={k: base + v for k, v in LANGUAGES.items()},
                  spk_id={k: base + v for k, v in SPEAKERS.items()} if kind == "custom_voice" else {},
                  spk_is_dialect={k: False for k in SPEAKERS} if kind == "custom_voice" else {},
                  head_dim=s["head_dim"], hidden_act="silu", hidden_size=s["hidden"], initializer_range=0.02,
                  intermediate_size=s["mlp"], max_position_embeddings=32768, model_type="qwen3_tts_talker",
                  num_attention_heads=s["heads"], num_code_groups=16, num_hidden_layers=s["layers"],
                  num_key_value_heads=s["kv_heads"], position_id_per_seconds=13, rms_norm_eps=1e-6,
                  rope_scaling={"interleaved": True, "mrope_section": [half - 2 * third, third, third],
                                "rope_type": "default", "type": "default"},
                  rope_theta=1000000, sliding_window=None, text_hidden_size=s["hidden"],
                  text_vocab_size=ids["vocab"], use_cache=True, use_sliding_window=False,
                  vocab_size=base + 1024)
    c = s["speaker"]
    out = dict(architectures=["Qwen3TTSForConditionalGeneration"], model_type="qwen3_tts",
               assistant_token_id=ids["assistant"], im_end_token_id=ids["im_end"],
               im_start_token_id=ids["im_start"], tts_bos_token_id=ids["tts_bos"],
               tts_eos_token_id=ids["tts_eos"], tts_pad_token_id=ids["tts_pad"],
               tokenizer_type="qwen3_tts_tokenizer_12hz", tts_model_size="tiny", tts_model_type=kind,
               talker_config=talker)
    if kind == "base":
        # In lockstep a text that is said at another pace, as a reference clip is, loses its place.
        out["makima_in_context_cloning"] = False
        out["speaker_encoder_config"] = dict(
            mel_dim=128, enc_dim=s["hidden"], enc_channels=[c, c, c, c, 3 * c], enc_kernel_sizes=[5, 3, 3, 3, 1],
            enc_dilations=[1, 2, 3, 4, 1], enc_attention_channels=c // 2, enc_res2net_scale=8,
            enc_se_channels=c // 2, sample_rate=24000)
    return out
