#!/bin/sh
# SPDX-License-Identifier: MIT
# Makes zones.c from a host's database: zones.sh [/usr/share/zoneinfo] | clang-format >zones.c
#
# The last line of a zone's file is the rule that holds from the last change of it on.
set -eu
cd "${1-/usr/share/zoneinfo}"
cat <<'HEAD'
/* SPDX-License-Identifier: MIT */
/*
 * Time zones by name, as the rules that hold for them in 2026 and after, when machines live. Made
 * by zones.sh: a machine's zones must not depend on what its host knows of them.
 */
#include "sim/libc/libc.h"

const struct sim_libc_zone sim_libc_zones[] = {
HEAD
find . -type f -o -type l | sed 's|^\./||' | grep -vE '^(posix|right)/' |
    while read -r name; do
        [ "$(head -c 4 "$name" | tr -d '\0')" = TZif ] && printf '%s %s\n' "$(tail -n 1 "$name")" "$name"
    done | LC_ALL=C sort |
    awk '
        $1 != rule { if (rule) print line " \"},"; rule = $1; printf "{\"%s\",\n", rule; line = "\"" }
        length(line) + length($2) > 85 { print line "\""; line = "\"" }
        { line = line " " $2 }
        END { print line " \"}," }'
echo '{NULL, NULL}};'
