#!/bin/sh
# Feeds parsers of outside bytes, all or the named ones, for FUZZ_SECONDS each (60), one after the other.
#
#     Tests/Fuzz/run.sh [PARSER…]
#
# It ends at the first input that breaks one, which is left in build/fuzz as PARSER-crash-…, PARSER-timeout-… or PARSER-oom-….
# `FUZZ_PARSER=PARSER .build-fuzz/release/makima-fuzz FILE` runs it again.
set -eu
cd "$(dirname "$0")/../.."
# Two sanitizers in two words would leave Swift's code without the first, and their order is another each time unless it is told.
FUZZ=1 SWIFT_DETERMINISTIC_HASHING=1 swift build -c release --scratch-path .build-fuzz --product makima-fuzz \
    --sanitize fuzzer --sanitize address -Xswiftc -sanitize=fuzzer,address
program=$PWD/.build-fuzz/release/makima-fuzz

for parser in ${*:-$(ls Tests/Fuzz/Corpora)}; do
    found=build/fuzz/$parser
    mkdir -p "$found"
    echo "$parser:"
    # A server that runs holds memory by ways that the search for leaks does not follow.
    leaks=1
    [ "$parser" != http ] || leaks=0
    # Without a PATH, no other program decodes what ours does not read.
    if ! env PATH=/nonexistent FUZZ_PARSER="$parser" ASAN_OPTIONS=detect_leaks=$leaks \
        "$program" -max_total_time="${FUZZ_SECONDS:-60}" -max_len=4096 \
        -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 -artifact_prefix="$found-" \
        "$found" "Tests/Fuzz/Corpora/$parser" > "$found.log" 2>&1; then
        tail -n 60 "$found.log"
        exit 1
    fi
    sed -n 's/^stat::\(number_of_executed_units\|new_units_added\|peak_rss_mb\)/    \1/p' "$found.log"
done
