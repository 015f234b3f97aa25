#!/bin/sh
# Runs the Autobahn fuzzing client against the echo of our WebSocket code; prints a line for each case that failed.
# Its suite needs Python 2.7: name one by PYTHON2.
set -eu
cd "$(dirname "$0")/../.."
work=${AUTOBAHN_DIR:-.build/autobahn}
python=${PYTHON2:-python2.7}
mkdir -p "$work"
export PYTHONUSERBASE="$PWD/$work/base"
if ! [ -e "$work/ready" ]; then
    "$python" -m pip install --user -q setuptools==44.0.0 txaio==2.1.0 incremental==16.10.1 pyOpenSSL==19.1.0 \
        cryptography==3.3.2 Twisted==19.10.0 zope.interface==4.6.0 jinja2==2.11.3 markupsafe==1.1.1 Werkzeug==1.0.1 \
        klein==17.10.0 service_identity==18.1.0 unittest2==1.1.0 six==1.16.0 autobahn==0.10.9
    "$python" -m pip install --user -q --no-deps autobahntestsuite==25.10.1
    touch "$work/ready"
fi
swift build --product WebSocketEcho
.build/debug/WebSocketEcho 9001 &
echo=$!
trap 'kill $echo' EXIT
sleep 1
cat > "$work/fuzz.json" <<'JSON'
{"outdir": "reports", "servers": [{"agent": "makima", "url": "ws://127.0.0.1:9001/"}],
 "cases": ["*"], "exclude-cases": ["9.*", "12.*", "13.*"], "exclude-agent-cases": {}}
JSON
(cd "$work" && "$python" -W ignore -m autobahntestsuite.wstest -m fuzzingclient -s fuzz.json)
python3 - "$work/reports/index.json" <<'PYTHON'
import json, sys
cases = json.load(open(sys.argv[1]))["makima"]
good = ("OK", "NON-STRICT", "INFORMATIONAL")
bad = {name: case for name, case in cases.items() if case["behavior"] not in good or case["behaviorClose"] not in good}
for name, case in sorted(bad.items()):
    print(name, case["behavior"], case["behaviorClose"])
print(f"{len(cases)} cases, {len(bad)} failed")
sys.exit(bool(bad))
PYTHON
