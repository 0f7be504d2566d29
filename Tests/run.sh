#!/usr/bin/env bash
# Runs tests that are built, and names those that failed once more at the end: run.sh BINARY OPTION…
# The binary itself, for two of `swift test` at a time get in the way of each other's database of the build.
set -uo pipefail
tests=$1
shift
log=$(mktemp)
trap 'rm -f "$log"' EXIT
NO_COLOR=1 "$tests" --testing-library swift-testing "$@" 2>&1 | tee "$log"
status=$?
if [ $status != 0 ]; then
    echo "failed with exit code $status:" >&2
    grep -aE '✘|error: |[Ff]atal error' "$log" | sort -u | head -100 >&2
fi
exit $status
