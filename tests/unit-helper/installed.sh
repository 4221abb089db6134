#!/bin/sh
# SPDX-License-Identifier: MIT
# The example is built and run with nothing but an installed steelmill:
#   installed.sh BUILD EXAMPLE CC FLAGS
set -eu
build=$1
example=$2
cc=$3
flags=$4
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

. "$(dirname "$0")/../core/installed.sh"
installed "$build"

cp -r "$example" "$scratch/example"
CFLAGS="-g -Werror $flags" LDFLAGS="$flags" make -C "$scratch/example" CC="$cc" all \
    >"$scratch/log" 2>&1 || { cat "$scratch/log"; exit 1; }
cd "$scratch/example"
./test_counter
