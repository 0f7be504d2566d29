#!/usr/bin/env bash
# Runs tests that are built, and names those that failed once more at the end: run.sh SWIFT OPTION…
set -uo pipefail
swift=$1
shift
log=$(mktemp)
trap 'rm -f "$log"' EXIT
$swift test --skip-build "$@" 2>&1 | tee "$log"
status=$?
if [ $status != 0 ]; then
    echo "failed with exit code $status:" >&2
    grep -aE '✘|error: |[Ff]atal error' "$log" | sort -u | head -100 >&2
fi
exit $status
