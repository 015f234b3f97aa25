"""The computers that a frame is estimated for, as public figures have them."""

import dataclasses

KB, MB, GB = 1 << 10, 1 << 20, 1e9


@dataclasses.dataclass(frozen=True)
class Device:
    """What a frame depends on. `kernels` is the instruction set that is chosen on it, `processor` llvm-mca's name."""

    name: str
    # Parts of what such a computer says of itself: its device tree's model and compatible, or its processor's name.
    signs: tuple
    processor: str
    kernels: str
    cores: int
    gigahertz: float
    # Plain reading, bytes a second: by one core, by all.
    one_reads: float
    all_read: float
    # Bytes: of a core's own second cache, 0 for none; of the last one, shared by the cores.
    private_cache: int
    last_cache: int
    # What all cores read of so many bytes again and again, where that was measured: (bytes, bytes a second), ascending.
    rates: tuple = ()


# What the codec decoder computes with where nothing is recorded, by instruction set: CodecPrecision.speaking.
SPEAKING = {
    "neon": "hybrid", "neon_dotprod": "hybrid", "neon_i8mm": "hybrid", "avx2": "transform", "avxvnni": "transform",
    "avx512vnni": "transform",
}

DEVICES = [
    # BCM2711: four A72 share an L2 of 1 MB. LPDDR4-3200, 32 bits wide, of which STREAM copies 5.5 GB/s (sci-pi.org.uk/bench);
    # one core is nearly enough for that.
    Device(
        "Raspberry Pi 4", ("Raspberry Pi 4", "Raspberry Pi Compute Module 4", "Raspberry Pi 400"),
        "cortex-a72", "neon", 4, 1.8, 4.5 * GB, 5.5 * GB, 0, 1 * MB),
    # BCM2712: four A76, 512 KB each and an L3 of 2 MB. LPDDR4X-4267, 32 bits wide: 17 GB/s on paper, 10 to 12 when read.
    Device(
        "Raspberry Pi 5", ("Raspberry Pi 5", "Raspberry Pi Compute Module 5"),
        "cortex-a76", "neon_dotprod", 4, 2.4, 8 * GB, 11 * GB, 512 * KB, 2 * MB),
    # Four A76 (and four A55, not used), 512 KB each and an L3 of 3 MB. 64 bits wide: 17 to 22 GB/s are measured (turingpi.com).
    Device(
        "RK3588", ("rockchip,rk3588",),
        "cortex-a76", "neon_dotprod", 4, 2.4, 11 * GB, 20 * GB, 512 * KB, 3 * MB),
    # Alder Lake-N: four Gracemont share an L2 of 2 MB, and an L3 of 6 MB. All cores at once run at 2.9 of 3.4 GHz. One channel of
    # DDR4-3200 or DDR5-4800: 25.6 or 38.4 GB/s on paper, 20 to 25 when read.
    Device(
        "Intel N100", ("Intel(R) N100",),
        "gracemont", "avxvnni", 4, 2.9, 14 * GB, 22 * GB, 512 * KB, 6 * MB),
]
