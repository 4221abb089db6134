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

const char *const sim_trap_names[] = {
$list
};
const size_t sim_trap_name_count = sizeof sim_trap_names / sizeof sim_trap_names[0];
END
