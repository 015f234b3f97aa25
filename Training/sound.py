"""What speech is like apart from its words, in figures that need no listener.

dnsmos: what listeners would say of the sound, 1 to 5, as Microsoft's DNSMOS P.835 guesses it (overall, and of the
speech itself). The package speechmos brings the network. It was made to judge noise suppression and hears up to 8 kHz:
a guard against hiss, clicks and holes, not a judge of manner.
The other figures are measured, and mean something beside the teacher's: loudness, the silence in front, how wide the
pitch moves and where it ends, how bright the sound is and how high it reaches.
"""
import functools
import importlib.util
import os

import numpy as np
import pyworld

RATE = 24000
HOP = 5e-3                                              # seconds from one figure of a course to the next


def resampled(x, rate, new):
    n = len(x) * new // rate
    s = np.fft.rfft(x)
    s = s[:n // 2 + 1] if new < rate else np.pad(s, (0, n // 2 + 1 - len(s)))
    return np.fft.irfft(s, n) * n / len(x)


# ---------------------------------------------------------------- loudness and silence

def k_weighted(x, rate=RATE):
    """The filters of ITU-R BS.1770 (a shelf for the head, a high pass), at any rate by their analogue values."""
    n = 1 << (len(x) + rate).bit_length()
    z = np.exp(-2j * np.pi * np.arange(n // 2 + 1) / n)
    spectrum = np.fft.rfft(x, n)
    k, q, gain = np.tan(np.pi * 1681.974450955533 / rate), 0.7071752369554196, 10 ** (3.999843853973347 / 20)
    band = gain ** 0.4996667741545416
    spectrum *= ((gain + band * k / q + k * k) + 2 * (k * k - gain) * z + (gain - band * k / q + k * k) * z * z) / (
        (1 + k / q + k * k) + 2 * (k * k - 1) * z + (1 - k / q + k * k) * z * z)
    k, q = np.tan(np.pi * 38.13547087602444 / rate), 0.5003270373238773
    whole = 1 + k / q + k * k
    spectrum *= (1 - z) ** 2 / (1 + 2 * (k * k - 1) / whole * z + (1 - k / q + k * k) / whole * z * z)
    return np.fft.irfft(spectrum, n)[:len(x)]


def loudness(x, rate=RATE):
    """LUFS: blocks of 0.4 s, those below -70 and those 10 below the mean left out."""
    size = rate * 2 // 5
    y = k_weighted(np.pad(x, (0, max(0, size - len(x)))), rate)
    power = np.array([np.mean(y[i:i + size] ** 2) for i in range(0, len(y) - size + 1, size // 4)]) + 1e-20
    level = lambda p: -0.691 + 10 * np.log10(p)
    power = power[level(power) > -70]
    if not len(power):
        return -70.0
    return float(level(power[level(power) > level(power.mean()) - 10].mean()))


def silence_before(x, rate=RATE):
    """Seconds until a window of 5 ms is louder than the whole less 26 dB: than -45 dB in speech of -19 LUFS."""
    size = int(rate * HOP)
    power = np.mean(x[:len(x) // size * size].reshape(-1, size) ** 2, 1)
    loud = np.flatnonzero(10 * np.log10(power + 1e-20) > loudness(x, rate) - 26)
    return float(loud[0] * HOP) if len(loud) else len(x) / rate


# ---------------------------------------------------------------- pitch

def pitch(x, rate=RATE):
    """The course of the pitch where there is one, in semitones above 1 Hz."""
    x = np.ascontiguousarray(x, dtype=np.float64)
    f0, t = pyworld.dio(x, rate, f0_floor=60.0, f0_ceil=500.0, frame_period=1000 * HOP, speed=4)
    f0 = pyworld.stonemask(x, f0, t, rate)
    return 12 * np.log2(f0[f0 > 0]) if (f0 > 0).any() else np.zeros(1)


def spread(x, rate=RATE):
    """(median pitch in Hz, the range of its middle 80 % in semitones)."""
    p = pitch(x, rate)
    low, middle, high = np.quantile(p, [0.1, 0.5, 0.9])
    return float(2 ** (middle / 12)), float(high - low)


def ending(x, rate=RATE):
    """Where the pitch ends: the median of its last 100 ms above the median of the whole, in semitones."""
    p = pitch(x, rate)
    return float(np.median(p[-int(0.1 / HOP):]) - np.median(p))


# ---------------------------------------------------------------- spectrum

def average_spectrum(waves, rate=RATE, window=1024):
    """Mean power of speech in bins of rate / window: of the windows that are within 40 dB of the loudest."""
    total = np.zeros(window // 2 + 1)
    for x in waves:
        frames = np.lib.stride_tricks.sliding_window_view(np.pad(x, window // 2), window)[::window // 4]
        power = np.abs(np.fft.rfft(frames * np.hanning(window))) ** 2
        speech = power[power.sum(1) > power.sum(1).max() * 1e-4]
        total += speech.sum(0) / speech.sum()
    return total / len(waves)


def band(spectrum, low, high, rate=RATE):
    f = np.arange(len(spectrum)) * rate / 2 / (len(spectrum) - 1)
    return 10 * np.log10(spectrum[(f >= low) & (f < high)].sum() + 1e-20)


def tilt(spectrum, rate=RATE):
    """dB an octave, by least squares over thirds of an octave from 125 to 8000 Hz: 3 for white noise, 0 for pink."""
    thirds = 125 * 2 ** (np.arange(19) / 3)
    level = [band(spectrum, low, high, rate) for low, high in zip(thirds, thirds[1:])]
    return float(3 * np.polyfit(np.arange(18), level, 1)[0])


def brightness(spectrum, rate=RATE):
    """Energy from 4 to 8 kHz and from 8 to 12 kHz, in dB of that below 4 kHz."""
    return tuple(float(band(spectrum, low, low + 4000, rate) - band(spectrum, 100, 4000, rate)) for low in (4000, 8000))


def reach(spectrum, rate=RATE):
    """The highest frequency, in kHz, at which the spectrum over 300 Hz is within 60 dB of its strongest."""
    bins = max(1, round(300 * 2 * (len(spectrum) - 1) / rate))
    smooth = np.convolve(spectrum, np.ones(bins) / bins, "same")
    return float(np.flatnonzero(smooth > smooth.max() * 1e-6)[-1] * rate / 2 / (len(spectrum) - 1) / 1000)


# ---------------------------------------------------------------- a guess at what listeners would say

@functools.cache
def dnsmos_session():
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    folder = importlib.util.find_spec("speechmos").submodule_search_locations[0]
    return onnxruntime.InferenceSession(os.path.join(folder, "dnsmos_models", "sig_bak_ovr.onnx"), options)


def dnsmos(x, rate=RATE):
    """(overall, of the speech itself): the sentence at a peak of 0.7, repeated to the 9.01 s the network hears."""
    x = resampled(x, rate, 16000)
    x = np.resize(x / max(1e-3, np.abs(x).max()) * 0.7, 144160).astype(np.float32)
    speech, _, overall = dnsmos_session().run(None, {"input_1": x[None]})[0][0]
    return (float(np.polyval([-0.06766283, 1.11546468, 0.04602535], overall)),
            float(np.polyval([-0.08397278, 1.22083953, 0.0052439], speech)))
