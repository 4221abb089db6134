#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs the suites of a build directory and closes with one line that counts Check's tests.
set -u
build=$1
shift
meson test -C "$build" --print-errorlogs "$@"
status=$?
log=$build/meson-logs/testlog.txt
passed=$(grep -cE '^ok [0-9]+' "$log")
failed=$(grep -cE '^not ok [0-9]+' "$log")
printf '%s passed, %s failed\n' "$passed" "$failed"
exit $status
