#!/usr/bin/env bash
# Requests a second that `smcheck serve` plays back, beside WireMock and moto, for the same secret. A bare hyper server is what
# `cargo bench --bench playback` measures it against.
#
#   tools/playback_bench.sh              five rounds of five seconds each
#   tools/playback_bench.sh ROUNDS SECONDS
#
# It only reports. SMCHECK is the program (default: target/release/smcheck, which is built first). wrk must be installed (the
# Debian package of that name), and Java for WireMock; WireMock comes from npm and moto from pip, both pinned, and are kept
# under target/. What cannot be prepared is left out, and the report says so.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. tools/prepare.sh

if [ "${1:-}" = -h ] || [ "${1:-}" = --help ]; then
    help_of "${BASH_SOURCE[0]}"
    exit
fi
command -v wrk >/dev/null || {
    echo "playback_bench.sh: wrk is missing: install the Debian package wrk" >&2
    exit 1
}

home=$PWD/target/playback-bench
mkdir -p "$home"
prepare_wiremock || echo "playback_bench.sh: no WireMock: $(cat "$home/missing-wiremock.txt")" >&2
tools/emulators.sh moto
smcheck=${SMCHECK:-}
if [ -z "$smcheck" ]; then
    cargo build --release --locked
    smcheck=${CARGO_TARGET_DIR:-target}/release/smcheck
fi
# moto's environment has boto3, which records and signs here.
exec target/emulators/moto/bin/python tools/playback_bench.py --smcheck "$(realpath "$smcheck")" --home "$home" \
    --rounds "${1:-5}" --seconds "${2:-5}"
