#!/bin/sh
# SPDX-License-Identifier: MIT
# The race of SQLite 3.40.1 between a checkpoint and a writer that starts the log anew is found
# without being aimed at: race.sh ROOT SEEDS
#
#   STEELMILL  the program
set -u
root=$1
count=$2
. "$(dirname "$0")/../style/tap.sh"

"$STEELMILL" sweep "$root/scenarios/sqlite/wal-reset.yaml" --seeds "1..$count" >"$scratch/out" 2>&1
: >"$scratch/because"
grep -q '^finding: always' "$scratch/out" || cp "$scratch/out" "$scratch/because"
check "a commit is lost, or the database, within $count seeds" "$scratch/because"

sed -n 's/^  replay  *//p' "$scratch/out" | head -n 1 >"$scratch/line"
: >"$scratch/because"
sh -c "$(cat "$scratch/line")" >"$scratch/replay" 2>&1
[ $? -eq 1 ] || cp "$scratch/replay" "$scratch/because"
check "its replay line gives it again" "$scratch/because"
finish
