#!/bin/sh
# SPDX-License-Identifier: MIT
# One object, two worlds: same_object.sh STEELMILL WORKER SERVE PLUGIN SCENARIO
#
# What a plugin leaves undefined is the contract's and libc's, both hosts define all of the former,
# and it is the same file, byte for byte, that `run` simulates and `serve` serves.
set -u
steelmill=$(realpath "$1") worker=$(realpath "$2") serve=$(realpath "$3") plugin=$(realpath "$4")
scenario=$(realpath "$5") root=$(realpath "$(dirname "$0")/../..")
. "$root/tests/style/tap.sh"

# Names without the version that libc's have.
undefined() {
    nm -D --undefined-only "$1" | sed 's/^ *[A-Za-z] *//' | sort -u
}

undefined "$plugin" | grep '^sm_' >"$scratch/contract"
undefined "$plugin" | grep -v '^sm_' |
    grep -vE '@GLIBC_|^(__gmon_start__|_ITM_.*|__(asan|ubsan|tsan|sancov)_.*)$' >"$scratch/others"
check "the plugin needs the contract and libc, nothing else" "$scratch/others"

readelf -d "$plugin" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' |
    grep -vE '^(libc\.so|libasan|libubsan|libtsan)' >"$scratch/needed"
check "it is linked with libc alone" "$scratch/needed"

for host in "$worker" "$serve"; do
    nm -D --defined-only "$host" | sed 's/.* //' | sort -u >"$scratch/offered"
    comm -23 "$scratch/contract" "$scratch/offered" >"$scratch/missing"
    check "$(basename "$host") offers all that it needs" "$scratch/missing"
done

nm -D --defined-only "$worker" | sed -n 's/.* \(sm_[a-z].*\)/\1/p' | sort -u >"$scratch/simulated"
nm -D --defined-only "$serve" | sed -n 's/.* \(sm_[a-z].*\)/\1/p' | sort -u >"$scratch/served"
diff "$scratch/simulated" "$scratch/served" >"$scratch/contracts"
check "both hosts offer the same contract" "$scratch/contracts"

# What each host has mapped, as the kernel sees it.
cd "$scratch" || exit 1
sum=$(sha256sum <"$plugin")
"$steelmill" run "$scenario" --seed 1 --log error >/dev/null 2>run.log || cat run.log >not-run
touch not-run
check "it runs in simulation" not-run
"$steelmill" serve "$scenario" --machine lock --network 127.254.0.0 2>serve.log &
server=$!
tries=0
until grep -q serving serve.log || [ $tries -ge 300 ]; do
    sleep 0.1
    tries=$((tries + 1))
done
mapped=$(sed -n "s|.* \(/.*$(basename "$plugin")\)\$|\1|p" "/proc/$server/maps" | sort -u)
[ "$mapped" -ef "$plugin" ] && [ "$(sha256sum <"$plugin")" = "$sum" ] && : >other ||
    echo "mapped: $mapped" >other
kill "$server"
wait "$server"
check "it is served as it is" other
finish
