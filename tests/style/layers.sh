#!/bin/sh
# SPDX-License-Identifier: MIT
# A folder includes only what stands below it: layers.sh ROOT
set -u
root=$1
. "$(dirname "$0")/tap.sh"

# file:line:what is included, with its quotes or brackets, for the C sources of a list of files.
includes() {
    while read -r file; do
        sed -n 's/^[[:space:]]*#[[:space:]]*include[[:space:]]*\([<"][^>"]*[>"]\).*/\1/p' \
            "$root/$file" | sed "s|^|$file: |"
    done
}

# Quoted includes begin at the source root; a layer has a list of the folders that it may name.
layer() {
    name=$1
    allowed=$2
    echo "$sources" | grep "^$name/" | grep -vE "$plugins" | includes | grep -F ': "' |
        grep -vE ": \"($allowed)/" >"$scratch/layer"
    check "$name includes nothing but $(echo "$allowed" | tr '|' ' ')" "$scratch/layer"
}

sources=$(tracked '*.c' '*.h')
# A plugin is a folder with an SM_PLUGIN in it; a suite beside it is none of it.
folders=$(echo "$sources" | while read -r file; do
    grep -q '^SM_PLUGIN(' "$root/$file" && dirname "$file"
done | sort -u)
plugins="^($(echo "$folders" | tr '\n' '|' | sed 's/|$//'))/[^/]*$"
[ -n "$folders" ] || plugins='^$'

layer core 'core'
layer sim 'core|sim'
layer net-loopback 'core|sim|net-loopback'
layer scenarios 'core|sim|net-loopback|scenarios'

echo "$sources" | grep -E '^(sim|net-loopback)/' | includes | grep -F ': "core/os/' \
    >"$scratch/production"
check "the simulated world includes nothing of production" "$scratch/production"

echo "$sources" | includes |
    grep -E ': <(core|sim|net-loopback|scenarios|tests)/' >"$scratch/brackets"
check "our own headers but the contract's are included in quotes" "$scratch/brackets"

for folder in $folders; do
    echo "$sources" | grep -E "^$folder/[^/]*$" | grep -v '/test_[^/]*$' | includes | while IFS= read -r line; do
        header=$(echo "$line" | sed -n 's/.*: "\(.*\)"$/\1/p')
        [ -z "$header" ] && continue
        [ -f "$root/$folder/$header" ] && [ "$header" = "${header##*/}" ] && continue
        echo "$line"
    done >"$scratch/plugin"
    check "plugin $folder includes the contract, the system and itself" "$scratch/plugin"
done
finish
