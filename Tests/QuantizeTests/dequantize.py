"""Opens a quantized file with Python's safetensors and writes every tensor, dequantized by the compressed-tensors
convention, as float32.  usage: dequantize.py model.safetensors out.safetensors"""
import json
import sys

import numpy as np
from safetensors import deserialize, safe_open
from safetensors.numpy import save_file

TYPES = {"F32": np.float32, "I8": np.int8, "I32": np.int32, "I64": np.int64}


def array(info):
    data, shape = bytes(info["data"]), info["shape"]
    if info["dtype"] == "BF16":
        return (np.frombuffer(data, np.uint16).astype(np.uint32) << 16).view(np.float32).reshape(shape)
    return np.frombuffer(data, TYPES[info["dtype"]]).reshape(shape)


path, out = sys.argv[1:]
with safe_open(path, framework="numpy") as opened:
    names, metadata = set(opened.keys()), opened.metadata()
tensors = {name: array(info) for name, info in deserialize(open(path, "rb").read())}
assert set(tensors) == names and metadata["quantizer"].startswith("makima-quantize"), metadata

result = {}
for name, value in tensors.items():
    if name.startswith("padding.") or name.endswith(("_scale", "_shape")) and value.dtype != np.int8:
        if name.startswith("padding.") or name.rsplit("_", 1)[0] in tensors or name.rsplit("_", 1)[0] + "_packed" in tensors:
            continue
    if name.endswith("_packed"):
        base = name.removesuffix("_packed")
        words = value.view(np.uint32)
        codes = np.stack([(words >> (4 * i)) & 15 for i in range(8)], axis=-1).astype(np.int32) - 8
        codes = codes.reshape(tensors[base + "_shape"])
        result[base] = np.repeat(tensors[base + "_scale"], 32, axis=1) * codes.astype(np.float32)
    elif value.dtype == np.int8:
        result[name] = tensors[name + "_scale"] * value.astype(np.float32)
    else:
        result[name] = value.astype(np.float32)
save_file({name: np.ascontiguousarray(value, dtype=np.float32) for name, value in result.items()}, out)
print(json.dumps(sorted(metadata)))
