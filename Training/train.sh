#!/bin/sh
# The whole recipe, resumable: train.sh WORK [SECONDS OF TALKER TRAINING]
# Run it again to go on: what exists is kept, trainers resume from their own checkpoints.
set -e
work=$1
seconds=${2:-7200}
here=$(dirname "$0")
python=${PYTHON:-python3}
run() { nice -n 19 "$python" -W ignore "$here/$@"; }
mkdir -p "$work/model"
run data.py "$work/full" --count 3600
[ -e "$work/model/codebooks.pt" ] || run codec.py fit "$work/full" "$work/model"
[ -e "$work/full/codes.npz" ] || run codec.py codes "$work/full" "$work/model"
run data.py "$work/light" --codebooks "$work/model/codebooks.pt" --count 24000
run talker.py tokenizer - "$work/model"
[ -e "$work/model/speaker.pt" ] || run talker.py speaker "$work/full" "$work/model"
run talker.py train "$work/light" "$work/model" --seconds "$seconds"
run codec.py decoder "$work/full" "$work/model" --seconds 3600 --lr 2e-3
run codec.py encoder "$work/full" "$work/model" --seconds 3600 --batch 8 --crop 18
run export.py - "$work/model" "$work/export"
