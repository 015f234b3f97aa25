#!/bin/sh
# Runs the Autobahn fuzzing client, all its cases, against the echo of our WebSocket code; prints a line for each case that
# failed. Its suite needs Python 2.7: found on the path or among pyenv's, or named by PYTHON2.
#
#     Tests/Clients/autobahn.sh [CASES]      CASES, such as "1.*" or "9.1.*": only those
set -eu
cd "$(dirname "$0")/../.."
work=$PWD/.build/autobahn
port=9001

python2() {
    for candidate in "${PYTHON2:-}" python2.7 "$HOME"/.pyenv/versions/2.7.*/bin/python2.7; do
        if [ -n "$candidate" ] && "$candidate" -c 'import sys; sys.exit(sys.version_info[:2] != (2, 7))' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    echo "There is no Python 2.7, which the Autobahn suite needs. Install one (pyenv install 2.7.18) or name it by PYTHON2." >&2
    return 1
}

python=$(python2)
export PYTHONUSERBASE="$work/base"
mkdir -p "$work"
if ! [ -e "$work/ready" ]; then
    "$python" -m pip install --user -q setuptools==44.0.0 txaio==2.1.0 incremental==16.10.1 pyOpenSSL==19.1.0 \
        cryptography==3.3.2 Twisted==19.10.0 zope.interface==4.6.0 jinja2==2.11.3 markupsafe==1.1.1 Werkzeug==1.0.1 \
        klein==17.10.0 service_identity==18.1.0 unittest2==1.1.0 six==1.16.0 autobahn==0.10.9
    "$python" -m pip install --user -q --no-deps autobahntestsuite==25.10.1
    touch "$work/ready"
fi

# As `make test` builds it, so that nothing is built twice.
WARNINGS_AS_ERRORS=1 swift build -c release -Xswiftc -enable-testing --scratch-path .build/test --product WebSocketEcho
mkfifo "$work/echo.$$"
.build/test/release/WebSocketEcho $port > "$work/echo.$$" &
echo=$!
trap 'kill $echo; rm -f "$work/echo.$$"' EXIT
# It says so when it listens.
read -r _ < "$work/echo.$$"

cat > "$work/fuzz.json" <<JSON
{"outdir": "reports", "servers": [{"agent": "makima", "url": "ws://127.0.0.1:$port/"}],
 "cases": ["${1:-*}"], "exclude-cases": [], "exclude-agent-cases": {}}
JSON
(cd "$work" && "$python" -W ignore -m autobahntestsuite.wstest -m fuzzingclient -s fuzz.json > client.log)
python3 - "$work/reports/index.json" <<'PYTHON'
import collections
import json
import sys

cases = json.load(open(sys.argv[1]))["makima"]
# UNIMPLEMENTED: compression, which we do not offer and a server need not.
good = {"OK", "NON-STRICT", "INFORMATIONAL", "UNIMPLEMENTED"}
bad = {name: case for name, case in cases.items() if not {case["behavior"], case["behaviorClose"]} <= good}
for name, case in sorted(bad.items()):
    print(name, case["behavior"], case["behaviorClose"])
counts = collections.Counter(case["behavior"] for case in cases.values())
print(f"{len(cases)} cases, {len(bad)} failed:", ", ".join(f"{count} {name}" for name, count in sorted(counts.items())))
sys.exit(bool(bad) or not cases)
PYTHON
