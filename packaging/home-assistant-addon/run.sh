#!/bin/bash
# The add-on: makima with the options of its form, announced to Home Assistant by the Supervisor. Voices and models lie in /data,
# which outlives the container.
set -euo pipefail
data=${DATA:-/data}
supervisor=${SUPERVISOR:-http://supervisor}

option() { jq -r --arg name "$1" '.[$name] // empty' "$data/options.json"; }

# Once the door is open: Home Assistant then offers to set makima up.
announce() {
    until (: < /dev/tcp/127.0.0.1/10200) 2> /dev/null; do sleep 0.5; done
    body=$(jq -n --arg uri "tcp://$(hostname):10200" '{service: "wyoming", config: {uri: $uri}}')
    curl -fsS --retry 5 --retry-connrefused -H "Authorization: Bearer $SUPERVISOR_TOKEN" -H "Content-Type: application/json" \
        -d "$body" "$supervisor/discovery" > /dev/null || echo "Home Assistant could not be told: add the Wyoming integration by hand." >&2
}

mkdir -p "$data/voices" "$data/models" "$data/cache"
chown -R makima:makima "$data/voices" "$data/models" "$data/cache"
model=$(option model)
announce &
# Of the user that comes with the package; mDNS would announce a name that only this container has.
MAKIMA_MODELS_DIR="$data/models" exec setpriv --reuid makima --regid makima --clear-groups makima serve --host 0.0.0.0 \
    --voices-dir "$data/voices" --set "cache-dir=$data/cache" --set mdns=false \
    --set "default-voice=$(option voice)" --set "default-language=$(option language)" --set "speed=$(option speed)" \
    ${model:+--model "$model"}
