#!/bin/sh
# SPDX-License-Identifier: MIT
# A sweep's digest depends on nothing but the scenario and the seeds: jobs.sh ROOT SEEDS
#
#   STEELMILL  the program
set -u
root=$1
count=$2
. "$(dirname "$0")/../style/tap.sh"

# digest FILE OPTIONS...: the combined digest of a sweep.
digest() {
    "$STEELMILL" sweep "$@" --seeds "1..$count" 2>&1 | sed -n 's/^digest *\([0-9a-f]*\) .*/\1/p'
}

# same 'WHAT' A B
same() {
    : >"$scratch/difference"
    [ -n "$2" ] && [ "$2" = "$3" ] || echo "'$2' and '$3'" >"$scratch/difference"
    check "$1" "$scratch/difference"
}

for name in lease-lock/unfenced craft/forgets-vote; do
    file=$root/scenarios/$name.yaml
    one=$(digest "$file" --jobs 1)
    same "$name: 4 jobs give the digest of 1" "$one" "$(digest "$file" --jobs 4)"
    digest "$root/scenarios/craft/craft.yaml" --jobs 2 >"$scratch/other" &
    same "$name: so they do beside another sweep" "$one" "$(digest "$file" --jobs 2)"
    wait
    half=$((count / 2))
    parts=$("$STEELMILL" sweep "$file" --seeds "$((half + 1))..$count" 2>&1 >"$scratch/out"
        sed -n 's/^  replay.*--digest \([0-9a-f]*\).*/\1/p' "$scratch/out" | head -n 1)
    seed=$(sed -n 's/^  replay.*--seed \([0-9]*\) .*/\1/p' "$scratch/out" | head -n 1)
    alone=$("$STEELMILL" run "$file" --seed "${seed:-1}" 2>&1 | sed -n 's/^  digest *\([0-9a-f]*\)$/\1/p')
    same "$name: a seed alone has the digest that it has in a sweep" "$parts" "$alone"
done
finish
