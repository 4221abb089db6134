#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds and runs the tests, tier by tier, and closes with one line that counts the tests of them all.
#
#   run-tests.sh BUILD           the short tiers, which is what CI runs
#   run-tests.sh BUILD --long    all tiers; installs what they need (Debian packages)
#   run-tests.sh BUILD --matrix  of the long tiers those of compilers, valgrind and aarch64
#   run-tests.sh BUILD --list    what is in which tier
#   run-tests.sh BUILD ARGS...   the first tier only; ARGS go to `meson test`
#
# Tiers but the first have build directories of their own, beside BUILD.
set -u
build=$1
case $build in /*) ;; *) build=$PWD/$build ;; esac # tests run elsewhere
shift
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
root=$(dirname "$here")
status=0
passed=0
failed=0
skipped=0
kernel='--suite core --suite sim --suite net'
sanitized='--suite os --suite scenarios --suite findings --suite globals --suite sqlite
    --suite examples'
targets=

say() { printf 'test: %s\n' "$*" >&2; }

# count NAME LOG: adds up the lines of TAP in a log of Meson's.
count() {
    counts=$(awk '/^ok [0-9]+.*# SKIP/ { s++; next } /^ok [0-9]/ { p++ } /^not ok [0-9]/ { f++ }
        END { print p + 0, f + 0, s + 0 }' "$2")
    tier_passed=${counts%% *}
    tier_skipped=${counts##* }
    tier_failed=${counts#* }
    tier_failed=${tier_failed%% *}
    # A suite that fails without a word (a crash, a time-out) is a failure, too.
    [ "$tier_status" -eq 0 ] || [ "$tier_failed" -gt 0 ] || tier_failed=1
    passed=$((passed + tier_passed))
    failed=$((failed + tier_failed))
    skipped=$((skipped + tier_skipped))
}

# tier NAME DIRECTORY ARGS...: runs suites of a build directory.
tier() {
    name=$1
    directory=$2
    shift 2
    started=$(date +%s)
    rm -f "$directory"/meson-logs/testlog*
    meson test -C "$directory" --no-rebuild --print-errorlogs "$@"
    tier_status=$?
    [ "$tier_status" -eq 0 ] || status=1
    cat "$directory"/meson-logs/testlog*.txt >"$directory/.tests" 2>/dev/null
    count "$name" "$directory/.tests"
    say "$name: $tier_passed passed, $tier_failed failed, $(($(date +%s) - started)) s"
}

# lost NAME LOG: a tier that cannot run is a failure.
lost() {
    [ -z "$2" ] || cat "$2" >&2
    say "$1 cannot run"
    failed=$((failed + 1))
    status=1
    return 1
}

# variant NAME OPTIONS...: sets up and builds a directory of its own; options go to `meson setup`.
# $targets: what to build; empty: all.
variant() {
    variant=$build-$1
    shift
    started=$(date +%s)
    mkdir -p "$variant"
    if [ ! -f "$variant/build.ninja" ]; then
        meson setup "$variant" "$root" "$@" >"$variant/.log" 2>&1 || lost "$variant" "$variant/.log" || return 1
    fi
    # shellcheck disable=SC2086
    ninja -C "$variant" --quiet $targets >"$variant/.log" 2>&1 || lost "$variant" "$variant/.log" || return 1
    say "$(basename "$variant"): built in $(($(date +%s) - started)) s"
}

short_tiers() {
    tier normal "$build"
    # Less optimized it is built sooner, and tested no slower.
    variant asan -Db_sanitize=address,undefined -Db_lundef=false -Doptimization=1 &&
        UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 \
            tier asan "$build-asan" $kernel $sanitized
    targets=production-tests
    variant tsan -Db_sanitize=thread -Db_lundef=false &&
        TSAN_OPTIONS="suppressions=$here/tsan.supp:atexit_sleep_ms=50" \
            tier tsan "$build-tsan" --suite os --timeout-multiplier 10
    targets=
}

# need PACKAGES...: the long tiers have needs of their own.
need() {
    sh "$here/matrix/packages.sh" "$@"
}

compilers() {
    need clang || lost compilers '' || return
    for compiler in gcc clang; do
        for level in 0 3; do
            CC=$compiler variant "$compiler-O$level" "-Doptimization=$level" &&
                # shellcheck disable=SC2086
                tier "$compiler-O$level" "$build-$compiler-O$level" $kernel --suite scenarios --suite golden
        done
    done
}

# Emulators keep books on each page of reserved address space: fewer stacks, and more time.
emulated() {
    # shellcheck disable=SC2086
    TW_STACKS_MAX=16384 CK_TIMEOUT_MULTIPLIER=20 tier "$@" $kernel --timeout-multiplier 20
}

valgrind() {
    need valgrind || lost valgrind '' || return
    # Its malloc takes the place of ours, so the suites of ours have nothing to test.
    # shellcheck disable=SC2046,SC2086
    emulated valgrind "$build" --wrap='valgrind --quiet --error-exitcode=99' \
        $(meson test -C "$build" --list $kernel | sed 's|.* / ||' | grep -vxE 'test_malloc|test_memory')
}

aarch64() {
    need gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user || lost aarch64 '' || return
    sh "$here/matrix/aarch64.sh" "$build-aarch64-root" || lost aarch64 '' || return
    variant aarch64 --cross-file "$build-aarch64-root/cross.ini" || return
    # The program of this host, with a worker and plugins that are emulated.
    STEELMILL=$build/scenarios/cli/steelmill STEELMILL_WORKER=$build-aarch64-root/worker \
        GOLDEN_PLUGINS=$build-aarch64/scenarios emulated aarch64 "$build-aarch64" --suite golden
}

long_tiers() {
    tier long "$build" --setup all --suite long
    tier asan-long "$build-asan" --setup all --suite churn --suite libc
    matrix_tiers
}

matrix_tiers() {
    compilers
    valgrind
    aarch64
}

list() {
    echo "short: ./mill test"
    echo "  normal     all suites but 'long'"
    echo "  asan       core, sim, net, os, scenarios, findings, globals, sqlite and examples, with"
    echo "             AddressSanitizer and UndefinedBehaviorSanitizer"
    echo "  tsan       the suite os, with ThreadSanitizer"
    echo "long: ./mill test --long, after the short ones"
    echo "  long       sweeps and verify of 10,000 seeds, a million children under readers, 3,000 power"
    echo "             cuts of each of SQLite's configurations, the network's soak of 1,000 seeds"
    echo "  asan-long  those children, and the suite libc, with AddressSanitizer"
    echo "  gcc-O0, gcc-O3, clang-O0, clang-O3"
    echo "             the suites core, sim, net, scenarios and golden"
    echo "  valgrind   the suites core, sim and net"
    echo "  aarch64    the suites core, sim, net and golden, cross-compiled and emulated"
    echo "suites:"
    meson test -C "$build" --list --setup all | sed 's/^/  /'
}

case ${1-} in
--list)
    list
    exit
    ;;
--long)
    short_tiers
    long_tiers
    ;;
--matrix)
    matrix_tiers
    ;;
'')
    short_tiers
    ;;
*)
    tier normal "$build" "$@"
    ;;
esac
if [ "$skipped" -gt 0 ]; then
    printf '%s passed, %s failed, %s skipped\n' "$passed" "$failed" "$skipped"
else
    printf '%s passed, %s failed\n' "$passed" "$failed"
fi
exit $status
