#!/bin/sh
# SPDX-License-Identifier: MIT
# No table of functions on the data path: direct.sh SENDER
#
# In a program that is linked statically, with optimization at link time, each function on a path
# of direct calls and jumps from a daemon's send to libc's send(2) is free of indirect ones.
set -u
sender=$(realpath "$1") root=$(realpath "$(dirname "$0")/../../..")
. "$root/tests/style/tap.sh"

# path START: the functions from START to send(2), one a line; "indirect NAME" where one is not
# direct, "no way" where nothing leads there.
path() {
    awk -v start="$1" '
        /^[0-9a-f]+ <.*>:$/ { name = $2; gsub(/[<>:]/, "", name); next }
        /[ \t](call|j[a-z]+|b|bl|cbn?z|tbn?z|b\.[a-z]+)[ \t]/ && match($0, /<[^>+]*/) {
            to = substr($0, RSTART + 1, RLENGTH - 1)
            if (to != name && !((name, to) in seen)) { seen[name, to] = 1; calls[name] = calls[name] " " to }
            next
        }
        /[ \t]((call|jmp) +\*|(blr|br)[ \t])/ { indirect[name] = 1 }
        function leads(at,    list, n, i) {
            if (at ~ /^(__libc_|__)?send$/) return 1
            if (at in way) return way[at]
            way[at] = 0
            n = split(calls[at], list, " ")
            for (i = 1; i <= n; i++) if (leads(list[i])) way[at] = 1
            if (at == start && indirect[at]) way[at] = 1
            if (way[at]) print (indirect[at] ? "indirect " : "") at
            return way[at]
        }
        END { if (!leads(start)) print "no way" }
    ' "$scratch/code"
}

objdump -d --no-show-raw-insn "$sender" >"$scratch/code"
path sender_send >"$scratch/path"
grep -qx sender_send "$scratch/path" || echo "nothing leads from sender_send to send(2)" >"$scratch/none"
touch "$scratch/none"
check "a daemon's send leads to send(2) by direct calls" "$scratch/none"
grep -E '^(indirect|no way)' "$scratch/path" >"$scratch/found"
check "no function on the way calls by a pointer" "$scratch/found"
path sender_send_by_table | grep -q '^indirect sender_send_by_table$' || echo "not found" >"$scratch/missed"
touch "$scratch/missed"
check "one that does is found" "$scratch/missed"
"$sender" || echo "exit $?" >"$scratch/broken"
touch "$scratch/broken"
check "the program sends" "$scratch/broken"
finish
