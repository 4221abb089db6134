#!/bin/sh
# SPDX-License-Identifier: MIT
# The style tests find what they are there to find: self.sh CC
set -u
cc=$1
here=$(cd "$(dirname "$0")" && pwd)
root=
. "$here/tap.sh"

tree=$scratch/tree
mkdir -p "$tree/core/include/steelmill" "$tree/core/os" "$tree/sim" "$tree/net-loopback" \
    "$tree/scenarios/good" "$tree/scenarios/bad" "$tree/scenarios/cli"

# new FILE LINE...: a source with its license and these lines.
new() {
    to=$tree/$1
    shift
    printf '%s\n' '/* SPDX-License-Identifier: MIT */' "$@" >"$to"
}

# finds SCRIPT 'NAME OF THE CHECK' LINE...: this check fails, and says exactly these lines.
finds() {
    script=$1
    name=$2
    shift 2
    printf '# %s\n' "$@" >"$scratch/expected"
    sh "$here/$script" "$tree" "$cc" >"$scratch/out" 2>&1
    sed -n "/^not ok [0-9]* - $name\$/,/^[^#]/p" "$scratch/out" | grep '^# ' >"$scratch/found"
    diff "$scratch/expected" "$scratch/found" >"$scratch/difference"
    check "$script: $name" "$scratch/difference"
}

new core/good.h '#include "core/good.h"' '#include <stdio.h>' '#include <steelmill/x.h>'
new core/bad.c '#include "sim/world.h"' '#  include "bad.h"'
new core/os/loop.h '#include "core/good.h"'
new sim/bad.c '#include "core/good.h"' '#include "net-loopback/net.h"' '#include "core/os/loop.h"'
new net-loopback/bad.h '#include "sim/bad.h"' '#include "scenarios/job.h"' '#include <sim/bad.h>'
new scenarios/cli/bad.c '#include "scenarios/cli/cli.h"' '#include "cli.h"' '#include "tests/x.h"'
new scenarios/good/plugin.c '#include "own.h"' '#include <raft.h>' 'SM_PLUGIN("", &x)'
new scenarios/good/own.h
new scenarios/bad/plugin.c '#include "other.h"' '#include "core/good.h"' 'SM_PLUGIN("", &x)'
finds layers.sh 'core includes nothing but core' 'core/bad.c: "sim/world.h"' 'core/bad.c: "bad.h"'
finds layers.sh 'sim includes nothing but core sim' 'sim/bad.c: "net-loopback/net.h"'
finds layers.sh 'net-loopback includes nothing but core sim net-loopback' \
    'net-loopback/bad.h: "scenarios/job.h"'
finds layers.sh 'scenarios includes nothing but core sim net-loopback scenarios' \
    'scenarios/cli/bad.c: "cli.h"' 'scenarios/cli/bad.c: "tests/x.h"'
finds layers.sh 'the simulated world includes nothing of production' 'sim/bad.c: "core/os/loop.h"'
finds layers.sh "our own headers but the contract's are included in quotes" \
    'net-loopback/bad.h: <sim/bad.h>'
finds layers.sh 'plugin scenarios.bad includes the contract, the system and itself' \
    'scenarios/bad/plugin.c: "other.h"' 'scenarios/bad/plugin.c: "core/good.h"'

printf 'int x;\n' >"$tree/sim/bare.c"
printf '#!/bin/sh\n' >"$tree/bare.sh"
tab=$(printf '\t')
later=TO''DO
new sim/late.c "/* $later: */" "int mastodon; /* ${later}X */" "int x;$tab/* FIX""ME */"
new sim/blank.c 'int x; '
finds text.sh 'the first line of every C source is its license' sim/bare.c
finds text.sh 'every script begins with its license' bare.sh
finds text.sh 'nothing is left for later' "sim/late.c:2:/* $later: */" \
    "sim/late.c:4:int x;$tab/* FIX""ME */"
finds text.sh 'no tabs, and no blanks at the end of a line' 'sim/blank.c:2:int x; ' \
    "sim/late.c:4:int x;$tab/* FIX""ME */"

new core/include/steelmill/good.h '#ifndef G' '#define G' 'struct g { int g; };' '#endif'
new core/include/steelmill/unguarded.h 'struct u { int u; };'
new core/include/steelmill/needy.h 'size_t f(void);'
sh "$here/headers.sh" "$tree" "$cc" >"$scratch/out" 2>&1
grep -E '^(not )?ok.*steelmill' "$scratch/out" | sed 's/ [0-9]* - / /' >"$scratch/found"
for line in 'ok steelmill/good.h' 'not ok steelmill/needy.h' 'not ok steelmill/unguarded.h'; do
    echo "$line compiles alone as C"
    echo "ok ${line##* } compiles alone as C++ # SKIP there is no C++ compiler"
done >"$scratch/expected"
diff "$scratch/expected" "$scratch/found" >"$scratch/difference"
check "headers.sh: headers that do not compile alone, or not twice" "$scratch/difference"
finish
