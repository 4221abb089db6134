#!/bin/sh
# SPDX-License-Identifier: MIT
# The shipped scenarios have the digests of golden.txt: golden.sh ROOT
#
#   STEELMILL       the program
#   GOLDEN_PLUGINS  where to find the plugins (a folder with one folder each), if not beside it
#   UPDATE_GOLDEN   writes the file instead of comparing with it
set -u
root=$1
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../style/tap.sh"

seeds='1 2 3 7 42'
golden=$here/golden.txt

# digests FILE: "scenario seed verdict digest", a line for each seed.
digests() {
    scenario=${1#"$root/scenarios/"}
    folder=${scenario%%/*}
    set -- "$1" --json
    [ -z "${GOLDEN_PLUGINS-}" ] || set -- "$@" --set "plugin=$GOLDEN_PLUGINS/$folder/$folder.so"
    for seed in $seeds; do
        "$STEELMILL" run "$@" --seed "$seed" 2>"$scratch/said" >"$scratch/run"
        sed -n 's/.*"verdict":"\([^"]*\)".*"digest":"\([0-9a-f]*\)".*/\1 \2/p' "$scratch/run" |
            head -n 1 | sed "s|^|${scenario%.yaml} $seed |"
        cat "$scratch/said" >&2
    done
}

: >"$scratch/all"
for file in "$root"/scenarios/*/*.yaml; do
    name=${file#"$root/scenarios/"}
    name=${name%.yaml}
    digests "$file" >"$scratch/digests"
    cat "$scratch/digests" >>"$scratch/all"
    [ -n "${UPDATE_GOLDEN-}" ] && continue
    grep "^$name " "$golden" >"$scratch/expected"
    diff "$scratch/expected" "$scratch/digests" >"$scratch/difference"
    check "$name has the golden digests" "$scratch/difference"
done
if [ -n "${UPDATE_GOLDEN-}" ]; then
    cp "$scratch/all" "$golden"
    skip "the golden digests" "written anew"
fi
finish
