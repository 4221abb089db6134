#!/bin/sh
# SPDX-License-Identifier: MIT
# Sweeps of the shipped scenarios end as their files say: verdicts.sh ROOT SEEDS
# (of the one with twenty machines a tenth of the seeds)
#
#   STEELMILL  the program
set -u
root=$1
count=$2
. "$(dirname "$0")/../style/tap.sh"

# sweep NAME: fills $scratch/NAME.out; $code is its exit code.
sweep() {
    case $1 in
    *-twenty) seeds=$(((count + 9) / 10)) ;;
    *) seeds=$count ;;
    esac
    "$STEELMILL" sweep "$root/scenarios/$1.yaml" --seeds "1..$seeds" >"$scratch/out" 2>"$scratch/err"
    code=$?
}

# expect 'WHAT IT IS' COMMAND...: passes if the command does; the sweep's output is shown if not.
expect() {
    what=$1
    shift
    if "$@"; then
        : >"$scratch/because"
    else
        cat "$scratch/err" "$scratch/out" >"$scratch/because"
    fi
    check "$what" "$scratch/because"
}

number() { sed -n "$1" "$scratch/out" | tr -d , | head -n 1; }

judged_all() { ! grep -q 'not judged' "$scratch/out" && [ "$code" -le 1 ]; }
unsanitized() { ! grep -q 'Sanitizer' "$scratch/out"; }
passed() { [ "$code" -eq 0 ]; }
found() { [ "$code" -eq 1 ] && grep -q "^finding: $1" "$scratch/out"; }
after() { grep -Eq "^  after .*$1" "$scratch/out"; }

# Findings in 1 to 50 % of the seeds.
some_fail() {
    failed=$(number 's/^seeds  .*passed, \([0-9,]*\) failed.*/\1/p')
    [ "${failed:-0}" -ge 1 ] && [ $((failed * 100)) -ge "$count" ] && [ $((failed * 2)) -le "$count" ]
}

# Each replay line that the sweep prints gives its digest and the finding again.
replays() {
    sed -n 's/^  replay  *//p; s/^  also  *//p; s/^            \([^ ]* replay\)/\1/p' "$scratch/out" \
        >"$scratch/replays"
    [ -s "$scratch/replays" ] || return 1
    while read -r line; do
        sh -c "$line" >"$scratch/replay" 2>&1
        [ $? -eq 1 ] || { echo "$line" >>"$scratch/err"; cat "$scratch/replay" >>"$scratch/err"; return 1; }
    done <"$scratch/replays"
}

for scenario in "$root"/scenarios/*/*.yaml; do
    name=${scenario#"$root/scenarios/"}
    name=${name%.yaml}
    case $name in sqlite/*) continue ;; esac # tests/sqlite
    sweep "$name"
    expect "$name: all seeds are judged" judged_all
    expect "$name: no sanitizer complains" unsanitized
    case $name in
    lease-lock/lease-lock | craft/craft | lwip/lwip | lwip/lwip-twenty | lwip/no-memory)
        expect "$name: passes" passed
        ;;
    lease-lock/unfenced)
        expect "$name: a stale write is found" found "always 'no stale write' violated"
        expect "$name: in 1 to 50 % of the seeds" some_fail
        expect "$name: its replay lines reproduce it" replays
        [ "$count" -lt 100 ] && continue
        expect "$name: after a pause" after 'pause [0-9]'
        expect "$name: after a partition" after '(^|after  *|, )partition [0-9]'
        ;;
    lwip/early-end)
        [ "$count" -lt 100 ] && continue
        expect "$name: a file loses its end" found "always 'the end comes after the last byte' violated"
        expect "$name: its replay lines reproduce it" replays
        ;;
    craft/forgets-vote)
        expect "$name: two leaders in a term are found" found "always 'one leader per term' violated"
        expect "$name: its replay lines reproduce it" replays
        ;;
    esac
done
finish
