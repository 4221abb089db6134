#!/bin/sh
# SPDX-License-Identifier: MIT
# The shipped scenarios are deterministic, seed by seed: verify.sh ROOT SEEDS
# Two runs of a seed of each take a second of processor time: an hour and a half for 10,000 seeds where
# two processors are idle.
#
#   STEELMILL  the program
set -u
root=$1
count=$2
. "$(dirname "$0")/../style/tap.sh"

for scenario in "$root"/scenarios/*/*.yaml; do
    name=${scenario#"$root/scenarios/"}
    "$STEELMILL" verify "$scenario" --seeds "1..$count" >"$scratch/out" 2>&1 && : >"$scratch/out"
    check "${name%.yaml}: $count seeds are deterministic" "$scratch/out"
done
finish
