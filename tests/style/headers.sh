#!/bin/sh
# SPDX-License-Identifier: MIT
# A header names what it uses, so that it compiles alone: headers.sh ROOT CC [CXX]
set -u
root=$1
cc=$2
cxx=${3-}
. "$(dirname "$0")/tap.sh"

warnings='-Wall -Wextra -Wshadow -Werror -fsyntax-only'
libraries=$(pkg-config --cflags-only-I lwip 2>/dev/null | sed 's/-I/-isystem /g')

# Compiles a file that includes one header, twice: an include guard is a part of it.
alone() {
    language=$1
    compiler=$2
    header=$3
    printf '#include "%s"\n#include "%s"\nint main(void) { return 0; }\n' "$header" "$header" \
        >"$scratch/alone.$language"
    # shellcheck disable=SC2086
    $compiler $warnings -I"$root/core/include" -I"$root/sim/include" -I"$root" \
        $libraries "$scratch/alone.$language" 2>"$scratch/said" || { echo "$header"; cat "$scratch/said"; }
}

for file in $(tracked '*.h' | grep '/include/steelmill/'); do
    header=${file#*/include/}
    alone c "$cc -std=gnu17" "$header" >"$scratch/c"
    check "$header compiles alone as C" "$scratch/c"
    if [ -n "$cxx" ]; then
        alone cpp "$cxx -std=c++17" "$header" >"$scratch/cpp"
        check "$header compiles alone as C++" "$scratch/cpp"
    else
        skip "$header compiles alone as C++" "there is no C++ compiler"
    fi
done

for folder in core sim net-loopback scenarios; do
    for file in $(tracked '*.h' | grep "^$folder/" | grep -v '/include/steelmill/'); do
        alone c "$cc -std=gnu17 -D_GNU_SOURCE" "$file"
    done >"$scratch/internal"
    check "the internal headers of $folder compile alone" "$scratch/internal"
done
finish
