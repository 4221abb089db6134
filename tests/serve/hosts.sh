#!/bin/sh
# SPDX-License-Identifier: MIT
# What a scenario says about production alone, `hosts:` and `properties:`: hosts.sh STEELMILL PLUGIN
set -u
steelmill=$(realpath "$1") plugin=$(realpath "$2") root=$(realpath "$(dirname "$0")/../..")
. "$root/tests/style/tap.sh"
b=$(($$ / 250 % 250)) c=$(($$ % 250 + 1)) # tests run side by side: an address of our own
port=7100

# scenario LINE...: a file with machines `one`, `two` (a listener) and `bad`, and these lines.
scenario() {
    {
        printf 'scenario: s\nplugin: %s\ntime: 10s\nmachines:\n' "$plugin"
        printf '  one: { daemons: [base] }\n  two: { daemons: [listener], config: { port: %s } }\n' $port
        printf '  bad: { daemons: [violator] }\n'
        printf '%s\n' "$@"
    } >s.yaml
}

# listens A.B.C.D: somebody does, at our port.
listens() {
    set -- $(echo "$1" | tr . ' ')
    grep -q " $(printf '%02X%02X%02X%02X:%04X' "$4" "$3" "$2" "$1" $port) " /proc/net/tcp
}

# serves_at ADDRESS OPTIONS...: machine `two` does.
serves_at() {
    address=$1
    shift
    "$steelmill" serve s.yaml --machine two "$@" 2>log &
    server=$!
    tries=0
    until grep -q serving log || [ $tries -ge 300 ]; do
        sleep 0.1
        tries=$((tries + 1))
    done
    : >because
    listens "$address" || cat log /proc/net/tcp >because
    kill "$server"
    wait "$server"
}

# ends CODE MESSAGE MACHINE
ends() {
    : >because
    "$steelmill" serve s.yaml --machine "$3" 2>log
    code=$?
    [ $code -eq "$1" ] && grep -q "$2" log || { echo "code $code"; cat log; } >because
}

cd "$scratch" || exit 1
scenario "hosts: { two: 127.252.$b.$c }"
serves_at "127.252.$b.$c"
check "a machine is where the file says" because
serves_at "127.$((b % 200 + 20)).0.2" --network "127.$((b % 200 + 20)).0.0"
check "--network puts all machines elsewhere" because
scenario 'hosts: { one: 192.0.2.1 }'
ends 2 "machine 'one': its address 192.0.2.1 is not this host's" one
check "an address that is not this host's is refused" because
scenario 'hosts: { one: 127.1.0.2 }'
ends 2 "s.yaml: hosts: the address of 'one' is the default one of 'two'" one
check "two machines at one address are refused" because

scenario
ends 1 'violated 1 times' bad
check "a violated property is logged and counted" because
scenario 'properties: abort'
ends 134 'always violated property="all is well"' bad
check "with 'abort' it ends the process, too, once it is logged" because
finish
