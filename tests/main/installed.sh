#!/bin/sh
# SPDX-License-Identifier: MIT
# A user's program is made of the same objects twice, with an installed steelmill and pkg-config:
# one simulates, one serves.
#
#   installed.sh BUILD SOURCES CC FLAGS
set -u
build=$1
root=$2
cc=$3
flags=$4
. "$root/tests/style/tap.sh"
. "$root/tests/core/installed.sh"
installed "$build"
STEELMILL=$(find "$scratch/root" -path '*/bin/steelmill')
export STEELMILL
example=$root/scenarios/lease-lock

# Runs a command with its output in the log; "check" shows that where the command fails.
try() {
    text=$1
    shift
    if "$@" >"$scratch/said" 2>&1; then : >"$scratch/log"; else cp "$scratch/said" "$scratch/log"; fi
    check "$text" "$scratch/log"
}

# That the last command has said something.
said() {
    if grep -q "$1" "$scratch/said"; then : >"$scratch/log"; else cp "$scratch/said" "$scratch/log"; fi
    check "it says '$1'" "$scratch/log"
}

objects=
for source in "$root/tests/main/program.c" "$example"/*.c; do
    object=$scratch/$(basename "$source" .c).o
    # shellcheck disable=SC2046,SC2086
    $cc -g -O1 -Werror $flags $(pkg-config --cflags steelmill-sim-main) -c "$source" -o "$object" ||
        echo "$source" >>"$scratch/failed"
    objects="$objects $object"
done
touch "$scratch/failed"
check "the daemons compile with the installed headers" "$scratch/failed"
# shellcheck disable=SC2046,SC2086
try "the program that simulates links" \
    $cc $flags $objects $(pkg-config --libs steelmill-sim-main) -o "$scratch/simulated"
# shellcheck disable=SC2046,SC2086
try "the program that serves links" \
    $cc $flags $objects $(pkg-config --libs steelmill-main) -o "$scratch/served"

try "it simulates" "$scratch/simulated" run "$example/lease-lock.yaml" --seed 7
said 'verdict     passed'
try "it serves" timeout --foreground --preserve-status 1 "$scratch/served" serve "$example/lease-lock.yaml" \
    --machine lock --data "$scratch/data" --network "127.$((3 + $$ % 250)).0.0"
said 'serving machine=lock'
said 'stopping'
finish
