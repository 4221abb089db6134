#!/bin/sh
# SPDX-License-Identifier: MIT
# The same plugin on a real disk: SQLite loses nothing when its process is killed: production.sh
# STEELMILL SCENARIO
set -u
steelmill=$(realpath "$1") scenario=$(realpath "$2")
. "$(dirname "$0")/../style/tap.sh"
network=127.$(($$ % 200 + 20)).0.0 # tests run side by side: addresses of our own

serve() {
    "$steelmill" serve "$scenario" --machine "$1" --network "$network" --data "$scratch/data" --log debug \
        --set machines.store.config.cut_calls=0 2>"$scratch/$2" &
}

# committed LOG: how many transactions the store has found when it started.
committed() { sed -n 's/.*the database is sound.* transactions=\([0-9]*\).*/\1/p' "$scratch/$1" | head -n 1; }

acknowledged() { sed -n 's/.*acknowledged number=\([0-9]*\).*/\1/p' "$scratch/$1" | sort -n | tail -n 1; }

# wait_for LOG: until the store has made some transactions, 30 s at most.
wait_for() {
    tries=0
    until [ "$(grep -c 'acknowledged number=' "$scratch/$1")" -ge 10 ] || [ $tries -ge 300 ]; do
        sleep 0.1
        tries=$((tries + 1))
    done
}

# expect 'WHAT' LOG CONDITION...
expect() {
    what=$1 log=$2
    shift 2
    : >"$scratch/because"
    "$@" || cp "$scratch/$log" "$scratch/because"
    check "$what" "$scratch/because"
}
unharmed() { ! grep -q violated "$scratch/$1"; }

serve judge judge
judge=$!
before=0
for life in 1 2 3; do
    serve store "store$life"
    store=$!
    wait_for "store$life"
    expect "life $life: a sound database" "store$life" test -n "$(committed "store$life")"
    expect "life $life: nothing lost" "store$life" unharmed "store$life"
    expect "life $life: what was acknowledged before" "store$life" \
        test "$(committed "store$life")" -ge "$before"
    if [ "$life" -lt 3 ]; then
        kill -9 "$store"
    else
        kill "$store"
    fi
    wait "$store" 2>"$scratch/killed"
    code=$?
    before=$(acknowledged "store$life")
done
expect "it stops when it is asked to" store3 test "$code" -eq 0
kill "$judge"
wait "$judge"
finish
