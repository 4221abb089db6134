#!/bin/sh
# SPDX-License-Identifier: MIT
# lwIP for real: two processes, real time, its packets in real datagrams: serve.sh STEELMILL SCENARIO
set -u
steelmill=$(realpath "$1") scenario=$(realpath "$2") root=$(realpath "$(dirname "$0")/../..")
. "$root/tests/style/tap.sh"
files=3

cd "$scratch" || exit 1
"$steelmill" serve "$scenario" --all --network 127.253.0.0 --set "machines.sender.config.files=$files" \
    --set machines.sender.config.gap=0s 2>log &
server=$!
tries=0
until [ "$(grep -c 'file sent end=success' log)" -ge $files ] || [ $tries -ge 600 ]; do
    sleep 0.1
    tries=$((tries + 1))
done
kill "$server"
wait "$server"
[ "$(grep -c 'file sent end=success' log)" -eq $files ] && : >because || cat log >because
check "$files files arrive" because
grep -E 'violated|ERROR' log >because
check "nothing is wrong with them" because
finish
