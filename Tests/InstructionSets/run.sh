#!/bin/sh
# Every test of the suite with each instruction set of Sources/CKernels/sets.h that this processor has, or with the named ones.
set -eu
cd "$(dirname "$0")/../.."
options="-c release -Xswiftc -enable-testing --scratch-path .build/test --explicit-target-dependency-import-check error"
swift build --build-tests $options
for name in ${*:-$(sed -n 's/^SET(\(.*\))$/\1/p' Sources/CKernels/sets.h)}; do
    export MAKIMA_KERNELS="$name"
    # A program that is told of a set it cannot use takes the best it has.
    if ! .build/test/release/makima doctor 2>&1 | grep -q " $name kernels"; then
        echo "$name: this processor does not have it, so nothing is tested with it."
        continue
    fi
    echo "$name:"
    swift test --skip-build $options
done
