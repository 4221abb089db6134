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
finish
