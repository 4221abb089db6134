#!/bin/sh
# SPDX-License-Identifier: MIT
# The shipped scenarios run without an error of memory: memory.sh ROOT SEEDS
# With AddressSanitizer and UndefinedBehaviorSanitizer built in, that is what these see. A scenario that
# is there for the sake of a memory error in a library is only kept from breaking the tool.
#
#   STEELMILL  the program
set -u
root=$1
count=$2
. "$(dirname "$0")/../style/tap.sh"

for scenario in "$root"/scenarios/*/*.yaml; do
    name=${scenario#"$root/scenarios/"}
    UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 \
        "$STEELMILL" sweep "$scenario" --seeds "1..$count" >"$scratch/all" 2>&1
    [ $? -le 1 ] && : >"$scratch/out" || tail -n 20 "$scratch/all" >"$scratch/out"
    case $name in
    craft/bad-disks.yaml | craft/disk-errors.yaml | craft/forgets-vote.yaml) ;;
    *) grep -E 'Sanitizer|runtime error|signal SIG' "$scratch/all" >>"$scratch/out" ;;
    esac
    check "${name%.yaml}: no error of memory in $count seeds" "$scratch/out"
done
finish
