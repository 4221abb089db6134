# SPDX-License-Identifier: MIT
# Sourced by the style tests: TAP on stdout, and the lists of sources.
#
#   check "core includes nothing above it" FILE   passes if FILE is empty; else its lines are shown
#   tracked '*.c' '*.h'                           tracked files below $root that exist, one a line
#   finish                                        the plan; fails if a check has failed

tap_count=0
tap_failed=0
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

check() {
    tap_count=$((tap_count + 1))
    if [ -s "$2" ]; then
        tap_failed=$((tap_failed + 1))
        echo "not ok $tap_count - $1"
        sed 's/^/# /' "$2"
    else
        echo "ok $tap_count - $1"
    fi
}

skip() {
    tap_count=$((tap_count + 1))
    echo "ok $tap_count - $1 # SKIP $2"
}

finish() {
    echo "1..$tap_count"
    [ "$tap_failed" -eq 0 ]
}

# Without git (a source archive) every file counts that is not in a build directory.
listed() {
    git -C "$root" ls-files -- "$@" 2>/dev/null && return
    for pattern in "$@"; do
        (cd "$root" && find . -name "$pattern" ! -path './build*' ! -path './.*/*') | sed 's|^\./||'
    done
}

tracked() {
    listed "$@" | sort | while read -r file; do
        [ -f "$root/$file" ] && echo "$file"
    done
}
