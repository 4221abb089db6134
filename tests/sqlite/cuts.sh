#!/bin/sh
# SPDX-License-Identifier: MIT
# Power cuts do to SQLite what its documentation says of each configuration, and nothing else:
# cuts.sh ROOT CUTS, where CUTS is the least number of cuts of each configuration
#
#   STEELMILL  the program
set -u
root=$1
cuts=$2
. "$(dirname "$0")/../style/tap.sh"

CUTS_OF_SEED_MIN=40
seeds=$((cuts / CUTS_OF_SEED_MIN + 1))
total_cuts=0
total_transactions=0
started=$(date +%s%N)

# sweep NAME OPTIONS...: fills $scratch/out; $code is its exit code.
sweep() {
    name=$1
    shift
    "$STEELMILL" sweep "$root/scenarios/sqlite/$name.yaml" --seeds "1..$seeds" "$@" >"$scratch/out" 2>&1
    code=$?
}

# expect 'WHAT IT IS' COMMAND...: passes if the command does; the sweep's output is shown if not.
expect() {
    what=$1
    shift
    : >"$scratch/because"
    "$@" || cp "$scratch/out" "$scratch/because"
    check "$name: $what" "$scratch/because"
}

# fired NAME: how often a fault did; held 'PROPERTY': how often it was true.
fired() { awk -v name="$1" '$1 == name { print $3 }' "$scratch/out"; }
held() { sed -n "s/^  *[a-z]*  *$1  *[0-9][0-9]*  *\([0-9][0-9]*\).*/\1/p" "$scratch/out"; }

passed() { [ "$code" -eq 0 ]; }
happened() { [ "$(held "$1")" -gt 0 ]; }
never() { [ "$(held "$1")" -eq 0 ]; }
enough() { [ $(($(fired by-time) + $(fired by-call))) -ge "$cuts" ]; }
# Findings, and all of them of this property.
only() { [ "$code" -eq 1 ] && ! grep '^finding: ' "$scratch/out" | grep -vqE "^finding: always '($1)' violated"; }

# summary: a line with what the sweep was made of.
summary() {
    here_cuts=$(($(fired by-time) + $(fired by-call)))
    here_transactions=$(held 'an acknowledged transaction is as it was committed')
    total_cuts=$((total_cuts + here_cuts))
    total_transactions=$((total_transactions + here_transactions))
    echo "# $name: $here_cuts power cuts, $(held 'a database was checked') databases checked," \
        "$here_transactions transactions checked, $(held 'a transaction was acknowledged') made;" \
        "lost: the last one $(held 'the last commit was lost') times," \
        "several $(held 'several commits were lost') times;" \
        "corrupt $(held 'a corrupt database was replaced') times;" \
        "$(sed -n 's/^not synced  *//p' "$scratch/out")"
}

# What a cut takes shows in the sweep's count of it.
lossy() { sed -n 's/^not synced  *\([0-9]\).*/\1/p' "$scratch/out" | grep -q '[1-9]'; }

# sound NAME: no cut does harm to the database itself.
sound() {
    sweep "$1"
    expect "$cuts power cuts or more" enough
    expect "every database is intact and every transaction whole" passed
    expect "the disk has lost something" lossy
    summary
}

lost_last='the last commit was lost'
lost_several='several commits were lost'
acknowledged='acknowledged transactions are there after a power cut'

for name in delete-extra wal-full delete-many wal-many disk-errors; do
    sound $name
    expect "the last commit is never lost" never "$lost_last"
    expect "nor are several" never "$lost_several"
done

# Where they are not expected, errors of the disk are findings: they do reach SQLite.
sweep disk-errors --set machines.store.config.disk_fails=false
expect "errors of the disk reach SQLite" only 'SQLite reports no error|the database is intact after a power cut'

sound delete-full
expect "the last commit is lost now and then" happened "$lost_last"
expect "several are never lost" never "$lost_several"
sweep delete-full --set machines.store.config.allowed=nothing
expect "nothing but that is found where it is not allowed" only "$acknowledged"

sound wal-normal
expect "several commits are lost now and then" happened "$lost_several"
sweep wal-normal --set machines.store.config.allowed=last
expect "nothing but that is found where it is not allowed" only "$acknowledged"

sweep off
expect "$cuts power cuts or more" enough
expect "what becomes of the database is allowed" passed
expect "it is corrupt now and then" happened 'a corrupt database was replaced'
summary
sweep off --set machines.store.config.allowed=commits
expect "corruption is found where it is not allowed" \
    [ "$(grep -cE "^finding: always '(the database is intact after a power cut|transactions are whole)'" "$scratch/out")" -ge 1 ]

elapsed_ms=$((($(date +%s%N) - started) / 1000000))
echo "# in all: $total_cuts power cuts, $total_transactions transactions checked, in $elapsed_ms ms"
finish
