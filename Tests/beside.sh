#!/usr/bin/env bash
# Runs two commands at the same time, and fails when one of them does: beside.sh FIRST SECOND. What the second one says comes
# when both have ended, and then once more which tests of the first one failed.
set -uo pipefail
logs=$(mktemp -d)
# A session of its own, so that its processes end with it.
setsid bash -c "$2" >"$logs/second" 2>&1 &
second=$!
trap 'kill -TERM -- -$second 2>/dev/null; rm -rf "$logs"' EXIT
trap 'exit 130' INT TERM
bash -c "$1" 2>&1 | tee "$logs/first"
first=$?
wait "$second"
status=$?
cat "$logs/second"
sed -n '/^failed with exit code/,$p' "$logs/first"
exit $((first ? first : status))
