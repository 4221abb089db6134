#!/bin/sh
# SPDX-License-Identifier: MIT
# What every source has in common: text.sh ROOT
set -u
root=$1
. "$(dirname "$0")/tap.sh"

license='SPDX-License-Identifier: MIT'

tracked '*.c' '*.h' '*.S' | while read -r file; do
    [ "$(head -n 1 "$root/$file")" = "/* $license */" ] || echo "$file"
done >"$scratch/license"
check "the first line of every C source is its license" "$scratch/license"

# Scripts may have an interpreter's line before it.
tracked '*.sh' mill | while read -r file; do
    head -n 2 "$root/$file" | grep -qx "# $license" || echo "$file"
done >"$scratch/scripts"
check "every script begins with its license" "$scratch/scripts"

# The words are put together here so that this file does not hold them.
todo=TO''DO
fixme=FIX''ME
tracked '*.c' '*.h' '*.S' '*.sh' mill '*.build' '*.md' '*.yaml' | while read -r file; do
    (cd "$root" && grep -nwE "$todo|$fixme" "$file" /dev/null)
done >"$scratch/later"
check "nothing is left for later" "$scratch/later"

tab=$(printf '\t')
tracked '*.c' '*.h' '*.S' '*.sh' mill '*.build' | while read -r file; do
    (cd "$root" && grep -nE "$tab|[[:space:]]$" "$file" /dev/null)
done >"$scratch/blanks"
check "no tabs, and no blanks at the end of a line" "$scratch/blanks"
finish
