#!/bin/sh
# SPDX-License-Identifier: MIT
# Makes a folder with what a cross build for aarch64 needs besides the compiler: Debian's libraries
# for arm64, unpacked (nothing is installed), a cross file for Meson, and `worker`, which emulates
# the steelmill-worker of $GOLDEN_PLUGINS: aarch64.sh FOLDER
set -eu
folder=$1
packages="check libsubunit0 libsubunit-dev libxxhash-dev libxxhash0 libyaml-dev libyaml-0-2
liblwip-dev liblwip0 libraft-dev libraft2 libhiredis-dev libhiredis0.14 libsqlite3-dev libsqlite3-0 libuv1-dev libuv1 liblz4-1
liburcu-dev liburcu8 libdw-dev libdw1 libelf-dev libelf1 zlib1g-dev zlib1g liblzma-dev liblzma5 libbz2-1.0"
[ ! -f "$folder/cross.ini" ] || exit 0

mkdir -p "$folder/root" "$folder/apt/lists/partial" "$folder/apt/cache/archives/partial"
folder=$(cd "$folder" && pwd)
: >"$folder/apt/status"

# apt-get with lists of its own, for the other architecture.
apt() {
    apt-get -qq -o APT::Architecture=arm64 -o APT::Architectures=arm64 -o Dir::State="$folder/apt" \
        -o Dir::State::status="$folder/apt/status" -o Dir::State::lists="$folder/apt/lists" \
        -o Dir::Cache="$folder/apt/cache" -o APT::Sandbox::User=root "$@" >&2
}

apt update
cd "$folder/apt/cache"
# shellcheck disable=SC2086
apt download $packages
for package in *.deb; do
    dpkg -x "$package" "$folder/root"
done

libraries=$folder/root/usr/lib/aarch64-linux-gnu:$folder/root/lib/aarch64-linux-gnu
cat >"$folder/worker" <<END
#!/bin/sh
exec qemu-aarch64 -L /usr/aarch64-linux-gnu -E LD_LIBRARY_PATH=$libraries \\
    "\$GOLDEN_PLUGINS/worker/steelmill-worker" "\$@"
END
chmod +x "$folder/worker"
# The vectorizer of gcc 12.2 for aarch64 fails on one of the tests.
cat >"$folder/cross.ini" <<END
[binaries]
c = ['aarch64-linux-gnu-gcc', '-I$folder/root/usr/include']
ar = 'aarch64-linux-gnu-gcc-ar'
ld = 'aarch64-linux-gnu-ld'
objcopy = 'aarch64-linux-gnu-objcopy'
strip = 'aarch64-linux-gnu-strip'
pkgconfig = 'pkg-config'
exe_wrapper = ['qemu-aarch64', '-L', '/usr/aarch64-linux-gnu', '-E', 'LD_LIBRARY_PATH=$libraries']
[built-in options]
c_args = ['-fno-tree-vectorize']
c_link_args = ['-L$folder/root/usr/lib/aarch64-linux-gnu', '-L$folder/root/lib/aarch64-linux-gnu', '-Wl,-rpath-link,$libraries']
[properties]
sys_root = '$folder/root'
pkg_config_libdir = '$folder/root/usr/lib/aarch64-linux-gnu/pkgconfig'
[host_machine]
system = 'linux'
cpu_family = 'aarch64'
cpu = 'aarch64'
endian = 'little'
END
