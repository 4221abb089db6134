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

#include <string.h>

static const struct {
    const char *rule, *names; /* names: each between spaces */
} zones[] = {
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
cat <<'TAIL'
};

const char *sim_libc_zone_rule(const char *name)
{
    static char last_name[64];
    static const char *last_rule; /* most ask for the same one again and again */
    char word[64];

    if (last_rule && strcmp(name, last_name) == 0)
        return last_rule;
    if (strchr(name, ' ') || snprintf(word, sizeof word, " %s ", name) >= (int)sizeof word)
        return NULL;
    for (size_t i = 0; i < sizeof zones / sizeof zones[0]; i++) {
        if (strstr(zones[i].names, word)) {
            strcpy(last_name, name);
            return last_rule = zones[i].rule;
        }
    }
    return NULL;
}
TAIL
