#!/bin/sh
# SPDX-License-Identifier: MIT
# trap_names.sh OUT COMPILER...: a C file with the names of the target's system calls, as the
# compiler's headers number them.
set -eu
out=$1
shift
list=$(echo '#include <sys/syscall.h>' | "$@" -E -dM -x c - |
    sed -n 's/^#define __NR_\([a-z0-9_]*\) \([0-9][0-9]*\)$/    [\2] = "\1",/p' | sort)
[ -n "$list" ]
cat >"$out" <<END
#include "sim/trap.h"

static const char *const names[] = {
$list
};

const char *sim_trap_name(long number)
{
    const bool known = number >= 0 && (size_t)number < sizeof names / sizeof names[0];

    return known && names[number] ? names[number] : "unknown";
}
END
