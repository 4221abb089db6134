#!/bin/sh
# SPDX-License-Identifier: MIT
# A run in a process that has carried out many others has the digest that it has in a process of its
# own: series.sh ROOT SEEDS, for each of the shipped scenarios.
#
#   STEELMILL  the program
set -u
root=$1
count=$2
. "$(dirname "$0")/../style/tap.sh"

# digest FILE OPTIONS...: the combined digest of a sweep, and how many have passed.
digest() {
    "$STEELMILL" sweep "$@" --seeds "1..$count" --jobs 1 2>&1 |
        sed -n 's/^digest *\([0-9a-f]*\) .*/\1/p; s/^seeds .* \([0-9]* passed\).*/\1/p'
}

for file in "$root"/scenarios/*/*.yaml; do
    name=${file#"$root/scenarios/"}
    digest "$file" >"$scratch/series"
    digest "$file" --fresh >"$scratch/fresh"
    diff "$scratch/fresh" "$scratch/series" >"$scratch/difference"
    [ -s "$scratch/fresh" ] || echo 'no digest' >"$scratch/difference"
    check "${name%.yaml}: $count runs have the digests of fresh processes" "$scratch/difference"
done

# children PID: the processes that it has started.
children() {
    awk -v parent="$1" '$4 == parent { print $1 }' /proc/[0-9]*/stat 2>/dev/null
}

# process: which one carries out the sweep's runs; waits until there is one.
process() {
    for attempt in 1 2 3 4 5 6 7 8 9 10; do
        worker=$(children "$sweep" | head -n 1)
        [ -z "$worker" ] || run=$(children "$worker" | head -n 1)
        [ -z "${run-}" ] || break
        sleep 0.3
    done
    echo "${run:-none in $attempt attempts}"
}

# What the comparisons above stand on: the runs are carried out by one process, or by many.
"$STEELMILL" sweep "$root/scenarios/craft/craft.yaml" --for 1m --jobs 1 >"$scratch/out" 2>&1 &
sweep=$!
process >"$scratch/first"
sleep 1
process >"$scratch/second"
kill "$sweep"
wait "$sweep" 2>"$scratch/killed"
diff "$scratch/first" "$scratch/second" >"$scratch/difference"
grep none "$scratch/first" >>"$scratch/difference"
check 'one process carries out many runs' "$scratch/difference"
finish
