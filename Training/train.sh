#!/bin/sh
# The whole recipe, resumable: train.sh WORK [SECONDS OF TALKER TRAINING] [OF DECODER TRAINING] [OF ENCODER TRAINING]
# Run it again to go on: what exists is kept, trainers resume from their own checkpoints.
#
#   JOBS         processes that make data (1); 16 where there are as many cores
#   TEXTS        texts of the corpus, each said by one or two speakers (12000)
#   WAVES        the first of them, stored with their sound, for codebooks, decoder and encoder (800)
#   TALKER       more options of the talker's training, such as "--batch 256 --share 1"
#   AXES, INIT   codebooks and decoder of an earlier run to start from (the decoder then needs minutes, not an hour)
#   TOGETHER     1: train talker and decoder at once (a GPU has room for both)
#   DEVICE       cpu or cuda; by default cuda where there is one
set -e
work=$1
talker=${2:-7200}
decoder=${3:-3600}
encoder=${4:-3600}
texts=${TEXTS:-12000}
here=$(dirname "$0")
python=${PYTHON:-python3}
run() { nice -n "${NICE:-19}" "$python" -W ignore "$here/$@"; }
mkdir -p "$work/model"
run data.py "$work/full" --count "${WAVES:-800}" --jobs "${JOBS:-1}"
[ -e "$work/full/codes.npz" ] || run codec.py fit "$work/full" "$work/model" ${AXES:+--axes "$AXES"}
run data.py "$work/light" --codebooks "$work/model/codebooks.pt" --count "$texts" --jobs "${JOBS:-1}"
[ -e "$work/model/text/vocab.json" ] || run talker.py tokenizer - "$work/model"
[ -e "$work/model/embeddings.pt" ] || run talker.py speaker "$work/full" "$work/model" --speaker_clips 640
if [ "${TOGETHER:-0}" = 1 ]; then
    run codec.py decoder "$work/full" "$work/model" --seconds "$decoder" ${INIT:+--init "$INIT"} &
    run talker.py train "$work/light" "$work/model" --seconds "$talker" $TALKER
    wait
else
    run talker.py train "$work/light" "$work/model" --seconds "$talker" $TALKER
    run codec.py decoder "$work/full" "$work/model" --seconds "$decoder" ${INIT:+--init "$INIT"}
fi
run codec.py quiet "$work/full" "$work/model" --init "$work/model/decoder.pt" --out decoder_quiet.pt
run codec.py encoder "$work/full" "$work/model" --seconds "$encoder" --batch 8 --crop 18 --lr 2e-3
run export.py - "$work/model" "$work/export" --decoder decoder_quiet.pt
