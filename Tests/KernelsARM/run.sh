#!/usr/bin/env bash
# Builds the kernels for aarch64 and compares every instruction set with its definition under an emulator.
set -eu
cd "$(dirname "$0")/../.."
build=.build/kernels-arm
mkdir -p "$build"
flags=(-O3 -ffp-contract=off -fno-math-errno -std=c11 -Wall -Wextra -Werror -ISources/CKernels/include)
if [ "$(uname -m)" = aarch64 ]; then emulator=(); else
    emulator=(qemu-aarch64-static -cpu max)
    flags+=(--target=aarch64-linux-gnu -static -fuse-ld=bfd)
fi
clang "${flags[@]}" Tests/KernelsARM/*.c Sources/CKernels/*.c Sources/CKernels/*/*.c -lm -o "$build/check"
"${emulator[@]}" "$build/check"
