#!/usr/bin/env bash
# Starts a receiver, emits an example of every topic through the shipped configuration, and shows what was
# recorded. Keeps everything in a temporary folder.
set -euo pipefail
cd "$(dirname "$0")/.."
webhooks=${1:?usage: Examples/demo.sh PATH-TO-webhooks}
folder=$(mktemp -d)
receiver=
cleanup() {
    [ -z "$receiver" ] || kill "$receiver" 2>/dev/null || true
    rm -rf "$folder"
}
trap cleanup EXIT
export WEBHOOKS_CONFIG=config/webhooks.yaml
# The demo's secrets are nobody's, but who copies the folder for real use has them as they should be.
chmod go-rwx config/secrets/*.secret
store=(--store "sqlite:$folder/demo.sqlite")

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }

say "\$ webhooks validate"
"$webhooks" validate

say "\$ webhooks listen --port 8787   (in the background)"
mkfifo "$folder/received"
"$webhooks" listen --port 8787 >"$folder/received" 2>"$folder/listen.err" &
receiver=$!
exec 3<"$folder/received"
# The first line says that it listens; without one it ended, and said why.
if ! IFS= read -r line <&3; then
    cat "$folder/listen.err" >&2
    exit 1
fi
echo "$line"
cat <&3 >"$folder/received.txt" &

say "\$ webhooks emit TOPIC --example"
topics=$("$webhooks" topics list --profile lms --json | sed -E 's/^\{"topic":"([^"]+)".*/\1/')
for topic in $topics; do
    printf '%-30s' "$topic"
    # That the first one makes the store is no news here.
    "$webhooks" emit "$topic" --example "${store[@]}" --json >"$folder/emitted.json" 2> >(grep -v '"new_store"' >&2 || true)
    grep -o '"state":"delivered"' "$folder/emitted.json" | wc -l | awk '{ print $1 " delivered" }'
done

say "\$ webhooks deliveries list --limit 12"
"$webhooks" deliveries list --limit 12 "${store[@]}"

# That the list goes on is no news here.
delivery=$("$webhooks" deliveries list --subscription braincert --limit 1 --json "${store[@]}" 2>/dev/null | sed -E 's/^\{"id":"([^"]+)".*/\1/')
say "\$ webhooks deliveries show $delivery"
"$webhooks" deliveries show "$delivery" "${store[@]}"

say "That was $("$webhooks" deliveries list --limit 1000000 --json "${store[@]}" | wc -l) deliveries over real HTTP. Next: README.md, \"Five minutes\"."
