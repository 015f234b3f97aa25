# report.sh: what the appliance's tests print, a line for each thing tried. Sourced; `failed` counts.
# shellcheck shell=bash
failed=0

step() { printf '\n== %s\n' "$*"; }
ok() { printf 'ok    %s\n' "$*"; }
bad() { printf 'FAIL  %s\n' "$*"; failed=$((failed + 1)); }
# check WHAT COMMAND…: one line, with what the command said when it fails.
check() {
    local what=$1 said
    shift
    if said=$("$@" 2>&1); then ok "$what"; else bad "$what: $(echo "$said" | tail -3)"; fi
}
# Until COMMAND succeeds, SECONDS at most.
until_true() {
    local seconds=$1 deadline
    shift
    deadline=$(($(date +%s) + seconds))
    until "$@" > /dev/null 2>&1; do [ "$(date +%s)" -lt "$deadline" ] || return 1; sleep 0.5; done
}
