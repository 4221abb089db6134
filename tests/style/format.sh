#!/bin/sh
# SPDX-License-Identifier: MIT
# clang-format agrees with every source: format.sh ROOT [CLANG-FORMAT]
set -u
root=$1
formatter=${2-}
. "$(dirname "$0")/tap.sh"

if [ -z "$formatter" ]; then
    skip "clang-format agrees" "clang-format is not installed"
    finish
    exit
fi
for folder in core sim net-loopback scenarios tests; do
    tracked '*.c' '*.h' | grep "^$folder/" |
        (cd "$root" && xargs -r "$formatter" --dry-run -Werror 2>&1) |
        sed -n 's/^\([^: ]*\):[0-9].*/clang-format -i \1/p' | sort -u >"$scratch/format"
    check "clang-format agrees with $folder" "$scratch/format"
done
finish
