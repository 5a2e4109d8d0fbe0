#!/usr/bin/env bash
# Builds the program as one file that needs no other: C library included, no path of this machine inside.
#
#   packaging/static.sh            builds target/x86_64-unknown-linux-gnu/release/smcheck and prints where it is
#   packaging/static.sh COMMAND…   runs a command with the same settings, such as `cargo run --release -- run`
#
# docs/packaging.md says why it is built with glibc and not with musl, and for which machines.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

triple=x86_64-unknown-linux-gnu
export CARGO_BUILD_TARGET=$triple CARGO_INCREMENTAL=0
# One date for all builds: with another, C code is compiled anew, and all that depends on it.
export SOURCE_DATE_EPOCH=315532800

# With a target named, these flags are for the program and its crates alone; build scripts and macros, which cannot be
# static, are built as always. The separator lets a path hold a space.
flags=(-C target-feature=+crt-static)
flags+=("--remap-path-prefix=$here=/smcheck")
# Otherwise the crate looks for the system's function by its name at run time, which finds nothing in a static program, and
# then wants /dev/urandom. Asked directly, the kernel (3.17 and later) needs no file.
flags+=(--cfg 'getrandom_backend="linux_getrandom"')
target=${CARGO_TARGET_DIR:-$here/target}
flags+=("--remap-path-prefix=$(realpath -m "$target")=/target")
cargo fetch --locked --quiet --manifest-path "$here/Cargo.toml"
c_flags=("-ffile-prefix-map=$here=/smcheck")
for crates in "${CARGO_HOME:-$HOME/.cargo}"/registry/src/*/; do
    flags+=("--remap-path-prefix=${crates%/}=/crates")
    c_flags+=("-ffile-prefix-map=${crates%/}=/crates")
done
CARGO_ENCODED_RUSTFLAGS=$(printf '%s\x1f' "${flags[@]}")
export CARGO_ENCODED_RUSTFLAGS=${CARGO_ENCODED_RUSTFLAGS%$'\x1f'}
# Quoted as a shell would read them, for paths that hold a space.
export CC_SHELL_ESCAPED_FLAGS=1
CFLAGS_x86_64_unknown_linux_gnu=$(printf '%q ' "${c_flags[@]}")
export CFLAGS_x86_64_unknown_linux_gnu

if [ $# -gt 0 ]; then exec "$@"; fi
cargo build --locked --release --manifest-path "$here/Cargo.toml" --bin smcheck
echo "$target/$triple/release/smcheck"
