#!/bin/sh
# Every test of the suite under the thread sanitizer, then under the address sanitizer, each in a build of its own; or under the named one.
# One test after the other, and optimised: under a sanitizer those that compute would keep the others waiting until their deadlines.
# address.txt and thread.txt name what is not ours.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.."
# What is left at the end is not looked at: a program that ends by an error leaves what its frames held. The soak watches what grows.
export ASAN_OPTIONS="suppressions=$here/address.txt:detect_leaks=0:print_suppressions=0"
export TSAN_OPTIONS="suppressions=$here/thread.txt"
for sanitizer in ${*:-thread address}; do
    swift test --no-parallel -c release -Xswiftc -enable-testing --sanitize "$sanitizer" --scratch-path ".build/$sanitizer"
done
