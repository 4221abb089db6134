#!/bin/sh
# SPDX-License-Identifier: MIT
# A plugin with a sanitizer that the program lacks is refused, with advice, in both worlds:
#
#   instrumented.sh STEELMILL SCENARIO PLUGIN SANITIZER
set -u
steelmill=$1 scenario=$2 plugin=$3 sanitizer=$4
. "$(dirname "$0")/../style/tap.sh"

# refused VERB OPTIONS...
refused() {
    "$steelmill" "$@" "$scenario" --set "plugin=$plugin" >"$scratch/all" 2>&1
    [ $? -eq 2 ] && grep -q "is built with $sanitizer, and this program is not: build steelmill with it" "$scratch/all" &&
        : >"$scratch/out" || cp "$scratch/all" "$scratch/out"
    check "$1 refuses a plugin that is built with $sanitizer" "$scratch/out"
}

refused run --seed 1
refused sweep --seeds 1..2
refused serve --machine idle
finish
