#!/bin/sh
# SPDX-License-Identifier: MIT
# What scenarios/sqlite/README.md says of SQLite 3.40.1 is found: found.sh ROOT SCENARIO SEEDS PROPERTY
#
#   STEELMILL  the program
set -u
root=$1 name=$2 count=$3 property=$4
. "$(dirname "$0")/../style/tap.sh"

"$STEELMILL" sweep "$root/scenarios/sqlite/$name.yaml" --seeds "1..$count" >"$scratch/out" 2>&1
: >"$scratch/because"
grep -q "^finding: always '$property' violated" "$scratch/out" || cp "$scratch/out" "$scratch/because"
check "$name: '$property' does not hold in one of $count seeds" "$scratch/because"

sed -n 's/^  replay  *//p' "$scratch/out" | head -n 1 >"$scratch/line"
: >"$scratch/because"
sh -c "$(cat "$scratch/line")" >"$scratch/replay" 2>&1
[ $? -eq 1 ] || cp "$scratch/replay" "$scratch/because"
check "$name: its replay line gives it again" "$scratch/because"
finish
