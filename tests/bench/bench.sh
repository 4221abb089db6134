#!/bin/sh
# SPDX-License-Identifier: MIT
# The speed of the kernel, of sweeps, and of the other parts: bench.sh BUILD [WORD]
#
# With a word, only the rows that have it in their name; 'machines', 'network', 'disk', 'graph' and
# 'echo' are programs of their own, and run when they are named, or all with 'all'. Exit code 1: a row of the kernel's is above
# ten times its bare loop, or a sweep did not pass; an aim that is missed is only said so.
set -u
build=$1
word=${2-}
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
status=0
rows=0

# sweep NAME AIM SEEDS FILE: seeds per second on all processors.
sweep() {
    case $1 in *"$word"*) ;; *) return ;; esac
    rows=$((rows + 1))
    said=$("$build/scenarios/cli/steelmill" sweep "$4" --seeds "1..$3" 2>&1) || {
        printf '%s\n' "$said" >&2
        status=1
        return
    }
    printf '%s\n' "$said" | awk -v name="$1" -v aim="$2" '
        $1 == "speed" {
            printf "%-40s %9.0f seeds/s, %s %s", name, $2, $(NF - 1), $NF
            if (aim) printf "   aim %s: %s", aim, ($2 >= aim ? "met" : "MISSED")
            print ""
        }'
}

programs=
for program in machines network disk graph echo; do
    case $word in "$program" | all) programs="$programs $program" ;; esac
done
[ "$word" != all ] || word=
# shellcheck disable=SC2086
ninja -C "$build" --quiet tests/bench/bench $(for p in $programs; do echo "tests/bench/bench-$p"; done) >&2 || exit 125

for program in $programs; do
    rows=$((rows + 1))
    "$build/tests/bench/bench-$program" || status=1
    [ -n "$word" ] && exit "$status"
done

"$build/tests/bench/bench" "$word"
case $? in
0) rows=1 ;;
2) ;; # it has no such row
*) status=1 rows=1 ;;
esac
sweep 'sweep of libraft, 3 machines, 60 s' 1000 2000 "$here/raft-three.yaml"
sweep 'sweep of craft, 8 machines, faults, 60 s' 0 200 "$here/../../scenarios/craft/craft.yaml"
sweep 'sweep of lease-lock, 120 s' 0 2000 "$here/../../scenarios/lease-lock/lease-lock.yaml"
[ "$rows" -gt 0 ] || {
    echo "bench: no row has '$word' in its name" >&2
    exit 2
}
exit "$status"
