# SPDX-License-Identifier: MIT
# Sourced by tests of what users get: installs BUILD into $scratch/root, for pkg-config to find.
#
#   installed BUILD    ends the test where that fails
installed() {
    meson install -C "$1" --destdir "$scratch/root" --no-rebuild --quiet >"$scratch/log" 2>&1 ||
        { cat "$scratch/log"; exit 1; }
    PKG_CONFIG_SYSROOT_DIR=$scratch/root
    PKG_CONFIG_PATH=$(dirname "$(find "$scratch/root" -name steelmill-sim.pc)")
    export PKG_CONFIG_SYSROOT_DIR PKG_CONFIG_PATH
}
