#!/bin/bash
# image.sh IMAGE.tar: the image of packaging/image.sh, run by runc with a root that cannot be written and a network of its own.
#
# Needs root, umoci, runc, jq, python3 and curl; for an image of arm64 on amd64 also qemu-user-static, to which the kernel hands its
# programs while this runs.
set -euo pipefail
export LC_ALL=C.UTF-8
here=$(cd "$(dirname "$0")" && pwd)
image=$(realpath "$1")
work=$(mktemp -d)
name=makima-image-$$
process=
. "$here/report.sh"
. "$here/../../packaging/handler.sh"

clean_up() {
    [ -z "$process" ] || runc kill "$name" KILL 2> /dev/null || true
    [ -z "$process" ] || wait "$process" 2> /dev/null || true
    runc delete --force "$name" 2> /dev/null || true
    take_from_qemu
    rm -rf --one-file-system "$work"
}
trap clean_up EXIT

step "the image"
mkdir "$work/layout"
tar -xf "$image" -C "$work/layout"
version=$(jq -r '.manifests[0].annotations["org.opencontainers.image.ref.name"]' "$work/layout/index.json")
architecture=$(jq -r '.manifests[0].platform.architecture' "$work/layout/index.json")
[ "$architecture" = "$(dpkg --print-architecture)" ] || hand_to_qemu
check "umoci reads it" umoci stat --image "$work/layout:$version"
ok "makima $version for $architecture, $(stat -c %s "$image" | awk '{print int($1 / 1e6) " MB"}') packed"
blob() { echo "$work/layout/blobs/$(tr : / <<< "$1")"; }
manifest=$(blob "$(jq -r '.manifests[0].digest' "$work/layout/index.json")")
config=$(blob "$(jq -r .config.digest "$manifest")")
mkdir -p "$work/bundle/rootfs"
tar -xzpf "$(blob "$(jq -r '.layers[0].digest' "$manifest")")" -C "$work/bundle/rootfs"
mapfile -t health < <(jq -r '.config.Healthcheck.Test[1:][]' "$config")

# As `podman run --read-only` does: the root as it is, each volume a folder of the user's.
mkdir "$work/volumes"
mounts='[]'
for volume in $(jq -r '.config.Volumes | keys[]' "$config"); do
    source=$work/volumes/$(basename "$volume")-$RANDOM
    cp -a "$work/bundle/rootfs$volume" "$source"
    mounts=$(jq --arg to "$volume" --arg from "$source" \
        '. + [{destination: $to, source: $from, type: "bind", options: ["rbind", "rw"]}]' <<< "$mounts")
done
runc spec --bundle "$work/bundle"
jq --argjson mounts "$mounts" --slurpfile image "$config" '$image[0].config as $run
    | .root.readonly = true | .mounts += $mounts
    | .process.terminal = false | .process.args = $run.Entrypoint + $run.Cmd | .process.env = $run.Env | .process.cwd = $run.WorkingDir
    | .process.user = ($run.User / ":" | {uid: (.[0] | tonumber), gid: (.[1] | tonumber)})' \
    "$work/bundle/config.json" > "$work/config.json"
mv "$work/config.json" "$work/bundle/config.json"

step "it runs"
runc run --bundle "$work/bundle" "$name" > "$work/log" 2>&1 < /dev/null &
process=$!
inside() { runc exec "$name" "$@"; }
# Beside it: in its network, with this computer's programs.
beside() { nsenter -t "$(runc state "$name" | jq .pid)" -n "$@"; }
url=http://127.0.0.1:8012
until_true 120 beside curl -fs $url/ready || { bad "it does not serve: $(tail -5 "$work/log")"; exit 1; }
ok "it serves"
check "its health check agrees" inside "${health[@]}"
check "it is not root" [ "$(inside id -u):$(inside id -g)" = 10200:10200 ]
check "it has no rights beside" grep -q '^CapEff:.*0000000000000000$' <(inside grep CapEff /proc/self/status)
check "the root cannot be written" sh -c '! runc exec --user 0 "$0" touch /usr/bin/other 2> /dev/null' "$name"
check "it speaks" beside python3 "$here/speak.py" 127.0.0.1 8012 "good morning to all of you"
check "a voice is added" beside curl -fsS -F audio=@"$here/../../Voices/denji/reference.wav" -F name=Guest \
    -F consent="Recorded for this" $url/api/v1/voices
check "it lies in the volume" sh -c 'ls "$0"/*/voices/guest/reference.wav' "$work/volumes"
check "it is spoken" beside python3 "$here/speak.py" 127.0.0.1 8012 "good morning to all of you" guest
runc kill "$name" TERM
if wait "$process"; then ok "it stops when it is told to"; else bad "it stops with $?: $(tail -3 "$work/log")"; fi
process=
step "$failed failed"
[ "$failed" = 0 ]
