"""Writes Tests/Fuzz/Corpora: what each parser is meant to read, for the fuzzer to change.

    python3 Tests/Fuzz/seeds.py
"""

import io
import json
import math
import pathlib
import struct
import zipfile

CORPORA = pathlib.Path(__file__).parent / "Corpora"


def chunk(name, data):
    return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


def wav(code, channels, rate, bits, data, size=None):
    frame = channels * bits // 8
    form = struct.pack("<HHIIHH", code, channels, rate, rate * frame, frame, bits)
    body = b"WAVE" + chunk(b"fmt ", form) + b"data" + struct.pack("<I", len(data) if size is None else size) + data
    return b"RIFF" + struct.pack("<I", len(body) if size is None else size) + body


def tone(count):
    return [math.sin(index / 5) / 2 for index in range(count)]


def clips():
    short = b"".join(struct.pack("<h", int(20000 * value)) for value in tone(300))
    floats = b"".join(struct.pack("<f", value) for value in tone(100))
    yield "pcm16", wav(1, 1, 24000, 16, short)
    yield "stereo", wav(1, 2, 8000, 16, short)
    yield "float32", wav(3, 1, 48000, 32, floats)
    yield "open", wav(1, 1, 24000, 16, short, size=0)
    yield "mpeg", wav(0x55, 1, 24000, 16, b"\xff\xf3\x44\xc4" + b"\0" * 140)
    yield "m4a", b"\0\0\0\x20ftypM4A \0\0\0\0"
    yield "webm", b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01"
    yield "ogg", b"OggS\0\2" + b"\0" * 20 + b"\1\x13OpusHead\1\1\x38\1\x80\xbb\0\0\0\0\0"
    yield "aiff", b"FORM" + struct.pack(">I", 46 + 200) + b"AIFFCOMM" + struct.pack(">IhIh", 18, 1, 100, 16) + (
        b"\x40\x0d\xbb\x80\0\0\0\0\0\0SSND" + struct.pack(">III", 208, 0, 0) + short[:200])
    yield "flac", b"fLaC\x80\0\0\x22\x10\0\x10\0\0\0\0\0\0\0\x05\xdc\0\xf0\0\0\0\0" + b"\0" * 16


def safetensors(header, data):
    text = json.dumps(header).encode() if isinstance(header, dict) else header
    return struct.pack("<Q", len(text)) + text + data


def weights():
    def tensor(kind, shape, begin, end):
        return {"dtype": kind, "shape": shape, "data_offsets": [begin, end]}

    yield "two", safetensors(
        {"__metadata__": {"a": "é\n"}, "x": tensor("F32", [2, 1], 0, 8), "s": tensor("BF16", [], 8, 10)}, b"\7" * 10)
    yield "all", safetensors(
        {kind: tensor(kind, [2], 2 * begin, 2 * end) for kind, begin, end in
         [("I64", 0, 8), ("F32", 8, 12), ("I32", 12, 16), ("F16", 16, 18), ("I8", 18, 19)]}, b"\1" * 38)
    yield "none", safetensors({}, b"")
    yield "escapes", safetensors(b'{"\\u00e9\\ud83d\\ude00\\n":{"dtype":"I8","shape":[0,9],"data_offsets":[0,0]}}  ', b"")
    yield "pointer", b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"


def tokenizers():
    yield "merges", b"\0#version: 0.2\nt h\nt t\r\n\0\0them the\n\n  12 \xf0\x9f\x98\x80"
    yield "added", b"\0\0" + json.dumps({"added_tokens_decoder": {
        "7": {"content": "<|a|>", "lstrip": False}, "8": {"content": "<|ab|>"}}}).encode() + b"\0x<|a|><|ab|><|a"
    yield "vocabulary", b'{"a":0,"\\u0120b":1,"c":-1}\0a b\n'
    yield "text", "\0\0\0It's 3.5 l'été ﬁ e\u0301 가각 がぎ 日本語。\t\r\n  …".encode()


def frame(text, opcode=1, last=True, key=b"\0\0\0\0"):
    data = text if isinstance(text, bytes) else text.encode()
    head = bytes([opcode | 0x80 * last])
    if len(data) < 126:
        head += bytes([0x80 | len(data)])
    else:
        head += bytes([0xFE]) + struct.pack(">H", len(data))
    return head + key + bytes(byte ^ key[index % 4] for index, byte in enumerate(data))


START = json.dumps({
    "type": "start", "sampleRate": 16000, "encoding": "pcm32f", "transport": "json", "voice": "makima", "language": "de",
    "authToken": "t", "contractId": "c", "seed": 7, "instruction": "i", "normalize": False, "speed": 1.5})
SPEAK = json.dumps({"type": "speak", "text": "Grüße 😀", "priority": "high", "append": True, "flush": True})
HELLO = json.dumps({
    "type": "hello", "contractId": "c", "policy": "keyword", "minSpeechMs": 100, "minWords": 2, "keywords": ["stop it"],
    "resumeAfterMs": 500, "authToken": "t"})


REALTIME = [json.dumps(event) for event in (
    {"type": "session.update", "event_id": "e", "session": {
        "type": "realtime", "instructions": "a", "tools": [], "output_modalities": ["audio"], "audio": {"output": {
            "voice": {"id": "makima"}, "speed": 1.5, "format": {"type": "audio/pcm", "rate": 24000}}}}},
    {"type": "conversation.item.create", "previous_item_id": "root", "item": {
        "type": "message", "role": "user", "id": "a", "content": [{"type": "input_text", "text": "Hi \ud83d."}]}},
    {"type": "response.create", "response": {
        "conversation": "none", "metadata": {"a": "b"}, "input": [{"type": "item_reference", "id": "a"}]}},
    {"type": "response.cancel"},
    {"type": "conversation.item.truncate", "item_id": "item_1", "content_index": 0, "audio_end_ms": 100},
)]


def frames():
    yield "start", b"\xff" + START.encode()
    yield "speak", b"\xff" + SPEAK.encode()
    yield "hello", b"\xff" + HELLO.encode()
    yield "frames", b"\x07" + frame(START) + frame(SPEAK, key=b"abcd") + frame(b"", 9) + frame('{"type":"cancel"}')
    yield "fragments", b"\x03" + frame('{"type":"pla', last=False) + frame("p", 10) + frame('yed","ms":5}', 0)
    yield "close", b"\xff" + frame(b"\x03\xe8bye", 8)
    yield "listen", b"\xff" + frame('{"type":"partial","text":"stop"}') + frame('{"type":"final","text":"stop"}')
    yield "realtime", b"\xff" + b"".join(frame(event) for event in REALTIME)
    yield "realtime-session", b"\xff" + REALTIME[0].encode()
    yield "realtime-item", b"\xff" + REALTIME[1].encode()
    yield "huge", b"\xff\x82\xff" + b"\x7f" + b"\xff" * 7 + b"\0\0\0\0"


def forms():
    form = (
        b'\r\n--b\r\nContent-Disposition: form-data; name="audio"; filename="a\\"b.wav"\r\nContent-Type: audio/wav\r\n\r\n'
        b"RIFF\r\n--not\r\n--b\r\nContent-Disposition: form-data; name=consent\r\n\r\nyes\r\n--b--\r\nafter")
    yield "whole", b"\xff" + form[2:]
    yield "pieces", b"\x02" + form
    yield "type", b'multipart/form-data; charset=utf-8; boundary="b c"'


def event(kind, data, payload=b"", **fields):
    body = json.dumps(data).encode()
    head = {"type": kind, "version": "1.7.2", "data_length": len(body), "payload_length": len(payload), **fields}
    return json.dumps(head).encode() + b"\n" + body + payload


def events():
    yield "synthesize", b"\xff" + event("synthesize", {"text": "Hello", "voice": {"name": "makima", "language": "de_AT"}})
    yield "pieces", b"\x04" + event("synthesize-start", {}) + event("synthesize-chunk", {"text": "Hi. "}) + event(
        "synthesize-stop", {})
    yield "inline", b"\xff" + b'{"type":"ping","data":{"text":"a","list":[1,2.5,null,true,{"b":[]}]}}\n'
    yield "payload", b"\x01" + event("audio-chunk", {"rate": 24000, "width": 2, "channels": 1}, b"\1\2\3\4")
    yield "lengths", b'\xff{"type":"x","data_length":-1}\n{"type":"x","payload_length":1e40}\n'


def settings():
    yield "file", (
        '\ufeff# comment\r\nhost = "0.0.0.0"  # all\r\nport = 8012\nallow-public = false\n'
        'allowed-hosts = ["a.example", \'b\', ]\ndefault-voice = "\\u0041\\t\\"x\\\\"\n').encode()
    yield "others", b"a = 1_000\nb = 1.5e3\nc = 'it\\'\nd = []\n\"e\" = true\nf = -0.0\n"
    yield "broken", b"[table]\nport = 1979-05-27\nx = \"\"\"\n"


TEXTS = {
    "dates": "On 3/4/2025 at 10:30 pm, 1,234.5 km for $3.50 (≈ 2 %)… 21st, II. Henry VIII; -5 °C.",
    "markdown": "# Head\n* **bold** _it_ `code` [link](https://a.example/?q=1) ![i](x)\n> quote\n\n```py\nx=1\n```\n| a | b |",
    "markup": "<speak>Hi <break time=\"1s\"/> <say-as interpret-as=\"date\">3.4.25</say-as> &amp; &#233; <think>no</think></speak>",
    "formula": "Then $x^2 + \\frac{a}{b} = 3\\alpha$ and \\(E=mc^2\\) H₂O x² ½ ①",
    "german": "Am 3. Mai 2025 um 14:30 Uhr kosten 1.234,50 € z. B. 3 kg; Dr. Müller, Nr. 5, IX.",
    "russian": "3 мая 2025 г. в 14:30 стоят 1 234,50 ₽, XX век, 5 кг и 21 дом.",
    "chinese": "2025年3月4日下午3点，共1234.5元，增长20%，电话13800138000。",
    "japanese": "令和7年3月4日、午後3時半に1,234円で3匹の猫を買った。",
    "korean": "2025년 3월 4일 오후 3시 30분에 사과 3개를 1,234원에 샀다.",
    "mixed": "Hello 😀👨‍👩‍👧 e\u0301 \u200b\u202e ﬁ Ａ１ mail a.b@c.example https://x.example/a?b=c v1.2.3 192.168.0.1 #tag @me",
}
LANGUAGES = {"german": 5, "russian": 7, "chinese": 3, "japanese": 2, "korean": 4}


def texts():
    for index, (name, text) in enumerate(TEXTS.items()):
        yield name, bytes([LANGUAGES.get(name, index % 2), 3 * index]) + text.encode()


SCRIPTS = {
    "marks": '<speak>One <break time="500ms"/> two.<break strength="weak"/><p><s>Three</s><s>four.</s></p></speak>',
    "says": '<speak version="1.0"><say-as interpret-as="characters">A1b</say-as> <say-as interpret-as="telephone">0170 12</say-as></speak>',
    "languages": '<speak xml:lang="en">Hi <lang xml:lang="de">am 3. Mai</lang><sub alias="World Health">WHO</sub></speak>',
    "rates": '<?xml version="1.0"?><speak><prosody rate="150%">fast <prosody rate="x-slow">slow</prosody></prosody> &amp; &#65;</speak>',
    "broken": '<speak><p>open <break time="10h"> <![CDATA[raw <b>]]> <!-- note --> <phoneme ph="x">kept</phoneme> &nope; </s>',
}


def scripts():
    for index, (name, text) in enumerate(SCRIPTS.items()):
        yield name, bytes([index]) + text.encode()


def request(method, path, body=b"", *headers):
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", *headers]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def requests():
    upgrade = ("Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13",
               "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")
    yield "operation", request("GET", "/health") + request("GET", "/ready") + request("HEAD", "/metrics")
    yield "voices", request("GET", "/api/v1/voices?a=%41+b") + request("GET", "/api/v1/voices/makima")
    yield "openai", request("POST", "/v1/audio/speech", json.dumps({
        "model": "tts-1", "input": "Hi.", "voice": {"id": "makima"}, "response_format": "pcm", "speed": 1.5,
        "stream_format": "sse", "instructions": "x"}).encode(), "Content-Type: application/json")
    yield "upload", request(
        "POST", "/api/v1/voices", dict(forms())["whole"][1:], "Content-Type: multipart/form-data; boundary=b",
        "Expect: 100-continue")
    yield "chunked", request("POST", "/v1/audio/speech", b"", "Transfer-Encoding: chunked") + b'5\r\n{"inp\r\n0\r\n\r\n'
    yield "speak", request("GET", "/api/v1/speak", b"", *upgrade) + frame(START) + frame(SPEAK) + frame('{"type":"stop"}')
    yield "listen", request("GET", "/api/v1/listen", b"", *upgrade) + frame(HELLO) + frame('{"type":"speech_started"}')
    yield "realtime", request("GET", "/v1/realtime?model=gpt-realtime", b"", *upgrade) + b"".join(frame(event) for event in REALTIME)
    yield "absolute", request("OPTIONS", "http://makima.local:8012/v1/models", b"", "Origin: null",
                              "Access-Control-Request-Method: POST", "Authorization: Bearer x.y.z")
    yield "old", b"GET / HTTP/1.0\r\nConnection: keep-alive, Upgrade\r\nUpgrade: h2c\r\n\r\n"


def text(value):
    return b"X" + struct.pack("<I", len(value)) + value.encode()


def integers(values):
    return b"(" + b"".join(b"J" + struct.pack("<i", value) for value in values) + b"t"


def dictionary(items):
    return b"}(" + b"".join(text(key) + value for key, value in items.items()) + b"u"


def tensor(kind, key, shape):
    count = math.prod(shape)
    strides = [math.prod(shape[index + 1:]) for index in range(len(shape))]
    storage = text("storage") + f"ctorch\n{kind}Storage\n".encode() + text(key) + text("cpu") + b"M" + struct.pack("<H", count)
    return (b"ctorch._utils\n_rebuild_tensor_v2\n((" + storage + b"tQK\0" + integers(shape) + integers(strides)
            + b"\x89ccollections\nOrderedDict\n)RtR")


def archive(pickle, storages, compression=zipfile.ZIP_STORED):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as entries:
        for name, data in [("data.pkl", pickle), *((f"data/{key}", data) for key, data in storages.items())]:
            # A time of its own would make every run write others.
            entries.writestr(zipfile.ZipInfo("v/" + name), data, compression)
    return file.getvalue()


def pickles():
    t3 = {"speaker_emb": tensor("Float", "0", [1, 256]), "cond_prompt_speech_tokens": tensor("Long", "1", [1, 2]),
          "clap_emb": b"N"}
    gen = {"prompt_token": tensor("Int", "2", [1, 1]), "prompt_feat": tensor("BFloat16", "3", [1, 2, 80]),
           "embedding": tensor("Half", "4", [1, 192])}
    voice = b"\x80\x02" + dictionary({"t3": dictionary(t3), "gen": dictionary(gen)}) + b"."
    storages = {"0": b"\0" * 1024, "1": b"\7" + b"\0" * 15, "2": b"\1\0\0\0", "3": b"\0" * 320, "4": b"\0" * 384}
    yield "voice", archive(voice, storages)
    yield "compressed", archive(voice, storages, zipfile.ZIP_DEFLATED)
    yield "short", archive(voice, {**storages, "0": b""})
    yield "pickle", voice
    yield "others", b"\x80\x02}(" + text("a") + b"G?\xf0" + b"\0" * 6 + text("b") + b"\x8a\x02\xff\x7f" + b"q\x01h\x01" + (
        text("c") + b"NK\1M\1\0\x87r\2\0\0\0j\2\0\0\0\x86u.")
    yield "system", b"\x80\x02cos\nsystem\n" + text("true") + b"\x85R."


SEEDS = {
    "clip": clips, "http": requests, "multipart": forms, "safetensors": weights, "ssml": scripts, "text": texts, "tokenizer": tokenizers,
    "toml": settings, "torch": pickles, "websocket": frames, "wyoming": events,
}


def main():
    for parser, seeds in SEEDS.items():
        folder = CORPORA / parser
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in seeds():
            (folder / name).write_bytes(data)


if __name__ == "__main__":
    main()
