#!/usr/bin/env bash
# Looks at every state of the model, then at models that are broken on purpose: each must be found to be.
set -euo pipefail
source=$(cd "$(dirname "$0")" && pwd)/leases.pml
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
# The trail of an error is written beside the model, and found there by its name.
model=leases.pml
cp "$source" "$model"

# check KIND OPTION…: KIND is safety or liveness; prints the number of errors and states.
check() {
    local kind=$1
    shift
    if [ "$kind" = safety ]; then
        spin "$@" -a "$model" >spin.log </dev/null
        gcc -O2 -DSAFETY -DNOCLAIM -DCOLLAPSE -DVECTORSZ=2048 -o pan pan.c 2>gcc.log
        ./pan -m1000000 >pan.log
    else
        spin "$@" -a "$model" >spin.log </dev/null
        gcc -O2 -DNFAIR=5 -DCOLLAPSE -DVECTORSZ=2048 -o pan pan.c 2>gcc.log
        ./pan -a -f -m5000000 >pan.log
    fi
    if grep -q 'max search depth too small\|out of memory' pan.log; then
        cat pan.log >&2
        exit 1
    fi
    errors=$(sed -n 's/.*errors: \([0-9]*\).*/\1/p' pan.log)
    states=$(sed -n 's/^ *\([0-9.e+]*\) states, stored.*/\1/p' pan.log)
}

holds() {
    check "$@"
    [ "$errors" = 0 ] || { echo "error: $* does not hold" >&2; spin -t -p "${@:2}" "$model" | tail -60 >&2; exit 1; }
    echo "holds: $* ($states states)"
}

breaks() {
    check "$@"
    [ "$errors" != 0 ] || { echo "error: $* should not hold, and does" >&2; exit 1; }
    echo "found: $*"
}

holds safety
holds liveness
breaks liveness -DNO_CLAIM_FENCE
breaks safety -DNO_RESULT_FENCE
breaks safety -DNO_DEADLINE
breaks safety -DRESEND_SINGLE_SHOT
breaks liveness -DFORGET_IN_FLIGHT
breaks liveness -DTRUST_LOST_COMMIT
breaks safety -DSWEEP_HELD
breaks safety -DNO_SWEEP_FENCE
holds liveness -DALONE
breaks liveness -DALONE -DNO_SWEEP
breaks safety -DGAP
holds safety -DGAP -DUNORDERED
