#!/bin/sh
# SPDX-License-Identifier: MIT
# The shipped scenarios are deterministic, seed by seed: verify.sh ROOT SEEDS
# (of the slower ones a tenth of the seeds, or a hundredth)
#
#   STEELMILL  the program
set -u
root=$1
count=$2
. "$(dirname "$0")/../style/tap.sh"

for scenario in "$root"/scenarios/*/*.yaml; do
    name=${scenario#"$root/scenarios/"}
    case $name in
    lease-lock/*) seeds=$count ;;
    sqlite/*) seeds=$((count / 100)) ;;
    *) seeds=$((count / 10)) ;;
    esac
    "$STEELMILL" verify "$scenario" --seeds "1..$seeds" --runs 2 >"$scratch/out" 2>&1 && : >"$scratch/out"
    check "${name%.yaml}: $seeds seeds are deterministic" "$scratch/out"
done
finish
