#!/bin/sh
# SPDX-License-Identifier: MIT
# Makes the library that users link: bundle.sh LD OBJCOPY AR INPUT OUTPUT
#
# All objects become one. So nothing of it is left out (the allocator must replace libc's); its
# hidden symbols become local (a user's function may be called as one of ours); and its code is in a
# section of its own, which tells our frames in a backtrace from the user's.
set -eu
ld=$1
objcopy=$2
ar=$3
input=$4
output=$5
object=$output.o

"$ld" -r --whole-archive "$input" --no-whole-archive -o "$object"
"$objcopy" --localize-hidden --rename-section .text=sm_text \
    --rename-section .text.unlikely=sm_text --rename-section .text.hot=sm_text \
    --rename-section .text.startup=sm_text "$object"
rm -f "$output"
"$ar" crs "$output" "$object"
rm -f "$object"
